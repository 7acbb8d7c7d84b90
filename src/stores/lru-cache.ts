/**
 * A cache in the memory of this process, for `cacheHandler`.
 *
 * @module
 */
import { boundedRecords } from '../lib/bounded-records.js'
import { sameBytes } from '../lib/bytes.js'
import type { CacheStore } from '../lib/cache-store.js'
import { assertInteger, assertKnownKeys } from '../lib/check.js'
import { NONE } from '../lib/record-table.js'

/** What `lruCache` takes. `undefined` means the default; unknown names are refused. */
export interface LruOptions {
  /** Most entries kept; beyond it the least recently used ones are evicted. @default 10_000 */
  maxEntries?: number | undefined
  /** Most bytes kept: ids, payloads and about 110 bytes for each entry. @default 67_108_864 */
  maxBytes?: number | undefined
}

const DEFAULTS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 } satisfies LruOptions

const NAME = 'lru-cache'

/**
 * Makes a cache in memory. What does not fit is evicted, least recently used first, with the event
 * `sessionz:evicted`.
 *
 * Other processes know nothing of it: where there are any, `cacheHandler` needs `invalidation`.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or out of range.
 */
export function lruCache(options: LruOptions = {}): CacheStore {
  assertKnownKeys(NAME, options, DEFAULTS)
  const { maxEntries = DEFAULTS.maxEntries, maxBytes = DEFAULTS.maxBytes } = options
  assertInteger('maxEntries', maxEntries, 1)
  assertInteger('maxBytes', maxBytes, 1)
  const { table, put } = boundedRecords({ handler: NAME, maxEntries, maxBytes })

  const drop = (id: string) => {
    const slot = table.find(id)
    if (slot !== NONE) table.remove(slot)
  }

  /** The time of a record is its end here; none is evicted for that. */
  const get = (id: string) => {
    const slot = table.find(id)
    if (slot === NONE) return undefined
    if (table.timeMs(slot) >= performance.now()) {
      table.use(slot)
      return table.payload(slot)
    }
    table.remove(slot)
    return undefined
  }

  const set = (id: string, entry: Uint8Array, ttlMs: number) => {
    const stored = put(id, entry, performance.now() + ttlMs, -Infinity)
    if (!stored) drop(id)
    return stored
  }

  return {
    name: NAME,
    shared: false,
    get,
    set: (id, entry, ttlMs) => void set(id, entry, ttlMs),
    replace(id, mark, entry, ttlMs) {
      const found = get(id)
      if (found === undefined || mark === undefined) {
        return found === undefined && mark === undefined && set(id, entry, ttlMs)
      }
      return sameBytes(found.subarray(0, mark.length), mark) && set(id, entry, ttlMs)
    },
  }
}
