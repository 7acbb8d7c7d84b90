import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { LockTimeoutError, StateError, StoreError } from '../../../src/errors.js'
import type { SessionContext, SessionInfo } from '../../../src/handler.js'
import { memoryHandler, type MemoryOptions } from '../../../src/handlers/memory.js'
import { fastestMs } from '../../helpers/fastest.js'
import { usedBytes } from '../../helpers/heap.js'

const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')
const bytes = (words: string) => new Uint8Array(Buffer.from(words, 'latin1'))

/** A memory handler alone in a chain, under a clock of its own. */
function setUp(options: MemoryOptions = {}) {
  const clock = { ms: 1_700_000_000_000 }
  const chain = composeChain([memoryHandler(options)])
  const context = (fields: Partial<SessionContext> = {}) =>
    createContext({ now: () => clock.ms, ...fields })
  return {
    clock,
    chain,
    context,
    advance: (seconds: number) => void (clock.ms += seconds * 1000),
    insert: (id: string, words = id) => chain.write(id, bytes(words), context({ isNew: true })),
    update: (id: string, words = id) => chain.write(id, bytes(words), context()),
    touch: (id: string) => chain.updateTimestamp(id, bytes(''), context()),
    read: (id: string) => text(chain.read(id, context()) as Uint8Array | undefined),
    destroy: (id: string) => chain.destroy(id, context()),
    gc: (maxLifetime = 1440) => chain.gc(maxLifetime, context()),
    count: () => chain.count?.(context()),
    list: () => all(chain.list?.(context())),
  }
}

async function all(list: AsyncIterable<SessionInfo> | undefined): Promise<SessionInfo[]> {
  const found: SessionInfo[] = []
  for await (const info of list ?? []) found.push(info)
  return found
}

describe('a record', () => {
  it('is written, read, changed and destroyed', () => {
    const { insert, update, read, destroy } = setUp()

    expect(read('a')).toBeUndefined()
    expect(insert('a', 'one')).toBe(true)
    expect(read('a')).toBe('one')
    expect(update('a', 'two')).toBe(true)
    expect(read('a')).toBe('two')
    expect(destroy('a')).toBe(true)
    expect(read('a')).toBeUndefined()
  })

  it('is never overwritten by a new one', () => {
    const { insert, read } = setUp()
    insert('a', 'one')

    expect(insert('a', 'two')).toBe(false)
    expect(read('a')).toBe('one')
  })

  it('that was destroyed does not come back by a write or a touch', () => {
    const { insert, update, touch, read, destroy, count } = setUp()
    insert('a')
    destroy('a')

    expect(update('a')).toBe(false)
    expect(touch('a')).toBe(false)
    expect(read('a')).toBeUndefined()
    expect(destroy('a')).toBe(false)
    expect(count()).toBe(0)
  })

  it.each([
    ['no bytes', new Uint8Array(0)],
    ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte)],
    ['bytes that are not UTF-8', Uint8Array.of(0xff, 0x00, 0x80, 0xc3)],
    ['an emoji', new TextEncoder().encode('😀')],
    ['a __proto__ key', bytes('__proto__|a:1:{s:1:"a";b:1;}')],
    ['just what fits the buffer', new Uint8Array(4096 - 2).fill(0xe9)],
    ['one byte more', new Uint8Array(4096 - 1).fill(0xe9)],
    ['2 MB', new Uint8Array(2 * 1024 * 1024).fill(0xfe)],
  ])('keeps %s as it is', (_, payload) => {
    const { chain, context } = setUp()

    chain.write('id', payload, context({ isNew: true }))
    const read = chain.read('id', context()) as Uint8Array

    expect(Buffer.compare(read, payload)).toBe(0)
    expect(Object.getPrototypeOf(read)).toBe(Uint8Array.prototype)
  })

  it('is known by exactly its id', () => {
    const { insert, read, chain, context } = setUp()
    const ids = ['a', 'A', 'a ', ' a', 'a\0', 'ä', 'a\u0308', 'á', '', '€', '¬', '\u20ac¬', 'ab']
    const hostile = [
      '__proto__',
      'constructor',
      '../../etc/passwd',
      'a\nb',
      '%00',
      'x'.repeat(4096),
    ]
    const kinds = [',', '-', 'aB3,-'.repeat(51), 'f'.repeat(22), '😀', '\ud83d']
    const known = [...ids, ...hostile, ...kinds]

    for (const id of known) expect(insert(id, `${id.length} of ${known.indexOf(id)}`)).toBe(true)

    for (const id of known) expect(read(id)).toBe(`${id.length} of ${known.indexOf(id)}`)
    for (const id of ['b', 'á'.normalize('NFD'), 'aa', 'x'.repeat(4095)]) {
      expect(read(id)).toBeUndefined()
      expect(chain.validateId?.(id, context())).toBe(false)
    }
  })

  it('shares no byte with the payload it was written from', () => {
    const { chain, context, read } = setUp()
    const pool = Buffer.from('before-one-after')
    const payload = new Uint8Array(pool.buffer, pool.byteOffset + 7, 3)

    chain.write('a', payload, context({ isNew: true }))
    pool.fill(0)

    expect(read('a')).toBe('one')
  })

  it('shares no byte with the payload it is read as', () => {
    const { chain, context, insert, read } = setUp()
    insert('a', 'one')

    const first = chain.read('a', context()) as Uint8Array
    const second = chain.read('a', context()) as Uint8Array
    first.fill(0)

    expect(text(second)).toBe('one')
    expect(read('a')).toBe('one')
  })

  it('costs no promise: every operation answers a plain value', () => {
    const { chain, context, insert } = setUp()
    insert('a')
    const open = context({ id: 'a' })

    expect(chain.open(open)).toBeUndefined()
    expect(chain.validateId?.('a', open)).toBe(true)
    expect(chain.read('a', open)).toBeInstanceOf(Uint8Array)
    expect(chain.write('a', bytes('b'), open)).toBe(true)
    expect(chain.updateTimestamp('a', bytes('b'), open)).toBe(true)
    expect(chain.count?.(open)).toBe(1)
    expect(chain.gc(1440, open)).toBe(0)
    expect(chain.destroy('a', open)).toBe(true)
    expect(chain.close(open)).toBeUndefined()
  })
})

describe('expiry', () => {
  it('is a matter of age: 1440 seconds stay, 1441 are absent, collected or not', () => {
    const { insert, read, advance, chain, context } = setUp()
    insert('a')

    advance(1440)
    expect(read('a')).toBe('a')
    expect(chain.validateId?.('a', context())).toBe(true)

    advance(1)
    expect(read('a')).toBeUndefined()
    expect(chain.validateId?.('a', context())).toBe(false)
  })

  it('counts from the last write or touch, not from a read', () => {
    const { insert, update, touch, read, advance } = setUp()
    insert('written')
    insert('touched')
    insert('read')

    advance(1000)
    update('written')
    touch('touched')
    read('read')
    advance(1000)

    expect(read('written')).toBe('written')
    expect(read('touched')).toBe('touched')
    expect(read('read')).toBeUndefined()
  })

  it('follows the lifetime of who asks', () => {
    const { insert, chain, context, advance } = setUp()
    insert('a')

    advance(11)

    expect(chain.read('a', context({ maxLifetime: 10 }))).toBeUndefined()
    expect(text(chain.read('a', context({ maxLifetime: 11 })) as Uint8Array)).toBe('a')
  })

  it('lets a new session take the id', () => {
    const { insert, read, advance } = setUp()
    insert('a', 'old')

    advance(1441)

    expect(insert('a', 'new')).toBe(true)
    expect(read('a')).toBe('new')
  })

  it('does not take from a request what it read in time', () => {
    const { insert, update, read, advance } = setUp()
    insert('a', 'old')
    advance(1440)
    expect(read('a')).toBe('old')

    advance(10)

    expect(update('a', 'new')).toBe(true)
    expect(read('a')).toBe('new')
  })

  it.each([30 * 86_400, 10 * 365 * 86_400])('keeps a session for %i seconds', (maxLifetime) => {
    const { insert, chain, context, advance, gc } = setUp()
    insert('a')

    advance(maxLifetime)

    expect(gc(maxLifetime)).toBe(0)
    expect(chain.read('a', context({ maxLifetime }))).toBeDefined()
  })

  it('treats a time to come as now, so a clock set back loses and keeps nothing for ever', () => {
    const { insert, read, gc, advance } = setUp()
    const year = 365 * 86_400
    advance(year)
    insert('a')
    insert('b')
    advance(-year)
    insert('c')

    expect([read('a'), read('b'), read('c')]).toEqual(['a', 'b', 'c'])
    expect(gc()).toBe(0)
    advance(1441)
    expect([read('a'), read('b'), read('c')]).toEqual([undefined, undefined, undefined])
    expect(gc()).toBe(3)
  })
})

describe('gc', () => {
  it('removes what has expired, says how many, and nothing else', () => {
    const { insert, read, gc, advance, count } = setUp()
    insert('old')
    insert('older')
    advance(1000)
    insert('fresh')
    advance(441)

    expect(gc()).toBe(2)
    expect(gc()).toBe(0)
    expect(read('fresh')).toBe('fresh')
    expect(count()).toBe(1)
  })

  it('of many works in slices and lets everything else have its turn between them', async () => {
    const { insert, gc, advance, count } = setUp()
    for (let index = 0; index < 5000; index += 1) insert(`id${index}`)
    advance(1441)
    insert('fresh')
    let turns = 0
    let collecting = true
    const look = () => {
      turns += 1
      if (collecting) setImmediate(look)
    }

    const removed = gc()
    look()
    expect(removed).toBeInstanceOf(Promise)

    expect(await removed).toBe(5000)
    collecting = false
    expect(turns).toBeGreaterThanOrEqual(20)
    expect(count()).toBe(1)
  })

  it('twice at once removes each session once', async () => {
    const { insert, gc, advance } = setUp()
    for (let index = 0; index < 3000; index += 1) insert(`id${index}`)
    advance(1441)

    const removed = await Promise.all([gc(), gc(), gc()])

    expect(removed.reduce((sum, each) => sum + each, 0)).toBe(3000)
  })

  it('while others write and destroy removes exactly what is old', async () => {
    const { insert, update, destroy, read, gc, advance } = setUp()
    const ids = Array.from({ length: 4000 }, (_, index) => `id${index}`)
    for (const id of ids) insert(id)
    advance(1441)

    const removed = gc()
    const rescued = ids.filter((id, index) => index % 4 === 0 && update(id))
    const destroyed = ids.filter((id, index) => index % 4 === 1 && !destroy(id))
    for (const id of rescued) expect(read(id)).toBe(id)

    expect(destroyed.length).toBe(1000)
    expect((await removed) + rescued.length).toBeGreaterThanOrEqual(3000 - 200)
    for (const id of rescued) expect(read(id)).toBe(id)
    expect(gc()).toBe(0)
  })

  it('leaves a session that is open, and takes it when it is closed', () => {
    const { insert, update, read, gc, advance, chain, context } = setUp()
    insert('open')
    insert('other')
    const open = context({ id: 'open' })
    chain.open(open)

    advance(1441)
    expect(gc()).toBe(1)
    expect(update('open', 'saved')).toBe(true)
    chain.close(open)
    expect(read('open')).toBe('saved')

    advance(1441)
    expect(gc()).toBe(1)
  })

  it('with nothing to remove costs the same whatever is stored', () => {
    const [few, many] = [setUp(), setUp()]
    for (let index = 0; index < 10; index += 1) few.insert(`id${index}`)
    for (let index = 0; index < 50_000; index += 1) many.insert(`id${index}`)
    const collect = (store: typeof few) => () => {
      for (let round = 0; round < 1000; round += 1) store.gc()
    }

    expect(fastestMs(collect(many))).toBeLessThan(fastestMs(collect(few)) * 5)
  })
})

describe('bounds', () => {
  const listeners: ((message: unknown) => void)[] = []
  afterEach(() => {
    for (const listener of listeners.splice(0)) unsubscribe('sessionz:evicted', listener)
  })
  const evictions = () => {
    const messages: unknown[] = []
    const listener = (message: unknown) => void messages.push(message)
    listeners.push(listener)
    subscribe('sessionz:evicted', listener)
    return messages
  }

  it('evict the least recently used session: a read, a touch and a write are uses', () => {
    const { insert, update, touch, read, list } = setUp({ maxEntries: 4 })
    for (const id of ['read', 'touched', 'written', 'idle']) insert(id)
    read('read')
    touch('touched')
    update('written')

    insert('one more')

    return expect(list().then((infos) => infos.map(({ id }) => id).sort())).resolves.toEqual([
      'one more',
      'read',
      'touched',
      'written',
    ])
  })

  it('evict in the order of last use', () => {
    const { insert, read } = setUp({ maxEntries: 3 })
    for (const id of ['a', 'b', 'c']) insert(id)
    read('a')
    insert('d')
    expect(read('b')).toBeUndefined()
    insert('e')

    expect(read('c')).toBeUndefined()
    expect(read('a')).toBe('a')
  })

  it('count the bytes of payload, id and 72 for each session', () => {
    const { insert, read, update, count } = setUp({ maxBytes: 3 * (72 + 1 + 100) })
    for (const id of ['a', 'b', 'c']) insert(id, 'x'.repeat(100))
    expect(count()).toBe(3)

    update('c', 'x'.repeat(101))

    expect(read('a')).toBeUndefined()
    expect(count()).toBe(2)
  })

  it('take what has expired before what is used', async () => {
    const messages = evictions()
    const { insert, read, advance } = setUp({ maxEntries: 2 })
    insert('used')
    insert('expired')
    advance(1000)
    insert('used2') // evicts "used"
    advance(441)
    read('expired')

    insert('new')
    await Promise.resolve()

    expect(read('used2')).toBe('used2')
    expect(read('new')).toBe('new')
    expect(messages).toEqual([{ handler: 'memory', entries: 1 }])
  })

  it('refuse a payload that alone is too large, and keep the old one', () => {
    const { insert, update, read } = setUp({ maxBytes: 300 })
    insert('a', 'old')
    insert('b', 'other')

    expect(() => update('a', 'x'.repeat(300))).toThrow(StoreError)
    expect(() => insert('c', 'x'.repeat(300))).toThrow('payload larger than "maxBytes"')
    expect([read('a'), read('b'), read('c')]).toEqual(['old', 'other', undefined])
  })

  it('say what they cost: one event for a burst, with the number of sessions', async () => {
    const messages = evictions()
    const { insert } = setUp({ maxEntries: 10 })

    for (let index = 0; index < 110; index += 1) insert(`id${index}`)
    expect(messages).toEqual([])
    await Promise.resolve()
    expect(messages).toEqual([{ handler: 'memory', entries: 100 }])

    insert('one more')
    await Promise.resolve()
    expect(messages).toEqual([
      { handler: 'memory', entries: 100 },
      { handler: 'memory', entries: 1 },
    ])
    expect(JSON.stringify(messages)).not.toContain('id')
  })

  it('hold through a flood: 300,000 sessions take no more memory than the first 20,000', () => {
    const { insert, count } = setUp({ maxEntries: 10_000 })
    const words = 'x'.repeat(150)
    const fill = (from: number, to: number) => {
      for (let index = from; index < to; index += 1) insert(`id${index}`.padEnd(32, '-'), words)
    }
    const before = usedBytes()
    fill(0, 20_000)
    const plateau = usedBytes() - before

    fill(20_000, 300_000)

    expect(count()).toBe(10_000)
    expect(usedBytes() - before).toBeLessThan(plateau * 1.1 + 1e6)
  })
})

describe('visitors who write nothing', () => {
  it('leave nothing behind: 100,000 unknown ids are read without a lock, a record or memory', () => {
    const { chain, context, count } = setUp()
    const visit = (id: string) => {
      const activation = context({ id })
      chain.open(activation)
      if (chain.validateId?.(id, activation)) throw new Error('unknown')
      if (chain.read(id, activation) !== undefined) throw new Error('unknown')
      chain.close(activation)
    }
    visit('first')
    const before = usedBytes()

    for (let index = 0; index < 100_000; index += 1) visit(`forged${index}`)

    expect(count()).toBe(0)
    expect(usedBytes() - before).toBeLessThan(2e6)
  })

  it('take no lock under an unknown id in strict mode: two of them never meet', () => {
    const { chain, context } = setUp()

    expect(chain.open(context({ id: 'forged' }))).toBeUndefined()
    expect(chain.open(context({ id: 'forged' }))).toBeUndefined()
  })
})

describe('the lock', () => {
  it('keeps a second activation out until the first is closed', async () => {
    const { chain, context, insert, read } = setUp()
    insert('a', '0')
    const first = context({ id: 'a' })
    const second = context({ id: 'a' })
    chain.open(first)

    const opened = chain.open(second)
    expect(opened).toBeInstanceOf(Promise)
    chain.write('a', bytes('1'), first)
    chain.close(first)
    await opened

    expect(read('a')).toBe('1')
    chain.close(second)
  })

  it('loses no update: 100 activations at once increment to 100', async () => {
    const { chain, context, insert, read } = setUp()
    insert('a', '0')
    const increment = async () => {
      const activation = context({ id: 'a' })
      await chain.open(activation)
      const value = Number(text((await chain.read('a', activation)) as Uint8Array))
      await new Promise((resolve) => setImmediate(resolve))
      await chain.write('a', bytes(`${value + 1}`), activation)
      await chain.close(activation)
    }

    await Promise.all(Array.from({ length: 100 }, increment))

    expect(read('a')).toBe('100')
  })

  it('is taken for an unknown id where that may be adopted', () => {
    const { chain, context } = setUp()
    const first = context({ id: 'chosen', strict: false })

    expect(chain.open(first)).toBeUndefined()
    const second = chain.open(context({ id: 'chosen', strict: false, lockWaitMs: 1 }))

    return expect(second).rejects.toThrow(LockTimeoutError)
  })

  it.each(['read', 'none'] as const)('is neither taken nor waited for in mode %s', (lock) => {
    const { chain, context, insert } = setUp()
    insert('a')
    chain.open(context({ id: 'a' }))

    expect(chain.open(context({ id: 'a', lock }))).toBeUndefined()
  })

  it('is nothing that work on no single session needs', () => {
    const { chain, context } = setUp()

    expect(chain.open(context())).toBeUndefined()
    expect(chain.close(context())).toBeUndefined()
  })

  it('shows who waited that the session was destroyed meanwhile', async () => {
    const { chain, context, insert } = setUp()
    insert('a', 'secret')
    const first = context({ id: 'a' })
    chain.open(first)
    const waiters = Array.from({ length: 20 }, async () => {
      const waiter = context({ id: 'a' })
      await chain.open(waiter)
      const seen = await chain.read('a', waiter)
      const written = await chain.write('a', bytes('back'), waiter)
      await chain.close(waiter)
      return { seen, written }
    })

    chain.destroy('a', first)
    chain.close(first)

    for (const waiter of await Promise.all(waiters)) {
      expect(waiter).toEqual({ seen: undefined, written: false })
    }
  })

  it('that does not come free in time is an error before any data is handed out', async () => {
    const { chain, context, insert, read } = setUp()
    insert('a')
    const first = context({ id: 'a' })
    chain.open(first)

    const late = context({ id: 'a', lockWaitMs: 5 })
    await expect(chain.open(late)).rejects.toMatchObject({
      code: 'ERR_SESSION_LOCK_TIMEOUT',
      waitedMs: 5,
    })
    chain.close(late)

    expect(chain.open(context({ id: 'b' }))).toBeUndefined()
    chain.close(first)
    expect(chain.open(context({ id: 'a' }))).toBeUndefined()
    expect(read('a')).toBe('a')
  })

  it('is not waited for by a visitor who has gone', async () => {
    const { chain, context, insert } = setUp()
    insert('a')
    chain.open(context({ id: 'a' }))
    const gone = new AbortController()

    const waiting = chain.open(context({ id: 'a', signal: gone.signal }))
    gone.abort()

    await expect(waiting).rejects.toThrow(StateError)
  })

  it('has room for maxWaiters, and refuses one more at once', async () => {
    const { chain, context, insert } = setUp({ maxWaiters: 2 })
    insert('a')
    const holder = context({ id: 'a' })
    chain.open(holder)
    const waiters = [context({ id: 'a' }), context({ id: 'a' })]
    const opened = waiters.map((waiter) => chain.open(waiter))

    expect(() => chain.open(context({ id: 'a' }))).toThrow(LockTimeoutError)

    chain.close(holder)
    await opened[0]
    chain.close(waiters[0] as SessionContext)
    await opened[1]
    chain.close(waiters[1] as SessionContext)
  })

  it('of 100,000 sessions, each opened and closed, leaves no memory behind', () => {
    const { chain, context, insert, destroy } = setUp()
    const use = (id: string) => {
      insert(id)
      const activation = context({ id })
      chain.open(activation)
      chain.write(id, bytes('x'), activation)
      chain.close(activation)
      destroy(id)
    }
    use('first')
    const before = usedBytes()

    for (let index = 0; index < 100_000; index += 1) use(`id${index}`)

    expect(usedBytes() - before).toBeLessThan(1e6)
  })
})

describe('list and count', () => {
  it('know the live sessions, their last touch and their size', async () => {
    const { insert, touch, advance, list, count, clock } = setUp()
    const started = clock.ms
    insert('a', 'one')
    insert('old')
    advance(1000)
    insert('b', 'three')
    touch('a')
    advance(441)

    const infos = await list()

    expect(infos.sort((x, y) => (x.id < y.id ? -1 : 1))).toEqual([
      { id: 'a', touchedMs: started + 1_000_000, bytes: 3 },
      { id: 'b', touchedMs: started + 1_000_000, bytes: 5 },
    ])
    expect(count()).toBe(2)
  })

  it('list every session that stays exactly once, while others come and go', async () => {
    const { insert, touch, destroy, chain, context } = setUp()
    const staying = Array.from({ length: 3000 }, (_, index) => `stays${index}`)
    const leaving = Array.from({ length: 3000 }, (_, index) => `leaves${index}`)
    for (const id of [...staying, ...leaving]) insert(id)
    const listed: string[] = []
    let gone = 0

    for await (const { id } of chain.list?.(context()) ?? []) {
      listed.push(id)
      expect(id.startsWith('leaves') && Number(id.slice(6)) < gone).toBe(false)
      if (gone === leaving.length) continue
      destroy(leaving[gone] as string)
      gone += 1
      insert(`comes${gone}`)
      touch(staying[gone % staying.length] as string)
    }

    expect(listed.filter((id) => id.startsWith('stays')).sort()).toEqual([...staying].sort())
    expect(new Set(listed).size).toBe(listed.length)
  })

  it('count many in slices', async () => {
    const { insert, count } = setUp()
    for (let index = 0; index < 25_000; index += 1) insert(`id${index}`, '')

    const counted = count()

    expect(counted).toBeInstanceOf(Promise)
    expect(await counted).toBe(25_000)
  })
})

describe('the handler', () => {
  it('keeps no process alive: it holds no timer and no handle', () => {
    const before = process.getActiveResourcesInfo().sort()
    const { insert, read, gc, chain, context } = setUp({ maxEntries: 2 })
    for (const id of ['a', 'b', 'c']) insert(id)
    chain.open(context({ id: 'c' }))
    read('c')
    gc()

    expect(process.getActiveResourcesInfo().sort()).toEqual(before)
  })

  it('shares nothing with another one', () => {
    const [one, other] = [setUp(), setUp()]
    one.insert('a')

    expect(other.read('a')).toBeUndefined()
    expect(other.gc(0)).toBe(0)
    expect(one.read('a')).toBe('a')
  })

  it.each([
    [{ maxEntries: 0 }, '"maxEntries" must be an integer in 1..'],
    [{ maxEntries: 1.5 }, '"maxEntries" must be an integer in 1..'],
    [{ maxBytes: 0 }, '"maxBytes" must be an integer in 1..'],
    [{ maxAge: -1 }, '"maxAge" must be a number in 0..86400'],
    [{ maxAge: Number.NaN }, '"maxAge" must be a number in 0..86400'],
    [{ maxWaiters: -1 }, '"maxWaiters" must be an integer in 0..'],
  ])('refuses %o', (options, message) => {
    expect(() => memoryHandler(options)).toThrow(RangeError)
    expect(() => memoryHandler(options)).toThrow(message)
  })

  it.each([
    [{ maxEntries: '5' }, '"maxEntries" must be an integer in 1..'],
    [{ ttl: 5 }, 'memory: unknown option "ttl"; known are maxEntries, maxBytes, maxAge,'],
    [{ invalidation: {} }, '"invalidation.publish" must be a function'],
    [{ invalidation: { publish() {} } }, '"invalidation.subscribe" must be a function'],
  ])('refuses %o by type', (options, message) => {
    expect(() => memoryHandler(options as MemoryOptions)).toThrow(TypeError)
    expect(() => memoryHandler(options as MemoryOptions)).toThrow(message)
  })

  it('takes undefined for the default', () => {
    const options = { maxEntries: undefined, maxBytes: undefined, maxAge: undefined }

    expect(memoryHandler({ ...options, invalidation: undefined }).name).toBe('memory')
  })
})
