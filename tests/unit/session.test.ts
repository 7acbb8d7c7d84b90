import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createContext } from '../../src/context.js'
import { composeChain } from '../../src/chain.js'
import { defineHandler } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { phpSerializer } from '../../src/serializers/php.js'
import { faultyLayer } from '../helpers/faulty-layer.js'
import { asyncHandler, cookieOf, eventsOf, fixture, seen, stored } from '../helpers/sessions.js'

const text = (payload: Uint8Array) => Buffer.from(payload).toString('latin1')
const bytes = (value: string) => Uint8Array.from(Buffer.from(value, 'latin1'))

/** Puts raw bytes into a store, as PHP would. */
async function plant(
  handler: ReturnType<typeof memoryHandler>,
  id: string,
  payload: string,
  now: number,
) {
  const chain = composeChain([handler])
  const context = createContext({ id, isNew: true, now: () => now })
  await chain.open(context)
  expect(await chain.write(id, bytes(payload), context)).toBe(true)
  await chain.close(context)
}

/** The raw bytes a store holds. */
async function raw(handler: ReturnType<typeof memoryHandler>, id: string, now: number) {
  const chain = composeChain([handler])
  const context = createContext({ id, lock: 'read', now: () => now })
  await chain.open(context)
  const payload = await chain.read(id, context)
  await chain.close(context)
  return payload && text(payload)
}

const ID = 'a'.repeat(32)
const COOKIE = `PHPSESSID=${ID}`

describe('a new session', () => {
  it('leaves no trace and asks for no header when nothing is put in', async () => {
    const { manager, taken } = fixture()

    const session = await manager.start()
    const headers = await session.commit()

    expect(session.isNew).toBe(true)
    expect(headers).toEqual([])
    expect(taken()).toEqual([])
  })

  it('is stored with its first variable, and tells the visitor its id', async () => {
    const { manager, taken } = fixture()

    const session = await manager.start()
    session.data['n'] = 1
    const headers = await session.commit()

    expect(session.id).toMatch(/^[0-9a-f]{32}$/)
    expect(headers[0]).toEqual([
      'Set-Cookie',
      `PHPSESSID=${session.id}; path=/; HttpOnly; SameSite=Lax`,
    ])
    expect(headers.slice(1).map(([name]) => name)).toEqual([
      'Expires',
      'Cache-Control',
      'Pragma',
      'Vary',
    ])
    expect(taken()).toEqual(['open', 'write', 'close'])
    expect(session.isNew).toBe(false)
    expect(session.status).toBe('committed')
  })

  it('has plain data without a prototype', async () => {
    const session = await fixture().manager.start()

    expect(Object.getPrototypeOf(session.data)).toBeNull()
    expect('constructor' in session.data).toBe(false)
  })

  it('takes another id when its own exists already, up to four times', async () => {
    const ids = [ID, ID, 'b'.repeat(32)]
    const generate = () => ids.shift() ?? ID
    const { manager } = fixture({ id: { generate, bits: 128, length: 32 } })
    await stored(manager, { first: true })

    const second = await manager.start()
    second.data['second'] = true
    const cookie = cookieOf(await second.commit())

    expect(cookie).toBe(`PHPSESSID=${'b'.repeat(32)}`)
    expect(await seen(manager, COOKIE)).toEqual({ first: true })
    const third = await manager.start()
    third.data['third'] = true
    await expect(third.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
  })
})

describe('a stored session', () => {
  it('comes back with its data and its types', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1, list: [1, 'two'], user: { name: 'Zoë' } })

    const session = await manager.start({ cookieHeader: cookie })

    expect(session.isNew).toBe(false)
    expect(session.get('n')).toBe(1)
    expect(session.data['list']).toEqual([1, 'two'])
    expect(session.data['user']).toEqual({ name: 'Zoë' })
    expect(session.has('n')).toBe(true)
    expect(session.has('toString')).toBe(false)
    expect(session.get('missing')).toBeUndefined()
    await session.abort()
  })

  it('is only touched when nothing changed, and tells no cookie', async () => {
    const { manager, taken } = fixture()
    const cookie = await stored(manager, { n: 1 })
    taken()

    const session = await manager.start({ cookieHeader: cookie })
    const headers = await session.commit()

    expect(taken()).toEqual(['open', 'read', 'updateTimestamp', 'close'])
    expect(headers.map(([name]) => name)).toEqual(['Expires', 'Cache-Control', 'Pragma', 'Vary'])
  })

  it('is written without lazyWrite, changed or not', async () => {
    const { manager, taken } = fixture({ lazyWrite: false })
    const cookie = await stored(manager, { n: 1 })
    taken()

    await (await manager.start({ cookieHeader: cookie })).commit()

    expect(taken()).toEqual(['open', 'read', 'write', 'close'])
  })

  it('notices a change deep inside', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { cart: { items: [{ id: 1 }] } })

    const session = await manager.start({ cookieHeader: cookie })
    ;(session.data['cart'] as { items: object[] }).items.push({ id: 2 })
    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ cart: { items: [{ id: 1 }, { id: 2 }] } })
  })

  it('is destroyed with its cookie when its last variable goes', async () => {
    const { manager, taken } = fixture()
    const cookie = await stored(manager, { n: 1 })
    taken()

    const session = await manager.start({ cookieHeader: cookie })
    expect(session.delete('n')).toBe(true)
    expect(session.delete('n')).toBe(false)
    const headers = await session.commit()

    expect(taken()).toEqual(['open', 'read', 'destroy', 'close'])
    expect(headers[0]?.[1]).toBe(
      'PHPSESSID=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=Lax',
    )
    expect(session.status).toBe('destroyed')
    expect(await manager.count()).toBe(0)
  })

  it('that PHP left empty is kept when nothing was put in', async () => {
    const handler = memoryHandler()
    const { manager, taken, now } = fixture({ handlers: [handler] })
    await plant(handler, ID, '', now())

    const session = await manager.start({ cookieHeader: COOKIE })
    await session.commit()

    expect(session.isNew).toBe(false)
    expect(taken()).toEqual(['open', 'read', 'write', 'close'])
  })

  it('expires on read when idle for longer than gc.maxLifetime', async () => {
    const { manager, advance } = fixture({ gc: { maxLifetime: 60, probability: 0 } })
    const cookie = await stored(manager, { n: 1 })

    advance(60)
    expect(await seen(manager, cookie)).toEqual({ n: 1 })
    advance(61)
    expect(await seen(manager, cookie)).toEqual({})
  })

  it('lives on while it is touched', async () => {
    const { manager, advance } = fixture({ gc: { maxLifetime: 60, probability: 0 } })
    const cookie = await stored(manager, { n: 1 })

    for (let minute = 0; minute < 5; minute += 1) {
      advance(50)
      await (await manager.start({ cookieHeader: cookie })).commit()
    }

    expect(await seen(manager, cookie)).toEqual({ n: 1 })
  })

  it('ends after absoluteLifetime however often it is used', async () => {
    const { manager, advance } = fixture({ absoluteLifetime: 100 })
    const cookie = await stored(manager, { n: 1 })

    for (let round = 0; round < 2; round += 1) {
      advance(50)
      const session = await manager.start({ cookieHeader: cookie })
      session.data['n'] = 1 + (session.data['n'] as number)
      await session.commit()
    }
    expect(await seen(manager, cookie)).toEqual({ n: 3 })
    advance(1)

    expect(await seen(manager, cookie)).toEqual({})
    expect(await manager.count()).toBe(0)
  })
})

describe('absoluteLifetime', () => {
  it.each(['exclusive', 'merge'] as const)(
    'counts from the first write here for a session that PHP made (%s)',
    async (concurrency) => {
      const handler = memoryHandler()
      const { manager, advance, now } = fixture({
        handlers: [handler],
        absoluteLifetime: 100,
        concurrency,
      })
      await plant(handler, ID, 'n|i:1;', now())
      const visit = async (n: number) => {
        const session = await manager.start({ cookieHeader: COOKIE })
        session.data['n'] = n
        await session.commit()
      }

      await visit(2)
      const stamped = await raw(handler, ID, now())
      advance(60)
      await visit(3)
      advance(41)

      expect(stamped).toBe('n|i:2;__sessionz|a:1:{s:7:"created";i:1700000000;}')
      expect(await seen(manager, COOKIE)).toEqual({})
    },
  )

  it('leaves no trace in a record while it is off', async () => {
    const handler = memoryHandler()
    const { manager, now } = fixture({ handlers: [handler] })
    await plant(handler, ID, 'n|i:1;', now())

    const session = await manager.start({ cookieHeader: COOKIE })
    session.data['n'] = 2
    await session.commit()

    expect(await raw(handler, ID, now())).toBe('n|i:2;')
  })

  it('hides what it remembers from the application', async () => {
    const { manager } = fixture({ absoluteLifetime: 100 })
    const cookie = await stored(manager, { n: 1 })

    expect(await seen(manager, cookie)).toEqual({ n: 1 })
  })
})

describe('strict mode', () => {
  it('adopts no id that storage does not know, and stores nothing under it', async () => {
    const { manager, taken } = fixture()

    const session = await manager.start({ cookieHeader: COOKIE })
    session.data['n'] = 1
    const cookie = cookieOf(await session.commit())

    expect(cookie).not.toBe(COOKIE)
    expect(taken().filter((call) => call === 'write')).toHaveLength(1)
    expect(await seen(manager, COOKIE)).toEqual({})
    expect(await seen(manager, cookie)).toEqual({ n: 1 })
  })

  it.each(['exclusive', 'merge', 'none'] as const)('is off by option (%s)', async (concurrency) => {
    const { manager } = fixture({ useStrictMode: false, concurrency })

    const session = await manager.start({ cookieHeader: COOKIE })
    session.data['n'] = 1
    const headers = await session.commit()

    expect(session.id).toBe(ID)
    expect(cookieOf(headers)).toBe('')
    expect(await seen(manager, COOKIE)).toEqual({ n: 1 })
  })
})

describe('several cookies of the name', () => {
  it('are tried in order; the first that loads wins, and the others expire', async () => {
    const { manager } = fixture()
    const good = await stored(manager, { n: 1 })
    const cookieHeader = `PHPSESSID=${'f'.repeat(32)}; other=1; ${good}`

    const session = await manager.start({
      cookieHeader,
      url: '/shop/cart?x=1',
      host: 'www.example.com',
    })
    const headers = await session.commit()

    expect(session.data).toEqual({ n: 1 })
    expect(headers[0]).toEqual(['Set-Cookie', `${good}; path=/; HttpOnly; SameSite=Lax`])
    const removals = headers.filter(([, value]) => value.startsWith('PHPSESSID=deleted'))
    expect(removals.length).toBeGreaterThan(0)
  })

  it('lead to the one that lives, whatever cookies were put before or behind it', async () => {
    const { manager } = fixture()
    const good = await stored(manager, { n: 1 })
    const gone = await stored(manager, { n: 2 })
    await manager.destroy(gone.slice('PHPSESSID='.length))
    const others = [gone, `PHPSESSID=${'f'.repeat(32)}`, 'PHPSESSID=../../etc']

    for (const [first, second, third] of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ] as const) {
      for (let place = 0; place <= 3; place += 1) {
        const sent = [others[first], others[second], others[third]]
        sent.splice(place, 0, good)
        expect(await seen(manager, sent.join('; '))).toEqual({ n: 1 })
      }
    }
    expect(await manager.count()).toBe(1)
  })

  it('adopt the first without strict mode when none loads', async () => {
    const { manager } = fixture({ useStrictMode: false })

    const session = await manager.start({ cookieHeader: `${COOKIE}; PHPSESSID=${'b'.repeat(32)}` })

    expect(session.id).toBe(ID)
    await session.abort()
  })
})

describe.each([
  ['a synchronous chain', () => [memoryHandler()]],
  ['an asynchronous chain', () => [asyncHandler(), memoryHandler()]],
])('parallel requests over %s', (_, handlers) => {
  const work = () => new Promise<void>((resolve) => void setImmediate(resolve))

  async function increments(options: Parameters<typeof fixture>[0], count = 100) {
    const { manager } = fixture({ handlers: handlers(), ...options })
    const cookie = await stored(manager, { n: 0 })
    const visit = async () => {
      const session = await manager.start({ cookieHeader: cookie })
      const n = session.data['n'] as number
      await work()
      session.data['n'] = n + 1
      await session.commit()
    }
    await Promise.all(Array.from({ length: count }, visit))
    return await seen(manager, cookie)
  }

  it('lose nothing in mode exclusive', async () => {
    expect(await increments({ concurrency: 'exclusive' })).toEqual({ n: 100 })
  })

  it('lose nothing in mode merge when they use update', async () => {
    const { manager } = fixture({ handlers: handlers(), concurrency: 'merge' })
    const cookie = await stored(manager, { n: 0 })
    const visit = async () => {
      const session = await manager.start({ cookieHeader: cookie })
      await work()
      session.update('n', (n) => (n as number) + 1)
      await session.commit()
    }

    await Promise.all(Array.from({ length: 100 }, visit))

    expect(await seen(manager, cookie)).toEqual({ n: 100 })
  })

  it('keep variables that different requests set, in mode merge', async () => {
    const { manager } = fixture({ handlers: handlers(), concurrency: 'merge' })
    const cookie = await stored(manager, { n: 0 })
    const visit = async (_: unknown, index: number) => {
      const session = await manager.start({ cookieHeader: cookie })
      await work()
      session.data[`key${index}`] = index
      await session.commit()
    }

    await Promise.all(Array.from({ length: 50 }, visit))

    expect(Object.keys(await seen(manager, cookie))).toHaveLength(51)
  })

  it.each(['exclusive', 'merge', 'none'] as const)(
    'cannot bring a destroyed session back (%s)',
    async (concurrency) => {
      const { manager } = fixture({ handlers: handlers(), concurrency })
      const cookie = await stored(manager, { n: 0 })
      const id = cookie.slice('PHPSESSID='.length)
      const slow = await manager.start({ cookieHeader: cookie })
      slow.data['n'] = 1

      const destroyed = manager.destroy(id)
      if (concurrency !== 'exclusive') expect(await destroyed).toBe(true)
      const events = await eventsOf('sessionz:interrupted', () => slow.commit())
      await destroyed

      expect(events).toHaveLength(concurrency === 'exclusive' ? 0 : 1)
      expect(await seen(manager, cookie)).toEqual({})
      expect(await manager.count()).toBe(0)
    },
  )
})

describe('mode merge', () => {
  const merging = { concurrency: 'merge' } as const

  async function conflicting(options: Parameters<typeof fixture>[0]) {
    const { manager } = fixture({ ...merging, ...options })
    const cookie = await stored(manager, { n: 1, keep: 'x', gone: true })
    const mine = await manager.start({ cookieHeader: cookie })
    const theirs = await manager.start({ cookieHeader: cookie })
    theirs.data['n'] = 20
    delete theirs.data['gone']
    await theirs.commit()
    mine.data['n'] = 300
    return { manager, cookie, mine }
  }

  it.each([
    ['mine', 300],
    ['theirs', 20],
    [({ base, mine, theirs }: Record<string, number>) => base! + mine! + theirs!, 321],
  ])('settles a variable changed on both sides by policy %s', async (conflict, expected) => {
    const { manager, cookie, mine } = await conflicting({ conflict: conflict as never })

    const events = await eventsOf('sessionz:conflict', () => mine.commit())

    expect(events).toEqual([{ name: 'PHPSESSID', keys: ['n'] }])
    expect(await seen(manager, cookie)).toEqual({ n: expected, keep: 'x' })
  })

  it('writes nothing by policy error', async () => {
    const { manager, cookie, mine } = await conflicting({ conflict: 'error' })

    await expect(mine.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
    expect(await seen(manager, cookie)).toEqual({ n: 20, keep: 'x' })
  })

  it('removes a variable that this side removed', async () => {
    const { manager } = fixture(merging)
    const cookie = await stored(manager, { a: 1, b: 2 })
    const session = await manager.start({ cookieHeader: cookie })
    delete session.data['a']

    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ b: 2 })
  })

  it('counts an assignment after update as an assignment', async () => {
    const { manager } = fixture(merging)
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.update('n', (n) => (n as number) + 1)
    session.data['n'] = 50
    session.update('n', (n) => (n as number) + 1)

    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ n: 51 })
  })

  it('counts a change of what update made as an assignment', async () => {
    const { manager } = fixture(merging)
    const cookie = await stored(manager, { list: ['a'] })
    const session = await manager.start({ cookieHeader: cookie })
    const list = session.update('list', (value) => [...(value as string[]), 'b']) as string[]
    list.push('c')

    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ list: ['a', 'b', 'c'] })
  })

  it('counts update after an assignment as an assignment', async () => {
    const { manager } = fixture(merging)
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['n'] = 50
    session.update('n', (n) => (n as number) + 1)
    session.update('fresh', (n) => ((n as number) ?? 0) + 1)

    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ n: 51, fresh: 1 })
  })

  it('touches without a lock when nothing changed', async () => {
    const { manager, taken } = fixture(merging)
    const cookie = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader: cookie }, { concurrency: 'exclusive' })
    taken()

    const session = await manager.start({ cookieHeader: cookie })
    await session.commit()

    expect(taken()).toEqual(['open', 'read', 'close', 'open', 'updateTimestamp', 'close'])
    await holder.abort()
  })

  it('moves the newest data to a new id', async () => {
    const { manager } = fixture(merging)
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    const other = await manager.start({ cookieHeader: cookie })
    other.data['other'] = true
    await other.commit()

    await session.regenerate()
    session.data['user'] = 'u'
    const moved = cookieOf(await session.commit())

    expect(moved).not.toBe(cookie)
    expect(await seen(manager, moved)).toEqual({ n: 1, other: true, user: 'u' })
    expect(await seen(manager, cookie)).toEqual({})
  })
})

describe('readOnly', () => {
  it('waits for no lock and holds none', async () => {
    const { manager, taken } = fixture()
    const cookie = await stored(manager, { n: 1 })
    taken()

    const reader = await manager.start({ cookieHeader: cookie }, { readOnly: true })
    const writer = await manager.start({ cookieHeader: cookie })
    writer.data['n'] = 2
    await writer.commit()
    await reader.commit()

    expect(reader.readOnly).toBe(true)
    expect(taken()).toEqual(['open', 'read', 'close', 'open', 'read', 'write', 'close'])
  })

  it('is an error at commit when data was changed all the same', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const reader = await manager.start({ cookieHeader: cookie }, { readOnly: true })
    expect(() => reader.set('n', 2)).toThrow(expect.objectContaining({ code: 'ERR_SESSION_STATE' }))
    reader.data['n'] = 2

    await expect(reader.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
    expect(await seen(manager, cookie)).toEqual({ n: 1 })
    const guest = await manager.start({}, { readOnly: true })
    guest.data['n'] = 1
    await expect(guest.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
  })
})

describe('locks', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('time out before any data is handed out, and say what usually causes it', async () => {
    const { manager } = fixture({ lockWait: 10 })
    const cookie = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader: cookie })

    const waiting = expect(manager.start({ cookieHeader: cookie })).rejects.toMatchObject({
      code: 'ERR_SESSION_LOCK_TIMEOUT',
      waitedMs: 10_000,
      message: expect.stringContaining('session.suspend()') as string,
    })
    await vi.advanceTimersByTimeAsync(10_000)
    await waiting

    holder.data['n'] = 2
    await holder.commit()
    expect(await seen(manager, cookie)).toEqual({ n: 2 })
  })

  it('are freed after holdLimit; the session is read-only from then on', async () => {
    const { manager } = fixture({ holdLimit: 30, lockWait: 60 })
    const cookie = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader: cookie })
    const next = manager.start({ cookieHeader: cookie })

    const events = await eventsOf('sessionz:hold-limit', () => vi.advanceTimersByTimeAsync(30_000))

    const second = await next
    expect(events).toEqual([{ name: 'PHPSESSID', heldMs: 30_000 }])
    expect(holder.readOnly).toBe(true)
    expect(() => holder.set('n', 9)).toThrow(/holdLimit/)
    holder.data['n'] = 9
    await expect(holder.commit()).rejects.toThrow(/holdLimit/)
    second.data['n'] = 2
    await second.commit()
    expect(await seen(manager, cookie)).toEqual({ n: 2 })
  })

  it('are not held while they are lent, nor counted from before a reset', async () => {
    const { manager } = fixture({ holdLimit: 30, gc: { probability: 0, maxLifetime: 3600 } })
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })

    await session.suspend(() => vi.advanceTimersByTimeAsync(40_000))
    await vi.advanceTimersByTimeAsync(20_000)
    await session.reset()
    await vi.advanceTimersByTimeAsync(29_000)
    session.data['n'] = 2
    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ n: 2 })
    expect(vi.getTimerCount()).toBe(0)
  })

  it('end with a quiet commit when the hold limit freed an unchanged session', async () => {
    const { manager } = fixture({ holdLimit: 30 })
    const cookie = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader: cookie })
    await vi.advanceTimersByTimeAsync(30_000)

    await holder.commit()

    expect(holder.status).toBe('committed')
  })

  it('give up when the visitor goes', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const holder = await manager.start({ cookieHeader: cookie })
    const visitor = new AbortController()

    const waiting = manager.start({ cookieHeader: cookie, signal: visitor.signal })
    visitor.abort()

    await expect(waiting).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
    await holder.abort()
  })

  it('limit every call to storage', async () => {
    const stuck = defineHandler({ name: 'stuck', read: () => new Promise(() => {}) })
    const { manager } = fixture({ handlers: [stuck], storeTimeout: 1 })

    const waiting = expect(manager.start({ cookieHeader: COOKIE })).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      operation: 'read',
    })
    await vi.advanceTimersByTimeAsync(1000)
    await waiting
  })
})

describe('suspend', () => {
  it('stores, lends the lock away, and reads what the others left', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['n'] = 2
    const before = session.data

    const result = await session.suspend(async () => {
      const inner = await manager.start({ cookieHeader: cookie })
      inner.data['n'] = (inner.data['n'] as number) * 10
      await inner.commit()
      return 'done'
    })

    expect(result).toBe('done')
    expect(session.data['n']).toBe(20)
    expect(() => {
      'use strict'
      before['n'] = 5
    }).toThrow(TypeError)
    session.data['n'] = 21
    await session.commit()
    expect(await seen(manager, cookie)).toEqual({ n: 21 })
  })

  it('refuses changes of the old data meanwhile', async () => {
    const { manager } = fixture()
    const session = await manager.start({ cookieHeader: await stored(manager, { n: 1 }) })

    await session.suspend(() => {
      expect(() => (session.data['n'] = 2)).toThrow(TypeError)
    })

    await session.commit()
  })

  it('takes the lock back when the body fails', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })

    await expect(session.suspend(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    session.data['n'] = 2
    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ n: 2 })
  })

  it('finds out when the session was destroyed meanwhile', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })

    await session.suspend(() => manager.destroy(session.id))

    expect(session.status).toBe('destroyed')
    expect(() => session.set('n', 1)).toThrow(/destroyed/)
    expect(cookieOf(await session.commit())).toBe('')
  })

  it('lends nothing in mode merge but shows the newest data', async () => {
    const { manager } = fixture({ concurrency: 'merge' })
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['mine'] = true

    await session.suspend(async () => {
      const inner = await manager.start({ cookieHeader: cookie })
      expect(inner.data['mine']).toBe(true)
      inner.data['n'] = 2
      await inner.commit()
    })

    expect(session.data).toEqual({ n: 2, mine: true })
    await session.abort()
  })

  it('works for a session that was never stored', async () => {
    const { manager } = fixture()
    const session = await manager.start()

    expect(await session.suspend(() => 7)).toBe(7)
    expect(session.isNew).toBe(true)
  })
})

describe('regenerate', () => {
  it('keeps the data under a new id and destroys the old record', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    const before = session.id

    await session.regenerate()
    session.data['user'] = 'u'
    const moved = cookieOf(await session.commit())

    expect(session.id).not.toBe(before)
    expect(moved).toBe(`PHPSESSID=${session.id}`)
    expect(await seen(manager, moved)).toEqual({ n: 1, user: 'u' })
    expect(await seen(manager, cookie)).toEqual({})
    expect(await manager.count()).toBe(1)
  })

  it('writes the new record before the old one goes', async () => {
    const { manager, taken } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    taken()

    await session.regenerate()
    await session.commit()

    expect(taken()).toEqual(['open', 'write', 'close', 'destroy', 'close'])
  })

  it('is undone by abort and by reset', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const aborted = await manager.start({ cookieHeader: cookie })
    await aborted.regenerate()
    await aborted.abort()
    const session = await manager.start({ cookieHeader: cookie })
    await session.regenerate()
    await session.reset()
    await session.commit()

    expect(await seen(manager, cookie)).toEqual({ n: 1 })
    expect(await manager.count()).toBe(1)
  })

  it('forwards the old id for the grace period, then refuses it and says so', async () => {
    const { manager, advance } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    await session.regenerate({ grace: 10 })
    const moved = cookieOf(await session.commit())

    advance(10)
    const late = await manager.start({ cookieHeader: cookie })
    expect(late.data).toEqual({ n: 1 })
    expect(cookieOf(await late.commit())).toBe(moved)

    advance(1)
    const events = await eventsOf('sessionz:obsolete', async () => {
      expect(await seen(manager, cookie)).toEqual({})
    })
    expect(events).toEqual([{ name: 'PHPSESSID' }])
    expect(await seen(manager, moved)).toEqual({ n: 1 })
  })

  it('leaves no data in the forwarding record, and one that PHP can read', async () => {
    const handler = memoryHandler()
    const { manager, now } = fixture({ handlers: [handler] })
    const cookie = await stored(manager, { user: 'secret' })
    const session = await manager.start({ cookieHeader: cookie })
    const before = session.id
    await session.regenerate({ grace: 10 })
    await session.commit()

    const stub = phpSerializer.decode(bytes((await raw(handler, before, now())) ?? ''))

    expect(stub).toEqual({ __sessionz: { movedTo: session.id, until: now() / 1000 + 10 } })
  })

  it('gives a new session just another id', async () => {
    const { manager } = fixture()
    const session = await manager.start()
    const before = session.id

    await session.regenerate()
    session.data['n'] = 1
    await session.commit()

    expect(session.id).not.toBe(before)
    expect(await manager.count()).toBe(1)
  })

  it('does not revive a session that was destroyed meanwhile', async () => {
    const { manager } = fixture({ concurrency: 'none' })
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    await session.regenerate()
    await manager.destroy(cookie.slice('PHPSESSID='.length))

    const headers = await session.commit()

    expect(cookieOf(headers)).toBe('')
    expect(await manager.count()).toBe(0)
  })

  it.each([-1, 1.5, 4000, Number.NaN])('refuses a grace of %s', async (grace) => {
    const session = await fixture().manager.start()

    await expect(session.regenerate({ grace })).rejects.toThrow(RangeError)
  })
})

describe('destroy', () => {
  it.each(['exclusive', 'merge', 'none'] as const)(
    'removes the record and the cookie with the same attributes (%s)',
    async (concurrency) => {
      const { manager } = fixture({ concurrency, cookie: { path: '/app', sameSite: 'Strict' } })
      const cookie = await stored(manager, { n: 1 })
      const session = await manager.start({ cookieHeader: cookie })

      const headers = await session.destroy()

      expect(headers[0]?.[1]).toBe(
        'PHPSESSID=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/app; HttpOnly; SameSite=Strict',
      )
      expect(session.data).toEqual({})
      expect(await session.commit()).toEqual(headers)
      expect(await manager.count()).toBe(0)
    },
  )

  it('of a session that was never stored asks for nothing', async () => {
    const session = await fixture().manager.start()

    expect(await session.destroy()).toEqual([])
  })
})

describe('the end of a session', () => {
  it('makes later changes an error instead of losing them', async () => {
    const { manager } = fixture()
    const session = await manager.start()
    session.data['list'] = [1]
    const held = session.data
    await session.commit()

    const state = expect.objectContaining({ code: 'ERR_SESSION_STATE' }) as Error
    expect(() => session.set('n', 1)).toThrow(state)
    expect(() => (session.data['n'] = 1)).toThrow(state)
    expect(() => (session.data['list'] as number[]).push(2)).toThrow(state)
    expect(() => delete session.data['list']).toThrow(state)
    expect(() => session.clear()).toThrow(state)
    expect(() => (held['n'] = 1)).toThrow(TypeError)
    await expect(session.regenerate()).rejects.toThrow(state)
    await expect(session.destroy()).rejects.toThrow(state)
    await expect(session.reset()).rejects.toThrow(state)
    expect(session.data['list']).toEqual([1])
  })

  it('answers the same headers to a second commit, also while the first is under way', async () => {
    const { manager, taken } = fixture({ handlers: [asyncHandler(), memoryHandler()] })
    const session = await manager.start()
    session.data['n'] = 1

    const [first, second] = await Promise.all([session.commit(), session.commit()])

    expect(second).toEqual(first)
    expect(taken()).toEqual(['open', 'write', 'close'])
  })

  it('drops the changes with abort and lets the next one in', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['n'] = 2

    await session.abort()
    await session.abort()

    expect(session.status).toBe('aborted')
    expect(await session.commit()).not.toContainEqual(['Set-Cookie', expect.anything()])
    expect(await seen(manager, cookie)).toEqual({ n: 1 })
  })

  it('commits at the end of an await using block', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    {
      await using session = await manager.start({ cookieHeader: cookie })
      session.data['n'] = 2
    }

    expect(await seen(manager, cookie)).toEqual({ n: 2 })
  })

  it('fails when the write fails, keeps what was stored, and frees the lock', async () => {
    let broken = false
    const failing = defineHandler({
      name: 'failing',
      write(id, payload, context, next) {
        if (broken) throw new Error('disk on fire')
        return next(id, payload, context)
      },
    })
    const { manager } = fixture({ handlers: [failing, memoryHandler()] })
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['n'] = 2
    broken = true

    await expect(session.commit()).rejects.toThrow('disk on fire')

    expect(session.status).toBe('aborted')
    broken = false
    expect(await seen(manager, cookie)).toEqual({ n: 1 })
    await (await manager.start({ cookieHeader: cookie })).commit()
  })

  it('refuses a payload over maxBytes and keeps what was stored', async () => {
    const { manager } = fixture({ maxBytes: 100 })
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['big'] = 'x'.repeat(100)

    await expect(session.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_ENCODE' })
    expect(await seen(manager, cookie)).toEqual({ n: 1 })
  })

  it('names the path of a value that cannot be written', async () => {
    const session = await fixture().manager.start()
    session.data['user'] = { hooks: [() => 1] }

    await expect(session.commit()).rejects.toMatchObject({
      code: 'ERR_SESSION_ENCODE',
      path: ['user', 'hooks', 0],
    })
  })
})

describe('data', () => {
  it('is read anew by reset', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader: cookie })
    session.data['n'] = 2
    session.data['x'] = 1

    await session.reset()

    expect(session.data).toEqual({ n: 1 })
    await session.commit()
    const guest = await manager.start()
    guest.data['x'] = 1
    await guest.reset()
    expect(guest.data).toEqual({})
  })

  it('is read anew by reset of a read-only session', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { n: 1 })
    const reader = await manager.start({ cookieHeader: cookie }, { readOnly: true })
    const writer = await manager.start({ cookieHeader: cookie })
    writer.data['n'] = 2
    await writer.commit()

    await reader.reset()

    expect(reader.data).toEqual({ n: 2 })
  })

  it('is encoded as PHP encodes it, and decoded over what is there', async () => {
    const { manager } = fixture()
    const session = await manager.start()
    session.data['n'] = 1

    expect(text(session.encode())).toBe('n|i:1;')
    session.decode(bytes('m|s:1:"x";'))

    expect(session.data).toEqual({ n: 1, m: 'x' })
    expect(() => session.decode(bytes('m|s:9:"x";'))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DECODE' }),
    )
    session.clear()
    expect(session.data).toEqual({})
  })

  it.each(['php_serialize', 'json', 'v8'])('is replaced by what %s decodes', async (serializer) => {
    const { manager } = fixture({ serializer })
    const session = await manager.start()
    session.data['m'] = 'x'
    const encoded = session.encode()
    session.clear()
    session.data['n'] = 1

    session.decode(encoded)

    expect(session.data).toEqual({ m: 'x' })
    expect(() => session.decode(bytes('?'))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DECODE' }),
    )
    expect(session.data).toEqual({ m: 'x' })
    session.decode(bytes(''))
    expect(session.data).toEqual({})
  })

  it.each(['destroy', 'suspend'] as const)('is over when %s has failed', async (operation) => {
    const broken = defineHandler({
      name: 'broken',
      destroy: () => Promise.reject(new Error('no')),
      write: (id, payload, context, next) =>
        context.isNew ? next(id, payload, context) : Promise.reject(new Error('no')),
    })
    const { manager, taken } = fixture({ handlers: [broken, memoryHandler()] })
    const session = await manager.start({ cookieHeader: await stored(manager, { n: 1 }) })
    session.data['n'] = 2

    await expect(session[operation](() => undefined)).rejects.toThrow('no')
    taken()

    expect(session.status).toBe('aborted')
    await session.commit()
    expect(taken()).toEqual([]) // nothing without the lock
  })

  it.each([
    ['reset', 'exclusive', 'read'],
    ['reset', 'merge', 'open'],
    ['reset', 'merge', 'read'],
    ['suspend', 'exclusive', 'open'],
    ['suspend', 'exclusive', 'read'],
    ['suspend', 'merge', 'open'],
    ['suspend', 'merge', 'read'],
  ] as const)(
    'is over when %s cannot read it anew: %s, %s',
    async (operation, concurrency, fails) => {
      const faulty = faultyLayer()
      faulty.only = [fails]
      const { manager, taken } = fixture({
        handlers: [faulty.handler, memoryHandler()],
        concurrency,
      })
      const cookie = await stored(manager, { n: 1 })
      const session = await manager.start({ cookieHeader: cookie })
      const breakDown = () => void (faulty.fault = 'down')
      if (operation === 'reset') breakDown()

      await expect(session[operation](breakDown)).rejects.toMatchObject({
        code: 'ERR_SESSION_STORE',
      })
      taken()
      faulty.fault = 'none'

      expect(session.status).toBe('aborted')
      await session.commit()
      expect(taken()).toEqual([])
      const next = await manager.start({ cookieHeader: cookie })
      expect(next.data).toEqual({ n: 1 })
      await next.commit()
    },
  )

  it('that was not changed is written back byte for byte', async () => {
    const handler = memoryHandler()
    const { manager, now } = fixture({ handlers: [handler] })
    const kept = 'f|d:5;o|O:7:"Unknown":1:{s:4:"\0*\0p";i:1;}b|s:3:"\xff\x00\x80";'
    await plant(handler, ID, `${kept}n|i:1;`, now())

    const session = await manager.start({ cookieHeader: COOKIE })
    session.data['n'] = 2
    await session.commit()

    expect(await raw(handler, ID, now())).toBe(`${kept}n|i:2;`)
  })
})

describe('an unreadable record', () => {
  it('starts a new session with a new id, tells, and stays as it is', async () => {
    const handler = memoryHandler()
    const { manager, now } = fixture({ handlers: [handler] })
    await plant(handler, ID, 'n|i:', now())

    const events = await eventsOf('sessionz:unreadable', async () => {
      const session = await manager.start({ cookieHeader: COOKIE })
      session.data['n'] = 1
      expect(cookieOf(await session.commit())).not.toBe(COOKIE)
    })

    expect(events).toEqual([{ name: 'PHPSESSID', code: 'ERR_SESSION_DECODE' }])
    expect(await raw(handler, ID, now())).toBe('n|i:')
  })

  it('is an error by option, and frees the lock', async () => {
    const handler = memoryHandler()
    const { manager, now } = fixture({ handlers: [handler], onUnreadable: 'error' })
    await plant(handler, ID, 'n|i:', now())

    for (let round = 0; round < 2; round += 1) {
      await expect(manager.start({ cookieHeader: COOKIE })).rejects.toMatchObject({
        code: 'ERR_SESSION_DECODE',
      })
    }
  })
})

describe('secrets', () => {
  it('are not printed with a session', async () => {
    const { manager } = fixture()
    const session = await manager.start()
    session.data['password'] = 'hunter2'

    const printed = inspect(session, { depth: 9, showHidden: true }) + JSON.stringify(session)

    expect(printed).not.toContain(session.id)
    expect(printed).not.toContain('hunter2')
  })
})
