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
   */
  acquire(key: string, options: AcquireOptions): MaybePromise<Release>
  /** How many keys are held; 0 when nothing is in use, whatever happened before. */
  readonly size: number
}

interface Waiter {
  readonly grant: (release: Release) => void
  readonly refuse: (error: unknown) => void
  readonly stop: () => void
}

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

  function wait(key: string, { waitMs, signal }: AcquireOptions): Promise<Release> {
    const queue = held.get(key) ?? new Set<Waiter>()
    held.set(key, queue)
    if (queue.size >= maxWaiters) {
      throw new LockTimeoutError(handler, 0, `${queue.size} requests already wait for the session`)
    }
    return new Promise((grant, refuse) => {
      const leave = (error: unknown) => {
        queue.delete(waiter)
        waiter.stop()
        refuse(error)
      }
      const timer = setTimeout(() => leave(new LockTimeoutError(handler, waitMs)), waitMs)
      const onAbort = () => leave(new StateError(`${handler}: gave up waiting for the lock`))
      signal?.addEventListener('abort', onAbort, { once: true })
      const stop = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = { grant, refuse, stop }
      queue.add(waiter)
    })
  }

  return {
    acquire(key, options) {
      if (held.has(key)) return wait(key, options)
      held.set(key, undefined)
      return releaseOf(key)
    },
    get size() {
      return held.size
    },
  }
}
