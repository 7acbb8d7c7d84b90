/** Connected clients of a private Redis Cluster, of both packages. */
import type { IoRedisClient, NodeRedisCluster } from '../../src/stores/redis.js'
import { peer } from './peer.js'
import type { TestClient } from './redis-clients.js'

interface IoRedisPackage {
  readonly Cluster: new (
    nodes: readonly object[],
    options: object,
  ) => IoRedisClient & {
    on(event: 'error', listener: () => void): void
    once(event: 'ready', listener: () => void): void
    disconnect(): void
  }
}

interface NodeRedisPackage {
  createCluster(options: object): NodeRedisCluster & {
    on(event: 'error', listener: () => void): void
    connect(): Promise<unknown>
    destroy(): void
  }
}

/** `Cluster` of `ioredis`. */
export async function ioRedisCluster(
  ports: readonly number[],
  options: object = {},
): Promise<TestClient<IoRedisClient>> {
  const { Cluster } = await peer<IoRedisPackage>('ioredis')
  const nodes = ports.map((port) => ({ host: '127.0.0.1', port }))
  const redisOptions = { maxRetriesPerRequest: 1 }
  const settings = { clusterRetryStrategy: () => 50, redisOptions, ...options }
  const client = new Cluster(nodes, settings)
  client.on('error', () => undefined)
  await new Promise<void>((resolve) => client.once('ready', resolve))
  return { client, end: async () => client.disconnect() }
}

/** `createCluster` of `redis`. */
export async function nodeRedisCluster(
  ports: readonly number[],
): Promise<TestClient<NodeRedisCluster>> {
  const { createCluster } = await peer<NodeRedisPackage>('redis')
  const rootNodes = ports.map((port) => ({ socket: { host: '127.0.0.1', port } }))
  const client = createCluster({ rootNodes })
  client.on('error', () => undefined)
  await client.connect()
  return { client, end: async () => client.destroy() }
}
