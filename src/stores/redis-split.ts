/**
 * The lock and the record in different places: of a Cluster with phpredis' names, or where scripts
 * are forbidden. Each change first makes sure of the lock, with a whole lease ahead, and then
 * replaces the record only if it is the one that was read.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { Grip, Outcome, RedisFence, Storing } from '../locks/redis-fence.js'
import type { RedisCalls } from './redis-calls.js'
import { digestOf, type RedisCompare } from './redis-compare.js'
import { redisRecords, type RedisRecords } from './redis-records.js'

export function redisSplit(calls: RedisCalls, compare: RedisCompare): RedisFence {
  const records = redisRecords(calls)
  const isOurs = ({ lockKey, token, leaseMs }: Grip) => compare.renew(lockKey, token, leaseMs)
  const release = ({ lockKey, token }: Grip) => compare.release(lockKey, token)

  async function fenced(grip: Grip, change: () => Promise<Outcome>): Promise<Outcome> {
    return (await isOurs(grip)) ? change() : -1
  }

  async function take({ lockKey, token, leaseMs }: Grip): Promise<boolean> {
    const words = ['SET', lockKey, token, 'NX', 'PX', String(leaseMs)] as const
    return (await calls.send('open', words)) !== null
  }

  return {
    closes: false,
    async enter(grip, strict) {
      if (!(await take(grip))) return undefined
      const payload = await records.read(grip.key)
      note(grip, payload)
      const locked = payload !== undefined || !strict
      if (!locked) await release(grip)
      return { locked, payload }
    },
    renew: isOurs,
    release,
    write: (grip, storing) => fenced(grip, () => store({ records, compare }, grip, storing)),
    touch: (grip, seconds) =>
      fenced(grip, async () => ((await records.touch(grip.key, seconds)) ? 1 : 0)),
    destroy: (grip) => fenced(grip, async () => ((await records.destroy(grip.key)) ? 1 : 0)),
    note,
  }
}

interface Parts {
  readonly records: RedisRecords
  readonly compare: RedisCompare
}

/** A record that was never read has nothing to be compared with. */
async function store(
  { records, compare }: Parts,
  grip: Grip,
  { payload, seconds, create }: Storing,
): Promise<Outcome> {
  const { key, seen } = grip
  const outcome =
    create || seen === undefined
      ? await written(records.write(key, { payload, seconds, create }))
      : await compare.replace(key, { seen, payload, seconds })
  if (outcome === 1) note(grip, payload)
  return outcome
}

async function written(answer: Promise<boolean>): Promise<Outcome> {
  return (await answer) ? 1 : 0
}

function note(grip: Grip, payload: Payload | undefined): void {
  grip.seen = payload && digestOf(payload)
}
