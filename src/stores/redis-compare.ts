/**
 * One key changed only where it holds what is expected: the parts of the lock, and the record under
 * it. By scripts it is one step; without them a look and a step, with a gap of a round trip.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { Payload } from '../handler.js'
import type { Outcome } from '../locks/redis-fence.js'
import { redisScript, type RedisCalls } from './redis-calls.js'
import { payloadOf } from './redis-records.js'
import type { RedisReply } from './redis.js'

/** SHA-1, which Redis' scripts have as well. It tells versions apart, and keeps nothing secret. */
export function digestOf(payload: Payload): string {
  return createHash('sha1').update(payload).digest('hex')
}

/** A record that is to be what it was when it was read. */
export interface Replacement {
  /** Digest of what was read. */
  readonly seen: string
  readonly payload: Payload
  readonly seconds: string
}

/** Each looks at one key, and answers whether it held what was expected. */
export interface RedisCompare {
  /** Gives a lock back. */
  release(key: string, token: string): Promise<boolean>
  /** Gives a lock another lease. */
  renew(key: string, token: string, leaseMs: number): Promise<boolean>
  /** Gives a lock without an end one. */
  limit(key: string, token: string, leaseMs: number): Promise<boolean>
  replace(key: string, replacement: Replacement): Promise<Outcome>
}

/** phpredis' own, byte for byte, so that one of them is known to the server for both. */
export const RELEASE = /* @__PURE__ */ redisScript(
  'if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end',
)

const RENEW = /* @__PURE__ */ redisScript(
  `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end
return 0`,
)

const LIMIT = /* @__PURE__ */ redisScript(
  `if redis.call('get', KEYS[1]) ~= ARGV[1] or redis.call('pttl', KEYS[1]) ~= -1 then return 0 end
return redis.call('pexpire', KEYS[1], ARGV[2])`,
)

const REPLACE = /* @__PURE__ */ redisScript(
  `local record = redis.call('get', KEYS[1])
if not record then return 0 end
if redis.sha1hex(record) ~= ARGV[1] then return -1 end
redis.call('setex', KEYS[1], ARGV[2], ARGV[3])
return 1`,
)

export function scriptedCompare({ evaluate }: RedisCalls): RedisCompare {
  const holds = async (answer: Promise<RedisReply>) => (await answer) === 1
  return {
    release: (key, token) => holds(evaluate('close', RELEASE, { keys: [key], words: [token] })),
    renew: (key, token, leaseMs) =>
      holds(evaluate('renew', RENEW, { keys: [key], words: [token, String(leaseMs)] })),
    limit: (key, token, leaseMs) =>
      holds(evaluate('open', LIMIT, { keys: [key], words: [token, String(leaseMs)] })),
    async replace(key, { seen, payload, seconds }) {
      const input = { keys: [key], words: [seen, seconds, payload] } as const
      return (await evaluate('write', REPLACE, input)) as Outcome
    },
  }
}

/** For servers where scripts are forbidden. */
export function plainCompare({ send }: RedisCalls): RedisCompare {
  const holds = async (operation: string, key: string, token: string) => {
    const found = payloadOf(await send(operation, ['GET', key]))
    return found !== undefined && Buffer.from(found).toString() === token
  }
  return {
    async release(key, token) {
      return (await holds('close', key, token)) && (await send('close', ['DEL', key])) === 1
    },
    async renew(key, token, leaseMs) {
      if (!(await holds('renew', key, token))) return false
      return (await send('renew', ['PEXPIRE', key, String(leaseMs)])) === 1
    },
    async limit(key, token, leaseMs) {
      if (!(await holds('open', key, token))) return false
      return (await send('open', ['PEXPIRE', key, String(leaseMs)])) === 1
    },
    async replace(key, { seen, payload, seconds }) {
      const found = payloadOf(await send('write', ['GET', key]))
      if (found === undefined) return 0
      if (digestOf(found) !== seen) return -1
      const stored = await send('write', ['SET', key, payload, 'EX', seconds, 'XX'])
      return stored === null ? 0 : 1
    },
  }
}
