/**
 * The contract of a cache: entries of bytes under an id, each with an end, any of which may go at any
 * time.
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'

/**
 * Where `cacheHandler` keeps its entries: one operation is one call to the server.
 *
 * Entries are opaque: at least `MARK_BYTES` long, binary, and known by how they begin. A call that
 * fails or takes too long is a `StoreError` whose `handler` is the store's `name`. Losing an entry is
 * never wrong; bringing an old one back is.
 */
export interface CacheStore {
  /** Lower-case name for errors, for instance `redis-cache`. */
  readonly name: string
  /** Whether every process that works on the sessions asks this same cache. */
  readonly shared: boolean
  /** The entry; `undefined` for none, or one whose time is over. Bytes that nobody else changes. */
  get(id: string): MaybePromise<Uint8Array | undefined>
  /**
   * Puts an entry in the place of whatever is there.
   *
   * @param ttlMs How long it is kept at most, in milliseconds, 1 or more; a store that counts in
   *   seconds rounds up.
   */
  set(id: string, entry: Uint8Array, ttlMs: number): MaybePromise<void>
  /**
   * Puts an entry in the place of the one that begins with `mark`; of none, where `mark` is
   * `undefined`. To compare and to put is one step.
   *
   * @returns Whether it was put there. `false` also where the entry is too large for the cache.
   */
  replace(
    id: string,
    mark: Uint8Array | undefined,
    entry: Uint8Array,
    ttlMs: number,
  ): MaybePromise<boolean>
}

/** How many bytes tell an entry from all others: its kind and a random token. */
export const MARK_BYTES = 17
