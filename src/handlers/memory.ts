/**
 * Sessions in the memory of this process: innermost a store, above another store a cache of it.
 *
 * Nothing is kept per session but its record, so nothing has to be cleaned up but records: no timer
 * runs, and the handler keeps no process alive.
 *
 * @module
 */
import { isBase } from '../link.js'
import type { SessionHandler } from '../handler.js'
import { assertInteger, assertKnownKeys, assertNumber } from '../lib/check.js'
import { assertChannel, type InvalidationChannel } from '../lib/invalidation.js'
import { memoryCache } from './memory-cache.js'
import { memoryStore } from './memory-store.js'

export type { InvalidationChannel }

/** What `memoryHandler` takes. `undefined` means the default; unknown names are refused. */
export interface MemoryOptions {
  /** Most sessions kept; beyond it the least recently used ones are evicted. @default 100_000 */
  maxEntries?: number | undefined
  /** Most bytes kept: ids, payloads and 72 bytes for each session. @default 67_108_864 */
  maxBytes?: number | undefined
  /**
   * Above another store: how many seconds an entry is served without asking that store; fractions
   * are allowed. 0 caches nothing, which is what a store needs that PHP or any process without the
   * `invalidation` channel writes.
   *
   * @default 0
   */
  maxAge?: number | undefined
  /** Above another store: tells the other processes what changed here, and hears of theirs. */
  invalidation?: InvalidationChannel | undefined
  /** Innermost: most requests that wait for one session; a further one fails at once. @default 1000 */
  maxWaiters?: number | undefined
}

const DEFAULTS = {
  maxEntries: 100_000,
  maxBytes: 64 * 1024 * 1024,
  maxAge: 0,
  invalidation: undefined,
  maxWaiters: 1000,
} satisfies MemoryOptions

/**
 * Makes a handler that keeps sessions in memory.
 *
 * Innermost it holds the sessions and locks them, within this process: they end with it. Above
 * another handler it keeps copies for `maxAge` seconds and leaves the locks to that handler. Either
 * way payloads are copied in and out, and what does not fit is evicted, least recently used first,
 * with the event `sessionz:evicted`.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or out of range.
 */
export function memoryHandler(options: MemoryOptions = {}): SessionHandler {
  const settings = { handler: 'memory', ...resolve(options) }
  const store = memoryStore(settings)
  const isCache = settings.maxAgeMs > 0 || settings.invalidation !== undefined
  const cache = isCache ? memoryCache(settings) : undefined

  return {
    name: 'memory',
    copies: settings.maxAgeMs > 0,
    open: (context, next) => (isBase(next) ? store.open(context) : next(context)),
    close: (context, next) => (isBase(next) ? store.close(context) : next(context)),
    read(id, context, next) {
      if (isBase(next)) return store.read(id, context)
      return cache ? cache.read(id, context, next) : next(id, context)
    },
    write(id, payload, context, next) {
      if (isBase(next)) return store.write(id, payload, context)
      return cache ? cache.write(id, payload, context, next) : next(id, payload, context)
    },
    destroy(id, context, next) {
      if (isBase(next)) return store.destroy(id, context)
      return cache ? cache.destroy(id, context, next) : next(id, context)
    },
    gc(maxLifetime, context, next) {
      return isBase(next) ? store.gc(maxLifetime, context) : next(maxLifetime, context)
    },
    updateTimestamp(id, payload, context, next) {
      if (isBase(next)) return store.updateTimestamp(id, context)
      return cache ? cache.updateTimestamp(id, payload, context, next) : next(id, payload, context)
    },
    validateId(id, context, next) {
      if (isBase(next)) return store.validateId(id, context)
      return cache ? cache.validateId(id, context, next) : next(id, context)
    },
    list: (context, next) => (isBase(next) ? store.list(context) : next(context)),
    count: (context, next) => (isBase(next) ? store.count(context) : next(context)),
    listByOwner: (owner, context, next) =>
      isBase(next) ? store.listByOwner(owner, context) : next(owner, context),
    dispose: () => cache?.dispose(),
  }
}

function resolve(options: MemoryOptions) {
  assertKnownKeys('memory', options, DEFAULTS)
  const {
    maxEntries = DEFAULTS.maxEntries,
    maxBytes = DEFAULTS.maxBytes,
    maxAge = DEFAULTS.maxAge,
    maxWaiters = DEFAULTS.maxWaiters,
    invalidation,
  } = options
  assertInteger('maxEntries', maxEntries, 1)
  assertInteger('maxBytes', maxBytes, 1)
  assertNumber('maxAge', maxAge, 0, 86_400)
  assertInteger('maxWaiters', maxWaiters, 0)
  assertChannel(invalidation)
  return { maxEntries, maxBytes, maxAgeMs: maxAge * 1000, invalidation, maxWaiters }
}
