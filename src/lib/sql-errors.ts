/**
 * What the codes of databases' errors say.
 *
 * @module
 */
import { errorCode } from './fs-error.js'

/** Two got in each other's way: the same again may succeed. */
const TRANSIENT: ReadonlySet<string> = new Set([
  '40001', // PostgreSQL: serialization failure
  '40P01', // PostgreSQL: deadlock
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_CHECKREAD', // MariaDB: the record has changed since the transaction began
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_BUSY_RECOVERY',
  'SQLITE_LOCKED',
  'SQLITE_LOCKED_SHAREDCACHE',
])

/** The table, or one of its columns, is not there, or is of another type. */
const MISFIT: ReadonlySet<string> = new Set([
  '42P01', // PostgreSQL: undefined table
  '42703', // PostgreSQL: undefined column
  '42804', // PostgreSQL: datatype mismatch
  '42883', // PostgreSQL: undefined operator for these types
  '22P02', // PostgreSQL: invalid text representation
  'ER_NO_SUCH_TABLE',
  'ER_BAD_FIELD_ERROR',
  'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD',
  'SQLITE_MISSING',
])

/** A row of that key is there. */
const DUPLICATE: ReadonlySet<string> = new Set(['ER_DUP_ENTRY', '23505'])

/** Whether the same again may succeed. */
export function isTransient(error: unknown): boolean {
  return TRANSIENT.has(errorCode(error))
}

/** Whether the table is missing or not as the layout has it. */
export function isMisfit(error: unknown): boolean {
  return MISFIT.has(errorCode(error))
}

/** Whether a row of that key is there. */
export function isDuplicate(error: unknown): boolean {
  return DUPLICATE.has(errorCode(error))
}

/** Codes of PostgreSQL have a digit among five signs, and those of MySQL begin so. */
const STATEMENT = /^(?=.*\d)[0-9A-Z]{5}$|^ER_/
/** Of these, the ones after which there is no connection any more. */
const CONNECTION =
  /^08|^57P|^25P03$|^ER_CLIENT_INTERACTION_TIMEOUT$|^ER_SERVER_SHUTDOWN$|^ER_CONNECTION_KILLED$/

/** Whether the connection has ended, and with it what was held on it. */
export function isConnectionLost(error: unknown): boolean {
  const code = errorCode(error)
  return !STATEMENT.test(code) || CONNECTION.test(code)
}
