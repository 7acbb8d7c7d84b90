/**
 * A cache in Memcached, for `cacheHandler`.
 *
 * Keys are the prefix and the id; values are src/lib/cache-entry.ts'. An entry that is to stand in
 * the place of a certain other one is put over its version.
 *
 * @module
 */
import type { CacheStore } from '../lib/cache-store.js'
import { sameBytes } from '../lib/bytes.js'
import { assertKnownKeys } from '../lib/check.js'
import {
  assertSettings,
  expiresIn,
  LONGEST_KEY,
  MAX_ITEM_BYTES,
  memcachedCommands,
  type MemcachedClient,
  type MemcachedCommands,
} from './memcached.js'

/** What `memcachedCache` takes. `undefined` means the default; unknown names are refused. */
export interface MemcachedCacheOptions {
  /**
   * What keys begin with; another one for each application. At most 200 visible ASCII characters.
   *
   * @default 'sessionz:cache:'
   */
  prefix?: string | undefined
  /** Seconds after which a call has failed; fractions are allowed. @default 1 */
  timeout?: number | undefined
  /** Largest entry, in bytes: what is larger is not cached. @default 1048000 */
  maxItemBytes?: number | undefined
}

const DEFAULTS = {
  prefix: 'sessionz:cache:',
  timeout: 1,
  maxItemBytes: MAX_ITEM_BYTES,
} satisfies MemcachedCacheOptions

const NAME = 'memcached-cache'

/** Longer times are points in time, by a clock that a cache does not have. */
const LONGEST_SECONDS = 29 * 86_400

/**
 * Makes a cache over a client of `memjs`. It is never closed here.
 *
 * @throws {TypeError | RangeError} For what is no client, and naming an option that is unknown or out
 *   of range.
 */
export function memcachedCache(
  client: MemcachedClient,
  options: MemcachedCacheOptions = {},
): CacheStore {
  const { prefix, timeoutMs, maxItemBytes } = resolve(options)
  const commands = memcachedCommands(client, { handler: NAME, timeoutMs })
  /** What has a longer key is not cached. */
  const isKey = (id: string) => prefix.length + id.length <= LONGEST_KEY

  return {
    name: NAME,
    shared: true,
    async get(id) {
      return isKey(id) ? (await commands.get(prefix + id))?.value : undefined
    },
    async set(id, entry, ttlMs) {
      if (!isKey(id)) return
      // Too large an entry leaves none: the one that is there is to go in any case.
      if (entry.length > maxItemBytes) await commands.delete(prefix + id)
      else await commands.set(prefix + id, entry, expiresOf(ttlMs))
    },
    async replace(id, mark, entry, ttlMs) {
      if (!isKey(id) || entry.length > maxItemBytes) return false
      return replace(commands, prefix + id, { mark, entry, expires: expiresOf(ttlMs) })
    },
  }
}

interface Replacing {
  readonly mark: Uint8Array | undefined
  readonly entry: Uint8Array
  readonly expires: number
}

async function replace(
  commands: MemcachedCommands,
  key: string,
  { mark, entry, expires }: Replacing,
): Promise<boolean> {
  if (mark === undefined) return typeof (await commands.add(key, entry, expires)) === 'bigint'
  const item = await commands.get(key)
  if (item === undefined || !sameBytes(item.value.subarray(0, mark.length), mark)) return false
  return typeof (await commands.swap(key, entry, { expires, cas: item.cas })) === 'bigint'
}

function expiresOf(ttlMs: number): number {
  return expiresIn(Math.min(ttlMs / 1000, LONGEST_SECONDS), 0)
}

function resolve(options: MemcachedCacheOptions) {
  assertKnownKeys(NAME, options, DEFAULTS)
  const {
    prefix = DEFAULTS.prefix,
    timeout = DEFAULTS.timeout,
    maxItemBytes = DEFAULTS.maxItemBytes,
  } = options
  assertSettings({ prefix, timeout, maxItemBytes })
  return { prefix, timeoutMs: timeout * 1000, maxItemBytes }
}
