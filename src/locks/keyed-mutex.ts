/**
 * Locks inside one process: one first-in first-out queue per key.
 *
 * @module
 */
import { LockTimeoutError, StateError } from '../errors.js'
import type { MaybePromise } from '../handler.js'

/** Gives the lock back. Calling it again does nothing. */
export type Release = () => void

export interface KeyedMutexOptions {
  /** Who waits, for the error message. */
  readonly handler: string
  /** How many may wait for one key; a further one is refused at once. */
  readonly maxWaiters: number
}

export interface AcquireOptions {
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
}

export interface KeyedMutex {
  /**
   * Takes the lock of a key: a plain value when it is free, else a promise in the order of arrival.
   *
   * @throws {LockTimeoutError} After `waitMs`, or at once when too many are waiting.
   * @throws {StateError} When the signal aborts the wait, or had before.
   */
  acquire(key: string, options: AcquireOptions): MaybePromise<Release>
  /** Takes the lock of a key where it is free. */
  tryAcquire(key: string): Release | undefined
  isHeld(key: string): boolean
  /** How many keys are held; 0 when nothing is in use, whatever happened before. */
  readonly size: number
}

interface Waiter {
  readonly grant: (release: Release) => void
  readonly stop: () => void
}

/** A longer timer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** @throws {LockTimeoutError} From `acquire` only. */
export function keyedMutex({ handler, maxWaiters }: KeyedMutexOptions): KeyedMutex {
  /** A key is present while it is held; its queue is made when the first one has to wait. */
  const held = new Map<string, Set<Waiter> | undefined>()

  function releaseOf(key: string): Release {
    let released = false
    return () => {
      if (released) return
      released = true
      handOver(key)
    }
  }

  function handOver(key: string): void {
    const queue = held.get(key)
    const first = queue?.values().next().value
    if (queue === undefined || first === undefined) {
      held.delete(key)
      return
    }
    queue.delete(first)
    first.stop()
    first.grant(releaseOf(key))
  }

  function wait(key: string, options: AcquireOptions): Promise<Release> {
    const queue = held.get(key) ?? new Set<Waiter>()
    if (queue.size >= maxWaiters) {
      throw new LockTimeoutError(handler, 0, `${queue.size} requests already wait for the session`)
    }
    if (options.signal?.aborted) throw gaveUp(handler)
    held.set(key, queue)
    return join(queue, handler, options)
  }

  function tryAcquire(key: string): Release | undefined {
    if (held.has(key)) return undefined
    held.set(key, undefined)
    return releaseOf(key)
  }

  return {
    acquire: (key, options) => tryAcquire(key) ?? wait(key, options),
    tryAcquire,
    isHeld: (key) => held.has(key),
    get size() {
      return held.size
    },
  }
}

/** Waits in a queue until its turn comes, its time is over, or its signal aborts. */
function join(queue: Set<Waiter>, handler: string, options: AcquireOptions): Promise<Release> {
  const { waitMs, signal } = options
  return new Promise((grant, refuse) => {
    const leave = (error: unknown) => {
      queue.delete(waiter)
      waiter.stop()
      refuse(error)
    }
    const onTimeout = () => leave(new LockTimeoutError(handler, waitMs))
    const onAbort = () => leave(gaveUp(handler))
    const timer = setTimeout(onTimeout, Math.min(waitMs, LONGEST_TIMER_MS))
    signal?.addEventListener('abort', onAbort, { once: true })
    const stop = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    const waiter: Waiter = { grant, stop }
    queue.add(waiter)
  })
}

function gaveUp(handler: string): StateError {
  return new StateError(`${handler}: gave up waiting for the lock`)
}
