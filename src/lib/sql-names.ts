/**
 * Names of tables and columns in statements.
 *
 * @module
 */
import type { SqlDatabase } from './sql.js'

/** What a database is spoken to in. */
export type SqlDialect = SqlDatabase['dialect']

/** Letters, digits and underscores, so that no quote is ever needed within; longer ones are cut. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/**
 * Quotes a name; `schema.table` is quoted in its parts.
 *
 * @throws {RangeError} For what is no plain name of up to 63 characters.
 */
export function quoteName(dialect: SqlDialect, name: string): string {
  const quote = dialect === 'mysql' ? '`' : '"'
  return name
    .split('.')
    .map((part) => quote + plainName(part) + quote)
    .join('.')
}

function plainName(name: string): string {
  if (NAME.test(name)) return name
  throw new RangeError(`"${name}" is no name of a table: letters, digits and _, 63 at the most`)
}
