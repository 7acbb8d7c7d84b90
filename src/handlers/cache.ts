/**
 * A cache above another store: reads are answered from copies that every change keeps true.
 *
 * Wire format of its entries: src/lib/cache-entry.ts.
 *
 * @module
 */
import {
  defineHandler,
  type MaybePromise,
  type Next,
  type Payload,
  type SessionContext,
  type SessionHandler,
} from '../handler.js'
import { isValidId } from '../id/validate.js'
import { isFresh, entryWriter } from '../lib/cache-entry.js'
import type { CacheStore } from '../lib/cache-store.js'
import { assertFunction, assertKnownKeys, assertNumber, assertOneOf } from '../lib/check.js'
import { isPromise, run, wait, type Flow } from '../lib/flow.js'
import { announcer, assertChannel, type InvalidationChannel } from '../lib/invalidation.js'
import { lruCache, type LruOptions } from '../stores/lru-cache.js'
import type { MemcachedClient } from '../stores/memcached.js'
import { memcachedCache, type MemcachedCacheOptions } from '../stores/memcached-cache.js'
import { redisCache, type RedisCacheOptions } from '../stores/redis-cache.js'
import type { RedisClient } from '../stores/redis.js'
import { cacheChanges, GRAVE_MS, type CacheChange, type CacheChanges } from './cache-changes.js'
import { cacheLooks, type Looks } from './cache-looks.js'

export { lruCache, memcachedCache, redisCache }
export type {
  CacheStore,
  InvalidationChannel,
  LruOptions,
  MemcachedCacheOptions,
  MemcachedClient,
  RedisCacheOptions,
  RedisClient,
}

/** What `cacheHandler` takes. `undefined` means the default; unknown names are refused. */
export interface CacheOptions {
  /** Where copies are kept: `redisCache()`, `memcachedCache()`, `lruCache()`, or your own. */
  store: CacheStore
  /**
   * What becomes of a write or a destroy when the cache cannot be told of it.
   *
   * - `fail`: it is a `StoreError`, and the record stays as it was
   * - `bypass`: it is made all the same; whoever still reaches the cache may be answered from an
   *   older copy, until that ends
   *
   * @default 'fail'
   */
  onError?: 'fail' | 'bypass' | undefined
  /**
   * Seconds for which reads go to the store below at once, after the cache has failed; fractions are
   * allowed. Changes ask the cache all the same.
   *
   * @default 1
   */
  retryAfter?: number | undefined
  /** For copies in the memory of each process: tells the others, and hears of their changes. */
  invalidation?: InvalidationChannel | undefined
}

const DEFAULTS = {
  store: undefined,
  onError: 'fail',
  retryAfter: 1,
  invalidation: undefined,
} satisfies { [K in keyof CacheOptions]-?: unknown }

/**
 * Makes a layer that answers reads from copies.
 *
 * A record gets its copy when it is written or touched through this layer, and loses it before it is
 * changed or destroyed; nothing is kept of what is not there. Locks, gc and lists are the business of
 * the store below. Everything that changes those records has to go through such a layer over the same
 * cache: PHP does not.
 *
 * @throws {TypeError | RangeError} For what is no cache, and naming an option that is unknown or out
 *   of range.
 */
export function cacheHandler(options: CacheOptions): SessionHandler {
  const { store, bypasses, retryMs, invalidation } = resolve(options)
  const looks = cacheLooks(store, retryMs)
  const changes = cacheChanges({ store, looks, bypasses })
  const read = reader(looks, invalidation !== undefined)
  const announce = announcer(invalidation)
  const stop = invalidation?.subscribe(forgetter(store, looks))

  return defineHandler({
    name: 'cache',
    copies: true,
    stores: false,
    open(context, next) {
      looks.forget(context)
      return next(context)
    },
    read(id, context, next) {
      return isValidId(id) ? run(read.payload(id, context, next)) : next(id, context)
    },
    write(id, payload, context, next) {
      const below = () => next(id, payload, context)
      return isValidId(id)
        ? run(change(changes, announce, { id, context, below, payload }))
        : below()
    },
    destroy(id, context, next) {
      const below = () => next(id, context)
      return isValidId(id) ? run(change(changes, announce, { id, context, below })) : below()
    },
    updateTimestamp(id, payload, context, next) {
      const below = () => next(id, payload, context)
      return isValidId(id) ? run(changes.touch({ id, context, below, payload })) : below()
    },
    validateId(id, context, next) {
      return isValidId(id) ? run(read.isKnown(id, context, next)) : next(id, context)
    },
    dispose: () => stop?.(),
  })
}

type Announce = (id: string) => MaybePromise<void>

/** The others are told also of a change that failed: it may have been made. */
function* change(changes: CacheChanges, announce: Announce, change: CacheChange): Flow<boolean> {
  try {
    return yield* changes.change(change)
  } finally {
    yield* wait(announce(change.id))
  }
}

interface Reader {
  payload(id: string, context: SessionContext, next: Next['read']): Flow<Payload | undefined>
  isKnown(id: string, context: SessionContext, next: Next['validateId']): Flow<boolean>
}

/**
 * PHP's rule that a locked session is read from storage stands where other processes keep copies of
 * their own: a message may still be on its way.
 */
function reader(looks: Looks, hasOthers: boolean): Reader {
  function* find(id: string, context: SessionContext) {
    const last = looks.last(id, context)
    const look = last?.fresh === true ? last : yield* looks.at(id, context)
    const copy = look.entry?.copy
    const answers =
      copy !== undefined &&
      !(hasOthers && context.lock === 'exclusive' && !context.readOnly) &&
      isFresh(copy, context.now(), context.maxLifetime)
    return { look, payload: answers ? copy.payload : undefined }
  }

  return {
    *payload(id, context, next) {
      const { look, payload } = yield* find(id, context)
      look.fresh = false
      // `??` with `yield` behind it does not survive the build for CommonJS.
      look.payload = payload === undefined ? copyOf(yield* wait(next(id, context))) : payload
      return copyOf(look.payload)
    },
    *isKnown(id, context, next) {
      const { payload } = yield* find(id, context)
      return payload !== undefined || (yield* wait(next(id, context)))
    },
  }
}

/** What was handed out belongs to who asked. */
function copyOf(payload: Payload | undefined): Payload | undefined {
  return payload && new Uint8Array(payload)
}

/** Another process changed a record: no copy of it is left here, nor put by a change under way. */
function forgetter(store: CacheStore, looks: Looks): (id: string) => void {
  const entries = entryWriter()
  const failed = (error: unknown) => looks.failed('set', error)
  return (id) => {
    try {
      const done = store.set(id, entries.grave(), GRAVE_MS)
      if (isPromise(done)) done.catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

function resolve(options: CacheOptions) {
  assertKnownKeys('cache', options, DEFAULTS)
  const {
    store,
    onError = DEFAULTS.onError,
    retryAfter = DEFAULTS.retryAfter,
    invalidation,
  } = options
  for (const name of ['get', 'set', 'replace'] as const) {
    assertFunction(`store.${name}`, store?.[name])
  }
  assertOneOf('onError', onError, ['fail', 'bypass'])
  assertNumber('retryAfter', retryAfter, 0, 86_400)
  assertChannel(invalidation)
  if (store.shared && invalidation !== undefined) {
    throw new RangeError('"invalidation" is for copies in memory: this cache is shared already')
  }
  return { store, bypasses: onError === 'bypass', retryMs: retryAfter * 1000, invalidation }
}
