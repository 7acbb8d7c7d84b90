/** The Redis handler on a real Redis: what it sends, what it holds, and how it fails. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import type { SessionContext } from '../../../src/handler.js'
import { redisHandler, type RedisOptions } from '../../../src/handlers/redis.js'
import { createSessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import { redisCommands, type IoRedisClient, type RedisWord } from '../../../src/stores/redis.js'
import type { Daemon } from '../../helpers/daemon.js'
import { until } from '../../helpers/processes.js'
import { redisClock } from '../../helpers/redis-clock.js'
import { ioRedisClient, nodeRedisClient, type TestClient } from '../../helpers/redis-clients.js'
import { startRedis } from '../../helpers/redis-server.js'
import { describeWith } from '../../helpers/services.js'

const ID = 'a'.repeat(32)
const KEY = `PHPREDIS_SESSION:${ID}`
const LOCK = `${KEY}_LOCK`

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const text = (payload: Uint8Array | undefined) => payload && Buffer.from(payload).toString('latin1')

describe('the options of the Redis handler', () => {
  const client = { callBuffer: async () => null }

  it.each([
    [{ client, prefx: 'a' }, TypeError, 'redis: unknown option "prefx"'],
    [{}, TypeError, '"client" must be a client of "ioredis" or "redis"'],
    [{ client: {} }, TypeError, '"client"'],
    [{ client: undefined }, TypeError, '"client"'],
    [{ client, prefix: 7 }, TypeError, '"prefix"'],
    [{ client, timeout: 0 }, RangeError, '"timeout"'],
    [{ client, timeout: '1' }, TypeError, '"timeout"'],
    [{ client, breakEternalLocks: 1 }, TypeError, '"breakEternalLocks"'],
    [{ client, scripts: 'no' }, TypeError, '"scripts"'],
    [{ client, maxWaiters: -1 }, RangeError, '"maxWaiters"'],
  ])('are refused by name: %o', (options, type, message) => {
    const make = () => redisHandler(options as unknown as RedisOptions)

    expect(make).toThrow(type)
    expect(make).toThrow(message)
  })

  it('may be left out or undefined', () => {
    const options = { client, prefix: undefined, timeout: undefined, scripts: undefined }

    expect(redisHandler(options).name).toBe('redis')
  })
})

describeWith('redis-server', 'the Redis handler', () => {
  let daemon: Daemon
  let open: TestClient<IoRedisClient>
  let sent: string[]

  /** Notes each command on its way. */
  const counted: IoRedisClient = {
    callBuffer(command, ...words) {
      sent.push(command)
      return open.client.callBuffer(command, ...words)
    },
  }
  const raw = (...words: [command: string, ...RedisWord[]]) =>
    redisCommands(open.client).send(String(words[1]), words)
  const chainOf = (options: Partial<RedisOptions> = {}) =>
    composeChain([redisHandler({ client: counted, ...options })])
  const locking = (fields: Partial<SessionContext> = {}) => createContext({ id: ID, ...fields })
  const managerOf = (options: SessionOptions = {}) =>
    createSessionManager({ handlers: [redisHandler({ client: counted })], ...options })

  beforeAll(async () => {
    daemon = await startRedis('--maxmemory-policy', 'noeviction')
    open = await ioRedisClient(daemon.port)
  })
  afterAll(async () => {
    await open.end()
    await daemon.stop()
  })
  beforeEach(async () => {
    await redisClock(open.client).wipe()
    sent = []
  })

  describe('asks', () => {
    /** The commands of one activation; scripts are known to the server by then. */
    async function commandsOf(work: (manager: ReturnType<typeof managerOf>) => Promise<unknown>) {
      await using manager = managerOf()
      await raw('SET', KEY, 'n|i:1;', 'EX', '100')
      await work(manager)
      await raw('SET', KEY, 'n|i:1;', 'EX', '100')
      sent = []
      await work(manager)
      return sent
    }

    it('twice to read and touch', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start({ id: ID })
        await session.commit()
      })

      expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
    })

    it('twice to read and write', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start({ id: ID })
        session.set('n', 2)
        await session.commit()
      })

      expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
      expect(String(await raw('GET', KEY))).toBe('n|i:2;')
      expect(await raw('EXISTS', LOCK)).toBe(0)
    })

    it('twice to read and destroy', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start({ id: ID })
        await session.destroy()
      })

      expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
      expect(await raw('EXISTS', KEY, LOCK)).toBe(0)
    })

    it('three times to give a session another id', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start({ id: ID })
        await session.regenerate()
        await session.commit()
      })

      expect(commands).toEqual(['EVALSHA', 'SET', 'EVALSHA'])
      expect(await raw('EXISTS', KEY, LOCK)).toBe(0)
    })

    it('once for a new session', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start()
        session.set('n', 1)
        await session.commit()
      })

      expect(commands).toEqual(['SET'])
    })

    it('once to read only', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start({ id: ID }, { readOnly: true })
        expect(session.get('n')).toBe(1)
        await session.commit()
      })

      expect(commands).toEqual(['GET'])
    })

    it('once for an id that nobody has, and leaves nothing there', async () => {
      const commands = await commandsOf(async (manager) => {
        await using session = await manager.start({ id: 'f'.repeat(32) })
        await session.commit()
      })

      expect(commands).toEqual(['EVALSHA'])
      expect(await raw('DBSIZE')).toBe(1)
    })

    it('nothing for what is no id', async () => {
      const chain = chainOf()
      for (const id of ['', 'a/b', 'a_LOCK', 'a'.repeat(257)]) {
        expect(await chain.read(id, createContext({ id }))).toBeUndefined()
        expect(await chain.destroy(id, createContext({ id }))).toBe(false)
        expect(await chain.updateTimestamp(id, bytes(''), createContext({ id }))).toBe(false)
        expect(await chain.validateId?.(id, createContext({ id }))).toBe(false)
        await expect(
          (async () => await chain.write(id, bytes('x'), createContext({ id })))(),
        ).rejects.toMatchObject({ code: 'ERR_SESSION_ID' })
      }

      expect(sent).toEqual([])
    })

    it('with the whole script where the server does not know it any more', async () => {
      const chain = chainOf()
      await raw('SET', KEY, 'data')
      await chain.close(locking())
      await raw('SCRIPT', 'FLUSH')
      const context = locking()
      await chain.open(context)
      await raw('SCRIPT', 'FLUSH')

      expect(text(await chain.read(ID, context))).toBe('data')
      expect(await chain.write(ID, bytes('new'), context)).toBe(true)
      await chain.close(context)

      expect(sent).toEqual(['EVALSHA', 'EVAL', 'EVALSHA', 'EVAL', 'EVALSHA', 'EVAL'])
      expect(await raw('EXISTS', LOCK)).toBe(0)
    })
  })

  describe('keeps', () => {
    it('the payload as it is, under phpredis’ key, for the lifetime', async () => {
      const payload = Uint8Array.from({ length: 256 }, (_, byte) => byte)
      const context = locking({ isNew: true, maxLifetime: 77 })
      await chainOf().write(ID, payload, context)

      expect(await raw('GET', KEY)).toEqual(Buffer.from(payload))
      expect(await raw('TTL', KEY)).toBe(77)
    })

    it.each([
      ['of ASCII with every control character', String.fromCharCode(...Array(128).keys())],
      ['with one other byte', 'a\x80'],
      ['that is long', 'abc\x7f'.repeat(10_000)],
      ['that is UTF-8', Buffer.from('\u{1f600} é').toString('latin1')],
      ['of nothing', ''],
    ])('a payload %s, through both clients', async (_, content) => {
      const other = await nodeRedisClient(daemon.port)
      for (const client of [open.client, other.client]) {
        await raw('DEL', KEY)
        await chainOf({ client }).write(ID, bytes(content), locking({ isNew: true }))

        expect(((await raw('GET', KEY)) as Buffer).toString('latin1')).toBe(content)
        expect(text(await chainOf({ client }).read(ID, locking()))).toBe(content)
      }
      await other.end()
    })

    it.each([
      [0, 1],
      [0.2, 1],
      [2 ** 40, 2 ** 31 - 1],
    ])('a lifetime of %d as %d seconds', async (maxLifetime, seconds) => {
      await chainOf().write(ID, bytes('data'), locking({ isNew: true, maxLifetime }))
      await chainOf().updateTimestamp(ID, bytes('data'), locking({ maxLifetime }))

      expect(Math.ceil(Number(await raw('PTTL', KEY)) / 1000)).toBe(seconds)
    })

    it('sessions under any prefix, and lists none but its own', async () => {
      const prefixes = ['', 'a*b:', 'a?b:', '[ab]:', 'a\\b:', 'ä{x}:', 'a', 'b:']
      for (const prefix of prefixes) {
        await chainOf({ prefix }).write(ID, bytes(prefix), locking({ isNew: true }))
      }
      for (const prefix of prefixes.slice(1)) {
        const found: string[] = []
        for await (const { id } of chainOf({ prefix }).list?.(createContext()) ?? []) found.push(id)

        expect(text(await chainOf({ prefix }).read(ID, locking()))).toBe(text(bytes(prefix)))
        expect(found.filter((id) => id === ID)).toEqual([ID])
        expect(await chainOf({ prefix }).count?.(createContext())).toBe(found.length)
      }
    })

    it('more sessions than a page has, each listed once with its time and size', async () => {
      const client = redisCommands(open.client)
      const ids = Array.from({ length: 3000 }, (_, index) => `${index}`.padStart(32, '0'))
      await Promise.all(
        ids.map((id) => client.send(id, ['SET', `PHPREDIS_SESSION:${id}`, 'data', 'EX', '1000'])),
      )
      await raw('SET', KEY, 'endless')
      const nowMs = Date.now()
      const chain = chainOf()
      const infos = []
      for await (const info of chain.list?.(createContext()) ?? []) infos.push(info)

      expect(infos.map(({ id }) => id).sort()).toEqual([...ids, ID].sort())
      expect(await chain.count?.(createContext())).toBe(3001)
      const aged = infos.find(({ id }) => id === ids[0])
      expect(aged?.bytes).toBe(4)
      expect(Math.abs(nowMs - 440_000 - (aged?.touchedMs ?? 0))).toBeLessThan(10_000)
      const endless = infos.find(({ id }) => id === ID)
      expect(Math.abs(nowMs - (endless?.touchedMs ?? 0))).toBeLessThan(10_000)
    })

    it('nothing for gc to do', async () => {
      expect(await chainOf().gc(1, createContext())).toBe(0)
      expect(sent).toEqual([])
    })
  })

  describe('locks', () => {
    beforeEach(() => raw('SET', KEY, 'data', 'EX', '1000'))

    it('by a token with a lease, as phpredis does', async () => {
      const chain = chainOf()
      const context = locking({ lockLeaseMs: 5000 })
      await chain.open(context)

      expect(String(await raw('GET', LOCK))).toMatch(new RegExp(`\\|${process.pid}\\|`))
      expect(Number(await raw('PTTL', LOCK))).toBeGreaterThan(4000)
      expect(Number(await raw('PTTL', LOCK))).toBeLessThanOrEqual(5000)
      await chain.close(context)
      expect(await raw('EXISTS', LOCK)).toBe(0)
    })

    it('for as long as it takes: the lease is renewed', async () => {
      const chain = chainOf()
      const context = locking({ lockLeaseMs: 150 })
      await chain.open(context)
      const started = performance.now()
      await until(() => performance.now() - started > 500, 'half a second')

      expect(await chain.write(ID, bytes('late'), context)).toBe(true)
      await chain.close(context)
      expect(sent.length).toBeGreaterThan(4)
    })

    it('nothing for who only reads, or wants no lock', async () => {
      const chain = chainOf()
      for (const lock of ['read', 'none'] as const) {
        const context = locking({ lock })
        await chain.open(context)
        expect(await raw('EXISTS', LOCK)).toBe(0)
        expect(text(await chain.read(ID, context))).toBe('data')
        await chain.close(context)
      }
    })

    it('an unknown id where it will be adopted', async () => {
      const chain = chainOf()
      const id = 'n'.repeat(32)
      const context = locking({ id, strict: false })
      await chain.open(context)
      expect(await raw('EXISTS', `PHPREDIS_SESSION:${id}_LOCK`)).toBe(1)
      context.isNew = true
      context.closing = true

      expect(await chain.write(id, bytes('new'), context)).toBe(true)
      expect(await raw('EXISTS', `PHPREDIS_SESSION:${id}_LOCK`)).toBe(0)
      await chain.close(context)
    })

    it('out who asks too long, without touching the lock', async () => {
      await raw('SET', LOCK, 'php|1', 'PX', '60000')
      const chain = chainOf()
      const context = locking({ lockWaitMs: 80 })
      const started = performance.now()

      await expect(chain.open(context)).rejects.toMatchObject({
        code: 'ERR_SESSION_LOCK_TIMEOUT',
        message: expect.stringMatching(/^redis: session still locked/),
      })
      await chain.close(context)

      expect(performance.now() - started).toBeGreaterThanOrEqual(79)
      expect(String(await raw('GET', LOCK))).toBe('php|1')
      expect(sent).not.toContain('DEL')
    })

    it('also a new session of PHP’s, which is stored later than it is locked', async () => {
      await raw('DEL', KEY)
      await raw('SET', LOCK, 'php|1', 'PX', '60000')
      const chain = chainOf()
      const context = locking()
      const opened = chain.open(context)
      await until(() => sent.length > 2, 'some attempts')
      await raw('SET', KEY, 'from php')
      await raw('DEL', LOCK)
      await opened

      expect(text(await chain.read(ID, context))).toBe('from php')
      await chain.close(context)
    })

    it('by one who asks for all who wait here, and refuses more than may wait', async () => {
      await raw('SET', LOCK, 'php|1', 'PX', '60000')
      const chain = chainOf({ maxWaiters: 20 })
      const contexts = Array.from({ length: 21 }, () => locking({ lockWaitMs: 300 }))
      const opened = contexts.map(async (context) => chain.open(context))
      const refused = locking()

      await expect((async () => chain.open(refused))()).rejects.toMatchObject({
        code: 'ERR_SESSION_LOCK_TIMEOUT',
        message: expect.stringContaining('20 requests already wait'),
      })
      const outcomes = await Promise.allSettled(opened)
      for (const context of [...contexts, refused]) await chain.close(context)

      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']))
      expect(sent.length).toBeLessThan(60)
    })

    it('and notices when the lock is somebody else’s by now: nothing is changed', async () => {
      const chain = chainOf()
      const lost = { code: 'ERR_SESSION_LOCK_LOST' }
      for (const closing of [false, true]) {
        const context = locking()
        await chain.open(context)
        await raw('SET', LOCK, 'php|1', 'PX', '60000')
        await raw('SET', KEY, 'theirs', 'EX', '500')
        context.closing = closing
        await expect(chain.write(ID, bytes('ours'), context)).rejects.toMatchObject(lost)
        await chain.close(context)

        expect(String(await raw('GET', KEY))).toBe('theirs')
        expect(String(await raw('GET', LOCK))).toBe('php|1')
        await raw('DEL', LOCK)
      }
      const context = locking()
      await chain.open(context)
      await raw('SET', LOCK, 'php|1', 'PX', '60000')
      await expect(chain.updateTimestamp(ID, bytes(''), context)).rejects.toMatchObject(lost)
      await expect(chain.destroy(ID, context)).rejects.toMatchObject(lost)
      await chain.close(context)

      expect(Number(await raw('TTL', KEY))).toBeLessThanOrEqual(500)
      expect(String(await raw('GET', LOCK))).toBe('php|1')
    })

    it('and takes a session that is gone for gone, with the lock or without it', async () => {
      const chain = chainOf()
      const context = locking()
      await chain.open(context)
      await raw('DEL', KEY, LOCK)

      expect(await chain.write(ID, bytes('back'), context)).toBe(false)
      expect(await chain.updateTimestamp(ID, bytes('back'), context)).toBe(false)
      expect(await chain.destroy(ID, context)).toBe(false)
      await chain.close(context)
      expect(await raw('EXISTS', KEY)).toBe(0)
    })

    it('no longer after a closing change, whatever it came to', async () => {
      const chain = chainOf()
      const closing = async (work: (context: SessionContext) => unknown) => {
        const context = locking()
        await chain.open(context)
        context.closing = true
        await work(context)
        const left = await raw('EXISTS', LOCK)
        await chain.close(context)
        return left
      }

      expect(await closing((context) => chain.write(ID, bytes('new'), context))).toBe(0)
      expect(await closing((context) => chain.updateTimestamp(ID, bytes(''), context))).toBe(0)
      expect(
        await closing(async (context) => {
          await raw('DEL', KEY)
          expect(await chain.write(ID, bytes('back'), context)).toBe(false)
        }),
      ).toBe(0)
      await raw('SET', KEY, 'data')
      expect(await closing((context) => chain.destroy(ID, context))).toBe(0)
    })

    it('nothing for who was closed while waiting', async () => {
      await raw('SET', LOCK, 'php|1', 'PX', '60000')
      const chain = chainOf()
      const context = locking()
      const opened = (async () => chain.open(context))()
      const failed = opened.catch((error: { code: string }) => error.code)
      await until(() => sent.length > 1, 'an attempt')
      await chain.close(context)
      await raw('DEL', LOCK)

      expect(await failed).toBe('ERR_SESSION_STATE')
      expect(await raw('EXISTS', LOCK)).toBe(0)
      const next = locking({ lockWaitMs: 1000 })
      await chain.open(next)
      await chain.close(next)
    })

    it('once more for a client that sends again what it got no answer to', async () => {
      const repeating: IoRedisClient = {
        async callBuffer(...words) {
          await open.client.callBuffer(...words)
          return open.client.callBuffer(...words)
        },
      }
      const chain = chainOf({ client: repeating })
      const context = locking({ lockWaitMs: 100 })
      await chain.open(context)

      expect(text(await chain.read(ID, context))).toBe('data')
      await chain.close(context)
      expect(await raw('EXISTS', LOCK)).toBe(0)
    })
  })

  describe('with locks that never end', () => {
    afterEach(() => void vi.useRealTimers())

    /** Waits twice, a minute apart. */
    async function waitTwice(options: Partial<RedisOptions>, between?: () => Promise<unknown>) {
      vi.useFakeTimers({ toFake: ['performance'] })
      const chain = chainOf(options)
      await raw('SET', KEY, 'data')
      await raw('SET', LOCK, 'php|1')
      const wait = async () => {
        const controller = new AbortController()
        const context = locking({ signal: controller.signal })
        const before = sent.length
        const opened = (async () => chain.open(context))()
        const failed = opened.catch((error: { code: string }) => error.code)
        await until(() => sent.length > before + 4, 'some attempts', Infinity)
        controller.abort()
        expect(await failed).toBe('ERR_SESSION_STATE')
        await chain.close(context)
      }
      await wait()
      vi.advanceTimersByTime(61_000)
      await between?.()
      await wait()
      return Number(await raw('PTTL', LOCK))
    }

    it.each([true, false])('gives them an end after a minute, scripts: %s', async (scripts) => {
      const left = await waitTwice({ breakEternalLocks: true, scripts })

      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(30_000)
    })

    it('leaves them alone unless it is told to', async () => {
      expect(await waitTwice({})).toBe(-1)
    })

    it('leaves alone what has changed hands meanwhile', async () => {
      const retake = () => raw('SET', LOCK, 'php|2')

      expect(await waitTwice({ breakEternalLocks: true }, retake)).toBe(-1)
    })

    it('leaves alone what has an end', async () => {
      const limit = () => raw('SET', LOCK, 'php|1', 'PX', '600000')

      expect(await waitTwice({ breakEternalLocks: true }, limit)).toBeGreaterThan(500_000)
    })
  })

  describe('fails', () => {
    const failure = (run: () => unknown) =>
      (async () => await run())().then(
        () => expect.unreachable(),
        (error: unknown) => error as Error,
      )

    it('with Redis’ own code, and nothing of what it was sent', async () => {
      await raw('DEL', KEY)
      await raw('RPUSH', KEY, 'a list')
      const error = await failure(() => chainOf().read(ID, locking()))

      expect(error).toMatchObject({
        code: 'ERR_SESSION_STORE',
        handler: 'redis',
        operation: 'read',
      })
      expect(error.message).toBe('redis: read failed: the store failed (WRONGTYPE)')
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(ID)
    })

    it('when memory is full, and keeps the session as it was', async () => {
      await raw('SET', KEY, 'data')
      const chain = chainOf()
      const context = locking()
      await chain.open(context)
      await raw('CONFIG', 'SET', 'maxmemory', '1')
      const error = await failure(() => chain.write(ID, bytes('secret'), context))
      await chain.close(context)
      await raw('CONFIG', 'SET', 'maxmemory', '0')

      expect(error.message).toBe('redis: write failed: the store failed (OOM)')
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret')
      expect(String(await raw('GET', KEY))).toBe('data')
      await untilAsked(async () => (await raw('EXISTS', LOCK)) === 0)
    })

    it('where scripts are forbidden, unless it is told to do without', async () => {
      await raw('ACL', 'SETUSER', 'plain', 'on', '>pw', '~*', '+@all', '-@scripting')
      const plain = await ioRedisClient(daemon.port, { username: 'plain', password: 'pw' })
      await raw('SET', KEY, 'data')
      const error = await failure(() => chainOf({ client: plain.client }).open(locking()))
      const chain = chainOf({ client: plain.client, scripts: false })
      const context = locking()
      await chain.open(context)
      context.closing = true

      expect(error.message).toBe('redis: open failed: the store failed (NOPERM)')
      expect(await chain.write(ID, bytes('new'), context)).toBe(true)
      expect(await raw('EXISTS', LOCK)).toBe(0)
      await chain.close(context)
      await plain.end()
    })

    it('in time, and takes back a lock whose granting came too late', async () => {
      await raw('SET', KEY, 'data')
      const chain = chainOf({ timeout: 0.1 })
      const context = locking()
      const resume = daemon.pause()
      const started = performance.now()
      const error = await failure(() => chain.open(context))
      await chain.close(context)
      const waitedMs = performance.now() - started
      resume()

      expect(error.message).toBe('redis: open failed: no answer within 100 ms')
      expect(waitedMs).toBeLessThan(1000)
      await raw('GET', KEY) // what was sent before has been carried out
      await untilAsked(async () => (await raw('EXISTS', LOCK)) === 0)
      const next = locking({ lockWaitMs: 1000 })
      await chain.open(next)
      await chain.close(next)
    })

    it('to close without a word to the visitor: the data is stored, the lock ends by itself', async () => {
      const errors: unknown[] = []
      const listen = (message: unknown) => void errors.push(message)
      subscribe('sessionz:error', listen)
      await raw('SET', KEY, 'data')
      const chain = chainOf({ timeout: 0.1 })
      const context = locking()
      await chain.open(context)
      const resume = daemon.pause()
      await chain.close(context)
      resume()
      unsubscribe('sessionz:error', listen)

      expect(errors).toEqual([
        { operation: 'close', error: expect.objectContaining({ code: 'ERR_SESSION_STORE' }) },
      ])
    })

    it('without keeping whoever failed waiting a second time', async () => {
      await raw('SET', KEY, 'data')
      const chain = chainOf({ timeout: 0.3 })
      const context = locking()
      await chain.open(context)
      const resume = daemon.pause()
      const started = performance.now()
      await failure(() => chain.write(ID, bytes('lost'), context))
      await chain.close(context)
      const waitedMs = performance.now() - started
      resume()

      expect(waitedMs).toBeLessThan(550)
      await untilAsked(async () => (await raw('EXISTS', LOCK)) === 0)
    })
  })

  it('works the same through the other client', async () => {
    const other = await nodeRedisClient(daemon.port)
    const chain = chainOf({ client: other.client })
    await chain.write(ID, bytes('\xff\0data'), locking({ isNew: true }))
    const context = locking()
    await chain.open(context)

    expect(text(await chain.read(ID, context))).toBe('\xff\0data')
    expect(await raw('GET', KEY)).toEqual(Buffer.from('\xff\0data', 'latin1'))
    await chain.close(context)
    await other.end()
  })
})

/** Asks until it is so, two hundred times at the most. */
async function untilAsked(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it does not come about')
}
