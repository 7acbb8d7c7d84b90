import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { DecodeError, EncodeError, InvalidIdError, StoreError } from '../../../src/errors.js'
import type { SessionContext } from '../../../src/handler.js'
import { createSessionManager } from '../../../src/manager.js'
import {
  expressStoreHandler,
  type ExpressSession,
  type ExpressStore,
  type ExpressStoreOptions,
} from '../../../src/handlers/express-store.js'

const ID = 'a'.repeat(32)
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')

type Json = Record<string, unknown> & { cookie: Record<string, unknown> }

/** A store that keeps JSON and nothing else; it notes what it is asked. */
function jsonStore() {
  const records = new Map<string, string>()
  const asked: string[] = []
  const store: ExpressStore = {
    get(id, callback) {
      asked.push('get')
      const json = records.get(id)
      setImmediate(callback, null, json === undefined ? null : (JSON.parse(json) as ExpressSession))
    },
    set(id, session, callback) {
      asked.push('set')
      records.set(id, JSON.stringify(session))
      setImmediate(() => callback?.())
    },
    destroy(id, callback) {
      asked.push('destroy')
      records.delete(id)
      setImmediate(() => callback?.(null))
    },
  }
  return {
    store,
    asked,
    records,
    record: (id = ID) => JSON.parse(records.get(id) ?? 'null') as Json,
    put: (session: object, id = ID) => void records.set(id, JSON.stringify(session)),
  }
}

function setUp(store: ExpressStore, options: ExpressStoreOptions = {}) {
  const clock = { ms: 1_700_000_000_000 }
  const chain = composeChain([expressStoreHandler(store, options)])
  const context = (fields: Partial<SessionContext> = {}) =>
    createContext({ now: () => clock.ms, lock: 'none', ...fields })
  return {
    clock,
    chain,
    context,
    insert: (words = 'data', id = ID) =>
      chain.write(id, bytes(words), context({ isNew: true })) as Promise<boolean>,
    update: async (words: string) => chain.write(ID, bytes(words), context()),
    touch: async () => chain.updateTimestamp(ID, bytes(''), context()),
    read: async (fields?: Partial<SessionContext>) => text(await chain.read(ID, context(fields))),
    destroy: async () => chain.destroy(ID, context()),
    gc: async () => chain.gc(1440, context()),
  }
}

const failing = (fail: (callback: (error: unknown) => void) => unknown): ExpressStore => ({
  get: (_, callback) => fail(callback) as undefined,
  set: (_, __, callback) => fail(callback as never) as undefined,
  destroy: (_, callback) => fail(callback as never) as undefined,
})

describe('a record', () => {
  it('is what express-session keeps: a cookie with its lifetime, and the payload in base64', async () => {
    const { store, record } = jsonStore()
    const { insert, clock } = setUp(store)
    await insert('n|i:1;\0\xff')

    expect(record()).toEqual({
      cookie: {
        path: '/',
        httpOnly: true,
        originalMaxAge: 1_441_000,
        expires: new Date(clock.ms + 1_441_000).toISOString(),
      },
      sessionz: Buffer.from('n|i:1;\0\xff', 'latin1').toString('base64'),
    })
  })

  it('tells its maxAge to stores that ask, and does not keep it', async () => {
    const { store, record } = jsonStore()
    let told: unknown
    const { insert } = setUp({
      ...store,
      set(id, session, callback) {
        told = (session.cookie as { maxAge?: unknown }).maxAge
        store.set(id, session, callback)
      },
    })
    await insert()

    expect(told).toBe(1_441_000)
    expect(record().cookie).not.toHaveProperty('maxAge')
  })

  it('keeps the attributes of its cookie, and what an application put beside the payload', async () => {
    const { store, put, record } = jsonStore()
    const { insert, update, touch } = setUp(store)
    await insert()
    put({ ...record(), cart: 2, cookie: { ...record().cookie, path: '/shop', sameSite: 'lax' } })

    for (const change of [() => update('new'), touch]) {
      expect(await change()).toBe(true)
      expect(record()).toMatchObject({ cart: 2, cookie: { path: '/shop', sameSite: 'lax' } })
    }
  })

  it.each([
    ['nothing of ours', { cookie: { originalMaxAge: null } }],
    ['no text', { cookie: { originalMaxAge: null }, sessionz: 5 }],
    ['no base64', { cookie: { originalMaxAge: null }, sessionz: '%%%' }],
  ])('that has %s is broken, not absent, and stays', async (_, session) => {
    const { store, put, records } = jsonStore()
    put(session)
    const { read, chain, context } = setUp(store)

    await expect(read()).rejects.toThrow(DecodeError)
    expect(await chain.validateId?.(ID, context())).toBe(true)
    expect(records.size).toBe(1)
  })
})

describe('variables', () => {
  it.each(['text', [1], 5, true])('are not read out of %j', async (session) => {
    const { store, put } = jsonStore()
    put(session as unknown as object)

    await expect(setUp(store, { format: 'variables' }).read()).rejects.toThrow(DecodeError)
    await expect(setUp(store).read()).rejects.toThrow(DecodeError)
  })

  it.each([null, false, '', 0])('are absent where the store answers %j', async (session) => {
    const { store, put } = jsonStore()
    put(session as unknown as object)

    expect(await setUp(store, { format: 'variables' }).read()).toBeUndefined()
  })

  it('stand under their names, as an express application writes them', async () => {
    const { store, record } = jsonStore()
    const { insert, read } = setUp(store, { format: 'variables' })
    await insert('{"cart":{"coffee":2},"__proto__":{"admin":true}}')

    expect(Object.keys(record())).toEqual(['cookie', 'cart', '__proto__'])
    expect(await read()).toBe('{"cart":{"coffee":2},"__proto__":{"admin":true}}')
  })

  it('that were taken out are gone, and none at all is no bytes', async () => {
    const { store, record } = jsonStore()
    const { insert, update, read } = setUp(store, { format: 'variables' })
    await insert('{"a":1,"b":2}')
    await update('{"b":3}')
    expect(record()).toMatchObject({ b: 3 })
    expect(record()).not.toHaveProperty('a')
    await update('')

    expect(Object.keys(record())).toEqual(['cookie'])
    expect(await read()).toBe('')
  })

  it.each([
    [
      '{"cookie":1}',
      EncodeError,
      'express-store: the name is that of the cookie in the record at cookie',
    ],
    ['n|i:1;', StoreError, 'serializer to "json"'],
    ['[1]', StoreError, 'serializer to "json"'],
    ['"a\xff"', StoreError, 'serializer to "json"'],
  ])('cannot be %s', async (payload, kind, message) => {
    const { store, records } = jsonStore()
    const { insert } = setUp(store, { format: 'variables' })
    const refused = insert(payload)

    await expect(refused).rejects.toThrow(kind)
    await expect(refused).rejects.toThrow(message)
    expect(records.size).toBe(0)
  })
})

describe('expiry', () => {
  it('is told by the cookie, with the clock of the context', async () => {
    const { store } = jsonStore()
    const { insert, read, clock } = setUp(store)
    await insert()
    clock.ms += 1_440_999
    expect(await read()).toBe('data')
    clock.ms += 1

    expect(await read()).toBeUndefined()
  })

  it('of a record whose cookie says nothing is left to the store', async () => {
    const { store, put } = jsonStore()
    const { read, clock } = setUp(store)
    put({ cookie: { originalMaxAge: null, expires: null }, sessionz: '' })
    clock.ms += 1e10

    expect(await read()).toBe('')
  })

  it('is put off by writing what is there, where the cookie tells it', async () => {
    const { store, asked } = jsonStore()
    const touching = { ...store, touch: () => expect.unreachable() }
    const { insert, touch, read, clock } = setUp(touching)
    await insert()
    clock.ms += 1_000_000
    asked.length = 0

    expect(await touch()).toBe(true)
    expect(asked).toEqual(['get', 'set'])
    clock.ms += 1_000_000
    expect(await read()).toBe('data')
  })

  it('is the business of the store alone, where the option says so', async () => {
    const { store, record } = jsonStore()
    const touched: unknown[] = []
    const touching: ExpressStore = {
      ...store,
      touch: (...[id, session, callback]) => {
        touched.push([id, session])
        callback?.()
      },
      all: () => expect.unreachable(),
    }
    const { insert, touch, read, gc, clock } = setUp(touching, { expiry: 'store' })
    await insert()
    clock.ms += 2_000_000
    const before = record()

    expect(await touch()).toBe(true)
    expect(touched).toEqual([
      [ID, { ...before, cookie: { ...before.cookie, expires: new Date(clock.ms + 1_441_000) } }],
    ])
    expect(await read()).toBe('data')
    expect(await gc()).toBe(0)
  })

  it('is put off by a write, where the store alone knows it and has no touch', async () => {
    const { store, asked } = jsonStore()
    const { insert, touch } = setUp(store, { expiry: 'store' })
    await insert()
    asked.length = 0

    expect(await touch()).toBe(true)
    expect(asked).toEqual(['get', 'set'])
  })
})

describe('the store', () => {
  it('is asked once for an activation that finds its session, and once for one that does not', async () => {
    const { store, asked } = jsonStore()
    const { insert, chain, context } = setUp(store)
    for (const lock of ['exclusive', 'read', 'none'] as const) {
      for (const known of [true, false]) {
        if (known) await insert()
        const activation = context({ id: ID, lock })
        asked.length = 0
        await chain.open(activation)
        expect(await chain.validateId?.(ID, activation)).toBe(known)
        expect(text(await chain.read(ID, activation))).toBe(known ? 'data' : undefined)
        await chain.close(activation)

        expect(asked).toEqual(['get'])
        await chain.destroy(ID, context())
      }
    }
  })

  it('is asked again once something was written', async () => {
    const { store } = jsonStore()
    const { insert, chain, context } = setUp(store)
    await insert()
    const activation = context({ id: ID, lock: 'exclusive' })
    await chain.open(activation)
    await chain.write(ID, bytes('new'), activation)

    expect(text(await chain.read(ID, activation))).toBe('new')
    await chain.close(activation)
  })

  it('is never given what is no id', async () => {
    const store = failing(() => expect.unreachable())
    const { chain, context } = setUp(store)
    for (const id of ['', '../up', 'a_b', 'x'.repeat(257)]) {
      await chain.open(context({ id, lock: 'exclusive' }))
      expect(await chain.read(id, context())).toBeUndefined()
      expect(await chain.validateId?.(id, context())).toBe(false)
      expect(await chain.destroy(id, context())).toBe(false)
      expect(await chain.updateTimestamp(id, bytes(''), context())).toBe(false)
      await expect(async () => chain.write(id, bytes(''), context())).rejects.toThrow(
        InvalidIdError,
      )
    }
  })

  it('that calls back with ENOENT has found nothing', async () => {
    const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
    const { read, destroy } = setUp(failing((callback) => callback(missing)))

    expect(await read()).toBeUndefined()
    expect(await destroy()).toBe(false)
  })

  it.each<[string, ExpressStore]>([
    ['calls back', failing((callback) => callback(Object.assign(new Error(ID), { code: 'EIO' })))],
    [
      'throws',
      failing(() => {
        throw Object.assign(new Error(ID), { code: 'EIO' })
      }),
    ],
    ['rejects', failing(() => Promise.reject(Object.assign(new Error(ID), { code: 'EIO' })))],
  ])('that fails, is a StoreError without its words: %s', async (_, store) => {
    const { read, insert, touch, destroy, gc } = setUp(store)
    for (const operation of [read, insert, touch, destroy]) {
      const error = await (operation() as Promise<unknown>).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(StoreError)
      expect((error as Error).message).toMatch(
        /^express-store: \w+ failed: the store failed \(EIO\)$/,
      )
      expect(inspect(error, { depth: 5 })).not.toContain(ID)
    }
    expect(await gc()).toBe(0)
  })

  it('that tells no code in capitals is quoted with none', async () => {
    const { read } = setUp(failing((callback) => callback({ code: `key ${ID}` })))

    await expect(read()).rejects.toThrow(/^express-store: get failed: the store failed$/)
  })

  it('that cannot read a record can still destroy it', async () => {
    const { store, put, records } = jsonStore()
    put({})
    const { destroy } = setUp({ ...store, get: (_, callback) => callback(new Error('corrupt')) })

    expect(await destroy()).toBe(true)
    expect(records.size).toBe(0)
  })

  it('that never calls back has failed when its time is over', async () => {
    const { read, insert } = setUp(
      failing(() => undefined),
      { timeout: 0.01 },
    )

    await expect(read()).rejects.toThrow('express-store: get failed: no answer in 10 ms')
    await expect(insert()).rejects.toThrow('express-store: get failed: no answer in 10 ms')
  })

  it('is not waited for by the next in line once its time is over', async () => {
    const { store } = jsonStore()
    let gets = 0
    const { insert, read } = setUp(
      { ...store, get: (id, callback) => (gets++ === 0 ? undefined : store.get(id, callback)) },
      { timeout: 0.01 },
    )
    const first = expect(insert('first')).rejects.toThrow(StoreError)
    const second = insert('second')
    await first

    await expect(second).resolves.toBe(true)
    expect(await read()).toBe('second')
  })

  it('that answers late, after the time is over, changes no outcome', async () => {
    const { store, asked } = jsonStore()
    const late: (() => void)[] = []
    const { read } = setUp(
      { ...store, get: (id, callback) => void late.push(() => store.get(id, callback)) },
      { timeout: 0.01 },
    )
    await expect(read()).rejects.toThrow(StoreError)
    for (const answer of late) answer()
    await new Promise((resolve) => setImmediate(resolve))

    expect(asked).toEqual(['get'])
  })
})

describe('a visitor who has gone', () => {
  it('is waited for a second: a store that answers still gets the record', async () => {
    const { store } = jsonStore()
    const { insert, chain, context, read } = setUp(store)
    await insert()
    const gone = context({ signal: AbortSignal.abort() })

    expect(await chain.write(ID, bytes('new'), gone)).toBe(true)
    expect(await read()).toBe('new')
  })

  it('keeps no request waiting for a store that does not answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const visitor = new AbortController()
    const { chain, context } = setUp(failing(() => undefined))
    const reading = chain.read(ID, context({ signal: visitor.signal })) as Promise<unknown>
    const refused = expect(reading).rejects.toThrow('express-store: read failed: nobody waits')
    visitor.abort()
    await vi.advanceTimersByTimeAsync(1000)

    await refused
    await vi.advanceTimersByTimeAsync(10_000)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a thousand times at once', () => {
  /** Answers sooner or later, in an order that repeats. */
  function unevenStore() {
    const { store, ...rest } = jsonStore()
    let turn = 0
    const uneven = <A extends unknown[]>(callback: ((...answer: A) => void) | undefined) => {
      const late = (turn = (turn * 31 + 7) % 101) % 3
      return (...answer: A) => {
        if (late === 0) callback?.(...answer)
        else if (late === 1) queueMicrotask(() => callback?.(...answer))
        else setImmediate(() => callback?.(...answer))
      }
    }
    const made: ExpressStore = {
      get: (id, callback) => store.get(id, uneven(callback)),
      set: (id, session, callback) => store.set(id, session, uneven(callback)),
      destroy: (id, callback) => store.destroy(id, uneven(callback)),
    }
    return { store: made, ...rest }
  }

  it('a destroyed session stays destroyed, whatever is written and touched meanwhile', async () => {
    const { store, records } = unevenStore()
    const { chain, context, insert } = setUp(store)
    const ids = Array.from({ length: 1000 }, (_, index) => `${index}`.padStart(32, 'x'))
    await Promise.all(ids.map((id) => insert('data', id)))
    const changes = ids.map((id, index) => {
      const all = [
        async () => chain.write(id, bytes('back'), context()),
        async () => chain.destroy(id, context()),
        async () => chain.updateTimestamp(id, bytes('data'), context()),
      ]
      const first = all.splice(index % 3, 1)
      return Promise.all([...first, ...all].map((change) => change()))
    })
    await Promise.all(changes)

    expect(records.size).toBe(0)
  })

  it('a forged id creates nothing, and is asked for once', async () => {
    const { store, records, asked } = jsonStore()
    const manager = createSessionManager({ handlers: [expressStoreHandler(store)] })
    for (let index = 0; index < 1000; index += 1) {
      const id = `${index}`.padStart(32, 'f')
      const session = await manager.start({ id })
      expect(session.id).not.toBe(id)
      await session.commit()
    }

    expect(records.size).toBe(0)
    expect(asked).toEqual(Array.from({ length: 1000 }, () => 'get'))
  })
})

describe('list, count and gc', () => {
  const many = (answer: unknown, more: Partial<ExpressStore> = {}): ExpressStore => ({
    ...jsonStore().store,
    all: (callback) => callback(null, answer as never),
    ...more,
  })
  const session = { cookie: { originalMaxAge: null }, sessionz: '' }

  async function ids(store: ExpressStore): Promise<string[]> {
    const { chain, context } = setUp(store)
    const found: string[] = []
    for await (const { id } of chain.list?.(context()) ?? []) found.push(id)
    return found
  }

  it('take an object by id, a list with ids, and nothing', async () => {
    expect(await ids(many({ [ID]: session }))).toEqual([ID])
    expect(await ids(many([{ ...session, id: ID }]))).toEqual([ID])
    expect(await ids(many(null))).toEqual([])
  })

  it('say so when the store tells no ids', async () => {
    await expect(ids(many([session]))).rejects.toThrow('the store does not tell the ids')
    const { gc, chain, context } = setUp(many([session]))

    expect(await gc()).toBe(0)
    expect(await chain.count?.(context())).toBe(1)
  })

  it('are there as far as the store has what they need', async () => {
    const { store } = jsonStore()
    const chainOf = (made: ExpressStore) => setUp(made)
    const counting = chainOf({ ...store, length: (callback) => callback(null, 7) })

    expect(chainOf(store).chain.list).toBeUndefined()
    expect(chainOf(store).chain.count).toBeUndefined()
    expect(counting.chain.list).toBeUndefined()
    expect(await counting.chain.count?.(counting.context())).toBe(7)
  })

  it('gc leaves what is used again before its turn comes', async () => {
    const { store, records } = jsonStore()
    const all: ExpressStore['all'] = (callback) => {
      const found = [...records].map(([id, json]) => [id, JSON.parse(json) as ExpressSession])
      void touch().then(() => callback(null, Object.fromEntries(found)))
    }
    const { insert, touch, gc, clock } = setUp({ ...store, all })
    await insert()
    clock.ms += 1_441_000

    expect(await gc()).toBe(0)
    expect(records.size).toBe(1)
  })
})

describe('the handler', () => {
  it.each([
    [{}, {}, TypeError, '"store.get" must be a function'],
    [undefined, {}, TypeError, '"store.get" must be a function'],
    [
      jsonStore().store,
      { format: 'json' },
      RangeError,
      '"format" must be one of "bytes", "variables"',
    ],
    [jsonStore().store, { expiry: 'ttl' }, RangeError, '"expiry" must be one of "cookie", "store"'],
    [jsonStore().store, { timeout: 0 }, RangeError, '"timeout"'],
    [jsonStore().store, { maxWaiters: -1 }, RangeError, '"maxWaiters"'],
    [jsonStore().store, { ttl: 1 }, TypeError, 'unknown option "ttl"'],
  ])('refuses %o with %j', (store, options, kind, message) => {
    const make = () => expressStoreHandler(store as ExpressStore, options as ExpressStoreOptions)

    expect(make).toThrow(kind)
    expect(make).toThrow(message)
  })

  it('gives the lock back when the store fails while it looks', async () => {
    const { store } = jsonStore()
    let broken = false
    const { insert, chain, context } = setUp({
      ...store,
      get: (id, callback) => (broken ? callback(new Error('down')) : store.get(id, callback)),
    })
    await insert()
    broken = true
    const failed = context({ id: ID, lock: 'exclusive' })
    await expect(async () => chain.open(failed)).rejects.toThrow(StoreError)
    broken = false
    const next = context({ id: ID, lock: 'exclusive', lockWaitMs: 0 })

    await expect(chain.open(next)).resolves.toBeUndefined()
  })
})
