/** What tests do to a Redis from outside: let time pass for its keys, wipe it, wait for it. */
import { redisCalls } from '../../src/stores/redis-calls.js'
import { redisCommands, type RedisClient, type RedisServer } from '../../src/stores/redis.js'

export interface RedisClock {
  /**
   * Moves the end of every key nearer. The kit counts ages in whole seconds, the last of which is
   * still life; Redis ends a key to the millisecond. So a second less passes.
   */
  advance(seconds: number): Promise<void>
  wipe(): Promise<void>
}

export function redisClock(client: RedisClient): RedisClock {
  const { servers } = redisCommands(client)
  const each = async (work: (server: RedisServer) => Promise<void>) =>
    void (await Promise.all((await servers()).map(work)))

  return {
    advance: (seconds) => each((server) => hurry(server, (seconds - 1) * 1000)),
    wipe: () => each(async (server) => void (await server(['FLUSHALL']))),
  }
}

/** Waits until the client has its server again; two hundred times at the most. */
export async function answering(client: RedisClient): Promise<void> {
  // A client may never tell what has become of a call that it lost.
  const { send } = redisCalls(client, { handler: 'test', timeoutMs: 200 })
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await send('ping', ['EXISTS', 'ping']).catch(() => undefined)
    if (answer !== undefined) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('the server does not answer')
}

async function hurry(server: RedisServer, byMs: number): Promise<void> {
  const keys = (await server(['KEYS', '*'])) as Buffer[]
  await Promise.all(
    keys.map(async (key) => {
      const left = Number(await server(['PTTL', key]))
      if (left < 0) return
      await server(left > byMs ? ['PEXPIRE', key, String(left - byMs)] : ['DEL', key])
    }),
  )
}
