/**
 * What the handlers that keep sessions in a database know of it.
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'

/** What goes into a statement, and what comes out of a column. */
export type SqlValue = string | number | bigint | Uint8Array | null

/** One row, by the names of its columns. Integers of 64 bits may come as number, bigint or text. */
export type SqlRow = Readonly<Record<string, SqlValue>>

/** What a statement did. */
export interface SqlResult {
  readonly rows: readonly SqlRow[]
  /** Rows inserted, updated or deleted. MySQL counts those found, also where nothing changed. */
  readonly changes: number
}

/** Runs one statement; `?` stands for each parameter, in order. */
export type SqlQuery = (
  statement: string,
  parameters?: readonly SqlValue[],
) => MaybePromise<SqlResult>

/** One connection that nobody else uses meanwhile. */
export interface SqlConnection {
  readonly query: SqlQuery
  /** Gives it back to the pool; one that is `broken` is closed instead. */
  release(broken?: boolean): void
}

/** A database over a client of the application. It is never closed here. */
export interface SqlDatabase {
  readonly dialect: 'sqlite' | 'postgres' | 'mysql'
  /** On any connection. Synchronous for SQLite. */
  readonly query: SqlQuery
  /**
   * A connection of its own, for locks and transactions. SQLite has one connection: there a
   * transaction is a series of queries without a wait between them.
   */
  connect(): MaybePromise<SqlConnection>
}
