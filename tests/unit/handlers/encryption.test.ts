import { createSecretKey, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { DecryptError, StateError } from '../../../src/errors.js'
import { defineHandler, type Payload, type SessionHandler } from '../../../src/handler.js'
import {
  defuseCipher,
  encryptionHandler,
  generateKey,
  type EncryptionKey,
  type EncryptionOptions,
} from '../../../src/handlers/encryption.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { writeInstead } from '../../../src/link.js'
import { createSessionManager } from '../../../src/manager.js'
import { defuseKey } from '../../helpers/defuse.js'
import { asyncHandler, cookieOf, eventsOf, fixture, seen, stored } from '../../helpers/sessions.js'

const bytes = (words: string) => new Uint8Array(Buffer.from(words, 'latin1'))
const text = (payload: Payload | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')

/** A store whose records lie open, and which notes what it is asked. */
function openStore({ touches = true } = {}) {
  const records = new Map<string, Payload>()
  const calls: string[] = []
  const note = (call: string) => void calls.push(call)
  const update = (id: string, payload: Payload, isNew: boolean) => {
    if (records.has(id) === isNew) return false
    records.set(id, payload)
    return true
  }
  const handler = defineHandler({
    name: 'open',
    read: (id) => (note('read'), records.get(id)),
    write: (id, payload, context) => (note('write'), update(id, payload, context.isNew)),
    destroy: (id) => (note('destroy'), records.delete(id)),
    validateId: (id) => records.has(id),
    ...(touches && { updateTimestamp: (id: string) => (note('touch'), records.has(id)) }),
  })
  return { records, handler, taken: () => calls.splice(0) }
}

type Store = ReturnType<typeof openStore>

/** A chain of encryption over an open store. */
function setUp(keys: EncryptionOptions['keys'] = generateKey(), store: Store = openStore()) {
  const chain = composeChain([encryptionHandler({ keys }), store.handler])
  return {
    ...store,
    chain,
    insert: (id: string, words: string) =>
      chain.write(id, bytes(words), createContext({ id, isNew: true })),
    read: (id: string, name = 'PHPSESSID') =>
      text(chain.read(id, createContext({ id, name })) as Payload | undefined),
  }
}

/** What a later process with this ring makes of a store, one unchanged session after the other. */
async function visitAll(store: Store, keys: EncryptionKey[], concurrency: 'exclusive' | 'none') {
  const manager = createSessionManager({
    handlers: [encryptionHandler({ keys }), store.handler],
    concurrency,
    gc: { probability: 0 },
  })
  const found: unknown[] = []
  for (const id of store.records.keys()) {
    const session = await manager.start({ id })
    found.push(session.id === id ? session.data['n'] : undefined)
    await session.commit()
  }
  return found
}

describe('what is stored', () => {
  it.each(['', '0', 'counter|i:1;', 'x'.repeat(100_000)])('is sealed, also %j', (words) => {
    const { insert, read, records } = setUp()
    insert('a', words)
    const record = Buffer.from(records.get('a') as Payload)

    expect(record.subarray(0, 4).toString('hex')).toBe('f5535a01')
    expect(words.length > 3 && record.includes(words.slice(0, 4))).toBe(false)
    expect(read('a')).toBe(words)
  })

  it('is asked for once, written once and destroyed once', () => {
    const { insert, read, chain, taken } = setUp()
    insert('a', 'data')
    read('a')
    read('b')
    chain.destroy('a', createContext())

    expect(taken()).toEqual(['write', 'read', 'read', 'destroy'])
  })

  it('is absent where there is nothing, and comes at once where the store answers at once', () => {
    const { insert, read, chain } = setUp()

    expect(read('a')).toBeUndefined()
    expect(insert('a', 'data')).toBe(true)
    expect(insert('a', 'data')).toBe(false)
    expect(chain.write('b', bytes('data'), createContext())).toBe(false)
    expect(chain.read('a', createContext())).toBeInstanceOf(Uint8Array)
  })

  it('is waited for where the store takes its time', async () => {
    const { handler } = openStore()
    const chain = composeChain([
      encryptionHandler({ keys: generateKey() }),
      asyncHandler(),
      handler,
    ])
    await chain.write('a', bytes('data'), createContext({ isNew: true }))

    expect(text(await chain.read('a', createContext()))).toBe('data')
    expect(await chain.read('b', createContext())).toBeUndefined()
  })

  it('stays as it was when sealing fails, and nothing is stored in clear', () => {
    const { handler, records } = openStore()
    const cipher = {
      name: 'broken',
      seal: () => {
        throw new Error('no entropy')
      },
      open: () => ({ payload: bytes('old'), current: false }),
    }
    const chain = composeChain([encryptionHandler({ cipher }), handler])
    records.set('a', bytes('sealed'))
    const context = createContext()

    expect(() => chain.write('a', bytes('new'), context)).toThrow('no entropy')
    expect(() => chain.updateTimestamp('a', bytes('new'), context)).toThrow('no entropy')
    chain.read('a', context)
    expect(() => chain.updateTimestamp('a', bytes('old'), context)).toThrow('no entropy')
    expect(text(records.get('a'))).toBe('sealed')
  })
})

describe('a record that does not open', () => {
  it('is one that was swapped with another', () => {
    const { insert, read, records } = setUp()
    insert('a', 'of a')
    insert('b', 'of b')
    const [a, b] = [records.get('a') as Payload, records.get('b') as Payload]
    records.set('a', b).set('b', a)

    expect(() => read('a')).toThrow(new DecryptError())
    expect(() => read('b')).toThrow(new DecryptError())
    records.set('a', a)
    expect(read('a')).toBe('of a')
  })

  it('is one of a manager with another name', () => {
    const { insert, read } = setUp()
    insert('a', 'data')

    expect(() => read('a', 'admin')).toThrow(new DecryptError())
    expect(read('a')).toBe('data')
  })

  it.each(['', '0', '{}', 'counter|i:1;', 'x'.repeat(4096)])('is plain text: %j', (words) => {
    const { read, records } = setUp()
    records.set('a', bytes(words))

    expect(() => read('a')).toThrow(new DecryptError())
  })

  it('fails the same where the store takes its time', async () => {
    const { handler, records } = openStore()
    records.set('a', bytes('0'))
    const chain = composeChain([
      encryptionHandler({ keys: generateKey() }),
      asyncHandler(),
      handler,
    ])

    await expect(chain.read('a', createContext())).rejects.toThrow(new DecryptError())
  })

  it("is not a place for the record of another one in Defuse's format: nothing binds it there", () => {
    const { handler, records } = openStore()
    const cipher = defuseCipher(defuseKey())
    const chain = composeChain([encryptionHandler({ cipher }), handler])
    chain.write('a', bytes('of a'), createContext({ isNew: true }))
    records.set('b', records.get('a') as Payload)

    expect(text(chain.read('b', createContext()) as Payload)).toBe('of a')
  })

  it('gives the visitor a new session, with an event, and stays as it is', async () => {
    const { handler, records } = openStore()
    const keys = generateKey()
    const before = fixture({ handlers: [encryptionHandler({ keys }), handler] }).manager
    const cookie = await stored(before, { user: 'ada' })
    const [[id, record]] = [...records] as [[string, Payload]]
    const wrong = encryptionHandler({ keys: generateKey() })
    const { manager } = fixture({ handlers: [wrong, handler] })

    const events = await eventsOf('sessionz:unreadable', async () => {
      const session = await manager.start({ cookieHeader: cookie })
      expect(session.id).not.toBe(id)
      session.set('user', 'eve')
      await session.commit()
    })

    expect(events).toEqual([{ name: 'PHPSESSID', code: 'ERR_SESSION_DECRYPT' }])
    expect(records.get(id)).toEqual(record)
    expect(await seen(before, cookie)).toEqual({ user: 'ada' })
  })

  it('is an error where the manager is told so', async () => {
    const { handler } = openStore()
    const sealed = [encryptionHandler({ keys: generateKey() }), handler]
    const cookieHeader = await stored(fixture({ handlers: sealed }).manager, { user: 'ada' })
    const wrong = [encryptionHandler({ keys: generateKey() }), handler]
    const { manager } = fixture({ handlers: wrong, onUnreadable: 'error' })

    await expect(manager.start({ cookieHeader })).rejects.toThrow(new DecryptError())
  })

  it('is every session that was stored in clear before', async () => {
    const { handler, records } = openStore()
    const cookieHeader = await stored(fixture({ handlers: [handler] }).manager, { user: 'ada' })
    const keys = generateKey()
    const { manager } = fixture({ handlers: [encryptionHandler({ keys }), handler] })

    const session = await manager.start({ cookieHeader })

    expect(session.data).toEqual({})
    expect(records.size).toBe(1)
  })
})

describe('a touch', () => {
  it('of what was read passes on the record as it is', () => {
    const { insert, chain, records, taken } = setUp(generateKey(), openStore({ touches: false }))
    insert('a', 'data')
    const record = records.get('a')
    const context = createContext({ id: 'a' })
    const payload = chain.read('a', context) as Payload
    taken()

    expect(chain.updateTimestamp('a', payload, context)).toBe(true)
    expect(taken()).toEqual(['write'])
    expect(records.get('a')).toBe(record)
  })

  it('of what was not read, or was written meanwhile, is sealed for a store that can only write', () => {
    const { insert, read, chain, records } = setUp(generateKey(), openStore({ touches: false }))
    insert('a', 'data')
    insert('b', 'data')
    const record = records.get('a')
    const context = createContext()

    chain.updateTimestamp('a', bytes('data'), context)
    expect(records.get('a')).not.toEqual(record)
    chain.read('a', context)
    chain.updateTimestamp('b', bytes('data of b'), context)
    expect(read('b')).toBe('data of b')
    chain.read('a', context)
    chain.write('a', bytes('new'), context)
    chain.updateTimestamp('a', bytes('new'), context)
    expect(read('a')).toBe('new')
  })

  it('asks a store that can touch for nothing else', () => {
    const { insert, read, chain, records, taken } = setUp()
    insert('a', 'data')
    const record = records.get('a')
    const context = createContext()
    chain.read('a', context)
    taken()

    expect(chain.updateTimestamp('a', bytes('data'), context)).toBe(true)
    expect(chain.updateTimestamp('b', bytes('data'), createContext())).toBe(false)
    expect(taken()).toEqual(['touch', 'touch'])
    expect(records.get('a')).toBe(record)
    expect(read('a')).toBe('data')
  })
})

describe('a touch of what an older key sealed', () => {
  const older = generateKey()
  const keys = [generateKey(), older]

  /** A record of the older key, seen by a chain whose current key is another. */
  function rotated(context = createContext({ id: 'a' })) {
    const store = openStore()
    setUp(older, store).insert('a', 'data')
    const record = store.records.get('a')
    const { chain } = setUp(keys, store)
    const payload = chain.read('a', context) as Payload
    store.taken()
    const readBy = (keys: EncryptionOptions['keys']) => setUp(keys, store).read('a')
    return { ...store, chain, payload, context, record, readBy }
  }

  it('writes it under the current one', () => {
    const { chain, context, payload, taken, readBy } = rotated()

    expect(chain.updateTimestamp('a', payload, context)).toBe(true)
    expect(taken()).toEqual(['write'])
    expect(readBy(keys[0])).toBe('data')
    expect(() => readBy(older)).toThrow(DecryptError)
  })

  it('does so once', () => {
    const { chain, context, payload, taken } = rotated()
    chain.updateTimestamp('a', payload, context)
    chain.updateTimestamp('a', payload, context)

    expect(taken()).toEqual(['write', 'touch'])
  })

  it('brings nothing back that was destroyed meanwhile', () => {
    const { chain, context, payload, records } = rotated()
    chain.destroy('a', createContext())

    expect(chain.updateTimestamp('a', payload, context)).toBe(false)
    expect(records.size).toBe(0)
  })

  it.each(['read', 'none'] as const)(
    'only touches it without the lock (%s), where a write could undo a faster one',
    (lock) => {
      const { chain, context, payload, taken, records, record } = rotated(
        createContext({ id: 'a', lock }),
      )

      expect(chain.updateTimestamp('a', payload, context)).toBe(true)
      expect(taken()).toEqual(['touch'])
      expect(records.get('a')).toBe(record)
    },
  )

  it('reaches the write of every layer below, and only that', () => {
    const store = openStore()
    setUp(older, store).insert('a', 'data')
    const calls: string[] = []
    const layer = defineHandler({
      name: 'layer',
      write: (id, payload, context, next) => (calls.push('write'), next(id, payload, context)),
      updateTimestamp: (id, payload, context, next) => (
        calls.push('touch'),
        next(id, payload, context)
      ),
    })
    const bystander = defineHandler({ name: 'bystander' })
    const chain = composeChain([encryptionHandler({ keys }), layer, bystander, store.handler])
    const context = createContext({ id: 'a' })
    const payload = chain.read('a', context) as Payload
    store.taken()

    expect(chain.updateTimestamp('a', payload, context)).toBe(true)
    expect(calls).toEqual(['write'])
    expect(store.taken()).toEqual(['write'])
  })
})

describe('a write instead of a touch', () => {
  const twice = (first: 'write' | 'touch') =>
    defineHandler({
      name: 'twice',
      updateTimestamp(id, payload, context, next) {
        const write = writeInstead(next)
        for (const call of first === 'write' ? [write, next] : [next, write]) {
          void call(id, payload, context)
        }
        return true
      },
    })

  it.each(['write', 'touch'] as const)('is the one call of next: %s first', (first) => {
    const chain = composeChain([twice(first), openStore().handler])

    expect(() => chain.updateTimestamp('a', bytes(''), createContext())).toThrow(StateError)
  })

  it('is the base where nothing is below', () => {
    const chain = composeChain([
      defineHandler({
        name: 'writer',
        updateTimestamp: (id, payload, context, next) => writeInstead(next)(id, payload, context),
      }),
    ])

    expect(chain.updateTimestamp('a', bytes(''), createContext())).toBe(true)
  })
})

describe('rotation', () => {
  it('over three keys loses nobody, and the keys that were left open nothing', async () => {
    const [first, second, third] = [generateKey(), generateKey(), generateKey()] as const
    const store = openStore()
    const { manager } = fixture({ handlers: [encryptionHandler({ keys: first }), store.handler] })
    for (let n = 0; n < 300; n += 1) await stored(manager, { n })
    const everyone = Array.from({ length: 300 }, (_, n) => n)

    expect(await visitAll(store, [second, first], 'exclusive')).toEqual(everyone)
    expect(await visitAll(store, [third, second], 'exclusive')).toEqual(everyone)
    expect(await visitAll(store, [third], 'exclusive')).toEqual(everyone)
    for (const id of store.records.keys()) {
      expect(() => setUp([first, second], store).read(id)).toThrow(DecryptError)
    }
  })

  it('under load loses nobody: two processes, one of which has the new key already', async () => {
    const [first, second] = [generateKey(), generateKey()]
    const store = memoryHandler()
    const managers = [
      [first, second],
      [second, first],
    ].map((keys) =>
      createSessionManager<{ n: number }>({
        handlers: [encryptionHandler({ keys }), store],
        lockWait: 30,
      }),
    )
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const session = await managers[0]!.start()
        session.set('n', 0)
        await session.commit()
        return session.id
      }),
    )
    const visit = async (turn: number) => {
      const session = await managers[turn % 2]!.start({ id: ids[turn % 20] as string })
      if (turn % 3 > 0) session.set('n', (session.get('n') ?? 0) + 1)
      await session.commit()
    }

    await Promise.all(Array.from({ length: 1200 }, (_, turn) => visit(turn)))

    const counts = await Promise.all(
      ids.map(async (id) => (await managers[1]!.start({ id }, { readOnly: true })).get('n')),
    )
    expect(counts.reduce((sum = 0, n = 0) => sum + n, 0)).toBe(800)
    for (const manager of managers) await manager.close()
  })

  it('without locks leaves unchanged sessions to the old key, and seals those that change', async () => {
    const [first, second] = [generateKey(), generateKey()]
    const store = openStore()
    const { manager } = fixture({ handlers: [encryptionHandler({ keys: first }), store.handler] })
    await stored(manager, { n: 1 })
    const id = [...store.records.keys()][0] as string

    expect(await visitAll(store, [second, first], 'none')).toEqual([1])
    expect(setUp([first], store).read(id)).toContain('1')
    const rotating = createSessionManager({
      handlers: [encryptionHandler({ keys: [second, first] }), store.handler],
      concurrency: 'none',
    })
    const session = await rotating.start({ id })
    session.set('n', 2)
    await session.commit()
    expect(() => setUp([first], store).read(id)).toThrow(DecryptError)
  })

  it("works in Defuse's format as well", async () => {
    const [first, second] = [defuseKey(), defuseKey()]
    const store = openStore()
    const sealed = (...keys: string[]) =>
      fixture({ handlers: [encryptionHandler({ cipher: defuseCipher(keys) }), store.handler] })
    const cookieHeader = await stored(sealed(first).manager, { n: 1 })
    const session = await sealed(second, first).manager.start({ cookieHeader })
    await session.commit()

    expect(await seen(sealed(second).manager, cookieHeader)).toEqual({ n: 1 })
  })
})

describe('a session', () => {
  const layers: Readonly<Record<string, () => SessionHandler[]>> = {
    'AES-256-GCM': () => [encryptionHandler({ keys: generateKey() }), memoryHandler()],
    "Defuse's format": () => [
      encryptionHandler({ cipher: defuseCipher(defuseKey()) }),
      memoryHandler(),
    ],
    'AES-256-GCM above a cache': () => [
      encryptionHandler({ keys: generateKey() }),
      memoryHandler({ maxAge: 5 }),
      memoryHandler(),
    ],
  }

  it.each(Object.entries(layers))('lives its life under %s', async (_, handlers) => {
    const { manager } = fixture({ handlers: handlers() })
    const first = await stored(manager, { user: 'ada', n: 1 })
    const session = await manager.start({ cookieHeader: first })
    await session.regenerate()
    session.set('n', 2)
    const second = cookieOf(await session.commit())

    expect(await seen(manager, first)).toEqual({})
    expect(await seen(manager, second)).toEqual({ user: 'ada', n: 2 })
    expect(await manager.count()).toBe(1)
    const last = await manager.start({ cookieHeader: second })
    await last.destroy()
    expect(await seen(manager, second)).toEqual({})
    expect(await manager.count()).toBe(0)
  })

  it.each(['exclusive', 'merge'] as const)('loses no update in mode %s', async (concurrency) => {
    const manager = createSessionManager<{ n: number }>({
      handlers: [encryptionHandler({ keys: generateKey() }), asyncHandler(), memoryHandler()],
      concurrency,
    })
    const first = await manager.start()
    first.set('n', 0)
    await first.commit()
    const increment = async () => {
      const session = await manager.start({ id: first.id })
      session.update('n', (n = 0) => n + 1)
      await session.commit()
    }

    await Promise.all(Array.from({ length: 100 }, increment))

    expect((await manager.start({ id: first.id }, { readOnly: true })).get('n')).toBe(100)
    await manager.close()
  })
})

describe('options', () => {
  it.each([
    ['an unknown one', { secret: 'x' }, 'unknown option "secret"'],
    ['neither keys nor a cipher', {}, 'give either "keys" or "cipher"'],
    [
      'keys and a cipher',
      { keys: generateKey(), cipher: defuseCipher(defuseKey()) },
      'give either "keys" or "cipher"',
    ],
    ['no padding', { keys: generateKey(), padding: 0 }, '"padding" must be an integer'],
    ['too much padding', { keys: generateKey(), padding: 65_537 }, '"padding" must be an integer'],
    ['no key', { keys: [] }, '"keys" must hold at least one key'],
    ['a passphrase', { keys: 'open sesame' }, '"keys[0]" is not a key'],
    [
      'an older key that is weak',
      { keys: [generateKey(), new Uint8Array(32)] },
      '"keys[1]" is a weak key',
    ],
    ['a cipher that cannot open', { cipher: { seal: () => bytes('') } }, '"cipher.open" must be'],
    ['a cipher that cannot seal', { cipher: { open: () => bytes('') } }, '"cipher.seal" must be'],
  ])('%s: refused', (_, options, words) => {
    const make = () => encryptionHandler(options as unknown as EncryptionOptions)

    expect(make).toThrow(words)
    expect(make).not.toThrow('sesame')
  })

  it('may be one key or several, in any form', () => {
    const key = randomBytes(32)
    for (const keys of [key, [key], createSecretKey(key), [createSecretKey(key), generateKey()]]) {
      const { insert, read } = setUp(keys)
      insert('a', 'data')
      expect(read('a')).toBe('data')
    }
  })

  it('are not to be seen from outside', () => {
    const key = generateKey()
    const material = Buffer.from(key.slice(5), 'base64url').subarray(0, 32)
    const handler = encryptionHandler({ keys: key })
    const cipher = defuseCipher(defuseKey(material))

    for (const shown of [handler, cipher]) {
      const all = inspect(shown, { depth: 9, showHidden: true }) + JSON.stringify(shown)
      expect(all).not.toContain(key.slice(5, 20))
      expect(all).not.toContain(material.toString('hex').slice(0, 16))
      expect(all).not.toContain([...material.subarray(0, 4)].join(', '))
    }
  })
})
