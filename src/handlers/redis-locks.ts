/**
 * Locks in Redis, held by contexts from `open` to `close`. Who waits in one process stands in line
 * there, so that one of them at a time asks the server.
 *
 * @module
 */
import { LockLostError, StateError } from '../errors.js'
import { publish } from '../events.js'
import type { MaybePromise, SessionContext } from '../handler.js'
import { keepLease, pollFor, pollLimits, type Lease } from '../lib/lease.js'
import { contextLocks, type ContextLocks } from '../locks/keyed-mutex-contexts.js'
import type { Entry, Grip, Outcome, RedisFence } from '../locks/redis-fence.js'

export interface RedisLocksOptions {
  /** Who speaks in errors. */
  readonly handler: string
  readonly maxWaiters: number
  readonly fence: RedisFence
  /** Told of each attempt that found the lock taken. */
  readonly onTaken: (grip: Grip) => Promise<void>
}

/** A lock that a context holds, or is about to. */
interface Stay {
  readonly id: string
  readonly grip: Grip
  /** There while the lock is ours. */
  lease: Lease | undefined
  /** Whether the server may have given us the lock without our hearing of it. */
  asked: boolean
  /** Whether nobody wants it any more. */
  closed: boolean
  /** Whether the server failed us: then nobody waits for it to take the lock back. */
  failed: boolean
}

export interface RedisLocks {
  /**
   * Takes the lock of an id for a context. A context that has one, or waits for one, keeps that.
   *
   * @returns What was found with it; `undefined` for a context that was open already.
   * @throws {LockTimeoutError | StateError | StoreError} In every case nothing stays locked.
   */
  open(id: string, context: SessionContext, grip: Grip): Promise<Entry | undefined>
  /** The lock of an id where the context holds it. */
  gripOf(id: string, context: SessionContext): Grip | undefined
  /**
   * Makes a change under the lock of a context.
   *
   * @param closing Whether the change gives the lock back.
   * @returns Whether it was made: not where the record is gone, or was there already.
   * @throws {LockLostError} When the lock is not ours any more; nothing was changed.
   */
  change(context: SessionContext, make: () => Promise<Outcome>, closing: boolean): Promise<boolean>
  /** Gives back what the context holds, or will be granted. It never fails: a lease ends by itself. */
  close(context: SessionContext): MaybePromise<void>
}

/** What the functions below work with. */
interface Locks extends RedisLocksOptions {
  readonly queue: ContextLocks
  readonly stays: WeakMap<SessionContext, Stay>
}

export function redisLocks(options: RedisLocksOptions): RedisLocks {
  const locks: Locks = { ...options, queue: contextLocks(options), stays: new WeakMap() }
  const { stays } = locks
  return {
    open(id, context, grip) {
      if (stays.has(context)) return Promise.resolve(undefined)
      const stay = { id, grip, lease: undefined, asked: false, closed: false, failed: false }
      stays.set(context, stay)
      return open(locks, stay, context)
    },
    gripOf(id, context) {
      const stay = stays.get(context)
      return stay?.lease !== undefined && stay.id === id ? stay.grip : undefined
    },
    change: (context, make, closing) => change(locks, { context, make, closing }),
    close: (context) => close(locks, context),
  }
}

async function open(locks: Locks, stay: Stay, context: SessionContext): Promise<Entry> {
  const { fence } = locks
  const { grip } = stay
  try {
    const entry = await enter(locks, stay, context)
    if (entry.locked) {
      stay.lease = keepLease({ leaseMs: grip.leaseMs, renew: () => fence.renew(grip) })
    } else leave(locks, stay, context)
    return entry
  } catch (error) {
    if (stay.asked) inBackground(() => fence.release(grip))
    leave(locks, stay, context)
    throw error
  }
}

async function enter(locks: Locks, stay: Stay, context: SessionContext): Promise<Entry> {
  const { handler, queue } = locks
  const startedMs = performance.now()
  await queue.open(stay.id, context)
  const { lockWaitMs, strict } = context
  const waitMs = lockWaitMs - (performance.now() - startedMs)
  const limits = pollLimits(handler, waitMs, context)
  const entry = await pollFor(() => ask(locks, stay, strict), limits)
  if (stay.closed) throw closedMeanwhile(handler)
  return entry
}

async function ask(
  { handler, fence, onTaken }: Locks,
  stay: Stay,
  strict: boolean,
): Promise<Entry | undefined> {
  if (stay.closed) throw closedMeanwhile(handler)
  stay.asked = true
  const entry = await fence.enter(stay.grip, strict)
  if (entry !== undefined) return entry
  stay.asked = false
  await onTaken(stay.grip)
  return undefined
}

interface Making {
  readonly context: SessionContext
  readonly make: () => Promise<Outcome>
  readonly closing: boolean
}

async function change(locks: Locks, { context, make, closing }: Making): Promise<boolean> {
  const { handler, fence } = locks
  const stay = locks.stays.get(context) as Stay // whoever asks has its grip
  if (stay.lease?.lost === true) throw new LockLostError(handler)
  stay.failed = true
  const outcome = await make()
  stay.failed = false
  if (closing && !fence.closes) await release(locks, stay, context)
  if (closing) leave(locks, stay, context)
  if (outcome === -1) throw new LockLostError(handler)
  return outcome === 1
}

function close(locks: Locks, context: SessionContext): MaybePromise<void> {
  const stay = locks.stays.get(context)
  if (stay === undefined) return undefined
  const { lease, failed, grip } = stay
  stay.closed = true
  if (lease !== undefined && !failed) {
    lease.stop()
    locks.stays.delete(context)
    return release(locks, stay, context)
  }
  // What is under way takes care of itself; what has failed is not waited for.
  if (lease !== undefined) inBackground(() => locks.fence.release(grip))
  return leave(locks, stay, context)
}

/** Nothing is held any more, as far as this process can tell. */
function leave({ queue, stays }: Locks, stay: Stay, context: SessionContext): void {
  stay.lease?.stop()
  if (stays.get(context) !== stay) return
  stays.delete(context)
  queue.close(context)
}

async function release(
  { fence, queue }: Locks,
  { grip }: Stay,
  context: SessionContext,
): Promise<void> {
  try {
    await fence.release(grip)
  } catch (error) {
    publish('sessionz:error', () => ({ operation: 'close', error }))
  }
  queue.close(context)
}

/** A failure leaves the lock to its lease. */
function inBackground(work: () => Promise<unknown>): void {
  work().catch((error: unknown) => {
    publish('sessionz:error', () => ({ operation: 'close', error }))
  })
}

function closedMeanwhile(handler: string): StateError {
  return new StateError(`${handler}: closed while waiting for the lock`)
}
