/**
 * Statements that make a table with its indexes, where it is not there.
 *
 * @module
 */
import { quoteName } from '../lib/sql-names.js'
import type { LayoutTable } from './layouts.js'

/** A table: its columns as they are declared, and what is indexed under which name. */
export interface TablePlan {
  readonly columns: readonly string[]
  readonly indexes: readonly (readonly [name: string, column: string])[]
  /** What stands behind the columns in MySQL. */
  readonly mysql: string
}

/** MySQL knows no `CREATE INDEX IF NOT EXISTS`: there the indexes are made with the table. */
export function tableStatements(
  { dialect, table }: Pick<LayoutTable, 'dialect' | 'table'>,
  { columns, indexes, mysql }: TablePlan,
): string[] {
  const create = (lines: readonly string[]) =>
    `CREATE TABLE IF NOT EXISTS ${table} (\n  ${lines.join(',\n  ')}\n)`
  const named = indexes.map(([name, column]) => [quoteName(dialect, name), column] as const)
  if (dialect === 'mysql') {
    const within = named.map(([name, column]) => `INDEX ${name} (${column})`)
    return [`${create([...columns, ...within])} ${mysql}`]
  }
  const beside = ([name, column]: readonly [string, string]) =>
    `CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${column})`
  return [create(columns), ...named.map(beside)]
}
