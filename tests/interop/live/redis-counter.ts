/** One session counter in Redis. */
import { redisHandler } from '../../../src/handlers/redis.js'
import type { IoRedisClient, NodeRedisClient } from '../../../src/stores/redis.js'
import { serveCounter } from './serve-counter.js'

interface Package {
  readonly Redis?: new (port: number) => IoRedisClient
  readonly createClient?: (options: object) => NodeRedisClient & { connect(): Promise<unknown> }
}

const { PORT = '', CLIENT = '' } = process.env

async function connected() {
  const { Redis, createClient } = (await import(CLIENT)) as Package
  if (Redis !== undefined) return new Redis(Number(PORT))
  const client = createClient?.({ socket: { host: '127.0.0.1', port: Number(PORT) } })
  await client?.connect()
  return client as NodeRedisClient
}

serveCounter(redisHandler({ client: await connected() }))
