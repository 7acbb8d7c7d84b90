/** Clients of `ioredis` that put the commands of one turn together, `enableAutoPipelining`. */
import { expect, it } from 'vitest'
import { redisHandler } from '../../../src/handlers/redis.js'
import { createSessionManager } from '../../../src/manager.js'
import type { IoRedisClient } from '../../../src/stores/redis.js'
import { ioRedisClient, type TestClient } from '../../helpers/redis-clients.js'
import { ioRedisCluster } from '../../helpers/redis-cluster-clients.js'
import { startRedis, startRedisCluster } from '../../helpers/redis-server.js'
import { describeWith } from '../../helpers/services.js'

const SESSIONS = 20
const REQUESTS = 3
const PIPELINING = { enableAutoPipelining: true }

describeWith('redis-server', 'a client that puts commands together', () => {
  it('keeps every session of one Redis', async () => {
    const daemon = await startRedis()
    try {
      await countsAll(await ioRedisClient(daemon.port, PIPELINING))
    } finally {
      await daemon.stop()
    }
  })

  it('keeps every session of a Cluster', { timeout: 60_000 }, async () => {
    const cluster = await startRedisCluster()
    try {
      const ports = cluster.nodes.map(({ port }) => port)
      await countsAll(await ioRedisCluster(ports, PIPELINING))
    } finally {
      await cluster.stop()
    }
  })
})

/** Many sessions at once, each with several requests at once: bytes that are no text included. */
async function countsAll({ client, end }: TestClient<IoRedisClient>): Promise<void> {
  await using manager = createSessionManager({ handlers: [redisHandler({ client })] })
  const begin = async (_: unknown, n: number) => {
    const session = await manager.start()
    session.set('n', n)
    session.set('text', 'é')
    await session.commit()
    return session.id
  }
  const count = async (id: string) => {
    const session = await manager.start({ id })
    session.update('n', (n) => Number(n) + 1)
    await session.commit()
  }
  const ids = await Promise.all(Array.from({ length: SESSIONS }, begin))
  const requests = Array.from({ length: REQUESTS }, () => ids).flat()
  await Promise.all(requests.map(count))

  for (const [n, id] of ids.entries()) {
    const session = await manager.start({ id }, { readOnly: true })
    expect(session.data).toEqual({ n: n + REQUESTS, text: 'é' })
  }
  await end()
}
