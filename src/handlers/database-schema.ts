/**
 * The tables: their statements as text, and how they are made where they are not there.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { assertKnownKeys, assertOneOf } from '../lib/check.js'
import { quoteName, type SqlDialect } from '../lib/sql-names.js'
import type { SqlConnection, SqlDatabase } from '../lib/sql.js'
import { leaseStatements } from '../locks/sql-lease.js'
import { ownLayout, type Layout, type SqlLockKind } from '../stores/layouts.js'

/** What `databaseSchema` takes. `undefined` means the default; unknown names are refused. */
export interface DatabaseSchemaOptions {
  dialect: SqlDialect
  /** @default ownLayout() */
  layout?: Layout | undefined
  /** @default the name that the layout has for it */
  table?: string | undefined
  /** @default what the layout locks with */
  lock?: SqlLockKind | undefined
}

const KNOWN = { dialect: undefined, layout: undefined, table: undefined, lock: undefined }

/**
 * The statements that make the tables where they are not there, each ended by `;`: for tools that
 * keep the schema of an application.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or out of range.
 */
export function databaseSchema(options: DatabaseSchemaOptions): string {
  assertKnownKeys('databaseSchema', options, KNOWN)
  const { dialect, layout = ownLayout(), table = layout.table } = options
  assertOneOf('dialect', dialect, ['sqlite', 'postgres', 'mysql'])
  const lock = options.lock ?? layout.lock(dialect)
  return schemaText({ dialect, layout, table, lock })
}

/** The statements, each ended by `;`. */
export function schemaText(plan: SchemaPlan): string {
  return schemaOf(plan)
    .map((statement) => `${statement};\n`)
    .join('\n')
}

export interface SchemaPlan {
  readonly dialect: SqlDialect
  readonly layout: Layout
  /** Not quoted. */
  readonly table: string
  readonly lock: SqlLockKind
}

/** The name of the table of locks beside a table of sessions. */
export const locksTable = (table: string): string => `${table}_locks`

function schemaOf({ dialect, layout, table, lock }: SchemaPlan): string[] {
  const bare = table.slice(table.lastIndexOf('.') + 1)
  const index = (word: string) => quoteName(dialect, `${bare}_${word}`)
  const statements = [...layout.schema({ dialect, table: quoteName(dialect, table), index })]
  if (lock === 'lease') {
    statements.push(leaseStatements(dialect, quoteName(dialect, locksTable(table))).schema)
  }
  return statements
}

/**
 * Makes the tables. Any number of processes may do so at once: PostgreSQL, where two that make the
 * same table fail, is told to let one of them go first.
 */
export async function migrate(database: SqlDatabase, plan: SchemaPlan): Promise<void> {
  const connection = await database.connect()
  try {
    await inTurn(connection, plan)
    connection.release()
  } catch (error) {
    connection.release(true)
    throw error
  }
}

async function inTurn({ query }: SqlConnection, plan: SchemaPlan): Promise<void> {
  const isPostgres = plan.dialect === 'postgres'
  const key = createHash('sha256').update(`sessionz migrate ${plan.table}`).digest()
  if (isPostgres) {
    await query(`BEGIN; SELECT pg_advisory_xact_lock(${key.readBigInt64LE(0)})`)
  }
  for (const statement of schemaOf(plan)) await query(statement)
  if (isPostgres) await query('COMMIT')
}
