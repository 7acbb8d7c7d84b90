/**
 * SQLite, over a connection of the application: `better-sqlite3`, or `DatabaseSync` of `node:sqlite`.
 *
 * @module
 */
import { errorCode } from '../lib/fs-error.js'
import type { SqlDatabase, SqlQuery, SqlRow, SqlValue } from '../lib/sql.js'

/** A prepared statement, as far as both drivers have it. */
export interface SqliteStatement {
  all(...parameters: never[]): unknown[]
  run(...parameters: never[]): { readonly changes: number | bigint }
}

/** The part of `better-sqlite3` and of `node:sqlite` that is called. */
export interface SqliteClient {
  prepare(statement: string): SqliteStatement
}

/**
 * Makes a database of an open connection. Statements are prepared once.
 *
 * Set its `busy_timeout` to 0: the drivers stop the whole process while they wait, and waiting is
 * done here. No transaction of the application may be open while sessions are used: give them a
 * connection of their own.
 *
 * @throws {TypeError} For what is no such connection.
 */
export function sqlite(client: SqliteClient): SqlDatabase {
  if (typeof (client as Partial<SqliteClient> | undefined)?.prepare !== 'function') {
    throw new TypeError('"client" must be a connection of "better-sqlite3" or "node:sqlite"')
  }
  const query = querying(client)
  return { dialect: 'sqlite', query, connect: () => ({ query, release: () => undefined }) }
}

interface Prepared {
  readonly statement: SqliteStatement
  readonly answers: boolean
}

/** What answers with rows: `all` of `better-sqlite3` refuses the others. */
const ANSWERS = /^\s*SELECT\b|\bRETURNING\b/

function querying(client: SqliteClient): SqlQuery {
  /** As many as there are texts of statements: no text holds a value. */
  const cache = new Map<string, Prepared>()
  const prepared = (text: string): Prepared => {
    const known = cache.get(text)
    if (known !== undefined) return known
    const made = { statement: client.prepare(text), answers: ANSWERS.test(text) }
    cache.set(text, made)
    return made
  }
  return (text, parameters = []) => {
    try {
      return execute(prepared(text), parameters)
    } catch (error) {
      throw coded(error)
    }
  }
}

function execute({ statement, answers }: Prepared, parameters: readonly SqlValue[]) {
  const values = parameters as readonly never[]
  if (answers) {
    const rows = statement.all(...values) as SqlRow[]
    return { rows, changes: rows.length }
  }
  return { rows: [], changes: Number(statement.run(...values).changes) }
}

const CODES: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  19: 'SQLITE_CONSTRAINT',
  26: 'SQLITE_NOTADB',
}

/** Both drivers' errors with a code of one kind; what is missing has no code of its own in SQLite. */
function coded(error: unknown): unknown {
  const { errcode, message = '' } = error as { errcode?: number; message?: string }
  const told = errcode === undefined ? errorCode(error) : (CODES[errcode & 0xff] ?? 'SQLITE_ERROR')
  const missing = /^no such (?:table|column)\b|has no column named/.test(message)
  const code = missing ? 'SQLITE_MISSING' : told
  return Object.assign(new Error('sqlite'), { code })
}
