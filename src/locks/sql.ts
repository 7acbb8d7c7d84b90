/**
 * What every lock in a database has in common.
 *
 * @module
 */
import type { SqlQuery } from '../lib/sql.js'

/** One lock on a connection that is held for it. */
export interface SqlLockWish {
  /** Name of the lock besides that of the row; `undefined` where the row alone is locked. */
  readonly name: string | undefined
  /** Longest wait of the server for a lock, in milliseconds. */
  readonly waitMs: number
  /** After which the server ends a transaction whose holder does nothing, in milliseconds. */
  readonly leaseMs: number
}

/** How a dialect locks on a connection: what stands before and after the work on the row. */
export interface SqlConnectionLock {
  /**
   * Begins the transaction, limits its waits and its life, and takes the named lock.
   *
   * @returns `false` when another one has kept the lock for `waitMs`; nothing is held then.
   */
  begin(query: SqlQuery, wish: SqlLockWish): Promise<boolean>
  /** Ends the transaction and gives the named lock back. */
  commit(query: SqlQuery, wish: SqlLockWish): Promise<void>
  /** Ends the transaction without its changes and gives the named lock back. */
  rollback(query: SqlQuery, wish: SqlLockWish): Promise<void>
  /** Whether an error of a client says that a lock of a row was not free in time. */
  isBusy(error: unknown): boolean
  /** How a SELECT locks the row it finds. */
  readonly forUpdate: string
}
