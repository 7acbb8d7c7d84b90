/** The published laws of layers over every layer, and over layers that break them. */
import { describe, expect, it } from 'vitest'
import { defineHandler, type Payload, type SessionHandler } from '../../src/handler.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { layerCases } from '../../src/testing/index.js'
import { slowLayer } from '../helpers/slow-layer.js'

const keys = generateKey()
const encryption = () => encryptionHandler({ keys })
const cache = () => memoryHandler({ maxAge: 60 })

/** One row for each: what is added here is held to all that the others are. */
const ROWS: Readonly<Record<string, () => readonly SessionHandler[]>> = {
  'a layer that only passes through': () => [defineHandler({ name: 'nothing' })],
  'a layer that takes its time': () => [slowLayer()],
  'hashed ids': () => [hashedIdHandler()],
  'hashed ids under a key': () => [hashedIdHandler({ key: 'k'.repeat(32) })],
  encryption: () => [encryption()],
  'memory that keeps nothing': () => [memoryHandler()],
  'memory as a cache': () => [cache()],
  'hashed ids, memory as a cache, encryption': () => [hashedIdHandler(), cache(), encryption()],
  'encryption, hashed ids': () => [encryption(), hashedIdHandler()],
}

for (const [name, layers] of Object.entries(ROWS)) {
  describe(`laws of layers: ${name}`, () => {
    for (const { name, run } of layerCases(() => ({ layers: layers() }))) it(name, run)
  })
}

/** A cache as others wrote it. */
function badCache(keeps: { misses?: boolean; refused?: boolean; failures?: boolean }) {
  const kept = new Map<string, Payload | undefined>()
  return defineHandler({
    name: 'bad',
    async read(id, context, next) {
      if (kept.has(id)) return kept.get(id)
      const payload = await next(id, context)
      if (payload !== undefined || keeps.misses === true) kept.set(id, payload)
      return payload
    },
    async write(id, payload, context, next) {
      if (keeps.failures === true) kept.set(id, payload)
      const written = await next(id, payload, context)
      if (written || keeps.refused === true) kept.set(id, payload)
      else kept.delete(id)
      return written
    },
    async destroy(id, context, next) {
      if (keeps.failures === true) kept.delete(id)
      const existed = await next(id, context)
      kept.delete(id)
      return existed
    },
    async updateTimestamp(id, payload, context, next) {
      const known = await next(id, payload, context)
      if (!known && keeps.refused !== true) kept.delete(id)
      return known
    },
  })
}

const FAULTS: readonly (readonly [fault: string, found: string, layer: () => SessionHandler])[] = [
  [
    'a destroy that stops at the layer',
    'every open, write, touch, gc, destroy and close reaches the store, once and in order',
    () => defineHandler({ name: 'bad', destroy: () => true }),
  ],
  [
    'a context of its own for each operation',
    'the store sees one context from open to close, and it says what the one above says',
    () => defineHandler({ name: 'bad', write: (...[i, p, c, next]) => next(i, p, { ...c }) }),
  ],
  [
    'a context that is a copy',
    'the store sees one context from open to close, and it says what the one above says',
    () => {
      const copies = new WeakMap<object, object>()
      const copy = <T extends object>(context: T): T => {
        if (!copies.has(context)) copies.set(context, { ...context })
        return Object.assign(copies.get(context) as T, { entered: 0 })
      }
      return defineHandler({
        name: 'bad',
        open: (context, next) => next(copy(context)),
        close: (context, next) => next(copy(context)),
        write: (id, payload, context, next) => next(id, payload, copy(context)),
        destroy: (id, context, next) => next(id, copy(context)),
        gc: (lifetime, context, next) => next(lifetime, copy(context)),
        updateTimestamp: (id, payload, context, next) => next(id, payload, copy(context)),
      })
    },
  ],
  [
    'one current session for all requests',
    'activations at once are kept apart',
    () => {
      let current = ''
      return defineHandler({
        name: 'bad',
        open: (context, next) => ((current = context.id ?? ''), next(context)),
        write: (_, payload, context, next) => next(current, payload, context),
      })
    },
  ],
  [
    'a payload changed in place',
    'a payload on its way down is left as it is',
    () => defineHandler({ name: 'bad', write: (id, p, c, next) => next(id, p.reverse(), c) }),
  ],
  [
    'a failure taken for absence',
    'a store that fails to read has failed, and can be asked again',
    () =>
      defineHandler({
        name: 'bad',
        read: async (id, context, next) => {
          try {
            return await next(id, context)
          } catch {
            return undefined
          }
        },
      }),
  ],
  [
    'a close only after an open',
    'a close reaches the store also after an open that failed',
    () => {
      const opened = new WeakSet()
      return defineHandler({
        name: 'bad',
        open: async (context, next) => (await next(context), void opened.add(context)),
        close: (context, next) => (opened.has(context) ? next(context) : undefined),
      })
    },
  ],
  [
    'a write kept before it is done',
    'what the store did not take is not kept',
    () => badCache({ failures: true }),
  ],
  ['misses that are kept', 'a miss is not remembered', () => badCache({ misses: true })],
  [
    'a refused write that is kept',
    'what was destroyed elsewhere cannot be written, and is absent from then on',
    () => badCache({ refused: true }),
  ],
  [
    'a refused touch that is not noticed',
    'what was destroyed elsewhere cannot be touched, and is absent from then on',
    () => badCache({ refused: true }),
  ],
  [
    'a list of its own',
    'list and count are the answers of the store, also where it changed elsewhere',
    () => defineHandler({ name: 'bad', count: () => 1 }),
  ],
  [
    'no proper name',
    'each layer has a name in lower case, and can be disposed of twice',
    () => defineHandler({ name: 'My Layer' }),
  ],
]

describe('the laws', () => {
  it('have a name each', () => {
    const names = layerCases(() => ({ layers: [] })).map(({ name }) => name)

    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThan(15)
  })

  it.each(FAULTS)('find %s', async (_, found, layer) => {
    const law = layerCases(() => ({ layers: [layer()] })).find(({ name }) => name === found)

    expect(law).toBeDefined()
    await expect(law?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' })
  })

  it('have layers disposed of and fixtures cleaned up, whatever happens', async () => {
    const ended: string[] = []
    const create = () => ({
      layers: [defineHandler({ name: 'UPPER', dispose: () => void ended.push('disposed') })],
      cleanup: () => void ended.push('cleaned up'),
    })
    const law = layerCases(create).find(({ name }) => name.startsWith('each layer has a name'))
    await expect(law?.run()).rejects.toThrow()

    expect(ended).toEqual(['disposed', 'cleaned up', 'disposed', 'cleaned up'])
  })
})
