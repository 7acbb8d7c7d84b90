import type { MaybePromise, SessionContext } from '../handler.js'
import { isPromise } from '../lib/flow.js'
import { keyedMutex, type KeyedMutexOptions, type Release } from './keyed-mutex.js'

/** Locks by id that are held by contexts, from `open` to `close`. */
export interface ContextLocks {
  /**
   * Takes the lock of an id for a context: synchronous where it is free. A context that has one, or
   * waits for one, keeps that.
   *
   * @throws {LockTimeoutError} After the context's `lockWaitMs`, or when too many are waiting.
   * @throws {StateError} When the context's signal aborts the wait.
   */
  open(id: string, context: SessionContext): MaybePromise<void>
  /** Gives back what the context holds, or will be granted. Closing twice does nothing. */
  close(context: SessionContext): void
  isHeld(id: string): boolean
  /** How many ids are locked. */
  readonly size: number
}

export function contextLocks(options: KeyedMutexOptions): ContextLocks {
  const mutex = keyedMutex(options)
  /** No `WeakMap`, which costs garbage collection more than it is worth: every context is closed. */
  const held = new Map<SessionContext, Release>()

  const queue = (acquired: Promise<Release>, context: SessionContext) => {
    const waiting: Release = () => undefined
    const settle = (release: Release | undefined) => {
      const wanted = held.get(context) === waiting
      if (wanted) held.delete(context)
      if (wanted && release !== undefined) held.set(context, release)
      else release?.() // closed while it waited
    }
    held.set(context, waiting)
    return acquired.then(settle, (error: unknown) => {
      settle(undefined)
      throw error
    })
  }

  // Who need not wait asks for no signal: an adapter makes it when it is asked for.
  const wait = (id: string, context: SessionContext) => {
    const { lockWaitMs: waitMs, signal } = context
    const acquired = mutex.acquire(id, { waitMs, signal })
    if (isPromise(acquired)) return queue(acquired, context)
    held.set(context, acquired)
    return undefined
  }

  return {
    open(id, context) {
      if (held.has(context)) return undefined
      const release = mutex.tryAcquire(id)
      if (release === undefined) return wait(id, context)
      held.set(context, release)
      return undefined
    },
    close(context) {
      const release = held.get(context)
      if (release === undefined) return
      held.delete(context)
      release()
    },
    isHeld: (id) => mutex.isHeld(id),
    get size() {
      return mutex.size
    },
  }
}
