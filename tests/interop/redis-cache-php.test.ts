/** A cache above the Redis that PHP writes: THREATS T24. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache, redisCache } from '../../src/handlers/cache.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { Daemon } from '../helpers/daemon.js'
import { get } from '../helpers/live.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { phpredis, runPhpredis, servePhpredis } from '../helpers/redis-php.js'
import { startRedis } from '../helpers/redis-server.js'
import type { Served } from '../helpers/servers.js'
import { describeWith } from '../helpers/services.js'

/** Five hundred with `SESSIONZ_LONG=1`. */
const WRITES = process.env['SESSIONZ_LONG'] === '1' ? 500 : 60
const ROUTER = fileURLToPath(new URL('./live/counter.php', import.meta.url))

describeWith('redis-server', 'sessions in a Redis that PHP writes', () => {
  describeWith('php-redis', 'beside Node', () => {
    let daemon: Daemon
    let open: TestClient
    let php: Served

    beforeAll(async () => {
      daemon = await startRedis()
      open = await ioRedisClient(daemon.port)
      php = await servePhpredis(ROUTER, phpredis(daemon.port))
    }, 60_000)
    afterAll(async () => {
      await php.stop()
      await open.end()
      await daemon.stop()
    })

    const store = () => redisHandler({ client: open.client })
    const managerOf = (...layers: SessionHandler[]) =>
      createSessionManager({
        handlers: [...layers, store()],
        serializer: 'php',
        gc: { probability: 0 },
      })
    const inRedis = () => cacheHandler({ store: redisCache(open.client) })

    it(
      `are read as PHP left them, ${WRITES} times of ${WRITES}`,
      { timeout: 120_000 },
      async () => {
        const manager = managerOf()
        const { id, commit } = await begun(manager)
        await commit()
        let stale = 0
        for (let n = 1; n <= WRITES; n += 1) {
          expect((await get(php.origin, '/increment', id)).body).toBe(String(n))
          const reader = await manager.start({ id }, { readOnly: n % 2 === 0 })
          if (reader.get('n') !== n) stale += 1
          await reader.abort()
        }

        expect(stale).toBe(0)
      },
    )

    it.each([
      ['copies in Redis', inRedis],
      ['copies in memory', () => cacheHandler({ store: lruCache() })],
      ['a memory handler with a maxAge', () => memoryHandler({ maxAge: 60 })],
    ])('allow no %s above a handler that is marked as shared', (_, layer) => {
      const handlers = [layer(), { ...store(), shared: true }]

      expect(() => createSessionManager({ handlers })).toThrow(
        /answers from copies, and others change what/,
      )
    })

    it('are answered from before where a cache stands above one without the mark', async () => {
      const manager = managerOf(inRedis())
      const { id, commit } = await begun(manager)
      await commit()
      await get(php.origin, '/increment', id)
      const behind = await manager.start({ id }, { readOnly: true })
      await runPhpredis(id, 'session_start(); session_destroy();', phpredis(daemon.port))
      const gone = await manager.start({ id }, { readOnly: true })

      // What docs/reference/cache-handler.md says it costs.
      expect(behind.get('n')).toBe(0)
      expect(gone.get('n')).toBe(0)

      // It does not come back: what Node writes is an update of a record that is not there.
      const late = await manager.start({ id })
      late.set('n', 5)
      await late.commit()
      expect(late.status).not.toBe('active')
      expect((await manager.start({ id }, { readOnly: true })).get('n')).toBeUndefined()
      expect((await get(php.origin, '/', id)).body).toBe('none')
    })
  })
})

async function begun(manager: SessionManager) {
  const session = await manager.start()
  session.set('n', 0)
  return { id: session.id, commit: () => session.commit() }
}
