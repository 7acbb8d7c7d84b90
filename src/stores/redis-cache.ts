/**
 * A cache in Redis, Valkey or a Cluster of them, for `cacheHandler`.
 *
 * Keys are the prefix and the id; values are src/lib/cache-entry.ts'. Each call concerns one key, so
 * a Cluster serves as well.
 *
 * @module
 */
import type { CacheStore } from '../lib/cache-store.js'
import { assertKnownKeys, assertNumber, assertString } from '../lib/check.js'
import { storeCall } from '../lib/store-call.js'
import { redisCommands, type RedisClient, type RedisReply, type RedisWord } from './redis.js'

/** What `redisCache` takes. `undefined` means the default; unknown names are refused. */
export interface RedisCacheOptions {
  /** What keys begin with; another one for each application. @default 'sessionz:cache:' */
  prefix?: string | undefined
  /** Seconds after which a call has failed; fractions are allowed. @default 1 */
  timeout?: number | undefined
}

const DEFAULTS = { prefix: 'sessionz:cache:', timeout: 1 } satisfies RedisCacheOptions

const NAME = 'redis-cache'

/** KEYS: entry. ARGV: the mark it has to begin with, the new entry, its life in milliseconds. */
const REPLACE = `if redis.call('getrange', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`

/** As Redis takes it: 10 years and more, and no fractions. */
const LONGEST_MS = 1e13

/**
 * Makes a cache over a client that is connected, of `ioredis` or `redis`. It is never closed here.
 *
 * @throws {TypeError | RangeError} For what is no client, and naming an option that is unknown or out
 *   of range.
 */
export function redisCache(client: RedisClient, options: RedisCacheOptions = {}): CacheStore {
  const { prefix, timeoutMs } = resolve(options)
  const commands = redisCommands(client)
  const call = storeCall(NAME, timeoutMs)

  const send = (operation: string, id: string, words: Words): Promise<RedisReply> =>
    call(operation, () => commands.send(prefix + id, words))

  return {
    name: NAME,
    shared: true,
    async get(id) {
      const reply = await send('get', id, ['GET', prefix + id])
      // The client's buffer may be part of a larger one that is used again.
      return reply instanceof Uint8Array ? new Uint8Array(reply) : undefined
    },
    async set(id, entry, ttlMs) {
      await send('set', id, ['SET', prefix + id, entry, 'PX', lifeOf(ttlMs)])
    },
    async replace(id, mark, entry, ttlMs) {
      const key = prefix + id
      if (mark === undefined) {
        const reply = await send('replace', id, ['SET', key, entry, 'PX', lifeOf(ttlMs), 'NX'])
        return reply !== null
      }
      const words: Words = ['EVAL', REPLACE, '1', key, mark, entry, lifeOf(ttlMs)]
      return (await send('replace', id, words)) === 1
    },
  }
}

type Words = readonly [command: string, ...RedisWord[]]

function lifeOf(ttlMs: number): string {
  return String(Math.min(Math.ceil(ttlMs), LONGEST_MS))
}

function resolve(options: RedisCacheOptions) {
  assertKnownKeys(NAME, options, DEFAULTS)
  const { prefix = DEFAULTS.prefix, timeout = DEFAULTS.timeout } = options
  assertString('prefix', prefix)
  assertNumber('timeout', timeout, 0.001, 86_400)
  return { prefix, timeoutMs: timeout * 1000 }
}
