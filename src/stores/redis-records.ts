/**
 * Records in Redis, each of which is changed by one command: whole by itself, under no lock.
 *
 * @module
 */
import type { Payload, SessionContext } from '../handler.js'
import type { Storing } from '../locks/redis-fence.js'
import type { RedisCalls } from './redis-calls.js'
import type { RedisReply } from './redis.js'

/** Operations on the record of one key. */
export interface RedisRecords {
  read(key: string): Promise<Payload | undefined>
  write(key: string, storing: Storing): Promise<boolean>
  touch(key: string, seconds: string): Promise<boolean>
  destroy(key: string): Promise<boolean>
}

export function redisRecords({ send }: RedisCalls): RedisRecords {
  return {
    read: async (key) => payloadOf(await send('read', ['GET', key])),
    async write(key, { payload, seconds, create }) {
      const when = create ? 'NX' : 'XX'
      return (await send('write', ['SET', key, payload, 'EX', seconds, when])) !== null
    },
    touch: async (key, seconds) => (await send('touch', ['EXPIRE', key, seconds])) === 1,
    destroy: async (key) => (await send('destroy', ['DEL', key])) === 1,
  }
}

/** A payload of its own: a client's buffer may be part of a larger one. */
export function payloadOf(reply: RedisReply): Payload | undefined {
  if (typeof reply === 'string') return new Uint8Array(Buffer.from(reply, 'latin1'))
  return Buffer.isBuffer(reply) ? new Uint8Array(reply) : undefined
}

/** What phpredis can take as well: `EXPIRE` and `SETEX` know whole seconds, PHP 31 bits of them. */
const MOST_SECONDS = 2 ** 31 - 1

/** How long a record lives from now on. A lifetime of nothing is a second. */
export function secondsOf({ maxLifetime }: SessionContext): string {
  return String(Math.min(Math.max(1, Math.ceil(maxLifetime)), MOST_SECONDS))
}
