/**
 * Locks that PHP's software takes too: a transaction on a connection of its own.
 *
 * @module
 */
import { LockLostError, LockTimeoutError, StateError } from '../errors.js'
import type { SessionContext } from '../handler.js'
import { keepLease } from '../lib/lease.js'
import { isConnectionLost, isDuplicate } from '../lib/sql-errors.js'
import type { SqlRunner } from '../lib/sql-run.js'
import type { SqlConnection, SqlDatabase, SqlResult } from '../lib/sql.js'
import { storeFailure } from '../lib/store-call.js'
import type { SqlConnectionLock, SqlLockWish } from '../locks/sql.js'
import { rowOf, type Outcome, type Row } from './database-engine.js'
import { NAME, type Holder, type IsLive, type Locking } from './database-holders.js'
import type { Call, Change, Statements } from './database-statements.js'

/** What such locks are made of. */
export interface ConnectionParts {
  /** Where the connections come from. */
  readonly database: SqlDatabase
  readonly lock: SqlConnectionLock
  readonly run: SqlRunner
  readonly texts: Statements
  readonly timeoutMs: number
  /** The name of the lock besides that of the row. */
  readonly nameOf: (id: string) => string | undefined
  readonly isLive: IsLive
}

/** A transaction that holds the lock of a row. */
interface Grip {
  readonly connection: SqlConnection
  readonly wish: SqlLockWish
}

export function connectionLocking(parts: ConnectionParts): Locking {
  const { run, timeoutMs, nameOf, isLive } = parts
  return async (id, { context, waitMs }) => {
    const connection = await pin(parts)
    const wish = { name: nameOf(id), waitMs, leaseMs: context.lockLeaseMs }
    const grip = { connection, wish }
    let row: Row | undefined
    try {
      // The server waits for two locks, one after the other.
      const locked = async () => run('open', () => enter(parts, grip, id), 2 * waitMs + timeoutMs)
      row = await unlessAborted(context, locked())
    } catch (error) {
      connection.release(true)
      throw error
    }
    const holder = connectionHolder(parts, grip, context)
    if (!context.strict || isLive(row, context)) return { holder, row }
    await holder.end()
    return { holder: undefined, row }
  }
}

/** A connection of the pool; one that comes too late goes back. */
async function pin({ database, run }: ConnectionParts): Promise<SqlConnection> {
  const coming = Promise.resolve(database.connect())
  try {
    return await run('open', () => coming)
  } catch (error) {
    coming.then(
      (connection) => connection.release(),
      () => undefined,
    )
    throw error
  }
}

/** One attempt: done again from its beginning where the database gives up on a deadlock. */
async function enter(
  { lock, texts }: ConnectionParts,
  { connection: { query }, wish }: Grip,
  id: string,
): Promise<Row | undefined> {
  const startedMs = performance.now()
  const late = () => new LockTimeoutError(NAME, performance.now() - startedMs)
  if (!(await lock.begin(query, wish))) throw late()
  try {
    return rowOf((await query(...texts.lockedRead(id, lock.forUpdate))).rows[0])
  } catch (error) {
    await lock.rollback(query, wish)
    throw lock.isBusy(error) ? late() : error
  }
}

/** The server goes on waiting for the lock; its connection is closed, and so it gives it back. */
function unlessAborted<T>(context: SessionContext, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal } = context
    const onAbort = () => reject(new StateError(`${NAME}: gave up waiting for the lock`))
    const settled = () => signal.removeEventListener('abort', onAbort)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    void work.then(resolve, reject).finally(settled)
  })
}

function connectionHolder(parts: ConnectionParts, grip: Grip, context: SessionContext): Holder {
  const { texts } = parts
  const transaction = transactionOf(parts, grip)

  async function change(operation: string, { text, before, after }: Change): Promise<Outcome> {
    const changed = await transaction.ask(operation, [text.plain, [...before, ...after]])
    if (changed === undefined) return 'taken'
    if (context.closing) await transaction.end()
    return changed.changes > 0 ? 'done' : 'missed'
  }

  return {
    covers: () => true,
    get ended() {
      return transaction.ended
    },
    change,
    clear: async (call) => ((await transaction.ask('write', call))?.changes ?? 0) > 0,
    read: async (id) => rowOf((await transaction.ask('read', texts.read(id)))?.rows[0]),
    end: transaction.end,
  }
}

/** A transaction that was begun: whatever fails ends it, and nothing of it is stored then. */
function transactionOf({ lock, run }: ConnectionParts, { connection, wish }: Grip) {
  const { query } = connection
  let state: 'held' | 'broken' | 'ended' = 'held'
  // The server ends a transaction whose holder does nothing.
  const renew = async () => (await query('SELECT 1')).rows.length > 0
  const lease = keepLease({ leaseMs: wish.leaseMs, renew })

  async function attempt(operation: string, call: Call): Promise<SqlResult | undefined> {
    try {
      return await query(...call)
    } catch (error) {
      if (isDuplicate(error)) return undefined
      state = 'broken'
      throw isConnectionLost(error) ? new LockLostError(NAME) : storeFailure(NAME, operation, error)
    }
  }

  async function end(): Promise<void> {
    if (state === 'ended') return
    const isWhole = state === 'held' && !lease.lost
    state = 'ended'
    lease.stop()
    try {
      if (isWhole) await run('close', () => lock.commit(query, wish))
      connection.release(!isWhole)
    } catch (error) {
      connection.release(true)
      throw error
    }
  }

  return {
    end,
    get ended() {
      return state === 'ended'
    },
    /** @returns `undefined` where a row of that key is there. */
    async ask(operation: string, call: Call): Promise<SqlResult | undefined> {
      if (state !== 'held' || lease.lost) throw new LockLostError(NAME)
      return run(operation, () => attempt(operation, call))
    },
  }
}
