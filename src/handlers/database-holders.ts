/**
 * What an activation holds from `open` to `close`: a lease, or a connection with a transaction.
 *
 * @module
 */
import { LockLostError } from '../errors.js'
import { publish } from '../events.js'
import type { MaybePromise, SessionContext } from '../handler.js'
import { keepLease, lockToken, pollFor, pollLimits } from '../lib/lease.js'
import type { Engine, Row } from './database-engine.js'

/** Who speaks in errors. */
export const NAME = 'database'

/** Work on records under a lock. */
export interface Holder extends Pick<Engine, 'change' | 'clear' | 'read'> {
  /** Whether the lock is that of this id, so that its changes stand under it. */
  covers(id: string): boolean
  /** Whether the lock was given back. */
  readonly ended: boolean
  /** Gives the lock back. Ending twice does nothing. */
  end(): Promise<void>
}

/** What an `open` came to. */
export interface Opened {
  /** `undefined` where there was nothing to lock. */
  readonly holder: Holder | undefined
  /** What is stored under the id, expired or not. */
  readonly row: Row | undefined
}

/** Who may wait how long, less what was waited already. */
export interface Wait {
  readonly context: SessionContext
  readonly waitMs: number
}

/** Takes the lock of an id. */
export type Locking = (id: string, wait: Wait) => Promise<Opened>

/** Whether a record is not only there but has not expired. */
export type IsLive = (row: Row | undefined, context: SessionContext) => boolean

/** Locks as rows: see `locks/sql-lease.ts`. */
export function leaseLocking(engine: Engine, isLive: IsLive): Locking {
  return async (id, { context, waitMs }) => {
    const wish = { token: lockToken(), leaseMs: context.lockLeaseMs }
    const giveBack = () => engine.release(id, wish.token)
    let wanted = context.strict ? context : undefined
    let isAsked = false
    const attempt = async () => {
      isAsked = true
      const entry = await engine.enter(id, wish, wanted)
      isAsked = entry.held
      if (entry.held || (wanted !== undefined && !isLive(entry.row, context))) return entry
      wanted = undefined // it is there: from now on the lock alone is asked for
      return undefined
    }
    try {
      const { held, row } = await pollFor(attempt, pollLimits(NAME, waitMs, context))
      const isNeeded = held && (!context.strict || isLive(row, context))
      if (held && !isNeeded) await giveBack()
      return { holder: isNeeded ? leaseHolder(engine, id, wish, context) : undefined, row }
    } catch (error) {
      // Nobody knows whether it was taken; the lease ends what cannot be given back now.
      if (isAsked) void inBackground(giveBack)
      throw error
    }
  }
}

async function inBackground(work: () => MaybePromise<void>): Promise<void> {
  try {
    await work()
  } catch {
    // Its caller has failed already.
  }
}

function leaseHolder(
  engine: Engine,
  id: string,
  wish: { readonly token: string; readonly leaseMs: number },
  context: SessionContext,
): Holder {
  const { token, leaseMs } = wish
  const lease = keepLease({ leaseMs, renew: async () => engine.renew(id, wish) })
  const ends = () => {
    holder.ended = true
    lease.stop()
  }
  const giveBack = async () => {
    await engine.release(id, token)
    ends()
  }
  // No getter: in a literal it costs V8 microseconds, and keeps its request alive for long.
  const holder: Holder & { ended: boolean } = {
    covers: (other) => other === id,
    ended: false,
    read: engine.read,
    clear: engine.clear,
    async change(operation, change) {
      if (lease.lost || holder.ended) throw new LockLostError(NAME)
      const release = context.closing && engine.releases
      const outcome = await engine.change(operation, change, { id, token, release })
      const isLast = context.closing && (outcome === 'done' || outcome === 'missed')
      if (isLast && engine.releases) ends()
      // The change is made, whatever becomes of this: close would try again.
      else if (isLast) await giveBack().catch(() => undefined)
      return outcome
    },
    async end() {
      if (holder.ended) return
      lease.stop()
      // What was written is stored; the lock ends with its lease.
      await giveBack().catch((error: unknown) =>
        publish('sessionz:error', () => ({ operation: 'close', error })),
      )
    },
  }
  return holder
}
