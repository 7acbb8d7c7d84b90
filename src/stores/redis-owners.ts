/**
 * Whom sessions in Redis belong to: a sorted set for each owner, beside phpredis' keys.
 *
 * Its members are ids; the score of each is the end of its session as it was last told, in
 * milliseconds since the epoch. Records can live longer, where PHP uses them, and end sooner: a member
 * without a record is nobody's session. A set lives for a day longer than the session it was last told
 * of, and so does each member.
 *
 * @module
 */
import type { SessionContext } from '../handler.js'
import { redisScript, type RedisCalls } from './redis-calls.js'
import type { RedisKeys } from './redis-keys.js'
import { secondsOf } from './redis-records.js'

export interface RedisOwners {
  /** Enters a session that lives for a lifetime from now on. */
  bind(owner: string, id: string, context: SessionContext): Promise<void>
  unbind(owner: string, id: string): Promise<void>
}

/** How long PHP alone may use a session, beyond its lifetime, and it is still found. */
const KEPT_MS = 86_400_000

/** `KEYS`: set. `ARGV`: id, its end, what ended before that is left behind, least life of the set. */
const BIND = /* @__PURE__ */ redisScript(
  `redis.call('zadd', KEYS[1], ARGV[2], ARGV[1])
redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[3])
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[4]) then redis.call('pexpire', KEYS[1], ARGV[4]) end
return 1`,
)

/** @param scripts Whether the server takes them; without, it is a command for each step. */
export function redisOwners(
  { send, evaluate }: RedisCalls,
  keys: RedisKeys,
  scripts: boolean,
): RedisOwners {
  async function bindPlainly(key: string, [id, end, before, life]: Entry): Promise<void> {
    await Promise.all([
      send('owner', ['ZADD', key, end, id]),
      send('owner', ['ZREMRANGEBYSCORE', key, '-inf', before]),
    ])
    const left = Number(await send('owner', ['PTTL', key]))
    if (left < Number(life)) await send('owner', ['PEXPIRE', key, life])
  }

  return {
    async bind(owner, id, context) {
      const key = keys.owner(owner)
      const entry = entryOf(id, context)
      if (!scripts) return await bindPlainly(key, entry)
      await evaluate('owner', BIND, { keys: [key], words: entry })
    },
    async unbind(owner, id) {
      await send('owner', ['ZREM', keys.owner(owner), id])
    },
  }
}

type Entry = readonly [id: string, end: string, before: string, life: string]

function entryOf(id: string, context: SessionContext): Entry {
  const nowMs = Math.floor(context.now())
  const lifeMs = Number(secondsOf(context)) * 1000
  return [id, `${nowMs + lifeMs}`, `${nowMs - KEPT_MS}`, `${lifeMs + KEPT_MS}`]
}
