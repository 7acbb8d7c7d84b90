/** What a manager does while storage fails: THREATS T45, T46 and T47 without a server. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { memoryHandler } from '../../src/handlers/memory.js'
import type { SessionOptions } from '../../src/options/options.js'
import { faultyLayer, type Fault } from '../helpers/faulty-layer.js'
import { cookieOf, eventsOf, fixture, seen, stored } from '../helpers/sessions.js'

const STORE_ERROR = { code: 'ERR_SESSION_STORE' }
const NOT_ASKED = { ...STORE_ERROR, message: expect.stringContaining('not asked') as string }

/** A manager over a store that can be made to fail. */
function failing(options: SessionOptions = {}) {
  const layer = faultyLayer()
  const store = memoryHandler()
  const made = fixture({ handlers: [layer.handler, store], ...options })
  const fail = (fault: Fault, ...only: string[]) => {
    layer.fault = fault
    layer.only = only
    layer.asked.splice(0)
  }
  return { ...made, layer, fail, store }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => void vi.useRealTimers())

/** How long a promise takes to settle on the clock of the timers, and how it does. */
async function timed<T>(work: Promise<T>): Promise<{ ms: number; outcome: unknown }> {
  const started = performance.now()
  let done: { ms: number; outcome: unknown } | undefined
  const settle = (outcome: unknown) => {
    done = { ms: performance.now() - started, outcome }
  }
  void work.then(settle, settle)
  for (let step = 0; step < 300 && done === undefined; step += 1) {
    await vi.advanceTimersByTimeAsync(100)
  }
  return done ?? { ms: Infinity, outcome: 'nothing' }
}

describe('a call to storage that fails', () => {
  it.each<Fault>(['down', 'hung', 'raw'])(
    'is an error of the start, never a new session: %s',
    async (fault) => {
      const { manager, fail } = failing()
      const cookieHeader = await stored(manager, { n: 1 })
      fail(fault)

      const { ms, outcome } = await timed(manager.start({ cookieHeader }))

      expect(outcome).toBeInstanceOf(Error)
      expect(outcome).toMatchObject({
        code: fault === 'raw' ? 'ECONNREFUSED' : 'ERR_SESSION_STORE',
      })
      if (fault === 'hung') expect(ms).toBe(11_000) // open: the wait for the lock counts by itself
    },
  )

  it('costs one deadline, not a second one for the close, which is made all the same', async () => {
    const { manager, fail, layer } = failing()
    const cookieHeader = await stored(manager, { n: 1 })
    fail('hung', 'read', 'validateId', 'close')

    const { ms, outcome } = await timed(manager.start({ cookieHeader }))

    expect(ms).toBe(1000)
    expect(outcome).toMatchObject({ ...STORE_ERROR, operation: 'validateId' })
    expect(layer.asked).toEqual(['open', 'validateId', 'close'])
  })

  it('is what is told, also when the close fails after it', async () => {
    const { manager, fail } = failing()
    const cookieHeader = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader })
    session.data['n'] = 2
    fail('down', 'write', 'close')

    await expect(session.commit()).rejects.toMatchObject({ ...STORE_ERROR, operation: 'write' })
    expect(session.status).toBe('aborted')
  })

  it('frees the lock: the next request gets through once storage is back', async () => {
    const { manager, fail } = failing()
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down', 'read', 'validateId')
    await expect(manager.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR)
    fail('none')

    expect(await seen(manager, cookieHeader)).toEqual({ n: 1 })
  })

  it('is published with a code and without what the client said', async () => {
    const { manager, fail } = failing()
    const cookieHeader = await stored(manager, { n: 1 })
    fail('raw', 'read', 'validateId')

    const events = await eventsOf('sessionz:store-error', async () => {
      await expect(manager.start({ cookieHeader })).rejects.toThrow()
    })

    expect(events).toEqual([
      { name: 'PHPSESSID', handler: 'unknown', operation: 'validateId', code: 'ECONNREFUSED' },
    ])
  })

  it('of a lock that is not free is published, and is no failure of storage', async () => {
    const { manager } = failing({ lockWait: 1, breaker: { failures: 1 } })
    const cookieHeader = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader })

    const events = await eventsOf('sessionz:lock-timeout', async () => {
      const { outcome } = await timed(manager.start({ cookieHeader }))
      expect(outcome).toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT' })
    })
    await holder.commit()

    expect(events).toEqual([{ name: 'PHPSESSID', waitedMs: 1000 }])
    expect((await manager.health()).breaker).toBe('closed')
  })
})

describe('the breaker of a manager', () => {
  it('makes a dead server cost one deadline, and not one for each request', async () => {
    const { manager, fail, layer } = failing({ concurrency: 'none' })
    const cookieHeader = await stored(manager, { n: 1 })
    fail('hung', 'read', 'validateId')

    const first = Array.from({ length: 20 }, () =>
      expect(manager.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR),
    )
    await vi.advanceTimersByTimeAsync(1000)
    await Promise.all(first)
    const asked = layer.asked.length
    for (let request = 0; request < 50; request += 1) {
      await expect(manager.start({ cookieHeader })).rejects.toMatchObject(NOT_ASKED)
    }

    expect(layer.asked.slice(asked).filter((operation) => operation !== 'close')).toEqual([])
  })

  it('opens also where an open needs nothing of the store', async () => {
    const { manager, fail } = failing({ concurrency: 'none' })
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down', 'read', 'validateId')

    for (let request = 0; request < 5; request += 1) {
      await expect(manager.start({ cookieHeader })).rejects.toMatchObject({
        operation: 'validateId',
      })
    }

    await expect(manager.start({ cookieHeader })).rejects.toMatchObject(NOT_ASKED)
  })

  it('asks one request for all after retryAfter, and serves again when that succeeds', async () => {
    const { manager, fail } = failing({ breaker: { failures: 2, retryAfter: 3 } })
    const cookieHeader = await stored(manager, { n: 1 })
    const events = await eventsOf('sessionz:breaker', async () => {
      fail('down')
      for (let request = 0; request < 2; request += 1) {
        await expect(manager.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR)
      }
      fail('none')
      await vi.advanceTimersByTimeAsync(2900)
      await expect(manager.start({ cookieHeader })).rejects.toMatchObject(NOT_ASKED)
      await vi.advanceTimersByTimeAsync(100)

      expect(await seen(manager, cookieHeader)).toEqual({ n: 1 })
    })

    expect(events.map(({ state }) => state)).toEqual(['open', 'half-open', 'closed'])
  })

  it('leaves visitors without a session alone, who need nothing of storage', async () => {
    const { manager, fail } = failing({ breaker: { failures: 1 } })
    fail('down')
    const first = await manager.start()
    first.data['n'] = 1
    await expect(first.commit()).rejects.toMatchObject(STORE_ERROR)

    const guest = await manager.start()

    expect(await guest.commit()).toEqual([])
  })

  it('counts no payload that cannot be read', async () => {
    const { manager, store } = failing({ breaker: { failures: 1 }, onUnreadable: 'error' })
    const cookieHeader = await stored(manager, { n: 1 })
    const other = fixture({ handlers: [store], serializer: 'json' }).manager
    const spoilt = cookieOf(await (await startWith(other, { n: 1 })).commit())

    await expect(manager.start({ cookieHeader: spoilt })).rejects.toMatchObject({
      code: 'ERR_SESSION_DECODE',
    })

    expect(await seen(manager, cookieHeader)).toEqual({ n: 1 })
  })

  it('asks at every request where it is off', async () => {
    const { manager, fail, layer } = failing({ breaker: false })
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down', 'open')

    for (let request = 0; request < 20; request += 1) {
      await expect(manager.start({ cookieHeader })).rejects.toMatchObject({ operation: 'open' })
    }

    expect(layer.asked.filter((operation) => operation === 'open')).toHaveLength(20)
  })

  it('keeps the lottery of gc away from storage that is down', async () => {
    const { manager, fail, layer } = failing({
      gc: { probability: 1, divisor: 1 },
      breaker: { failures: 1, retryAfter: 100 },
    })
    fail('down')
    await expect(startWith(manager, { n: 1 }).then((s) => s.commit())).rejects.toThrow()
    layer.asked.splice(0)

    await manager.start()

    expect(layer.asked).toEqual([])
  })

  it.each<[object, RegExp]>([
    [{ breaker: true }, /"breaker" must be an object or false/],
    [{ breaker: { failures: 0 } }, /"breaker.failures" must be an integer in 1/],
    [{ breaker: { retryAfter: 0 } }, /"breaker.retryAfter" must be a number in 0.001/],
    [{ breaker: { retries: 1 } }, /breaker: unknown option "retries"/],
    [{ onStoreError: 'readonly' }, /"onStoreError" must be one of "fail", "anonymous", "stale"/],
  ])('has options that are refused at construction: %j', (options, message) => {
    expect(() => fixture(options)).toThrow(message)
  })
})

async function startWith(manager: ReturnType<typeof fixture>['manager'], data: object) {
  const session = await manager.start()
  Object.assign(session.data, data)
  return session
}

describe('onStoreError: anonymous', () => {
  const POLICY = { onStoreError: 'anonymous' } as const

  it('answers an empty session that can be read, and says so', async () => {
    const { manager, fail } = failing(POLICY)
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down')

    const events = await eventsOf('sessionz:degraded', async () => {
      const session = await manager.start({ cookieHeader })
      expect({ ...session.data }).toEqual({})
      expect(session).toMatchObject({ degraded: 'anonymous', status: 'active', readOnly: true })
      expect(cookieHeader).not.toContain(session.id)
      expect(cookieOf(await session.commit())).toBe('')
    })

    expect(events).toEqual([{ name: 'PHPSESSID', as: 'anonymous' }])
  })

  it('tells caches to keep nothing of the page, and sets and removes no cookie', async () => {
    const { manager, fail } = failing(POLICY)
    const cookie = await stored(manager, { n: 1 })
    fail('down')

    const session = await manager.start({ cookieHeader: `PHPSESSID=${'b'.repeat(32)}; ${cookie}` })
    const names = (await session.commit()).map(([name]) => name)

    expect(names).toContain('Cache-Control')
    expect(names).not.toContain('Set-Cookie')
  })

  it('makes a change the error that caused it, when it is made or at commit', async () => {
    const { manager, fail } = failing(POLICY)
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down', 'open')

    const session = await manager.start({ cookieHeader })
    expect(() => session.set('n', 2)).toThrow('open failed')
    await expect(session.regenerate()).rejects.toMatchObject(STORE_ERROR)
    await expect(session.destroy()).rejects.toMatchObject(STORE_ERROR)
    session.data['n'] = 2
    await expect(session.commit()).rejects.toMatchObject({ ...STORE_ERROR, operation: 'open' })

    fail('none')
    expect(await seen(manager, cookieHeader)).toEqual({ n: 1 })
  })

  it('is at hand while the breaker is open, at once', async () => {
    const { manager, fail } = failing({ ...POLICY, breaker: { failures: 1 } })
    const cookieHeader = await stored(manager, { n: 1 })
    fail('hung', 'validateId')
    await timed(manager.start({ cookieHeader }))

    const session = await manager.start({ cookieHeader })

    expect(session.degraded).toBe('anonymous')
  })

  it('is not for errors that are no failure of storage', async () => {
    const { manager, store } = failing({ ...POLICY, onUnreadable: 'error', lockWait: 0.1 })
    const cookieHeader = await stored(manager, { n: 1 })
    const json = fixture({ handlers: [store], serializer: 'json' }).manager
    const spoilt = cookieOf(await (await startWith(json, { n: 1 })).commit())

    await expect(manager.start({ cookieHeader: spoilt })).rejects.toMatchObject({
      code: 'ERR_SESSION_DECODE',
    })
    const holder = await manager.start({ cookieHeader })
    const { outcome } = await timed(manager.start({ cookieHeader }))
    await holder.abort()

    expect(outcome).toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT' })
  })

  it('is not for a serializer that fails', async () => {
    const serializer = {
      name: 'broken',
      encode: () => new Uint8Array([1]),
      decode: () => {
        throw new Error('not ours')
      },
    }
    const { manager } = failing({ ...POLICY, serializer })
    const cookieHeader = await stored(manager, { n: 1 })

    await expect(manager.start({ cookieHeader })).rejects.toThrow('not ours')
  })

  it('may be said for one start', async () => {
    const { manager, fail } = failing()
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down')

    const session = await manager.start({ cookieHeader }, POLICY)

    expect(session.degraded).toBe('anonymous')
    await expect(manager.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR)
  })

  it('asks no handler for an id', async () => {
    const layer = faultyLayer()
    const ids = { ...memoryHandler(), createId: () => Promise.reject(new Error('down')) }
    const { manager } = fixture({ handlers: [layer.handler, ids], ...POLICY })
    layer.fault = 'down'

    const session = await manager.start({ cookieHeader: `PHPSESSID=${'a'.repeat(32)}` })

    expect(session.degraded).toBe('anonymous')
    expect(() => session.id).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STATE' }))
  })
})

describe('onStoreError: stale', () => {
  const POLICY = { onStoreError: 'stale' } as const

  it('answers what this process saw last: what it read, and what it wrote', async () => {
    const { manager, fail } = failing(POLICY)
    const written = await stored(manager, { n: 1 })
    const read = await stored(manager, { n: 2 })
    const session = await manager.start({ cookieHeader: read })
    session.data['n'] = 3
    await session.commit()
    fail('down')

    const events = await eventsOf('sessionz:degraded', async () => {
      const first = await manager.start({ cookieHeader: written })
      const second = await manager.start({ cookieHeader: read })
      expect({ ...first.data }).toEqual({ n: 1 })
      expect({ ...second.data }).toEqual({ n: 3 })
      expect(second).toMatchObject({ degraded: 'stale', readOnly: true, isNew: false })
      expect(second.id).toBe(session.id)
      expect(cookieOf(await second.commit())).toBe('')
    })

    expect(events.map(({ as }) => as)).toEqual(['stale', 'stale'])
  })

  it('sets no cookie, also where several came or the id came by another way', async () => {
    const { manager, fail } = failing(POLICY)
    const cookie = await stored(manager, { n: 1 })
    const id = cookie.slice('PHPSESSID='.length)
    fail('down')

    const two = await manager.start({ cookieHeader: `PHPSESSID=${'b'.repeat(32)}; ${cookie}` })
    const given = await manager.start({ id })

    expect({ ...two.data }).toEqual({ n: 1 })
    for (const session of [two, given]) {
      expect((await session.commit()).map(([name]) => name)).not.toContain('Set-Cookie')
    }
  })

  it('answers nothing that the schema refuses, and what it made of the rest', async () => {
    const schema = z.object({ n: z.number().default(7) })
    const { manager, fail } = failing({ ...POLICY, schema })
    const unfit = await stored(manager, { n: 'many' })
    const fit = await stored(manager, { m: 1 })
    fail('down')

    await expect(manager.start({ cookieHeader: unfit })).rejects.toMatchObject(STORE_ERROR)
    const session = await manager.start({ cookieHeader: fit })
    expect({ ...session.data }).toEqual({ m: 1, n: 7 })
    expect(session.degraded).toBe('stale')
    const both = await manager.start({ cookieHeader: `${unfit}; ${fit}` })
    expect({ ...both.data }).toEqual({ m: 1, n: 7 })
  })

  it('answers data of an older version as those of this one', async () => {
    const upgrade = ({ name }: Record<string, unknown>) => ({ user: name })
    const { manager, fail, store } = failing({ ...POLICY, version: 2, upgrade })
    const before = fixture({ handlers: [store] }).manager
    const cookieHeader = await stored(before, { name: 'ada' })
    await (await manager.start({ cookieHeader }, { readOnly: true })).commit()
    fail('down')

    expect({ ...(await manager.start({ cookieHeader })).data }).toEqual({ user: 'ada' })
  })

  it('fails where this process has never seen the session', async () => {
    const { manager, store } = failing(POLICY)
    const cookieHeader = await stored(manager, { n: 1 })
    const layer = faultyLayer()
    const fresh = fixture({ handlers: [layer.handler, store], ...POLICY }).manager
    layer.fault = 'down'

    await expect(fresh.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR)
  })

  it('fails for a change, when it is made or at commit', async () => {
    const { manager, fail } = failing(POLICY)
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down')

    const session = await manager.start({ cookieHeader })
    expect(() => session.delete('n')).toThrow('open failed')
    session.data['n'] = 2
    await expect(session.commit()).rejects.toMatchObject(STORE_ERROR)

    fail('none')
    expect(await seen(manager, cookieHeader)).toEqual({ n: 1 })
  })

  it.each<[string, (made: ReturnType<typeof failing>, cookieHeader: string) => Promise<unknown>]>([
    [
      'destroyed',
      async ({ manager }, cookieHeader) => (await manager.start({ cookieHeader })).destroy(),
    ],
    [
      'destroyed by its id',
      ({ manager }, cookieHeader) => manager.destroy(cookieHeader.slice('PHPSESSID='.length)),
    ],
    [
      'found destroyed elsewhere',
      async ({ manager, store }, cookieHeader) => {
        await fixture({ handlers: [store] }).manager.destroy(cookieHeader.slice(10))
        await manager.start({ cookieHeader })
      },
    ],
    ['too old', async ({ advance }) => advance(1441)],
    [
      'given another id',
      async ({ manager }, cookieHeader) => {
        const session = await manager.start({ cookieHeader })
        await session.regenerate({ grace: 60 })
        await session.commit()
      },
    ],
    [
      'older than absoluteLifetime',
      async ({ manager, advance }, cookieHeader) => {
        advance(900)
        await (await manager.start({ cookieHeader })).commit()
        advance(900)
      },
    ],
  ])('has nothing of a session that was %s', async (_, end) => {
    const made = failing({ ...POLICY, absoluteLifetime: 1500 })
    const cookieHeader = await stored(made.manager, { n: 1 })
    await end(made, cookieHeader)
    made.fail('down')

    await expect(made.manager.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR)
  })

  it('keeps nothing where a write failed half way', async () => {
    const { manager, fail } = failing(POLICY)
    const cookieHeader = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader })
    session.data['n'] = 2
    fail('down')
    await expect(session.commit()).rejects.toMatchObject(STORE_ERROR)

    await expect(manager.start({ cookieHeader })).rejects.toMatchObject(STORE_ERROR)
  })

  it('hands out copies: what one request does to its data reaches no other', async () => {
    const { manager, fail } = failing(POLICY)
    const cookieHeader = await stored(manager, { list: { 0: 'a' } })
    fail('down')
    const first = await manager.start({ cookieHeader })
    ;(first.data['list'] as Record<string, string>)['0'] = 'changed'
    const second = await manager.start({ cookieHeader })

    expect(JSON.stringify(second.data)).toContain('"a"')
  })

  it('counts handlers as they were given, in what it says of them', () => {
    expect(() => fixture({ ...POLICY, handlers: [{} as never] })).toThrow(/^handlers\[1\] has no/)
  })

  it('gives way to another policy of one start, and cannot be had for one start only', async () => {
    const { manager, fail } = failing(POLICY)
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down')

    await expect(manager.start({ cookieHeader }, { onStoreError: 'fail' })).rejects.toMatchObject(
      STORE_ERROR,
    )
    await expect(failing().manager.start({}, POLICY)).rejects.toThrow(
      /"onStoreError" can be "stale" only where the manager has it too/,
    )
  })
})

describe('each call to storage that fails', () => {
  const OPERATIONS = ['open', 'validateId', 'read', 'write', 'updateTimestamp', 'destroy', 'close']
  const VISITS: Record<string, (n: number) => Record<string, unknown>> = {
    'changes a variable': (n) => ({ n }),
    'changes nothing': () => ({}),
  }

  it.each(
    (['fail', 'anonymous', 'stale'] as const).flatMap((policy) =>
      OPERATIONS.flatMap((operation) =>
        Object.keys(VISITS).map((visit) => [policy, operation, visit] as const),
      ),
    ),
  )('%s, %s, %s: an answer without an error is true', async (onStoreError, operation, visit) => {
    const { manager, fail } = failing({ onStoreError, breaker: false })
    const cookieHeader = await stored(manager, { n: 1 })
    fail('down', operation)
    const visiting = async () => {
      const session = await manager.start({ cookieHeader })
      Object.assign(session.data, VISITS[visit]?.(2))
      const headers = await session.commit()
      return { headers, degraded: session.degraded }
    }
    const answer = await visiting().catch(() => undefined)
    fail('none')

    const { n } = await seen(manager, cookieHeader)
    if (answer === undefined) expect([1, 2]).toContain(n)
    else expect(n).toBe(visit === 'changes a variable' ? 2 : 1)
    expect(cookieOf(answer?.headers ?? [])).toBe('')
  })
})

describe('a payload that nobody can read', () => {
  it.each([
    ['nothing but noise', Uint8Array.of(0xff, 0, 1)],
    ['half a value', new TextEncoder().encode('n|i:')],
    ['a value without a name', new TextEncoder().encode('i:1;')],
    ['JSON', new TextEncoder().encode('{"n":1}')],
    ['a length that is not there', new TextEncoder().encode('n|s:100:"a";')],
  ])('costs its visitor no second error: %s', async (_, payload) => {
    const store = memoryHandler()
    const { manager } = fixture({ handlers: [store] })
    const session = await startWith(manager, { n: 1 })
    const cookieHeader = cookieOf(await session.commit())
    const spoiler = fixture({
      handlers: [store],
      serializer: { name: 'bytes', encode: () => payload, decode: () => ({ a: 1 }) },
    }).manager
    const spoiling = await spoiler.start({ cookieHeader })
    spoiling.data['b'] = 1
    await spoiling.commit()

    for (let visit = 0; visit < 2; visit += 1) {
      const again = await manager.start({ cookieHeader })
      expect(again.isNew).toBe(true)
      await again.commit()
    }
  })
})

describe('the health of storage', () => {
  it('is up when storage answers, and leaves nothing behind', async () => {
    const { manager, taken } = failing()

    expect(await manager.health()).toEqual({ status: 'up', breaker: 'closed', tookMs: 0 })
    expect(taken()).toEqual(['read'])
    expect(await manager.count()).toBe(0)
  })

  it.each<[Fault, number, string]>([
    ['down', 0, 'ERR_SESSION_STORE'],
    ['hung', 1000, 'ERR_SESSION_STORE'],
    ['raw', 0, 'ECONNREFUSED'],
  ])('is down when it fails: %s', async (fault, tookMs, code) => {
    const { manager, fail } = failing()
    fail(fault)

    const { outcome } = await timed(manager.health())

    expect(outcome).toEqual({ status: 'down', breaker: 'closed', tookMs, code })
  })

  it('counts for the breaker, asks nothing while that is open, and is how it closes', async () => {
    const { manager, fail, layer } = failing({ breaker: { failures: 2 } })
    fail('down')
    await manager.health()
    expect(await manager.health()).toMatchObject({ status: 'down', breaker: 'open' })
    layer.asked.splice(0)
    expect(await manager.health()).toMatchObject({ status: 'down', breaker: 'open' })
    expect(layer.asked).toEqual([])

    fail('none')
    await vi.advanceTimersByTimeAsync(1000)

    expect(await manager.health()).toMatchObject({ status: 'degraded', breaker: 'closed' })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await manager.health()).toMatchObject({ status: 'up' })
  })

  it('is degraded where the answer takes more than half of its time', async () => {
    const slow = {
      ...memoryHandler(),
      read: () =>
        new Promise<undefined>((resolve) => void setTimeout(() => resolve(undefined), 600)),
    }
    const { manager } = fixture({ handlers: [slow] })

    const { outcome } = await timed(manager.health())

    expect(outcome).toMatchObject({ status: 'degraded', tookMs: 600 })
  })

  it('is a report after the manager was closed, too', async () => {
    const { manager } = failing()
    await manager.close()

    expect(await manager.health()).toMatchObject({ status: 'down', code: 'ERR_SESSION_STATE' })
  })
})

describe('a session that storage does not know', () => {
  it('is told by an event, once for each start', async () => {
    const { manager, store } = failing()
    const cookieHeader = await stored(manager, { n: 1 })
    const events = await eventsOf('sessionz:rejected', async () => {
      await (await manager.start({ cookieHeader })).commit()
      await fixture({ handlers: [store] }).manager.destroy(cookieHeader.slice(10))
      await manager.start({ cookieHeader })
      await manager.start()
    })

    expect(events).toEqual([{ name: 'PHPSESSID', reason: 'unknown' }])
  })
})
