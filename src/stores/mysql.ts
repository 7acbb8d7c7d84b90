/**
 * MySQL and MariaDB over a pool of the client `mysql2`.
 *
 * Statements with parameters are prepared on the server, where a parameter is bytes and never part of
 * a text: escaping depends on `sql_mode`, and doubles binary payloads. Those without go as they are,
 * as older servers prepare no `START TRANSACTION`.
 *
 * @module
 */
import { assertFunction } from '../lib/check.js'
import type { SqlConnection, SqlDatabase, SqlResult, SqlRow, SqlValue } from '../lib/sql.js'

/** A statement as `mysql2` takes it, with what an application may have set for the pool undone. */
export interface MysqlStatement {
  sql: string
  values?: (string | number | Uint8Array | null)[]
  rowsAsArray: false
  nestTables: false
  namedPlaceholders: false
  typeCast: true
}

/** What runs statements: a pool or a connection of `mysql2/promise`. */
export interface MysqlClient {
  query(statement: MysqlStatement): Promise<[unknown, unknown]>
  execute(statement: MysqlStatement): Promise<[unknown, unknown]>
}

/** A connection out of a pool of `mysql2/promise`. */
export interface MysqlConnection extends MysqlClient {
  release(): void
  destroy(): void
}

/** A pool of `mysql2/promise`. */
export interface MysqlPool extends MysqlClient {
  getConnection(): Promise<MysqlConnection>
}

/** A pool of `mysql2`, whose own functions take callbacks. */
export interface MysqlCallbackPool {
  promise(): MysqlPool
}

/**
 * Makes a database of a pool of `mysql2`, with promises or with callbacks. The pool stays the
 * application's: it is never ended here.
 *
 * @throws {TypeError} For what is no such pool.
 */
export function mysql(pool: MysqlPool | MysqlCallbackPool): SqlDatabase {
  const client = isCallbackPool(pool) ? pool.promise() : pool
  for (const name of ['query', 'execute', 'getConnection'] as const) {
    assertFunction(`pool.${name}`, client?.[name])
  }
  return {
    dialect: 'mysql',
    query: (statement, parameters) => run(client, statement, parameters),
    connect: async () => pinned(await client.getConnection()),
  }
}

function isCallbackPool(pool: MysqlPool | MysqlCallbackPool): pool is MysqlCallbackPool {
  return typeof (pool as Partial<MysqlCallbackPool> | undefined)?.promise === 'function'
}

function pinned(connection: MysqlConnection): SqlConnection {
  return {
    query: (statement, parameters) => run(connection, statement, parameters),
    release: (broken = false) => (broken ? connection.destroy() : connection.release()),
  }
}

/** Whatever the pool makes of results otherwise. */
const PLAIN = {
  rowsAsArray: false,
  nestTables: false,
  namedPlaceholders: false,
  typeCast: true,
} as const

async function run(
  client: MysqlClient,
  sql: string,
  parameters: readonly SqlValue[] = [],
): Promise<SqlResult> {
  const [answer] =
    parameters.length === 0
      ? await client.query({ ...PLAIN, sql })
      : await client.execute({ ...PLAIN, sql, values: parameters.map(sent) })
  if (Array.isArray(answer)) return { rows: answer as SqlRow[], changes: 0 }
  return { rows: [], changes: changesOf(answer as Header) }
}

/** Bytes other than a `Buffer` would be sent as text; so are integers of 64 bits, which fits them. */
function sent(value: SqlValue): string | number | Uint8Array | null {
  if (typeof value === 'bigint') return value.toString()
  if (!(value instanceof Uint8Array)) return value
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** What the server says of a statement without rows. */
interface Header {
  readonly affectedRows?: number
  readonly info?: string
}

/** The rows found: a pool may be set to count only those that the update has changed. */
function changesOf({ affectedRows = 0, info = '' }: Header): number {
  const matched = /^Rows matched: (\d+)/.exec(info)?.[1]
  return matched === undefined ? affectedRows : Number(matched)
}
