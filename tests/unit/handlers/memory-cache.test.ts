import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import {
  defineHandler,
  type Payload,
  type SessionContext,
  type SessionHandler,
} from '../../../src/handler.js'
import {
  memoryHandler,
  type InvalidationChannel,
  type MemoryOptions,
} from '../../../src/handlers/memory.js'

const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')
const bytes = (words: string) => new Uint8Array(Buffer.from(words, 'latin1'))

const clock = { ms: 1_700_000_000_000 }
const advance = (seconds: number) => void (clock.ms += seconds * 1000)
const context = (fields: Partial<SessionContext> = {}) =>
  createContext({ now: () => clock.ms, ...fields })

/** A store that answers when it is told to, and counts what it is asked. */
function slowStore() {
  const rows = new Map<string, Payload>()
  const asked: Record<string, number> = {}
  const waiting: (() => void)[] = []
  let broken: Error | undefined
  let slow = false

  /** Takes effect, then answers when told. */
  function answer<T>(operation: string, effect: () => T): T | Promise<T> {
    asked[operation] = (asked[operation] ?? 0) + 1
    const failure = broken
    if (!slow) {
      if (failure !== undefined) throw failure
      return effect()
    }
    const value = effect()
    return new Promise<T>((resolve, reject) => {
      waiting.push(() => (failure === undefined ? resolve(value) : reject(failure)))
    })
  }

  const handler: SessionHandler = defineHandler({
    name: 'slow',
    open: () => answer('open', () => undefined),
    close: () => answer('close', () => undefined),
    read: (id) => answer('read', () => rows.get(id)),
    write: (id, payload, { isNew }) =>
      answer('write', () => {
        if (rows.has(id) === isNew) return false
        rows.set(id, payload)
        return true
      }),
    destroy: (id) => answer('destroy', () => rows.delete(id)),
    gc: () => answer('gc', () => 7),
    updateTimestamp: (id) => answer('updateTimestamp', () => rows.has(id)),
    validateId: (id) => answer('validateId', () => rows.has(id)),
    list: async function* () {
      for (const id of rows.keys()) yield { id, touchedMs: 0, bytes: 0 }
    },
    count: () => rows.size,
  })

  return {
    handler,
    rows,
    asked,
    setSlow: (on: boolean) => void (slow = on),
    fail: (error: Error | undefined) => void (broken = error),
    /** Lets the oldest unanswered call have its answer, or the one of this number. */
    async release(number = 0) {
      waiting.splice(number, 1)[0]?.()
      await settle()
    },
  }
}

const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

function setUp(options: MemoryOptions = { maxAge: 5 }) {
  const store = slowStore()
  const chain = composeChain([memoryHandler(options), store.handler])
  return {
    store,
    chain,
    read: async (id: string, fields?: Partial<SessionContext>) =>
      text(await chain.read(id, context(fields))),
    write: async (id: string, words: string, fields?: Partial<SessionContext>) =>
      await chain.write(id, bytes(words), context(fields)),
    insert: async (id: string, words = id) =>
      await chain.write(id, bytes(words), context({ isNew: true })),
    destroy: async (id: string) => await chain.destroy(id, context()),
  }
}

describe('above another store', () => {
  it('a session is read from it once within maxAge, and asked for again afterwards', async () => {
    const { store, read } = setUp({ maxAge: 5 })
    store.rows.set('a', bytes('one'))

    expect(await read('a')).toBe('one')
    store.rows.set('a', bytes('two'))
    advance(5)
    expect(await read('a')).toBe('one')
    expect(store.asked['read']).toBe(1)

    advance(0.001)
    expect(await read('a')).toBe('two')
    expect(store.asked['read']).toBe(2)
  })

  it('nothing is kept by default', async () => {
    const { store, read, write } = setUp({})
    store.rows.set('a', bytes('one'))

    expect(await read('a')).toBe('one')
    await write('a', 'two')
    store.rows.set('a', bytes('three'))

    expect(await read('a')).toBe('three')
    expect(store.asked['read']).toBe(2)
  })

  it('the age counts from the question, not from a late answer', async () => {
    const { store, chain, read } = setUp({ maxAge: 5 })
    store.rows.set('a', bytes('one'))
    store.setSlow(true)
    const late = chain.read('a', context())
    advance(4)
    await store.release()
    await late
    store.setSlow(false)

    advance(2)
    await read('a')

    expect(store.asked['read']).toBe(2)
  })

  it('a copy is good no longer than a session lives', async () => {
    const { store, read } = setUp({ maxAge: 60 })
    store.rows.set('a', bytes('one'))
    await read('a', { maxLifetime: 10 })
    store.rows.delete('a')

    advance(11)

    expect(await read('a', { maxLifetime: 10 })).toBeUndefined()
  })

  it('a copy from a time to come is not trusted', async () => {
    const { store, read } = setUp({ maxAge: 5 })
    store.rows.set('a', bytes('one'))
    await read('a')

    advance(-3600)
    await read('a')

    expect(store.asked['read']).toBe(2)
  })

  it('a miss is never kept', async () => {
    const { store, read } = setUp()

    expect(await read('a')).toBeUndefined()
    store.rows.set('a', bytes('one'))

    expect(await read('a')).toBe('one')
  })

  it('a session that has gone from the store leaves no copy', async () => {
    const { store, read } = setUp({ maxAge: 5 })
    store.rows.set('a', bytes('one'))
    await read('a')
    store.rows.delete('a')

    advance(6)
    expect(await read('a')).toBeUndefined()
    advance(-6)
    expect(await read('a')).toBeUndefined()
  })

  it('a write is kept when the store has accepted it', async () => {
    const { store, insert, write, read } = setUp()

    expect(await insert('a', 'one')).toBe(true)
    expect(await read('a')).toBe('one')
    expect(await write('a', 'two')).toBe(true)
    expect(await read('a')).toBe('two')

    expect(store.asked['read']).toBeUndefined()
  })

  it('a write that the store refused is not kept, nor what was there before', async () => {
    const { store, write, read, insert } = setUp()
    await insert('a', 'one')
    store.rows.delete('a')

    expect(await write('a', 'two')).toBe(false)

    expect(await read('a')).toBeUndefined()
  })

  it('a write that failed is not kept, nor what was there before', async () => {
    const { store, write, read, insert } = setUp()
    await insert('a', 'one')

    store.fail(new Error('disk full'))
    await expect(write('a', 'two')).rejects.toThrow('disk full')
    store.fail(undefined)
    store.rows.set('a', bytes('three'))

    expect(await read('a')).toBe('three')
  })

  it('a read that failed is an error and leaves nothing pending', async () => {
    const { store, chain, read } = setUp()
    store.rows.set('a', bytes('one'))
    store.setSlow(true)
    store.fail(new Error('timeout'))
    const failed = chain.read('a', context())
    await Promise.all([expect(failed).rejects.toThrow('timeout'), store.release()])
    store.fail(undefined)
    store.setSlow(false)

    expect(await read('a')).toBe('one')
    expect(await read('a')).toBe('one')
    expect(store.asked['read']).toBe(2)
  })

  it('writes, touches, destroys and gc always reach the store', async () => {
    const { store, chain, insert, read, write, destroy } = setUp()
    await insert('a')
    await read('a')

    await write('a', 'a')
    expect(await chain.updateTimestamp('a', bytes('a'), context())).toBe(true)
    expect(await chain.gc(1440, context())).toBe(7)
    expect(await destroy('a')).toBe(true)

    expect(store.asked).toEqual({ write: 2, updateTimestamp: 1, gc: 1, destroy: 1 })
  })

  it('a touch that finds nothing drops the copy', async () => {
    const { store, chain, insert, read } = setUp()
    await insert('a')
    store.rows.delete('a')

    expect(await chain.updateTimestamp('a', bytes('a'), context())).toBe(false)

    expect(await read('a')).toBeUndefined()
  })

  it('locks, lists and counts are the store’s business', async () => {
    const { store, chain, insert } = setUp()
    await insert('a')
    const first = context({ id: 'a' })
    chain.open(first)
    chain.open(context({ id: 'a' }))
    chain.close(first)

    const listed: string[] = []
    for await (const { id } of chain.list?.(context()) ?? []) listed.push(id)

    expect(store.asked).toMatchObject({ open: 2, close: 1 })
    expect(listed).toEqual(['a'])
    expect(chain.count?.(context())).toBe(1)
  })

  it('an id that a copy knows need not be asked for, any other one is', async () => {
    const { store, chain, insert } = setUp()
    await insert('a')

    expect(chain.validateId?.('a', context())).toBe(true)
    expect(store.asked['validateId']).toBeUndefined()
    expect(chain.validateId?.('b', context())).toBe(false)
    expect(store.asked['validateId']).toBe(1)
  })

  it('a copy shares no byte with what was written, nor with what is read', async () => {
    const { chain, read, insert } = setUp()
    await insert('b')
    const payload = bytes('one')
    await chain.write('a', payload, context({ isNew: true }))
    payload.fill(0)
    const first = (await chain.read('a', context())) as Uint8Array
    first.fill(0)

    expect(await read('a')).toBe('one')
  })

  it('copies stay within the bounds, the least recently used goes first', async () => {
    const { store, insert, read } = setUp({ maxAge: 5, maxEntries: 2 })
    await insert('a')
    await insert('b')
    await read('a')
    await insert('c')

    await read('a')
    expect(store.asked['read']).toBeUndefined()
    await read('b')
    expect(store.asked['read']).toBe(1)
  })

  it('a payload too large for the bounds passes without a copy', async () => {
    const { store, insert, read } = setUp({ maxAge: 5, maxBytes: 200 })
    await insert('a', 'x'.repeat(500))

    expect(await read('a')).toBe('x'.repeat(500))
    expect(store.asked['read']).toBe(1)
  })

  it('a synchronous store stays synchronous', () => {
    const { chain } = setUp()

    expect(chain.write('a', bytes('one'), context({ isNew: true }))).toBe(true)
    expect(chain.read('a', context())).toBeInstanceOf(Uint8Array)
    expect(chain.read('b', context())).toBeUndefined()
    expect(chain.destroy('a', context())).toBe(true)
  })
})

describe('a read that was overtaken', () => {
  async function overtake(change: (set: ReturnType<typeof setUp>) => Promise<unknown>) {
    const set = setUp()
    set.store.rows.set('a', bytes('old'))
    set.store.setSlow(true)
    const reading = set.read('a')
    set.store.setSlow(false)
    await change(set)
    await set.store.release()
    expect(await reading).toBe('old')
    return set
  }

  it('by a destroy is not kept', async () => {
    const { read } = await overtake(async ({ destroy }) => await destroy('a'))

    expect(await read('a')).toBeUndefined()
  })

  it('by a write is not kept', async () => {
    const { read } = await overtake(async ({ write }) => await write('a', 'new'))

    expect(await read('a')).toBe('new')
  })

  it('by a touch that found nothing is not kept', async () => {
    const { read } = await overtake(async ({ store, chain }) => {
      store.rows.delete('a')
      await chain.updateTimestamp('a', bytes('old'), context())
    })

    expect(await read('a')).toBeUndefined()
  })

  it('by nothing is kept', async () => {
    const { store, read } = await overtake(async () => undefined)

    await read('a')
    expect(store.asked['read']).toBe(1)
  })

  it('while a destroy is on its way is not kept, whichever answers first', async () => {
    for (const order of [
      [0, 0],
      [1, 0],
    ]) {
      const { store, read, destroy } = setUp()
      store.rows.set('a', bytes('old'))
      store.setSlow(true)
      const reading = read('a')
      const destroying = destroy('a')
      for (const number of order) await store.release(number)
      await Promise.all([reading, destroying])
      store.setSlow(false)

      expect(await read('a')).toBeUndefined()
    }
  })

  it('by a write elsewhere that began after it and ended before it does not win', async () => {
    const { store, read, write } = setUp()
    store.rows.set('a', bytes('0'))
    store.setSlow(true)
    const first = write('a', '1')
    const reading = read('a')
    const second = write('a', '2')
    await store.release(2)
    await store.release(1)
    await store.release(0)
    await Promise.all([first, reading, second])
    store.setSlow(false)

    expect(await read('a')).toBe('2')
  })

  it('in 2,000 forced overlaps is never readable after a log-out', async () => {
    let back = 0
    for (let round = 0; round < 2000; round += 1) {
      const { store, read, destroy, write } = setUp()
      store.rows.set('a', bytes('logged in'))
      store.setSlow(true)
      const calls = [
        read('a'),
        destroy('a'),
        read('a'),
        round % 3 === 0 ? write('a', 'late') : read('a'),
      ]
      for (let left = calls.length; left > 0; left -= 1)
        await store.release((round * 7 + left) % left)
      await Promise.all(calls)
      store.setSlow(false)
      if ((await read('a')) !== undefined) back += 1
    }

    expect(back).toBe(0)
  })
})

/** One channel between any number of processes, all in this one; nobody hears himself. */
function fakeNetwork() {
  const listeners = new Set<(id: string) => void>()
  const published: string[] = []
  const connect = (): InvalidationChannel => {
    let own: ((id: string) => void) | undefined
    return {
      publish(id) {
        published.push(id)
        for (const listener of listeners) if (listener !== own) listener(id)
      },
      subscribe(listener) {
        own = listener
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
    }
  }
  return { connect, published, listeners }
}

function twoProcesses(maxAge = 3600) {
  const network = fakeNetwork()
  const store = slowStore()
  const process = () => {
    const handler = memoryHandler({ maxAge, invalidation: network.connect() })
    const chain = composeChain([handler, store.handler])
    const read = async (fields: Partial<SessionContext> = { readOnly: true, lock: 'read' }) =>
      text(await chain.read('a', context(fields)))
    return { handler, chain, read }
  }
  return { network, store, here: process(), there: process() }
}

describe('with an invalidation channel', () => {
  const listeners: ((message: unknown) => void)[] = []
  afterEach(() => {
    for (const listener of listeners.splice(0)) unsubscribe('sessionz:error', listener)
  })

  it('a log-out on one process is seen at once on another', async () => {
    const { store, here, there } = twoProcesses()
    store.rows.set('a', bytes('logged in'))
    expect(await there.read()).toBe('logged in')

    await here.chain.destroy('a', context())

    expect(await there.read()).toBeUndefined()
  })

  it('a write on one process is seen at once on another, and kept on both', async () => {
    const { store, here, there } = twoProcesses()
    store.rows.set('a', bytes('one'))
    await there.read()

    await here.chain.write('a', bytes('two'), context())

    expect([await here.read(), await there.read(), await there.read()]).toEqual([
      'two',
      'two',
      'two',
    ])
    expect(store.asked['read']).toBe(2)
  })

  it('an answer that was on its way when the message came is not kept', async () => {
    const { store, here, there } = twoProcesses()
    store.rows.set('a', bytes('logged in'))
    store.setSlow(true)
    const reading = there.read()
    store.setSlow(false)

    await here.chain.destroy('a', context())
    await store.release()

    expect(await reading).toBe('logged in')
    expect(await there.read()).toBeUndefined()
  })

  it('an activation that may write reads the store: a message may still be on its way', async () => {
    const { store, there } = twoProcesses()
    store.rows.set('a', bytes('one'))
    await there.read()
    store.rows.set('a', bytes('two')) // and the message has not come yet

    expect(await there.read({ lock: 'exclusive' })).toBe('two')
    expect(there.chain.validateId?.('a', context())).toBe(true)
    expect(store.asked['validateId']).toBe(1)
  })

  it('others are told of a write that failed, as it may have reached the store', async () => {
    const { network, store, here } = twoProcesses()
    store.fail(new Error('timeout'))

    await expect(
      (async () => await here.chain.write('a', bytes('two'), context()))(),
    ).rejects.toThrow('timeout')

    expect(network.published).toEqual(['a'])
  })

  it('a process that keeps no copies tells the others all the same', async () => {
    const { network, store, there } = twoProcesses()
    store.rows.set('a', bytes('logged in'))
    await there.read()
    const handler = memoryHandler({ invalidation: network.connect() })
    const admin = composeChain([handler, store.handler])

    await admin.write('a', bytes('changed'), context())
    expect(await there.read()).toBe('changed')
    store.rows.set('a', bytes('changed elsewhere'))
    expect(text(await admin.read('a', context({ readOnly: true })))).toBe('changed elsewhere')
    await admin.destroy('a', context())

    expect(await there.read()).toBeUndefined()
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no network')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no network'))],
  ])('a channel that %s fails no request, and is an event', async (_, publish) => {
    const errors: unknown[] = []
    const listener = (message: unknown) => void errors.push(message)
    listeners.push(listener)
    subscribe('sessionz:error', listener)
    const store = slowStore()
    const invalidation = { publish, subscribe: () => () => undefined }
    const chain = composeChain([memoryHandler({ maxAge: 5, invalidation }), store.handler])

    expect(await chain.write('a', bytes('one'), context({ isNew: true }))).toBe(true)

    expect(errors).toMatchObject([{ operation: 'invalidation', error: { message: 'no network' } }])
  })

  it('a log-out is over when the others have been told', async () => {
    let told: () => void = () => undefined
    const invalidation = {
      publish: () => new Promise<void>((resolve) => void (told = resolve)),
      subscribe: () => () => undefined,
    }
    const chain = composeChain([memoryHandler({ maxAge: 5, invalidation }), slowStore().handler])
    let over = false

    const destroying = Promise.resolve(chain.destroy('a', context())).then(() => void (over = true))
    await settle()
    expect(over).toBe(false)
    told()
    await destroying

    expect(over).toBe(true)
  })

  it('a handler that was disposed listens no more, and answers from the store only', async () => {
    const { network, store, here, there } = twoProcesses()
    store.rows.set('a', bytes('one'))
    await there.read()

    await there.handler.dispose?.()
    await there.handler.dispose?.()
    expect(network.listeners.size).toBe(1)
    await here.chain.destroy('a', context())

    expect(await there.read()).toBeUndefined()
  })
})
