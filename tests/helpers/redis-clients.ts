/** Connected clients of a private Redis, of every package the library takes one of. */
import { peer } from './peer.js'
import type { IoRedisClient, NodeRedisClient } from '../../src/stores/redis.js'

/** A client, and how it is ended. */
export interface TestClient<T = IoRedisClient | NodeRedisClient> {
  readonly client: T
  end(): Promise<void>
}

interface IoRedisPackage {
  readonly Redis: new (
    port: number,
    options: object,
  ) => IoRedisClient & {
    on(event: 'error', listener: () => void): void
    disconnect(): void
  }
}

interface NodeRedisPackage {
  createClient(options: object): NodeRedisClient & {
    on(event: 'error', listener: () => void): void
    connect(): Promise<unknown>
    destroy(): void
  }
}

/** Of `ioredis`. Commands wait for nothing: who is not connected has failed. */
export async function ioRedisClient(
  port: number,
  options: object = {},
): Promise<TestClient<IoRedisClient>> {
  const { Redis } = await peer<IoRedisPackage>('ioredis')
  const retryStrategy = () => 50
  const client = new Redis(port, { retryStrategy, maxRetriesPerRequest: 1, ...options })
  client.on('error', () => undefined)
  return { client, end: async () => client.disconnect() }
}

/** Of `redis`. */
export async function nodeRedisClient(port: number): Promise<TestClient<NodeRedisClient>> {
  const { createClient } = await peer<NodeRedisPackage>('redis')
  const socket = { host: '127.0.0.1', port, reconnectStrategy: 50 }
  const client = createClient({ socket, disableOfflineQueue: true })
  client.on('error', () => undefined)
  await client.connect()
  return { client, end: async () => client.destroy() }
}
