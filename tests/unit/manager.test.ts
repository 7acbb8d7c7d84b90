import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineHandler } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { asyncHandler, cookieOf, eventsOf, fixture, seen, stored } from '../helpers/sessions.js'

const ID = 'a'.repeat(32)

describe('options', () => {
  it.each<[object, RegExp]>([
    [{ gcMaxLifetime: 1 }, /unknown option "gcMaxLifetime"; known are handlers, serializer, id/],
    [{ handlers: {} }, /"handlers" must be an array/],
    [{ serializer: 5 }, /"serializer" must be a serializer/],
    [{ serializer: 'igbinary' }, /igbinary/],
    [{ name: '' }, /name/],
    [{ name: '123' }, /name/],
    [{ savePath: 1 }, /"savePath" must be a string, got number/],
    [{ concurrency: 'optimistic' }, /"concurrency" must be one of "exclusive", "merge", "none"/],
    [{ conflict: 'ours' }, /"conflict" must be one of/],
    [{ lockWait: -1 }, /"lockWait" must be a number in 0..86400, got -1/],
    [{ holdLimit: Number.NaN }, /"holdLimit" must be a number/],
    [{ storeTimeout: 0 }, /"storeTimeout" must be a number/],
    [{ lockLease: '30' }, /"lockLease" must be a number in 1..86400, got string/],
    [{ useStrictMode: 'yes' }, /"useStrictMode" must be true or false, got string/],
    [{ lazyWrite: 1 }, /"lazyWrite" must be true or false/],
    [{ touchInterval: -1 }, /"touchInterval" must be a number in 0..86400, got -1/],
    [{ touchInterval: 60, gc: { maxLifetime: 60 } }, /"touchInterval" must be less than "gc.maxLi/],
    [{ maxBytes: 0 }, /"maxBytes" must be an integer/],
    [{ gc: { maxLifetime: 0 } }, /"gc.maxLifetime" must be an integer in 1/],
    [{ gc: { maxlifetime: 5 } }, /gc: unknown option "maxlifetime"/],
    [{ gc: { divisor: 0 } }, /"gc.divisor" must be an integer in 1/],
    [{ gc: 5 }, /"gc" must be an object/],
    [{ absoluteLifetime: 1.5 }, /"absoluteLifetime" must be an integer/],
    [{ cookie: { sameSite: 'Loose' } }, /sameSite/],
    [{ cookie: { expires: 1 } }, /cookie: unknown option "expires"/],
    [{ cacheLimiter: 'always' }, /"cacheLimiter" must be one of/],
    [{ cacheExpire: -1 }, /"cacheExpire" must be an integer/],
    [{ onUnreadable: 'ignore' }, /"onUnreadable" must be one of/],
    [{ now: 5 }, /"now" must be a function/],
    [{ id: { length: 21 } }, /length/],
    [{ id: { bits: 4 } }, /bits/],
    [{ id: 7 }, /"id" must be an object/],
  ])('are refused at construction: %j', (options, message) => {
    expect(() => createSessionManager(options as SessionOptions)).toThrow(message)
  })

  it('may all be undefined, which means the default', async () => {
    const options: SessionOptions = {
      handlers: undefined,
      serializer: undefined,
      id: undefined,
      name: undefined,
      gc: undefined,
      cookie: undefined,
      now: undefined,
    }

    const session = await createSessionManager(options).start()

    expect(session.name).toBe('PHPSESSID')
    expect(session.id).toHaveLength(32)
  })

  it('are not changed', () => {
    const options = Object.freeze({
      gc: Object.freeze({ probability: 0 }),
      cookie: Object.freeze({}),
    })

    expect(() => createSessionManager(options)).not.toThrow()
  })

  it.each<[object, RegExp]>([
    [{ readonly: true }, /start: unknown option "readonly"/],
    [{ readOnly: 1 }, /"readOnly" must be true or false/],
    [{ concurrency: 'x' }, /"concurrency"/],
    [{ name: 'a b' }, /name/],
    [{ gc: { maxLifetime: 1.5 } }, /"gc.maxLifetime" must be an integer/],
    [{ gc: { interval: 1 } }, /gc: unknown option "interval"/],
    [{ cookie: { lifetime: -1 } }, /"cookie.lifetime"/],
    [{ cacheLimiter: 'always' }, /"cacheLimiter" must be one of/],
  ])('of one start are refused too: %j', async (overrides, message) => {
    await expect(fixture().manager.start({}, overrides as never)).rejects.toThrow(message)
  })

  it('of one start hold a name to the rules of its prefix', async () => {
    const { manager } = fixture({ cookie: { path: '/app' } })

    await expect(manager.start({}, { name: '__Host-a' })).rejects.toMatchObject({
      code: 'ERR_SESSION_COOKIE',
    })
  })

  it('of one start stand over those of the manager', async () => {
    const { manager } = fixture()

    const session = await manager.start({}, { name: 'OTHER', lockWait: 1, readOnly: undefined })
    session.data['n'] = 1

    expect(cookieOf(await session.commit())).toBe(`OTHER=${session.id}`)
  })
})

describe('options of one start', () => {
  it('leave the members of groups that they do not name as they are', async () => {
    const { manager } = fixture({ cookie: { path: '/app', lifetime: 5 } })

    const session = await manager.start({}, { cookie: { lifetime: 60 }, cacheLimiter: 'none' })
    session.data['n'] = 1
    const headers = await session.commit()

    expect(headers[0]?.[1]).toMatch(/; Max-Age=60; path=\/app; HttpOnly; SameSite=Lax$/)
    expect(headers.map(([name]) => name)).toEqual(['Set-Cookie', 'Vary'])
  })

  it('tell handlers another lifetime and place, and draw another lot', async () => {
    const told: unknown[] = []
    const handler = defineHandler({
      name: 'told',
      open: ({ savePath, maxLifetime }, next) => (
        told.push([savePath, maxLifetime]),
        next({ savePath, maxLifetime } as never)
      ),
    })
    const { manager, taken } = fixture({ handlers: [handler] })
    const cookieHeader = `PHPSESSID=${ID}`
    const gc = { maxLifetime: 60, probability: 1, divisor: 1 }

    await manager.start({ cookieHeader }, { savePath: '/other', gc })
    await manager.start({ cookieHeader })

    expect(told).toEqual([
      ['/other', 60],
      ['', 1440],
    ])
    expect(taken().filter((call) => call === 'gc')).toEqual(['gc'])
  })
})

describe('an id given by the application', () => {
  it('is started as if the visitor had sent it, and told to the visitor', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const id = cookie.slice('PHPSESSID='.length)

    const session = await manager.start({ id })

    expect(session.data).toEqual({ n: 1 })
    expect(cookieOf(await session.commit())).toBe(cookie)
  })

  it.each(['', '../../etc/passwd', 'a b', 'é', 'a'.repeat(257)])(
    'is refused when it is none: %j',
    async (id) => {
      await expect(fixture().manager.start({ id })).rejects.toMatchObject({
        code: 'ERR_SESSION_ID',
      })
    },
  )
})

describe('createId', () => {
  it('makes an id that storage does not know', async () => {
    const taken = [ID, ID, 'b'.repeat(32)]
    const generate = () => taken.shift() ?? 'c'.repeat(32)
    const { manager } = fixture({ id: { generate, bits: 128, length: 32 } })
    await stored(manager, { n: 1 })

    expect(await manager.createId()).toBe('b'.repeat(32))
    expect(await manager.createId('user-')).toBe(`user-${'c'.repeat(32)}`)
  })

  it('gives up after four taken ids', async () => {
    const { manager } = fixture({ id: { generate: () => ID, bits: 128, length: 32 } })
    await stored(manager, { n: 1 })

    await expect(manager.createId()).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
  })

  it.each(['a/b', 'a b', 'ä', 'x'.repeat(225)])('refuses the prefix %j', async (prefix) => {
    await expect(fixture().manager.createId(prefix)).rejects.toMatchObject({
      code: 'ERR_SESSION_ID',
    })
  })

  it('refuses an id of a custom generator that is none', async () => {
    const { manager } = fixture({ id: { generate: () => '../x', bits: 128, length: 4 } })

    await expect(manager.createId()).rejects.toMatchObject({ code: 'ERR_SESSION_ID' })
  })
})

describe('a chain that makes ids', () => {
  const making = (createId: () => string | Promise<string>) =>
    fixture({ handlers: [defineHandler({ name: 'ids', createId }), memoryHandler()] })

  it('is asked for them', async () => {
    const { manager } = making(() => ID)

    expect(await stored(manager, { n: 1 })).toBe(`PHPSESSID=${ID}`)
  })

  it('may be asynchronous: the id is then known at commit', async () => {
    const { manager } = making(() => Promise.resolve(ID))
    const session = await manager.start()
    session.data['n'] = 1

    expect(() => session.id).toThrow(/makes the id/)
    expect(cookieOf(await session.commit())).toBe(`PHPSESSID=${ID}`)
    expect(session.id).toBe(ID)
  })

  it('may not make what is no id', async () => {
    const { manager } = making(() => 'not an id')

    await expect(manager.start()).rejects.toMatchObject({ code: 'ERR_SESSION_ID' })
  })
})

describe('administration', () => {
  it('lists, counts and destroys live sessions', async () => {
    const { manager, now } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const id = cookie.slice('PHPSESSID='.length)

    const listed = []
    for await (const info of manager.list()) listed.push(info)

    expect(listed).toEqual([{ id, touchedMs: now(), bytes: expect.any(Number) as number }])
    expect(await manager.count()).toBe(1)
    expect(await manager.destroy(id)).toBe(true)
    expect(await manager.destroy(id)).toBe(false)
    expect(await manager.destroy('../x')).toBe(false)
    expect(await manager.count()).toBe(0)
  })

  it('says so when the chain cannot list or count', async () => {
    const { manager } = fixture({ handlers: [defineHandler({ name: 'plain' })] })

    expect(() => manager.list()).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STATE' }))
    await expect(manager.count()).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
  })

  it('waits for the lock before it destroys', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    let gone = false

    const destroying = manager.destroy(session.id).then(() => (gone = true))
    session.data['n'] = 2
    expect(gone).toBe(false)
    await session.commit()
    await destroying

    expect(await seen(manager, cookie)).toEqual({})
  })
})

describe('garbage collection', () => {
  it('runs when asked, and says how many it removed', async () => {
    const { manager, advance } = fixture()
    await stored(manager, { n: 1 })
    advance(1441)
    await stored(manager, { n: 2 })

    const events = await eventsOf('sessionz:gc', async () => expect(await manager.gc()).toBe(1))

    expect(events).toEqual([{ name: 'PHPSESSID', removed: 1, tookMs: expect.any(Number) }])
    expect(events[0]?.tookMs).toBeGreaterThanOrEqual(0)
    expect(await manager.count()).toBe(1)
  })

  it('always runs on start when probability is divisor, never when it is 0', async () => {
    const often = fixture({ gc: { probability: 1, divisor: 1 } })
    const never = fixture({ gc: { probability: 0, divisor: 1 } })

    await often.manager.start()
    await never.manager.start()

    expect(often.taken()).toEqual(['gc'])
    expect(never.taken()).toEqual([])
  })

  it('draws the lottery where PHP does: once a start, and when a session was read', async () => {
    const { manager, taken } = fixture({ gc: { probability: 1, divisor: 1 } })
    const cookie = await stored(manager, { n: 1 })
    taken()

    const session = await manager.start({ cookieHeader: `PHPSESSID=${ID}; ${cookie}` })
    expect(taken()).toEqual(['open', 'close', 'open', 'read', 'gc'])
    await session.reset()
    expect(taken()).toEqual(['read', 'gc'])
    await session.regenerate()
    await session.commit()
    expect(taken()).toEqual(['open', 'write', 'close', 'destroy', 'close'])
  })

  it('joins a collection that is under way', async () => {
    const { manager, taken } = fixture({ handlers: [asyncHandler(), slowGc(), memoryHandler()] })

    await Promise.all([manager.gc(), manager.gc(), manager.gc()])

    expect(taken()).toEqual(['gc'])
  })

  it('tells by an event when it fails in the background', async () => {
    const broken = defineHandler({ name: 'broken', gc: () => Promise.reject(new Error('no')) })
    const { manager } = fixture({ handlers: [broken], gc: { probability: 1, divisor: 1 } })

    const events = await eventsOf('sessionz:error', async () => {
      await manager.start()
      await new Promise((resolve) => setImmediate(resolve))
    })

    expect(events).toMatchObject([{ operation: 'gc', error: { message: 'no' } }])
  })

  describe('on a timer', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
    afterEach(() => void vi.useRealTimers())

    it('runs again and again until the manager is closed', async () => {
      const { manager, taken } = fixture({ gc: { probability: 0, interval: 60 } })

      await vi.advanceTimersByTimeAsync(2 * 66_000)
      expect(taken().length).toBeGreaterThanOrEqual(2)
      await manager.close()
      await vi.advanceTimersByTimeAsync(10 * 66_000)

      expect(taken()).toEqual([])
    })
  })
})

function slowGc() {
  return defineHandler({
    name: 'slow',
    gc: async (maxLifetime, context, next) => {
      await new Promise((resolve) => setImmediate(resolve))
      return next(maxLifetime, context)
    },
  })
}

describe('a closed manager', () => {
  it('refuses to work and disposes of its handlers once', async () => {
    let disposed = 0
    const handler = { ...memoryHandler(), dispose: () => void (disposed += 1) }
    const { manager } = fixture({ handlers: [handler] })

    await manager.close()
    await manager.close()

    expect(disposed).toBe(1)
    const state = { code: 'ERR_SESSION_STATE' }
    await expect(manager.start()).rejects.toMatchObject(state)
    await expect(manager.gc()).rejects.toMatchObject(state)
    await expect(manager.destroy(ID)).rejects.toMatchObject(state)
    expect(() => manager.startNew()).toThrow(expect.objectContaining(state))
  })

  it('disposes of every handler, also when one fails', async () => {
    let disposed = 0
    const failing = {
      ...defineHandler({ name: 'a' }),
      dispose: () => Promise.reject(new Error('no')),
    }
    const working = { ...defineHandler({ name: 'b' }), dispose: () => void (disposed += 1) }
    const { manager } = fixture({ handlers: [failing, working] })

    await expect(manager.close()).rejects.toThrow('no')
    expect(disposed).toBe(1)
  })

  it('is what await using leaves behind', async () => {
    const { manager } = fixture()
    {
      await using used = manager
      expect(used).toBe(manager)
    }

    await expect(manager.start()).rejects.toThrow('closed')
  })
})

describe('a flood of visitors without cookies', () => {
  it('touches no storage', async () => {
    const { manager, taken } = fixture()

    for (let visitor = 0; visitor < 10_000; visitor += 1) {
      await (await manager.start({ cookieHeader: '' })).commit()
    }

    expect(taken()).toEqual([])
    expect(await manager.count()).toBe(0)
  })

  it('with made-up ids is looked up, but neither locked, stored nor adopted', async () => {
    const { manager, taken } = fixture()

    for (let visitor = 0; visitor < 1000; visitor += 1) {
      const id = visitor.toString(16).padStart(32, '0')
      const session = await manager.start({ cookieHeader: `PHPSESSID=${id}` })
      expect(session.id).not.toBe(id)
      await session.commit()
    }

    expect(new Set(taken())).toEqual(new Set(['open', 'close']))
    expect(await manager.count()).toBe(0)
  })
})

describe('hostile requests', () => {
  it.each([
    ['a path', 'PHPSESSID=../../etc/passwd'],
    ['a path in percents', 'PHPSESSID=..%2F..%2Fetc%2Fpasswd'],
    ['a NUL', 'PHPSESSID=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%00'],
    ['ten kilobytes', `PHPSESSID=${'a'.repeat(10_240)}`],
    ['ten kilobytes of other cookies', 'x=1; '.repeat(2048)],
    ['line breaks', 'PHPSESSID=a%0d%0aSet-Cookie:%20x=1'],
    ['an empty id', 'PHPSESSID='],
    ['half an encoding', 'PHPSESSID=%'],
  ])('with %s in the cookie get a new session', async (_, cookieHeader) => {
    const { manager, taken } = fixture()

    const session = await manager.start({ cookieHeader })

    expect(session.isNew).toBe(true)
    expect(session.id).toMatch(/^[0-9a-f]{32}$/)
    expect(taken()).toEqual([])
  })
})
