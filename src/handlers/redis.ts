/**
 * Sessions in Redis or Valkey, a Cluster included, as phpredis keeps them: the same keys, lifetimes
 * and locks, so that PHP and Node serve the same live sessions.
 *
 * `<prefix><id>` holds the payload and nothing else, and ends by itself; `<prefix><id>_LOCK` is there
 * while somebody has the session open.
 *
 * @module
 * @see redis_session.c of phpredis
 */
import type { SessionHandler } from '../handler.js'
import {
  assertBoolean,
  assertInteger,
  assertKnownKeys,
  assertNumber,
  assertString,
} from '../lib/check.js'
import { redisLocks } from './redis-locks.js'
import { eternalLocks } from '../locks/redis-eternal.js'
import type { Grip } from '../locks/redis-fence.js'
import { redisCalls, type RedisCalls } from '../stores/redis-calls.js'
import { plainCompare, scriptedCompare, type RedisCompare } from '../stores/redis-compare.js'
import { redisJoint } from '../stores/redis-joint.js'
import { PREFIX, redisKeys } from '../stores/redis-keys.js'
import { redisRecords } from '../stores/redis-records.js'
import { redisSplit } from '../stores/redis-split.js'
import { redisOwners } from '../stores/redis-owners.js'
import { countSessions, listOwned, listSessions } from '../stores/redis-walk.js'
import type { RedisClient } from '../stores/redis.js'
import { redisOwned } from './redis-owned.js'
import { redisOperations } from './redis-operations.js'

export type {
  IoRedisClient,
  NodeRedisClient,
  NodeRedisCluster,
  RedisClient,
} from '../stores/redis.js'

/** Who speaks in errors. */
const NAME = 'redis'

/** What `redisHandler` takes. `undefined` means the default; unknown names are refused. */
export interface RedisOptions {
  /** A client of `ioredis` or `redis`, single or Cluster. Whoever made it connects and closes it. */
  client: RedisClient
  /** What stands before the id in a key. @default 'PHPREDIS_SESSION:' */
  prefix?: string | undefined
  /** Seconds after which a call to Redis has failed; fractions are allowed. @default 1 */
  timeout?: number | undefined
  /**
   * Gives a foreign lock without an end one of `lockLease`, once it has been the same for a minute:
   * PHP leaves such locks behind where it is killed and `redis.session.lock_expire` is 0.
   *
   * @default false
   */
  breakEternalLocks?: boolean | undefined
  /** Uses Lua scripts; `false` for servers that forbid them, at the price of gaps and round trips. @default true */
  scripts?: boolean | undefined
  /** Most requests that wait for one session; a further one fails at once. @default 1000 */
  maxWaiters?: number | undefined
}

const DEFAULTS = {
  client: undefined,
  prefix: PREFIX,
  timeout: 1,
  breakEternalLocks: false,
  scripts: true,
  maxWaiters: 1000,
}

/**
 * Makes a handler that keeps sessions in Redis. It stands innermost.
 *
 * Expiry is Redis' own, so `gc` has nothing to do. An activation with the lock takes two round trips,
 * one that only reads takes one.
 *
 * @throws {TypeError | RangeError} For what is no client, and naming an option that is unknown or out
 *   of range.
 */
export function redisHandler(options: RedisOptions): SessionHandler {
  const { client, prefix, timeoutMs, scripts, breakEternalLocks, maxWaiters } = resolve(options)
  const calls = redisCalls(client, { handler: NAME, timeoutMs })
  const keys = redisKeys(prefix)
  const compare = scripts ? scriptedCompare(calls) : plainCompare(calls)
  const joint = scripts && (keys.together || !calls.clustered)
  const fence = joint ? redisJoint(calls) : redisSplit(calls, compare)
  const onTaken = breakEternalLocks ? watch(calls, compare) : async () => undefined
  const locks = redisLocks({ handler: NAME, maxWaiters, fence, onTaken })
  const owned = redisOwned(redisOwners(calls, keys, scripts))
  const walk = { calls, keys }
  return {
    name: NAME,
    ...redisOperations({ keys, fence, locks, records: redisRecords(calls), owned }),
    gc: () => 0,
    list: (context) => listSessions(walk, context),
    count: () => countSessions(walk),
    listByOwner: (owner, context) => listOwned(walk, owner, context),
  }
}

/** Looks after locks of others that were left behind. */
function watch({ send }: RedisCalls, compare: RedisCompare): (grip: Grip) => Promise<void> {
  const look = async (key: string) => {
    const [token, left] = await Promise.all([
      send('open', ['GET', key]),
      send('open', ['PTTL', key]),
    ])
    return token === null ? undefined : { token: String(token), eternal: left === -1 }
  }
  const limit = (key: string, token: string, leaseMs: number) => compare.limit(key, token, leaseMs)
  const looked = eternalLocks({ look, limit })
  return ({ lockKey, leaseMs }) => looked(lockKey, leaseMs)
}

function resolve(options: RedisOptions) {
  assertKnownKeys(NAME, options, DEFAULTS)
  const {
    client,
    prefix = DEFAULTS.prefix,
    timeout = DEFAULTS.timeout,
    breakEternalLocks = DEFAULTS.breakEternalLocks,
    scripts = DEFAULTS.scripts,
    maxWaiters = DEFAULTS.maxWaiters,
  } = options
  assertString('prefix', prefix)
  assertNumber('timeout', timeout, 0.001, 86_400)
  assertBoolean('breakEternalLocks', breakEternalLocks)
  assertBoolean('scripts', scripts)
  assertInteger('maxWaiters', maxWaiters, 0)
  return { client, prefix, timeoutMs: timeout * 1000, breakEternalLocks, scripts, maxWaiters }
}
