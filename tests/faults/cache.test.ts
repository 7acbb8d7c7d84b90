/** A cache on a real Redis: destroyed sessions of several processes, and servers that stop. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { Chain } from '../../src/handler.js'
import { cacheHandler, redisCache, type CacheOptions } from '../../src/handlers/cache.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { talkToNode } from '../helpers/children.js'
import type { Daemon } from '../helpers/daemon.js'
import { until } from '../helpers/processes.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'
import type { IoRedisClient } from '../../src/stores/redis.js'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const idOf = (label: string) => label.padStart(32, '0')

async function within<T>(
  chain: Chain,
  id: string,
  body: (context: ReturnType<typeof createContext>) => T | Promise<T>,
): Promise<T> {
  const context = createContext({ id })
  try {
    await chain.open(context)
    return await body(context)
  } finally {
    await chain.close(context)
  }
}

const insert = (chain: Chain, id: string, text: string) =>
  chain.write(id, bytes(text), createContext({ id, isNew: true, lock: 'none' }))
const textOf = async (chain: Chain, id: string) => {
  const payload = await chain.read(id, createContext({ id, lock: 'read', readOnly: true }))
  return payload && Buffer.from(payload).toString()
}

describeWith('redis-server', 'a cache of two processes', () => {
  let server: Daemon
  let connected: TestClient<IoRedisClient>
  beforeAll(async () => {
    server = await startRedis()
    connected = await ioRedisClient(server.port)
  })
  afterAll(async () => {
    await connected.end()
    await server.stop()
  })

  it('answers none of 2,000 sessions that were destroyed while the other one read and wrote them', async () => {
    const entry = createRequire(new URL('../interop/package.json', import.meta.url))
    const ioredis = pathToFileURL(entry.resolve('ioredis')).href
    const worker = await talkToNode('tests/helpers/children/cache-worker.ts', [
      String(server.port),
      ioredis,
    ])
    expect(await worker.line()).toBe('ready')
    const { client } = connected
    const store = redisHandler({ client })
    const chain = composeChain([cacheHandler({ store: redisCache(client) }), store])
    let readable = 0

    for (let round = 0; round < 40; round += 1) {
      const ids = Array.from({ length: 50 }, (_, n) => idOf(`${round}-${n}${n % 2 ? 'w' : 't'}`))
      for (const id of ids) await insert(chain, id, 'logged in')
      worker.say(`race ${ids.join(' ')}`)
      await Promise.all(
        ids.map(async (id, n) => {
          for (let turn = 0; turn < n % 7; turn += 1) await new Promise(setImmediate)
          await within(chain, id, (context) => chain.destroy(id, context))
          if ((await textOf(chain, id)) !== undefined) readable += 1
        }),
      )
      expect(await worker.line()).toBe('raced')
      worker.say(`read ${ids.join(' ')}`)
      readable += Number(await worker.line())
      for (const id of ids) if ((await textOf(chain, id)) !== undefined) readable += 1
    }

    expect(readable).toBe(0)
  }, 120_000)
})

describeWith('redis-server', 'a cache whose server', () => {
  /** A cache that may fail, above a store that does not. */
  async function setUp(options: Partial<CacheOptions> = {}) {
    const server = await startRedis()
    const { client, end } = await ioRedisClient(server.port)
    const base = memoryHandler()
    const store = redisCache(client, { timeout: 0.2 })
    const chain = composeChain([cacheHandler({ store, retryAfter: 0.1, ...options }), base])
    const isUp = async () => {
      try {
        return (await store.get(idOf('probe'))) === undefined
      } catch {
        return false
      }
    }
    const untilUp = async () => {
      let up = false
      const probe = async () => void (up = await isUp())
      await until(() => (void probe(), up), 'the cache is back')
    }
    const cleanUp = async () => {
      await end()
      await server.stop()
    }
    return { server, client, chain, untilUp, cleanUp, base: composeChain([base]) }
  }

  const A = idOf('a')
  const change = (chain: Chain, text: string) =>
    within(chain, A, async (context) => {
      await chain.read(A, context)
      return chain.write(A, bytes(text), context)
    })

  it('is paused: reads go below, changes fail in time and change nothing, then all is well', async () => {
    const { server, chain, base, untilUp, cleanUp } = await setUp()
    try {
      await insert(chain, A, 'one')
      const goOn = server.pause()
      expect(await textOf(chain, A)).toBe('one')
      const started = performance.now()
      await expect(change(chain, 'two')).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
      expect(performance.now() - started).toBeLessThan(2000)
      expect(await textOf(base, A)).toBe('one')
      goOn()
      await untilUp()

      expect(await change(chain, 'three')).toBe(true)
      expect(await textOf(chain, A)).toBe('three')
      expect(await within(chain, A, (context) => chain.destroy(A, context))).toBe(true)
      expect(await textOf(chain, A)).toBeUndefined()
    } finally {
      await cleanUp()
    }
  })

  it('is stopped and comes back empty: the same, and no older copy', async () => {
    const { server, chain, untilUp, cleanUp } = await setUp()
    try {
      await insert(chain, A, 'one')
      await server.halt('SIGKILL')
      expect(await textOf(chain, A)).toBe('one')
      await expect(change(chain, 'two')).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
      await server.start()
      await untilUp()

      expect(await textOf(chain, A)).toBe('one')
      expect(await change(chain, 'three')).toBe(true)
      expect(await textOf(chain, A)).toBe('three')
    } finally {
      await cleanUp()
    }
  })

  it('is stopped, and changes are to pass it by: they are made, and seen when it is back', async () => {
    const { server, chain, untilUp, cleanUp } = await setUp({ onError: 'bypass' })
    try {
      await insert(chain, A, 'one')
      await server.halt('SIGKILL')
      expect(await change(chain, 'two')).toBe(true)
      expect(await textOf(chain, A)).toBe('two')
      await server.start()
      await untilUp()

      expect(await textOf(chain, A)).toBe('two')
    } finally {
      await cleanUp()
    }
  })

  it('is flushed while sessions are changed: no update is lost and no copy is older', async () => {
    const { client, chain, base, cleanUp } = await setUp()
    try {
      await insert(chain, A, '0')
      const increment = () =>
        within(chain, A, async (context) => {
          const payload = await chain.read(A, context)
          return chain.write(
            A,
            bytes(`${Number(Buffer.from(payload ?? []).toString()) + 1}`),
            context,
          )
        })
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([increment(), increment(), client.callBuffer('FLUSHALL'), increment()])
        expect(await textOf(chain, A)).toBe(await textOf(base, A))
      }

      expect(await textOf(chain, A)).toBe('60')
    } finally {
      await cleanUp()
    }
  })
})
