import { createHash, createHmac } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { StateError } from '../../../src/errors.js'
import { defineHandler, type Payload, type SessionContext } from '../../../src/handler.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { hashedIdHandler } from '../../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { isValidId } from '../../../src/id/validate.js'
import { createSessionManager } from '../../../src/manager.js'
import { temporaryFolder } from '../../helpers/folders.js'

const ID = 'a'.repeat(32)
const KEY = 'k'.repeat(32)
const bytes = (text: string): Payload => new TextEncoder().encode(text)
const sha256 = (id: string) => createHash('sha256').update(id).digest('hex')

/** A layer that remembers what it is given: the operation, its id, its context. */
function spy() {
  const seen: { operation: string; id: unknown; context: SessionContext; copy: unknown }[] = []
  const note = (operation: string, id: unknown, context: SessionContext) =>
    void seen.push({ operation, id, context, copy: { ...context } })
  const handler = defineHandler({
    name: 'spy',
    open: (context, next) => (note('open', context.id, context), next(context)),
    close: (context, next) => (note('close', context.id, context), next(context)),
    read: (id, context, next) => (note('read', id, context), next(id, context)),
    write: (id, payload, context, next) => (note('write', id, context), next(id, payload, context)),
    destroy: (id, context, next) => (note('destroy', id, context), next(id, context)),
    gc: (lifetime, context, next) => (note('gc', context.id, context), next(lifetime, context)),
    updateTimestamp(id, payload, context, next) {
      note('updateTimestamp', id, context)
      return next(id, payload, context)
    },
    validateId: (id, context, next) => (note('validateId', id, context), next(id, context)),
  })
  return { seen, handler }
}

/** A whole life below a layer of hashed ids, and what the layer below it saw. */
function liveThrough(...layers: ReturnType<typeof hashedIdHandler>[]) {
  const { seen, handler } = spy()
  const chain = composeChain([...layers, handler, memoryHandler()])
  const context = createContext({ id: ID, isNew: true })
  chain.open(context)
  chain.write(ID, bytes('data'), context)
  context.isNew = false
  chain.validateId?.(ID, context)
  const payload = chain.read(ID, context)
  chain.updateTimestamp(ID, bytes('data'), context)
  chain.gc(1440, context)
  chain.destroy(ID, context)
  chain.close(context)
  return { seen, payload }
}

describe('what is below', () => {
  it('is given the hash in every operation, and in the context', () => {
    const { seen, payload } = liveThrough(hashedIdHandler())

    expect(payload).toEqual(bytes('data')) // synchronous layers stay synchronous
    expect(seen.map(({ operation }) => operation)).toEqual([
      'open',
      'write',
      'validateId',
      'read',
      'updateTimestamp',
      'gc',
      'destroy',
      'close',
    ])
    for (const { id, copy } of seen) {
      expect(id).toBe(sha256(ID))
      expect((copy as SessionContext).id).toBe(sha256(ID))
    }
    expect(inspect(seen, { depth: 5, getters: true })).not.toContain(ID)
  })

  it('sees one context for one activation, and it stays as it is', () => {
    const { seen } = liveThrough(hashedIdHandler())

    expect(new Set(seen.map(({ context }) => context)).size).toBe(1)
    expect(seen.map(({ copy }) => (copy as SessionContext).isNew)).toEqual(
      seen.map(({ operation }) => operation === 'open' || operation === 'write'),
    )
  })

  it('is told everything else that the context says', () => {
    const { seen, handler } = spy()
    const { signal } = new AbortController()
    const context = createContext({
      savePath: '/srv',
      name: 'SHOP',
      readOnly: true,
      strict: false,
      lock: 'read',
      lockWaitMs: 5,
      lockLeaseMs: 6,
      closing: true,
      maxLifetime: 7,
      signal,
      now: () => 8,
    })
    composeChain([hashedIdHandler(), handler]).open(context)

    const { signal: _, ...plain } = context
    expect(seen[0]?.copy).toEqual({ ...plain, entered: expect.any(Number) as number })
    expect((seen[0]?.context as SessionContext).signal).toBe(signal)
  })

  it('is told of an id that the manager settles later', () => {
    const { seen, handler } = spy()
    const chain = composeChain([hashedIdHandler(), handler])
    const context = createContext()
    chain.gc(1440, context)
    context.id = ID
    chain.open(context)

    expect(seen.map(({ id }) => id)).toEqual([undefined, sha256(ID)])
  })

  it('may have another id than the context: regenerate', () => {
    const { seen, handler } = spy()
    const chain = composeChain([hashedIdHandler(), handler, memoryHandler()])
    chain.write('other', bytes(''), createContext({ id: ID, isNew: true }))

    expect(seen[0]?.id).toBe(sha256('other'))
    expect(seen[0]?.context.id).toBe(sha256(ID))
  })

  it('may not call next twice, and may be called again by the next operation', () => {
    const twice = defineHandler({
      name: 'twice',
      read: (id, context, next) => next(id, context) ?? next(id, context),
    })
    const chain = composeChain([hashedIdHandler(), twice, memoryHandler()])
    const context = createContext({ id: ID })
    for (let round = 0; round < 2; round += 1) {
      expect(chain.validateId?.(ID, context)).toBe(false)
      expect(() => chain.read(ID, context)).toThrow(StateError)
    }
  })

  it('is hashed once more by a second layer of the kind', () => {
    const { seen } = liveThrough(hashedIdHandler(), hashedIdHandler())

    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([sha256(sha256(ID))]))
  })
})

describe('the hash', () => {
  it('is an id for every store: 64 hexadecimal digits, for ids of every length', () => {
    const { seen, handler } = spy()
    const chain = composeChain([hashedIdHandler(), handler])
    for (const id of ['a', ',-', 'Z'.repeat(256)]) chain.read(id, createContext())

    expect(new Set(seen.map(({ id }) => id)).size).toBe(3)
    for (const { id } of seen) {
      expect(isValidId(id)).toBe(true)
      expect(id).toMatch(/^[0-9a-f]{64}$/)
    }
  })

  it('is an HMAC under a key, text or bytes', () => {
    const expected = createHmac('sha256', KEY).update(ID).digest('hex')
    for (const key of [KEY, bytes(KEY)]) {
      const { seen } = liveThrough(hashedIdHandler({ key }))
      expect(seen[0]?.id).toBe(expected)
    }
  })

  it('is not changed by what happens to the key afterwards', () => {
    const key = bytes(KEY)
    const handler = hashedIdHandler({ key })
    key.fill(0)

    expect(liveThrough(handler).seen[0]?.id).toBe(
      createHmac('sha256', KEY).update(ID).digest('hex'),
    )
  })

  it.each([
    [{ key: 'k'.repeat(31) }, RangeError, '"key" must have at least 32 bytes, got 31'],
    [{ key: new Uint8Array() }, RangeError, '"key" must have at least 32 bytes, got 0'],
    [{ key: 32 as unknown as string }, TypeError, '"key" must be a string or a Uint8Array'],
    [{ kye: KEY } as object, TypeError, 'unknown option "kye"'],
  ])('refuses %j', (options, kind, message) => {
    const make = () => hashedIdHandler(options)
    expect(make).toThrow(kind)
    expect(make).toThrow(message)
  })

  it('does not show the key', () => {
    const shown = inspect(hashedIdHandler({ key: KEY }), { depth: 10, showHidden: true })

    expect(shown).not.toContain(KEY)
  })
})

describe('a manager over hashed ids', () => {
  it('leaves no live id in the store', async () => {
    const savePath = temporaryFolder()
    const handlers = [hashedIdHandler(), filesHandler({ savePath, lock: 'process' })]
    const manager = createSessionManager<{ n: number }>({ handlers, gc: { probability: 0 } })
    const ids: string[] = []
    for (let n = 0; n < 100; n += 1) {
      const session = await manager.start({})
      session.set('n', n)
      await session.commit()
      ids.push(session.id)
    }

    const files = readdirSync(savePath)
    expect(files.sort()).toEqual(ids.map((id) => `sess_${sha256(id)}`).sort())
    const again = await manager.start({ id: ids[42] as string })
    expect(again.get('n')).toBe(42)
    await again.destroy()
    expect(readdirSync(savePath)).toHaveLength(99)
    await manager.close()
  })

  it('lists and counts what is stored, under the hashes', async () => {
    const manager = createSessionManager<{ n: number }>({
      handlers: [hashedIdHandler(), memoryHandler()],
    })
    const session = await manager.start({})
    session.set('n', 1)
    await session.commit()

    expect(await manager.count()).toBe(1)
    for await (const { id } of manager.list()) {
      expect(id).toBe(sha256(session.id))
      expect(await manager.destroy(id)).toBe(false) // the hash of a hash is another name
    }
    expect(await manager.destroy(session.id)).toBe(true)
  })

  it('takes another id where the hash of the new one is taken', async () => {
    const ids = ['x'.repeat(32), 'x'.repeat(32), 'y'.repeat(32)]
    const manager = createSessionManager<{ n: number }>({
      handlers: [hashedIdHandler(), memoryHandler()],
      id: { generate: () => ids.shift() as string, bits: 128, length: 32 },
    })
    const made: string[] = []
    for (let n = 0; n < 2; n += 1) {
      const session = await manager.start({})
      session.set('n', n)
      await session.commit()
      made.push(session.id)
    }

    expect(made).toEqual(['x'.repeat(32), 'y'.repeat(32)])
  })

  it('finds none of the sessions of another key', async () => {
    const store = memoryHandler()
    const [first, second] = [KEY, 'other'.repeat(8)].map((key) =>
      createSessionManager<{ n: number }>({ handlers: [hashedIdHandler({ key }), store] }),
    )
    const session = await first?.start({})
    session?.set('n', 1)
    await session?.commit()

    expect((await second?.start({ id: session?.id ?? '' }))?.id).not.toBe(session?.id)
    expect((await first?.start({ id: session?.id ?? '' }))?.get('n')).toBe(1)
  })
})
