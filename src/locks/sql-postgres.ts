/**
 * Locks of PostgreSQL on a connection: an advisory lock of the transaction, and those of rows.
 *
 * The advisory lock is of the same space as the session-level ones, and works through proxies that
 * give each transaction another connection.
 *
 * @module
 */
import { errorCode } from '../lib/fs-error.js'
import type { SqlQuery } from '../lib/sql.js'
import type { SqlConnectionLock, SqlLockWish } from './sql.js'

/** Lock not available: not within `lock_timeout`. */
const BUSY = '55P03'

/** The named lock, and a transaction in which a SELECT locks its row. */
export const postgresLock: SqlConnectionLock = {
  async begin(query, wish) {
    try {
      await query(beginning(wish))
      return true
    } catch (error) {
      await query('ROLLBACK')
      if (errorCode(error) === BUSY) return false
      throw error
    }
  },
  commit: (query) => ended(query, 'COMMIT'),
  rollback: (query) => ended(query, 'ROLLBACK'),
  isBusy: (error) => errorCode(error) === BUSY,
  forUpdate: 'FOR UPDATE',
}

/** One message: without parameters the server takes several statements at once. */
function beginning({ name, waitMs, leaseMs }: SqlLockWish): string {
  const statements = [
    'BEGIN',
    `SET LOCAL lock_timeout = ${milliseconds(waitMs)}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${milliseconds(leaseMs)}`,
  ]
  if (name !== undefined) statements.push(`SELECT pg_advisory_xact_lock(${BigInt(name)})`)
  return statements.join('; ')
}

/** 0 would be no limit, and the server's numbers have 31 bits. */
function milliseconds(limitMs: number): number {
  return Math.min(Math.max(1, Math.ceil(limitMs)), 2 ** 31 - 1)
}

async function ended(query: SqlQuery, statement: string): Promise<void> {
  await query(statement)
}
