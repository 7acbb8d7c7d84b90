/** Records of older formats below a layer that seals in another one. */
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { DecryptError } from '../../../src/errors.js'
import { defineHandler, type Payload } from '../../../src/handler.js'
import {
  defuseCipher,
  encryptionHandler,
  generateKey,
  type EncryptionOptions,
  type SessionCipher,
} from '../../../src/handlers/encryption.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import { defuseKey } from '../../helpers/defuse.js'
import { asyncHandler, eventsOf } from '../../helpers/sessions.js'

const A = 'a'.repeat(32)
const bytes = (words: string) => new Uint8Array(Buffer.from(words, 'latin1'))
const words = (payload: Uint8Array | undefined) => payload && Buffer.from(payload).toString()

/** Chains over one store: encrypted as they are told, and plain to look at what is stored. */
function setUp() {
  const store = memoryHandler()
  const plain = composeChain([store])
  return {
    store,
    plain,
    chain: (options: EncryptionOptions) => composeChain([encryptionHandler(options), store]),
    stored: () => plain.read(A, createContext({ id: A })) as Payload,
    put: (payload: Uint8Array) =>
      plain.write(A, payload, createContext({ id: A, isNew: true })) as boolean,
  }
}

const keys = generateKey()
const old = defuseKey()
const moving = (): EncryptionOptions => ({ keys, previous: [defuseCipher(old)] })
const insert = (chain: ReturnType<typeof composeChain>, text: string) =>
  chain.write(A, bytes(text), createContext({ id: A, isNew: true }))

describe('a record of an older format', () => {
  it('is opened, and sealed in the current one at the next commit, changed or not', async () => {
    for (const deed of ['write', 'touch'] as const) {
      const { chain, stored } = setUp()
      await insert(chain({ cipher: defuseCipher(old) }), 'data')
      expect(words(stored().subarray(0, 8))).toBe('def50200')
      const both = chain(moving())
      const context = createContext({ id: A })

      const events = await eventsOf('sessionz:resealed', async () => {
        await both.open(context)
        const payload = (await both.read(A, context)) as Payload
        expect(words(payload)).toBe('data')
        if (deed === 'write') expect(await both.write(A, bytes('new'), context)).toBe(true)
        else expect(await both.updateTimestamp(A, payload, context)).toBe(true)
        await both.close(context)
      })

      expect(Buffer.from(stored().subarray(0, 4)).toString('hex')).toBe('f5535a01')
      expect(words((await chain({ keys }).read(A, context)) as Payload)).toBe(
        deed === 'write' ? 'new' : 'data',
      )
      expect(events).toEqual([{ handler: 'encryption' }])
    }
  })

  it('is only touched without the lock, and then nothing is told', async () => {
    const { chain, stored } = setUp()
    await insert(chain({ cipher: defuseCipher(old) }), 'data')
    const before = stored()
    const both = chain(moving())
    const context = createContext({ id: A, lock: 'none' })
    const payload = (await both.read(A, context)) as Payload
    const events = await eventsOf('sessionz:resealed', async () => {
      await both.updateTimestamp(A, payload, context)
    })

    expect(stored()).toEqual(before)
    expect(events).toEqual([])
  })

  it('is opened by its own cipher or not at all', () => {
    const asked: string[] = []
    const watched = (cipher: SessionCipher): SessionCipher => ({
      ...cipher,
      open: (...args) => (asked.push(cipher.name), cipher.open(...args)),
    })
    const store = memoryHandler()
    const chain = composeChain([
      encryptionHandler({
        cipher: watched({
          name: 'current',
          seal: (payload) => Uint8Array.of(7, ...payload),
          open: (sealed) => ({ payload: sealed.slice(1), current: true }),
        }),
        previous: [watched(defuseCipher(old))],
      }),
      store,
    ])
    const plain = composeChain([store])
    const put = (payload: Uint8Array) => {
      plain.destroy(A, createContext())
      plain.write(A, payload, createContext({ id: A, isNew: true }))
    }
    const sealed = defuseCipher(old).seal(bytes('data'), A, '')
    const broken = sealed.slice()
    broken[120] = broken[120] === 0x30 ? 0x31 : 0x30

    put(broken)
    expect(() => chain.read(A, createContext())).toThrow(new DecryptError())
    put(defuseCipher(defuseKey()).seal(bytes('data'), A, ''))
    expect(() => chain.read(A, createContext())).toThrow(new DecryptError())
    put(Uint8Array.of(...bytes('DEF50200'), ...sealed.subarray(8)))
    expect(words(chain.read(A, createContext()) as Payload)).toBe('data')
    expect(new Set(asked)).toEqual(new Set(['defuse']))
  })

  it.each(['', '0', 'def5', 'def50200', 'counter|i:1;', '{}'])(
    'that is none of them is refused: %j',
    (text) => {
      const { put, chain } = setUp()
      put(bytes(text))

      expect(() => chain(moving()).read(A, createContext())).toThrow(new DecryptError())
    },
  )

  it('of one session does not open for another, once it is sealed in the current one', async () => {
    const { chain, stored, plain } = setUp()
    await insert(chain({ cipher: defuseCipher(old) }), 'data')
    const both = chain(moving())
    const context = createContext({ id: A })
    await both.write(A, bytes(words((await both.read(A, context)) as Payload) ?? ''), context)
    const other = 'b'.repeat(32)
    await plain.write(other, stored(), createContext({ id: other, isNew: true }))

    expect(() => both.read(other, createContext())).toThrow(new DecryptError())
  })
})

describe('the event', () => {
  it('tells of a record under an older key as well, once, and of none that was not stored', async () => {
    const [first, second] = [generateKey(), generateKey()]
    const { store, chain } = setUp()
    const refusing = defineHandler({ name: 'refusing', write: () => false })
    await insert(chain({ keys: first }), 'data')
    const ring = [second, first]
    for (const [layers, count] of [
      [[encryptionHandler({ keys: ring }), refusing], 0],
      [[encryptionHandler({ keys: ring }), asyncHandler()], 1],
      [[encryptionHandler({ keys: ring })], 0],
    ] as const) {
      const rotating = composeChain([...layers, store])
      const events = await eventsOf('sessionz:resealed', async () => {
        for (let round = 0; round < 2; round += 1) {
          const context = createContext({ id: A })
          await rotating.read(A, context)
          await rotating.write(A, bytes('data'), context)
        }
      })

      expect(events).toHaveLength(count)
    }
  })
})

describe('a site that leaves PHP’s format', () => {
  it('logs nobody out, and then needs the old key no more', async () => {
    const store = memoryHandler()
    const manager = (options: EncryptionOptions) =>
      createSessionManager<{ n: number }>({ handlers: [encryptionHandler(options), store] })
    const before = manager({ cipher: defuseCipher(old) })
    const ids: string[] = []
    for (let n = 0; n < 50; n += 1) {
      const session = await before.start()
      session.set('n', n)
      await session.commit()
      ids.push(session.id)
    }
    const during = manager(moving())
    for (const id of ids) await (await during.start({ id })).commit()
    const after = manager({ keys })

    const seen = await Promise.all(
      ids.map(async (id) => (await after.start({ id }, { readOnly: true })).get('n')),
    )
    expect(seen).toEqual(ids.map((_, n) => n))
  })
})

describe('options', () => {
  const cipher = defuseCipher(old)
  const { recognizes: _, ...blind } = cipher

  it.each([
    ['no list', { keys, previous: cipher }, '"previous" must be a list'],
    ['no cipher', { keys, previous: [{}] }, '"previous[0].seal" must be a function'],
    ['one that knows no mark', { keys, previous: [blind] }, '"previous[0].recognizes" must be'],
    ['the current format once more', { cipher, previous: [cipher] }, 'give all keys of a format'],
    ['one format twice', { keys, previous: [cipher, cipher] }, 'give all keys of a format'],
    ['nothing but older formats', { previous: [cipher] }, 'give either "keys" or "cipher"'],
  ])('%s: refused', (_, options, message) => {
    expect(() => encryptionHandler(options as unknown as EncryptionOptions)).toThrow(message)
  })
})
