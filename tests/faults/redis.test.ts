/** Holders that die or hang, servers that restart empty, connections that break: nothing is lost or back. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { SessionContext } from '../../src/handler.js'
import { redisHandler, type RedisOptions } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import { redisCommands, type RedisClient, type RedisWord } from '../../src/stores/redis.js'
import { talkToNode } from '../helpers/children.js'
import { cutProxy } from '../helpers/cut-proxy.js'
import type { Daemon } from '../helpers/daemon.js'
import { answering, redisClock } from '../helpers/redis-clock.js'
import { ioRedisClient, nodeRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'

const IOREDIS = pathToFileURL(createRequire(import.meta.url).resolve('ioredis')).href
const PREFIX = 'PHPREDIS_SESSION:'

const idOf = (label: string | number) => `${label}-`.padEnd(32, '0')
const heldIds = (count: number) => Array.from({ length: count }, (_, index) => idOf(`held${index}`))
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const codeOf = (error: unknown) => (error as { code?: string }).code

describeWith('redis-server', 'sessions in Redis when something fails', () => {
  let daemon: Daemon
  let clients: TestClient[]
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)

  const client = () => clients[0]!.client
  const chainOf = (options: Partial<RedisOptions> = {}) =>
    composeChain([redisHandler({ client: client(), ...options })])
  /** The same through the other package, as another process would. */
  const elsewhere = () => chainOf({ client: clients[1]!.client })
  const raw = (...words: [command: string, ...RedisWord[]]) =>
    redisCommands(client()).send(String(words[1]), words)
  const stored = async (id: string) =>
    ((await raw('GET', PREFIX + id)) as Buffer | null)?.toString()
  const insert = (id: string, text: string) => raw('SET', PREFIX + id, text, 'EX', '1000')

  beforeAll(async () => {
    process.on('unhandledRejection', note)
    daemon = await startRedis()
    clients = [await ioRedisClient(daemon.port), await nodeRedisClient(daemon.port)]
  })
  afterAll(async () => {
    process.off('unhandledRejection', note)
    for (const each of clients) await each.end()
    await daemon.stop()
  })
  beforeEach(() => redisClock(client()).wipe())
  afterEach(() => expect(unhandled).toEqual([]))

  it('a holder that was stopped cannot write late: 100 of 100 are refused', async () => {
    const ids = heldIds(100)
    await Promise.all(ids.map((id) => insert(id, 'old')))
    const worker = await talkToNode('tests/helpers/children/redis-worker.ts', [
      ...[String(daemon.port), IOREDIS, '100', '400'],
    ])
    expect(await worker.line()).toBe('holding')
    process.kill(worker.pid, 'SIGSTOP')

    const chain = chainOf()
    await Promise.all(
      ids.map(async (id) => {
        const context = createContext({ id, lockWaitMs: 5000 })
        await chain.open(context)
        context.closing = true
        expect(await chain.write(id, bytes('newer'), context)).toBe(true)
        await chain.close(context)
      }),
    )
    process.kill(worker.pid, 'SIGCONT')
    worker.say('write')
    const outcomes = JSON.parse(await worker.line()) as unknown[]

    expect(outcomes).toEqual(ids.map(() => 'ERR_SESSION_LOCK_LOST'))
    for (const id of ids) expect(await stored(id)).toBe('newer')
  })

  it('a holder that was killed keeps others out for its lease, and not for longer', async () => {
    const [id = ''] = heldIds(1)
    await insert(id, 'data')
    const worker = await talkToNode('tests/helpers/children/redis-worker.ts', [
      ...[String(daemon.port), IOREDIS, '1', '1000'],
    ])
    expect(await worker.line()).toBe('holding')
    worker.kill()
    await worker.ended
    const started = performance.now()

    for (const chain of [chainOf(), elsewhere()]) {
      const context = createContext({ id })
      await chain.open(context)
      await chain.close(context)
    }

    expect(performance.now() - started).toBeLessThan(2000)
  })

  it('a lock that has become somebody else’s is never given back by us: 50 of 50 stay', async () => {
    const chain = chainOf()
    const outcomes: string[] = []
    for (let index = 0; index < 50; index += 1) {
      const id = idOf(index)
      await insert(id, 'data')
      const context = createContext({ id })
      await chain.open(context)
      await raw('SET', `${PREFIX}${id}_LOCK`, 'php|1', 'PX', '60000')
      if (index % 2 === 1) {
        context.closing = true
        await (async () => chain.write(id, bytes('late'), context))().catch(codeOf)
      }
      await chain.close(context)
      outcomes.push(String(await raw('GET', `${PREFIX}${id}_LOCK`)))
    }

    expect(outcomes).toEqual(Array.from({ length: 50 }, () => 'php|1'))
  })

  it('a destroyed session stays destroyed: 1,000 interleavings with writers and touchers', async () => {
    const here = chainOf()
    const there = elsewhere()
    let back = 0
    const once = async (index: number) => {
      const id = idOf(index)
      await insert(id, 'data')
      const turns = (index * 7) % 5
      const write = async (fields: Partial<SessionContext>, touch: boolean) => {
        const context = createContext({ id, ...fields })
        await here.open(context)
        await here.read(id, context)
        for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate)
        context.closing = true
        if (touch) await here.updateTimestamp(id, bytes('data'), context)
        else await here.write(id, bytes('back'), context)
        await here.close(context)
      }
      const destroy = async () => {
        const context = createContext({ id, lock: index % 3 === 0 ? 'none' : 'exclusive' })
        for (let turn = 0; turn < index % 4; turn += 1) await new Promise(setImmediate)
        await there.open(context)
        await there.destroy(id, context)
        await there.close(context)
      }
      await Promise.all([
        write({ lock: 'none' }, false),
        write({}, false),
        write({}, true),
        destroy(),
        write({ lock: 'none' }, true),
      ])
      if ((await raw('EXISTS', PREFIX + id)) !== 0) back += 1
    }
    for (let batch = 0; batch < 20; batch += 1) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => once(batch * 50 + index)))
    }

    expect(back).toBe(0)
    expect(await raw('DBSIZE')).toBe(0)
  })

  it('a server that restarts empty brings no session back, and is used again at once', async () => {
    const chain = chainOf()
    const id = idOf('lost')
    await insert(id, 'data')
    const locked = createContext({ id })
    await chain.open(locked)
    const free = createContext({ id, lock: 'none' })
    await chain.read(id, free)

    await daemon.halt('SIGKILL')
    const away = await (async () => chain.read(id, free))().catch(codeOf)
    await daemon.start()
    for (const each of clients) await answering(each.client)

    expect(away).toBe('ERR_SESSION_STORE')
    expect(await chain.write(id, bytes('back'), locked)).toBe(false)
    expect(await chain.write(id, bytes('back'), free)).toBe(false)
    expect(await chain.updateTimestamp(id, bytes('back'), free)).toBe(false)
    await chain.close(locked)
    expect(await raw('DBSIZE')).toBe(0)
    await using manager = createSessionManager({ handlers: [redisHandler({ client: client() })] })
    await using session = await manager.start({ id })
    session.set('n', 1)
    await session.commit()
    expect(session.id).not.toBe(id)
    expect(await raw('DBSIZE')).toBe(1)
  })

  it('a flush under load crashes nothing, and nothing that was flushed comes back', async () => {
    await using manager = createSessionManager({
      handlers: [redisHandler({ client: client() })],
      serializer: 'php',
    })
    const ids = heldIds(50)
    await Promise.all(ids.map((id) => insert(id, 'n|i:0;')))
    const visit = async (id: string) => {
      await using session = await manager.start({ id })
      session.update('n', (n) => Number(n ?? 0) + 1)
      await new Promise(setImmediate)
      await session.commit()
      return session.status
    }
    const visits = ids.flatMap((id) => [visit(id), visit(id)])
    await raw('FLUSHALL')
    const outcomes = await Promise.allSettled(visits)
    const failures = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))

    expect(failures.map(codeOf)).toEqual([])
    for (const id of ids) expect(await stored(id)).toBeUndefined()
  })

  it('a server that only reads, as after a failover, fails with its code, and serves when promoted', async () => {
    const chain = chainOf()
    const id = idOf('failover')
    await insert(id, 'data')
    await raw('REPLICAOF', '127.0.0.1', '1')
    const attempt = async (fields: Partial<SessionContext>) => {
      const context = createContext({ id, ...fields })
      try {
        await chain.open(context)
        return await chain.write(id, bytes('new'), context)
      } catch (error) {
        return (error as Error).message
      } finally {
        await chain.close(context)
      }
    }
    const [single, locked] = [await attempt({ lock: 'none' }), await attempt({})]
    await raw('REPLICAOF', 'NO', 'ONE')

    expect(single).toBe('redis: write failed: the store failed (READONLY)')
    expect(locked).toBe('redis: open failed: the store failed (READONLY)')
    expect(await attempt({})).toBe(true)
    expect(await stored(id)).toBe('new')
  })

  const CUT: readonly (readonly [string, (port: number) => Promise<TestClient<RedisClient>>])[] = [
    ['ioredis', ioRedisClient],
    ['node-redis', nodeRedisClient],
  ]
  it.each(CUT)(
    'connections cut in mid-command lose no update that was confirmed: %s',
    async (_, connect) => {
      const proxy = await cutProxy(daemon.port)
      const open = await connect(proxy.port)
      await answering(open.client)
      const id = idOf('cut')
      await insert(id, '0')
      let confirmed = 0
      let tried = 0
      const increment = async (cutAfter: number) => {
        // Each time it breaks elsewhere: in the answer to the opening, in that to the write, or after.
        const chain = chainOf({ client: open.client, timeout: 0.5 })
        const context = createContext({ id, lockLeaseMs: 200, lockWaitMs: 2000 })
        proxy.cutAfter(cutAfter)
        try {
          await chain.open(context)
          const count = Number(Buffer.from((await chain.read(id, context)) ?? []).toString())
          tried += 1
          context.closing = true
          if (await chain.write(id, bytes(`${count + 1}`), context)) confirmed += 1
        } catch (error) {
          expect(codeOf(error)).toMatch(/^ERR_SESSION_(STORE|LOCK_LOST|LOCK_TIMEOUT)$/)
        } finally {
          await chain.close(context)
        }
        await answering(open.client)
      }
      for (let cutAfter = 1; cutAfter <= 30; cutAfter += 1) await increment(cutAfter)

      const count = Number(await stored(id))
      expect(confirmed).toBeGreaterThan(0)
      expect(confirmed).toBeLessThan(30)
      expect(count).toBeGreaterThanOrEqual(confirmed)
      expect(count).toBeLessThanOrEqual(tried)
      await open.end()
      await proxy.stop()
    },
    60_000,
  )

  it('ids that nobody has cost no lock and no write, whoever sprays them', async () => {
    await using manager = createSessionManager({ handlers: [redisHandler({ client: client() })] })
    await raw('CONFIG', 'RESETSTAT')
    for (let batch = 0; batch < 20; batch += 1) {
      const spray = Array.from({ length: 250 }, async (_, index) => {
        await using session = await manager.start({ id: idOf(`spray${batch}x${index}`) })
        await session.commit()
      })
      await Promise.all(spray)
    }
    const stats = String(await raw('INFO', 'commandstats'))

    expect(stats).toMatch(/cmdstat_evalsha:calls=50\d\d,/)
    expect(stats).not.toMatch(/cmdstat_(set|setex|del|expire):/)
    expect(await raw('DBSIZE')).toBe(0)
  })
})
