import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { StoreError } from '../../../src/errors.js'
import {
  defineHandler,
  type Chain,
  type LockMode,
  type MaybePromise,
} from '../../../src/handler.js'
import {
  cacheHandler,
  lruCache,
  type CacheOptions,
  type CacheStore,
  type InvalidationChannel,
} from '../../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../../src/handlers/encryption.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import { eventsOf, recordingHandler } from '../../helpers/sessions.js'
import { dice, turns, unsteadyLayer } from '../../helpers/turns.js'

const A = 'a'.repeat(32)
const B = 'b'.repeat(32)
const NOW = 1_700_000_000_000
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const words = (payload: Uint8Array | undefined) => payload && Buffer.from(payload).toString()

/** A cache that counts, and fails or answers late where it is told to. */
function caches(store: CacheStore = lruCache()) {
  const calls: string[] = []
  const failing = new Set<string>()
  const asked = async <T>(operation: string, work: () => MaybePromise<T>): Promise<T> => {
    calls.push(operation)
    if (failing.has(operation) || failing.has('all')) throw new Error('SECRET of the client')
    return work()
  }
  const counted: CacheStore = {
    name: 'counted',
    shared: true,
    get: (id) => asked('get', () => store.get(id)),
    set: (id, entry, ttlMs) => asked('set', () => store.set(id, entry, ttlMs)),
    replace: (id, mark, entry, ttlMs) =>
      asked('replace', () => store.replace(id, mark, entry, ttlMs)),
  }
  return { store: counted, failing, taken: () => calls.splice(0), raw: store }
}

/** A cache above a store, both with a record of what they were asked. */
function setUp(options: Partial<CacheOptions> = {}) {
  const cache = caches()
  const below: string[] = []
  const base = memoryHandler()
  let nowMs = NOW
  const now = () => nowMs
  const chain = composeChain([
    cacheHandler({ store: cache.store, ...options }),
    recordingHandler(below),
    base,
  ])
  const context = (fields = {}) => createContext({ id: A, lock: 'none', now, ...fields })
  return {
    ...cache,
    chain,
    store: composeChain([base]),
    asked: () => below.splice(0),
    context,
    advance: (seconds: number) => void (nowMs += seconds * 1000),
    insert: async (text: string) => chain.write(A, bytes(text), context({ isNew: true })),
    read: async (fields = {}) => words(await chain.read(A, context(fields))),
    forgetTaken: () => void [cache.taken(), below.splice(0)],
  }
}

describe('a read', () => {
  it('is answered from the copy that a write has put', async () => {
    const { insert, read, asked } = setUp()
    await insert('data')
    asked()

    expect(await read()).toBe('data')
    expect(asked()).toEqual([])
  })

  it('keeps nothing: what was not written or touched here is read below', async () => {
    const { store, read, asked, taken } = setUp()
    await store.write(A, bytes('theirs'), createContext({ isNew: true, now: () => NOW }))
    await read()
    await read()

    expect(asked()).toEqual(['read', 'read'])
    expect(taken()).toEqual(['get', 'get'])
  })

  it('asks the cache once for the look-up and the read of one start', async () => {
    const { insert, chain, context, taken, asked } = setUp()
    await insert('data')
    taken()
    asked()
    const activation = context({ lock: 'exclusive' })
    await chain.open(activation)
    expect(await chain.validateId?.(A, activation)).toBe(true)
    expect(words(await chain.read(A, activation))).toBe('data')
    await chain.close(activation)

    expect(taken()).toEqual(['get'])
    expect(asked()).toEqual(['open', 'close'])
  })

  it('is answered no longer than the record lives, by the reader’s lifetime and the writer’s', async () => {
    const { insert, read, advance, asked } = setUp()
    await insert('data')
    advance(1000)
    expect(await read({ maxLifetime: 990 })).toBeUndefined()
    expect(await read()).toBe('data')
    advance(441)
    asked()
    await read({ maxLifetime: 5000 })

    expect(asked()).toEqual(['read'])
  })

  it('of what is no entry goes below', async () => {
    const { insert, read, raw } = setUp()
    await insert('data')
    for (const entry of [bytes(''), bytes('x'), Uint8Array.of(1, ...new Uint8Array(20))]) {
      await raw.set(A, entry, 1000)
      expect(await read()).toBe('data')
    }
  })

  it('of what is no id goes below, and so does every other operation on it', async () => {
    const { chain, context, taken, asked } = setUp()
    const strange = 'no id at all'
    const fresh = context({ isNew: true, id: undefined })
    await chain.write(strange, bytes('data'), fresh)
    await chain.validateId?.(strange, context())
    await chain.read(strange, context())
    await chain.updateTimestamp(strange, bytes('data'), context())
    await chain.destroy(strange, context())

    expect(taken()).toEqual([])
    expect(asked()).toEqual(['write', 'read', 'updateTimestamp', 'destroy'])
  })

  it('gives bytes that belong to who asked', async () => {
    const { insert, chain, context, read } = setUp()
    await insert('data')
    ;(await chain.read(A, context()))?.fill(0)

    expect(await read()).toBe('data')
  })
})

describe('an activation', () => {
  it('that reads and writes asks the cache three times, and the store for the write', async () => {
    const { insert, chain, context, forgetTaken, taken, asked } = setUp()
    await insert('data')
    forgetTaken()
    const activation = context({ lock: 'exclusive' })
    await chain.open(activation)
    await chain.read(A, activation)
    await chain.write(A, bytes('new'), activation)
    await chain.close(activation)

    expect(taken()).toEqual(['get', 'replace', 'replace'])
    expect(asked()).toEqual(['open', 'write', 'close'])
  })

  it('that reads and touches asks it twice, and lengthens the copy’s life', async () => {
    const { insert, chain, context, forgetTaken, taken, asked, advance, read } = setUp()
    await insert('data')
    for (let round = 0; round < 3; round += 1) {
      advance(1000)
      forgetTaken()
      const activation = context({ lock: 'exclusive' })
      await chain.open(activation)
      const payload = (await chain.read(A, activation)) as Uint8Array
      expect(await chain.updateTimestamp(A, payload, activation)).toBe(true)
      await chain.close(activation)
      expect(taken()).toEqual(['get', 'replace'])
      expect(asked()).toEqual(['open', 'updateTimestamp', 'close'])
    }
    advance(1000)

    expect(await read()).toBe('data')
    expect(asked()).toEqual([])
  })

  it('brings what others made into the cache by a touch under the lock, and only so', async () => {
    for (const [lock, calls] of [
      ['exclusive', []],
      ['none', ['read']],
    ] as const) {
      const { store, chain, context, read, asked } = setUp()
      await store.write(A, bytes('theirs'), createContext({ isNew: true, now: () => NOW }))
      const activation = context({ lock })
      await chain.open(activation)
      const payload = (await chain.read(A, activation)) as Uint8Array
      await chain.updateTimestamp(A, payload, activation)
      await chain.close(activation)
      asked()

      expect(await read()).toBe('theirs')
      expect(asked()).toEqual(calls)
    }
  })

  it('that touches with other bytes than it read puts no copy', async () => {
    const { insert, chain, context, read } = setUp()
    await insert('new')
    expect(await chain.updateTimestamp(A, bytes('old'), context())).toBe(true)
    expect(await read()).toBe('new')
    const activation = context({ lock: 'exclusive' })
    await chain.open(activation)
    await chain.read(A, activation)
    await chain.updateTimestamp(A, bytes('old'), activation)
    await chain.close(activation)

    expect(await read()).toBe('new')
  })

  it('whose record was destroyed below leaves no copy behind', async () => {
    for (const deed of ['touch', 'write'] as const) {
      const { insert, store, chain, context, read } = setUp()
      await insert('data')
      const activation = context({ lock: 'exclusive' })
      await chain.open(activation)
      const payload = (await chain.read(A, activation)) as Uint8Array
      await store.destroy(A, createContext())

      const done =
        deed === 'touch'
          ? chain.updateTimestamp(A, payload, activation)
          : chain.write(A, bytes('back'), activation)
      expect(await done).toBe(false)
      expect(await read()).toBeUndefined()
      await chain.close(activation)
    }
  })

  it('that is opened again looks again', async () => {
    const { insert, chain, context } = setUp()
    await insert('one')
    const activation = context({ lock: 'exclusive' })
    await chain.open(activation)
    await chain.validateId?.(A, activation)
    await chain.close(activation)
    await chain.write(A, bytes('two'), context())
    await chain.open(activation)

    expect(words(await chain.read(A, activation))).toBe('two')
    await chain.close(activation)
  })

  it('stays synchronous above a store and with a cache that are', () => {
    const chain = composeChain([cacheHandler({ store: lruCache() }), memoryHandler()])
    const context = createContext({ id: A })
    expect(chain.write(A, bytes('data'), createContext({ id: A, isNew: true }))).toBe(true)
    expect(chain.open(context)).toBeUndefined()
    expect(words(chain.read(A, context) as Uint8Array)).toBe('data')
    expect(chain.updateTimestamp(A, bytes('data'), context)).toBe(true)
    expect(chain.write(A, bytes('new'), context)).toBe(true)
    expect(chain.destroy(A, context)).toBe(true)
    expect(chain.close(context)).toBeUndefined()
  })
})

describe('a cache that fails', () => {
  it('fails no read and no touch', async () => {
    const { insert, read, chain, context, failing } = setUp()
    await insert('data')
    failing.add('all')

    expect(await read()).toBe('data')
    expect(await chain.validateId?.(A, context())).toBe(true)
    expect(await chain.updateTimestamp(A, bytes('data'), context())).toBe(true)
  })

  it('fails a write and a destroy before anything is changed', async () => {
    const { insert, chain, context, failing, asked, store } = setUp()
    await insert('data')
    failing.add('all')
    asked()

    for (const change of [
      () => chain.write(A, bytes('new'), context()),
      () => chain.destroy(A, context()),
    ]) {
      const error: unknown = await Promise.resolve(change()).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(StoreError)
      expect(error).toMatchObject({ code: 'ERR_SESSION_STORE', handler: 'counted' })
      expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('SECRET')
    }
    expect(asked()).toEqual([])
    expect(words(await store.read(A, createContext({ now: () => NOW })))).toBe('data')
  })

  it('is passed by where that is asked for', async () => {
    const { insert, chain, context, failing, store } = setUp({ onError: 'bypass' })
    await insert('data')
    failing.add('all')

    expect(await chain.write(A, bytes('new'), context())).toBe(true)
    expect(words(await store.read(A, createContext({ now: () => NOW })))).toBe('new')
    expect(await chain.destroy(A, context())).toBe(true)
  })

  it('after the record was changed fails nothing: no copy is left', async () => {
    const { insert, chain, context, failing, read } = setUp()
    await insert('data')
    const activation = context({ lock: 'exclusive' })
    await chain.open(activation)
    await chain.read(A, activation)
    failing.add('set')
    const events = await eventsOf('sessionz:error', async () => {
      const written = chain.write(A, bytes('new'), activation)
      failing.add('replace') // the grave is dug; what follows fails
      expect(await written).toBe(true)
    })
    await chain.close(activation)
    failing.clear()

    expect(await read()).toBe('new')
    expect(events).toEqual([
      { operation: 'cache', error: expect.objectContaining({ code: 'ERR_SESSION_STORE' }) },
    ])
  })

  it('is not asked by the next reads for a while, one second by default', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { insert, read, failing, taken } = setUp()
    await insert('data')
    failing.add('all')
    taken()
    await read()
    for (let n = 0; n < 10; n += 1) await read()
    expect(taken()).toEqual(['get'])

    failing.clear()
    vi.advanceTimersByTime(1001)
    expect(await read()).toBe('data')
    expect(taken()).toEqual(['get'])
  })

  it('takes an entry that is too large for none', async () => {
    const base = memoryHandler()
    const store = lruCache({ maxBytes: 500 })
    const below: string[] = []
    const chain = composeChain([cacheHandler({ store }), recordingHandler(below), base])
    const context = (isNew = false) => createContext({ id: A, lock: 'none', isNew })
    await chain.write(A, bytes('small'), context(true))
    const large = 'x'.repeat(2000)
    expect(await chain.write(A, bytes(large), context())).toBe(true)
    below.splice(0)

    expect(words(await chain.read(A, context()))).toBe(large)
    expect(below).toEqual(['read'])
  })
})

describe('several processes with a cache of their own each', () => {
  /** Messages come when they are let through. */
  function network() {
    const listeners = new Set<(id: string) => void>()
    const late: (() => void)[] = []
    const join = (): InvalidationChannel => {
      let mine: ((id: string) => void) | undefined
      return {
        publish(id) {
          late.push(() => {
            for (const listener of listeners) if (listener !== mine) listener(id)
          })
        },
        subscribe(listener) {
          mine = listener
          listeners.add(listener)
          return () => listeners.delete(listener)
        },
      }
    }
    return { join, deliver: () => late.splice(0).forEach((send) => send()), listeners }
  }

  function servers() {
    const { join, deliver, listeners } = network()
    const base = memoryHandler()
    const handler = () => cacheHandler({ store: lruCache(), invalidation: join() })
    const handlers = [handler(), handler()] as const
    const chains = handlers.map((each) => composeChain([each, base]))
    return { here: chains[0] as Chain, there: chains[1] as Chain, deliver, listeners, handlers }
  }

  const look = async (chain: Chain, lock: LockMode = 'read') =>
    words(await chain.read(A, createContext({ id: A, lock, readOnly: lock === 'read' })))

  it('hear of each other’s changes', async () => {
    const { here, there, deliver } = servers()
    await here.write(A, bytes('one'), createContext({ id: A, isNew: true }))
    deliver()
    await there.write(A, bytes('two'), createContext({ id: A, lock: 'none' }))
    expect(await look(here)).toBe('one') // the message is on its way
    deliver()
    expect(await look(here)).toBe('two')
    await there.destroy(A, createContext({ id: A, lock: 'none' }))
    deliver()

    expect([await look(here), await look(there)]).toEqual([undefined, undefined])
  })

  it('never answer who will write from a copy: the message may be on its way', async () => {
    const { here, there } = servers()
    await here.write(A, bytes('one'), createContext({ id: A, isNew: true }))
    await there.write(A, bytes('two'), createContext({ id: A, lock: 'none' }))

    expect(await look(here)).toBe('one')
    expect(await look(here, 'exclusive')).toBe('two')
  })

  it('take a message in the middle of a write for a change like any other', async () => {
    const { here, there, deliver } = servers()
    await here.write(A, bytes('one'), createContext({ id: A, isNew: true }))
    await there.write(A, bytes('two'), createContext({ id: A, lock: 'none' }))
    const context = createContext({ id: A })
    await here.open(context)
    await here.read(A, context)
    deliver()
    expect(await here.write(A, bytes('three'), context)).toBe(true)
    await here.close(context)

    expect(await look(here)).toBe('three')
  })

  it('stop listening when they are disposed of', async () => {
    const { handlers, listeners } = servers()
    for (const handler of handlers) await handler.dispose?.()

    expect(listeners.size).toBe(0)
  })

  it('tell of a cache of their own that cannot forget', async () => {
    for (const fail of [
      () => {
        throw new Error('SECRET')
      },
      () => Promise.reject(new Error('SECRET')),
    ]) {
      const { join, deliver } = network()
      cacheHandler({ store: { ...lruCache(), set: fail }, invalidation: join() })
      await join().publish(A)
      const events = await eventsOf('sessionz:error', async () => deliver())

      expect(events).toHaveLength(1)
      expect(JSON.stringify(events)).not.toContain('SECRET')
    }
  })
})

/** Answers after a changing number of turns; now and then an entry is lost. */
function unsteadyStore(store: CacheStore, roll: () => number): CacheStore {
  const slowly = async <T>(id: string, work: () => MaybePromise<T>): Promise<T> => {
    await turns(roll)
    const answer = await work()
    if (roll() < 0.05) void store.set(id, bytes('lost'), -1)
    await turns(roll)
    return answer
  }
  return {
    name: 'unsteady',
    shared: true,
    get: (id) => slowly(id, () => store.get(id)),
    set: (id, entry, ttlMs) => slowly(id, () => store.set(id, entry, ttlMs)),
    replace: (id, mark, entry, ttlMs) => slowly(id, () => store.replace(id, mark, entry, ttlMs)),
  }
}

describe('interleavings', () => {
  /** Some deeds at once by processes of their own; whether cache and store agree afterwards. */
  async function play(seed: number, lock: LockMode, withDeath: boolean): Promise<boolean> {
    const roll = dice(seed)
    const [base, cache] = [memoryHandler(), lruCache()]
    const process = (steps = Infinity) => {
      let left = steps
      const store = unsteadyStore(cache, roll)
      const alive = <T>(work: () => T): T => {
        left -= 1
        if (left < 0) throw new StoreError('dead', 'any', 'the process has ended')
        return work()
      }
      const mortal: CacheStore = {
        ...store,
        get: (id) => alive(() => store.get(id)),
        set: (id, entry, ttlMs) => alive(() => store.set(id, entry, ttlMs)),
        replace: (id, mark, entry, ttlMs) => alive(() => store.replace(id, mark, entry, ttlMs)),
      }
      const edge = recordingHandler([])
      const dying = {
        ...edge,
        name: 'dying',
        write: (...[id, payload, context, next]: Parameters<typeof edge.write>) =>
          alive(() => next(id, payload, context)),
        destroy: (...[id, context, next]: Parameters<typeof edge.destroy>) =>
          alive(() => next(id, context)),
      }
      return composeChain([cacheHandler({ store: mortal }), dying, unsteadyLayer(roll), base])
    }
    const first = process()
    await first.write(A, bytes('0'), createContext({ id: A, isNew: true }))

    const visit = async (
      chain: Chain,
      body: (context: ReturnType<typeof createContext>) => unknown,
    ) => {
      const context = createContext({ id: A, lock })
      try {
        await chain.open(context)
        await body(context)
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'ERR_SESSION_STORE') throw error
      } finally {
        await chain.close(context)
      }
    }
    const deeds = [
      (chain: Chain) =>
        visit(chain, async (context) => {
          const payload = await chain.read(A, context)
          if (payload !== undefined) await chain.updateTimestamp(A, payload, context)
        }),
      (chain: Chain) =>
        visit(chain, async (context) => {
          if (roll() < 0.7) await chain.read(A, context)
          context.closing = roll() < 0.5
          await chain.write(A, bytes(`${Math.floor(roll() * 1e6)}`), context)
        }),
      (chain: Chain) => visit(chain, (context) => chain.destroy(A, context)),
      (chain: Chain) => visit(chain, (context) => chain.read(A, context)),
    ]
    const weights = [0, 0, 1, 1, 1, 3, 3, ...(roll() < 0.5 ? [2] : [])]
    await Promise.all(
      Array.from({ length: 6 }, (_, index) => {
        const deed = deeds[weights[Math.floor(roll() * weights.length)] as number]
        return deed?.(process(withDeath && index === 0 ? Math.floor(roll() * 5) : Infinity))
      }),
    )

    const below = words(
      (await composeChain([base]).read(A, createContext({ id: A }))) as Uint8Array,
    )
    const above = composeChain([cacheHandler({ store: { ...cache, shared: true } }), base])
    return words(await above.read(A, createContext({ id: A, lock: 'none' }))) === below
  }

  it.each(['none', 'exclusive'] as const)(
    'of writes, touches and destroys leave cache and store in agreement (lock %s)',
    async (lock) => {
      const wrong: number[] = []
      for (let seed = 0; seed < 2000; seed += 1)
        if (!(await play(seed, lock, false))) wrong.push(seed)

      expect(wrong).toEqual([])
    },
  )

  it.each(['none', 'exclusive'] as const)(
    'one of which ends in the middle do so, too (lock %s)',
    async (lock) => {
      const wrong: number[] = []
      for (let seed = 0; seed < 1000; seed += 1)
        if (!(await play(seed, lock, true))) wrong.push(seed)

      expect(wrong).toEqual([])
    },
  )
})

describe('a change that is overtaken, and then ends without a word to the cache', () => {
  it('leaves no copy of the one that was faster', async () => {
    const [base, cache] = [memoryHandler(), caches()]
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    const slow = defineHandler({
      name: 'slow',
      write: (id, payload, context, next) => gate.then(() => next(id, payload, context)),
    })
    const fast = composeChain([cacheHandler({ store: { ...cache.raw, shared: true } }), base])
    const late = composeChain([cacheHandler({ store: cache.store }), slow, base])
    const context = () => createContext({ id: A, lock: 'none' })
    await fast.write(A, bytes('0'), createContext({ id: A, isNew: true }))

    const overtaken = late.write(A, bytes('late'), context())
    await vi.waitFor(() => expect(cache.taken()).toContain('replace'))
    const reader = context()
    await fast.read(A, reader)
    await fast.write(A, bytes('fast'), reader)
    cache.failing.add('all')
    goOn()
    await overtaken

    expect(words((await composeChain([base]).read(A, context())) as Uint8Array)).toBe('late')
    expect(words((await fast.read(A, context())) as Uint8Array)).toBe('late')
  })
})

describe('a session', () => {
  it('lives its life above a cache, encrypted in it', async () => {
    const { store, raw } = caches()
    const manager = createSessionManager<{ user: string }>({
      handlers: [
        encryptionHandler({ keys: generateKey() }),
        cacheHandler({ store }),
        memoryHandler(),
      ],
    })
    const first = await manager.start()
    first.set('user', 'ada lovelace')
    await first.commit()
    const second = await manager.start({ id: first.id })
    await second.regenerate()
    await second.commit()

    expect((await manager.start({ id: first.id }, { readOnly: true })).get('user')).toBeUndefined()
    const third = await manager.start({ id: second.id })
    expect(third.get('user')).toBe('ada lovelace')
    const entry = await raw.get(second.id)
    expect(Buffer.from(entry ?? []).includes('ada')).toBe(false)
    await third.destroy()
    expect((await manager.start({ id: second.id }, { readOnly: true })).data).toEqual({})
    await manager.close()
  })
})

describe('options', () => {
  it.each([
    ['no cache', {}, '"store.get" must be a function'],
    ['an unknown one', { store: lruCache(), ttl: 1 }, 'unknown option "ttl"'],
    ['another policy', { store: lruCache(), onError: 'stale' }, '"onError" must be one of'],
    ['a negative pause', { store: lruCache(), retryAfter: -1 }, '"retryAfter" must be a number'],
    ['half a channel', { store: lruCache(), invalidation: {} }, '"invalidation.publish" must be'],
    [
      'a channel for a cache that all share',
      {
        store: { ...lruCache(), shared: true },
        invalidation: { publish: () => undefined, subscribe: () => () => undefined },
      },
      '"invalidation" is for copies in memory',
    ],
  ])('%s: refused', (_, options, message) => {
    expect(() => cacheHandler(options as unknown as CacheOptions)).toThrow(message)
  })

  it.each([
    [{ entries: 5 }, 'unknown option "entries"'],
    [{ maxEntries: 0 }, '"maxEntries" must be an integer'],
    [{ maxBytes: 0.5 }, '"maxBytes" must be an integer'],
  ])('of the cache in memory: %o is refused', (options, message) => {
    expect(() => lruCache(options as object)).toThrow(message)
  })
})

describe('the cache in memory', () => {
  const entry = (text: string) => bytes(text.padEnd(40, '.'))
  const mark = (text: string) => entry(text).subarray(0, 17)

  it('replaces what begins as it should, and nothing else', () => {
    const cache = lruCache()
    expect(cache.replace(A, undefined, entry('one'), 1000)).toBe(true)
    expect(cache.replace(A, undefined, entry('two'), 1000)).toBe(false)
    expect(cache.replace(A, mark('two'), entry('two'), 1000)).toBe(false)
    expect(cache.replace(B, mark('two'), entry('two'), 1000)).toBe(false)
    expect(cache.replace(A, mark('one'), entry('two'), 1000)).toBe(true)

    expect(words(cache.get(A) as Uint8Array)).toBe(words(entry('two')))
    expect(cache.get(B)).toBeUndefined()
  })

  it('keeps an entry for its time', () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const cache = lruCache()
    void cache.set(A, entry('one'), 1000)
    vi.advanceTimersByTime(999)
    expect(cache.get(A)).toBeDefined()
    vi.advanceTimersByTime(2)
    expect(cache.get(A)).toBeUndefined()
    expect(cache.replace(A, undefined, entry('two'), 1000)).toBe(true)
  })

  it('drops what was not used for longest, and tells how many', async () => {
    const cache = lruCache({ maxEntries: 2 })
    const events = await eventsOf('sessionz:evicted', async () => {
      for (const id of [A, B, A]) void cache.set(id, entry('one'), 1000)
      void cache.set('c'.repeat(32), entry('one'), 1000)
      await Promise.resolve()
    })

    expect(cache.get(A)).toBeDefined()
    expect(cache.get(B)).toBeUndefined()
    expect(events).toEqual([{ handler: 'lru-cache', entries: 1 }])
  })

  it('holds no older entry when the new one is too large', () => {
    const cache = lruCache({ maxBytes: 200 })
    void cache.set(A, entry('one'), 1000)
    void cache.set(A, new Uint8Array(500), 1000)
    expect(cache.get(A)).toBeUndefined()
  })
})
