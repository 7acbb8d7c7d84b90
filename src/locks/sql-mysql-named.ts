/**
 * Sessions locked by name on connections of MySQL or MariaDB, from `open` to `close`.
 *
 * What is done under the lock is done on its connection: a statement that gets through is fenced by
 * that alone, as the lock ends with the connection.
 *
 * @module
 */
import { LockLostError } from '../errors.js'
import type { MaybePromise, SessionContext } from '../handler.js'
import { keepLease, pollFor, pollLimits, type Lease } from '../lib/lease.js'
import type { SqlConnection, SqlDatabase, SqlResult, SqlValue } from '../lib/sql.js'
import type { SqlRunner } from '../lib/sql-run.js'

export interface NamedLockOptions {
  /** Who speaks in errors. */
  readonly handler: string
  readonly database: SqlDatabase
  /** Each call to the database goes through it. */
  readonly run: SqlRunner
  /** Who waits in this process comes first: one at a time asks the server. */
  readonly queue: LocalQueue
  /**
   * The statement that takes the lock of an id: its column `locked` is 1, 0 where another one has
   * it, and `NULL` where there is nothing to lock.
   */
  take(id: string, context: SessionContext): NamedStatement
  /** The expression that gives the lock of an id back; `?` stands for the id. */
  readonly free: string
}

/** Locks of this process, by context. */
export interface LocalQueue {
  open(id: string, context: SessionContext): MaybePromise<void>
  close(context: SessionContext): void
}

/** A statement and what its `?` stand for. */
export interface NamedStatement {
  readonly statement: string
  readonly parameters: readonly SqlValue[]
}

/** What a failed statement comes to: a result, or the error that it throws. */
export type Failed = (operation: string, error: unknown) => SqlResult

/** Locks of contexts. */
export interface NamedLocks {
  /**
   * Waits for the lock of an id: first in this process, then for the server's.
   *
   * @throws {LockTimeoutError} After the context's `lockWaitMs`, or when too many are waiting.
   * @throws {StateError} When the context's signal aborts the wait.
   * @throws {StoreError} When the database fails.
   */
  open(id: string, context: SessionContext): Promise<void>
  /** Gives back what the context holds, or will be granted. It never fails: a connection that does is closed. */
  close(context: SessionContext): Promise<void>
  /**
   * Runs a statement: on the connection of the context's lock, where it has one. `failed` says what a
   * failure of the client comes to.
   *
   * @throws {LockLostError} When the lock may be somebody else's by now.
   */
  run(
    context: SessionContext | undefined,
    operation: string,
    statement: NamedStatement,
    failed?: Failed,
  ): Promise<SqlResult>
}

interface Held {
  readonly id: string
  readonly connection: SqlConnection
  readonly lease: Lease
  broken: boolean
}

/** What the wait for a lock comes to: `undefined` asks again. */
type Taken = Held | 'nothing' | undefined

/** Makes the locks of one handler. */
export function namedLocks(options: NamedLockOptions): NamedLocks {
  const { queue } = options
  const wishes = new WeakMap<SessionContext, { wanted: boolean }>()
  const held = new WeakMap<SessionContext, Held>()

  async function settle(context: SessionContext, taken: Taken, wanted: boolean): Promise<void> {
    if (typeof taken === 'object' && wanted) held.set(context, taken)
    else if (typeof taken === 'object') await giveBack(options, taken)
    if (typeof taken !== 'object' || !wanted) queue.close(context)
  }

  return {
    async open(id, context) {
      if (wishes.has(context)) return
      const wish = { wanted: true }
      wishes.set(context, wish)
      let taken: Taken
      try {
        taken = await waitFor(options, id, context)
      } finally {
        await settle(context, taken, wish.wanted)
      }
    },
    async close(context) {
      const wish = wishes.get(context)
      const lock = held.get(context)
      if (wish !== undefined) wish.wanted = false
      wishes.delete(context)
      held.delete(context)
      if (lock !== undefined) await giveBack(options, lock)
      queue.close(context)
    },
    run: (context, operation, statement, failed = rethrow) =>
      runStatement(options, context && held.get(context), { operation, statement, failed }),
  }
}

/** The wait in this process and the one for the server are one. */
async function waitFor(
  options: NamedLockOptions,
  id: string,
  context: SessionContext,
): Promise<Held | 'nothing'> {
  const startedMs = performance.now()
  await options.queue.open(id, context)
  const waitMs = Math.max(0, context.lockWaitMs - (performance.now() - startedMs))
  const limits = pollLimits(options.handler, waitMs, context)
  return pollFor(() => take(options, id, context), limits)
}

interface Work {
  readonly operation: string
  readonly statement: NamedStatement
  readonly failed: Failed
}

async function runStatement(
  { handler, database, run }: NamedLockOptions,
  lock: Held | undefined,
  { operation, statement: { statement, parameters }, failed }: Work,
): Promise<SqlResult> {
  if (lock?.lease.lost) throw new LockLostError(handler)
  const { query } = lock?.connection ?? database
  const work = async () => {
    try {
      return await query(statement, parameters)
    } catch (error) {
      return failed(operation, error)
    }
  }
  try {
    return await run(operation, work)
  } catch (error) {
    if (lock !== undefined) lock.broken = true // the connection may still be at it
    throw error
  }
}

function rethrow(_operation: string, error: unknown): never {
  throw error
}

async function take(
  options: NamedLockOptions,
  id: string,
  context: SessionContext,
): Promise<Taken> {
  const connection = await connect(options)
  const { statement, parameters } = options.take(id, context)
  try {
    const { rows } = await options.run('open', () => connection.query(statement, parameters))
    const locked = rows[0]?.['locked'] ?? undefined
    if (Number(locked ?? 0) === 1) return await lend(options, { id, connection }, context)
    connection.release()
    return locked === undefined ? 'nothing' : undefined
  } catch (error) {
    connection.release(true)
    throw error
  }
}

/** A connection that comes too late goes back. */
async function connect({ run, database }: NamedLockOptions): Promise<SqlConnection> {
  let late = false
  const connecting = async () => {
    const connection = await database.connect()
    if (late) connection.release()
    return connection
  }
  try {
    return await run('open', connecting)
  } catch (error) {
    late = true
    throw error
  }
}

/** Lets the server close the connection when this process is silent for the lease. */
async function lend(
  { run }: NamedLockOptions,
  { id, connection }: Pick<Held, 'id' | 'connection'>,
  { lockLeaseMs }: SessionContext,
): Promise<Held> {
  const seconds = Math.max(1, Math.ceil(lockLeaseMs / 1000))
  const limit = `SET @sessionz_idle = @@SESSION.wait_timeout, SESSION wait_timeout = ${seconds}`
  await run('open', () => connection.query(limit))
  const renew = async () => {
    await run('renew', () => connection.query('DO 0'))
    return true
  }
  return { id, connection, lease: keepLease({ leaseMs: lockLeaseMs, renew }), broken: false }
}

async function giveBack({ run, free }: NamedLockOptions, lock: Held): Promise<void> {
  const { id, connection, lease } = lock
  const broken = lease.lost || lock.broken
  lease.stop()
  const statement = `SET @sessionz_lock = ${free}, SESSION wait_timeout = @sessionz_idle`
  try {
    if (!broken) await run('close', () => connection.query(statement, [id]))
    connection.release(broken)
  } catch {
    connection.release(true) // the server gives the lock back with it
  }
}
