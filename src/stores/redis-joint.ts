/**
 * The lock and the record changed together, by scripts that see both: one round trip to open and
 * read, one to write and close.
 *
 * @module
 */
import type { Entry, Grip, Outcome, RedisFence } from '../locks/redis-fence.js'
import { redisScript, type RedisCalls, type RedisScript } from './redis-calls.js'
import { scriptedCompare } from './redis-compare.js'
import { payloadOf } from './redis-records.js'
import type { RedisWord } from './redis.js'

/** Answers of `ENTER` beside the record. */
const TAKEN = 0
const UNKNOWN = 1

/**
 * `KEYS`: lock, record. `ARGV`: token, lease in milliseconds, '1' in strict mode.
 *
 * A lock with our own token is ours: a client may send again what it got no answer to. An unknown id
 * whose lock is held is waited for: PHP locks a new session before it stores it.
 */
const ENTER = /* @__PURE__ */ redisScript(
  `if ARGV[3] == '1' and redis.call('exists', KEYS[2]) == 0 then
  return redis.call('exists', KEYS[1]) == 0 and ${UNKNOWN} or ${TAKEN}
end
if not redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
  and redis.call('get', KEYS[1]) ~= ARGV[1] then return ${TAKEN} end
return redis.call('get', KEYS[2])`,
)

/**
 * `KEYS`: lock, record. `ARGV`: token, '1' where the lock is given back, how many records refuse the
 * change, what the change needs.
 */
function fenced(change: string): RedisScript {
  return redisScript(
    `local ours = redis.call('get', KEYS[1]) == ARGV[1]
local outcome = ours and 1 or -1
if redis.call('exists', KEYS[2]) == tonumber(ARGV[3]) then outcome = 0 end
if outcome == 1 then redis.call(${change}) end
if ours and ARGV[2] == '1' then redis.call('del', KEYS[1]) end
return outcome`,
  )
}

const WRITE = /* @__PURE__ */ fenced(`'setex', KEYS[2], ARGV[4], ARGV[5]`)
const TOUCH = /* @__PURE__ */ fenced(`'expire', KEYS[2], ARGV[4]`)
const DESTROY = /* @__PURE__ */ fenced(`'del', KEYS[2]`)

/** For a single server, and where the prefix keeps both keys in one slot of a Cluster. */
export function redisJoint(calls: RedisCalls): RedisFence {
  const compare = scriptedCompare(calls)
  const keysOf = ({ lockKey, key }: Grip) => [lockKey, key] as const
  const first = ({ token }: Grip, closing: boolean, refusing: '0' | '1') =>
    [token, closing ? '1' : '0', refusing] as const
  const change = (operation: string, script: RedisScript, grip: Grip) => {
    return async (words: readonly RedisWord[]) =>
      (await calls.evaluate(operation, script, { keys: keysOf(grip), words })) as Outcome
  }

  return {
    closes: true,
    async enter(grip, strict): Promise<Entry | undefined> {
      const words = [grip.token, String(grip.leaseMs), strict ? '1' : '0']
      const answer = await calls.evaluate('open', ENTER, { keys: keysOf(grip), words })
      if (answer === TAKEN) return undefined
      return { locked: answer !== UNKNOWN, payload: payloadOf(answer) }
    },
    renew: ({ lockKey, token, leaseMs }) => compare.renew(lockKey, token, leaseMs),
    release: ({ lockKey, token }) => compare.release(lockKey, token),
    write(grip, { payload, seconds, create }, closing) {
      const refusing = create ? '1' : '0'
      return change('write', WRITE, grip)([...first(grip, closing, refusing), seconds, payload])
    },
    touch: (grip, seconds, closing) =>
      change('touch', TOUCH, grip)([...first(grip, closing, '0'), seconds]),
    destroy: (grip, closing) => change('destroy', DESTROY, grip)(first(grip, closing, '0')),
    note: () => undefined,
  }
}
