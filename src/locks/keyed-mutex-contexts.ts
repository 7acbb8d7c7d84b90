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
  const held = new WeakMap<SessionContext, Release>()

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

  return {
    open(id, context) {
      if (held.has(context)) return undefined
      const { lockWaitMs: waitMs } = context
      // Who need not wait asks for no signal: an adapter makes it when it is asked for.
      const signal = mutex.isHeld(id) ? context.signal : undefined
      const acquired = mutex.acquire(id, { waitMs, signal })
      if (isPromise(acquired)) return queue(acquired, context)
      held.set(context, acquired)
      return undefined
    },
    close(context) {
      const release = held.get(context)
      held.delete(context)
      release?.()
    },
    isHeld: (id) => mutex.isHeld(id),
    get size() {
      return mutex.size
    },
  }
}
