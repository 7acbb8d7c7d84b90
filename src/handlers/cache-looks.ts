/**
 * What an activation found in the cache, kept for the operations that follow in it.
 *
 * @module
 */
import { publish } from '../events.js'
import type { Payload, SessionContext } from '../handler.js'
import { readEntry, type CacheEntry } from '../lib/cache-entry.js'
import type { CacheStore } from '../lib/cache-store.js'
import { wait, type Flow } from '../lib/flow.js'
import { storeFailure } from '../lib/store-call.js'

/** One look into the cache. */
export interface Look {
  readonly id: string
  /** `undefined` where there was none, and where the cache did not answer. */
  readonly entry: CacheEntry | undefined
  /** False when the cache failed, or was not asked because it just had. */
  readonly answered: boolean
  /** A read takes its answer from here once; the next one looks again. */
  fresh: boolean
  /** What the activation then read, from the cache or below. */
  payload: Payload | undefined
}

export interface Looks {
  /** Looks. A cache that fails is no reason to fail. */
  at(id: string, context: SessionContext): Flow<Look>
  /** The look of this activation, or a new one. */
  of(id: string, context: SessionContext): Flow<Look>
  /** The look of this activation, if its id is the same. */
  last(id: string, context: SessionContext): Look | undefined
  forget(context: SessionContext): void
  /** Tells of a failure that fails nobody, and spares the next readers the wait for another one. */
  failed(operation: string, error: unknown): void
}

/** @param retryMs How long readers go below at once after the cache has failed. */
export function cacheLooks(store: CacheStore, retryMs: number): Looks {
  const looks = new WeakMap<SessionContext, Look>()
  let deafUntilMs = -Infinity

  const failed = (operation: string, error: unknown) => {
    deafUntilMs = performance.now() + retryMs
    publish('sessionz:error', () => ({
      operation: 'cache',
      error: storeFailure(store.name, operation, error),
    }))
  }

  function* ask(id: string): Flow<Look> {
    const look = { id, fresh: true, payload: undefined }
    if (performance.now() < deafUntilMs) return { ...look, entry: undefined, answered: false }
    try {
      const bytes = yield* wait(store.get(id))
      return { ...look, entry: bytes && readEntry(bytes), answered: true }
    } catch (error) {
      failed('get', error)
      return { ...look, entry: undefined, answered: false }
    }
  }

  function* at(id: string, context: SessionContext): Flow<Look> {
    const look = yield* ask(id)
    looks.set(context, look)
    return look
  }

  function last(id: string, context: SessionContext): Look | undefined {
    const look = looks.get(context)
    return look?.id === id ? look : undefined
  }

  return {
    at,
    // `??` with `yield` behind it does not survive the build for CommonJS.
    *of(id, context) {
      const known = last(id, context)
      return known === undefined ? yield* at(id, context) : known
    },
    last,
    forget: (context) => void looks.delete(context),
    failed,
  }
}
