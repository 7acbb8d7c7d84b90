import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { StandardSchema } from '../../src/lib/standard-schema.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import type { Concurrency, SessionOptions } from '../../src/options/options.js'
import { eventsOf, fixture, seen, stored } from '../helpers/sessions.js'

const withZod = z.object({ user: z.string().optional(), n: z.number().optional() })
const withValibot = v.object({ user: v.optional(v.string()), n: v.optional(v.number()) })
const later: StandardSchema = {
  '~standard': {
    version: 1,
    vendor: 'test',
    async validate(value) {
      await new Promise(setImmediate)
      return withZod['~standard'].validate(value)
    },
  },
}

/** Two releases of one application over the same storage. */
async function releases(data: Record<string, unknown>, options: SessionOptions) {
  const handlers = [memoryHandler()]
  const before = fixture({ handlers })
  const cookieHeader = await stored(before.manager, data)
  const { manager, taken } = fixture({ handlers: [...handlers], ...options })
  return { before: before.manager, manager, taken, cookieHeader }
}

describe.each<[string, StandardSchema]>([
  ['zod', withZod],
  ['valibot', withValibot],
  ['an asynchronous validator', later],
])('a schema of %s', (_, schema) => {
  it('lets data pass that fit', async () => {
    const { manager, cookieHeader, taken } = await releases({ user: 'ada', n: 1 }, { schema })
    const session = await manager.start({ cookieHeader })
    await session.commit()

    expect(session.data).toEqual({ user: 'ada', n: 1 })
    expect(taken()).not.toContain('write')
  })

  it('gives a new session for data that do not fit, and leaves the record alone', async () => {
    const data = { user: 'ada', n: 'many' }
    const { before, manager, cookieHeader } = await releases(data, { schema })
    const events = await eventsOf('sessionz:invalid', async () => {
      const session = await manager.start({ cookieHeader })
      expect([session.isNew, session.rejected, { ...session.data }]).toEqual([true, 'invalid', {}])
      session.set('n', 1)
      await session.commit()
    })

    expect(events).toEqual([{ name: 'PHPSESSID', keys: ['n'] }])
    expect(await seen(before, cookieHeader)).toEqual(data)
  })

  it('throws instead, where it is told to, and holds no lock', async () => {
    const options: SessionOptions = { schema, onInvalid: 'error', lockWait: 0 }
    const { before, manager, cookieHeader } = await releases({ n: 'many' }, options)
    const error = await manager.start({ cookieHeader }).catch((reason: unknown) => reason)

    expect(error).toMatchObject({ code: 'ERR_SESSION_SCHEMA', keys: ['n'] })
    expect(String(error)).not.toContain('many')
    expect(await seen(before, cookieHeader)).toEqual({ n: 'many' })
    await (await before.start({ cookieHeader }, { lockWait: 0 })).abort()
  })

  it('keeps what it does not know, byte for byte', async () => {
    const memory = memoryHandler()
    const chain = composeChain([memory])
    const id = 'a'.repeat(32)
    const context = createContext({ id, isNew: true, lock: 'none' })
    const php = 'price|d:5;n|i:1;what|O:3:"Foo":1:{s:1:"a";d:1;}raw|s:1:"\xff";'
    await chain.write(id, new Uint8Array(Buffer.from(php, 'latin1')), context)
    const { manager } = fixture({ handlers: [memory], schema, now: Date.now })
    const session = await manager.start({ cookieHeader: `PHPSESSID=${id}` })
    session.set('n', 2)
    await session.commit()
    const after = await chain.read(id, createContext({ id, lock: 'none' }))

    expect(Buffer.from(after ?? []).toString('latin1')).toBe(php.replace('i:1', 'i:2'))
  })
})

describe('what a schema makes of data', () => {
  const schema = z.object({ cart: z.array(z.string()).default([]) })

  it.each<Concurrency>(['exclusive', 'merge', 'none'])(
    'is stored when it changed, %s',
    async (concurrency) => {
      const { before, manager, cookieHeader } = await releases({ user: 1 }, { schema, concurrency })
      const session = await manager.start({ cookieHeader })
      expect(session.get('cart')).toEqual([])
      session.set('cart', ['tea'])
      await session.commit()

      expect(await seen(before, cookieHeader)).toEqual({ user: 1, cart: ['tea'] })
    },
  )

  it('is no change for who only reads', async () => {
    const { manager, cookieHeader } = await releases({ user: 1 }, { schema })
    const session = await manager.start({ cookieHeader }, { readOnly: true })
    await session.commit()

    expect(session.status).toBe('committed')
  })

  it('is there after reset, too, and data that do not fit any more are an error', async () => {
    const { before, manager, cookieHeader } = await releases(
      { user: 1 },
      { schema, concurrency: 'none' },
    )
    const session = await manager.start({ cookieHeader })
    await session.reset()
    expect(session.get('cart')).toEqual([])
    const other = await before.start({ cookieHeader })
    other.set('cart', 'none')
    await other.commit()

    await expect(session.reset()).rejects.toMatchObject({ code: 'ERR_SESSION_SCHEMA' })
  })
})

describe('a version', () => {
  const upgrade = (data: Record<string, unknown>, from: number | undefined) =>
    from === undefined ? { ...data, n: Number(data['n']) + 10 } : data

  it.each<Concurrency>(['exclusive', 'merge', 'none'])('upgrades once, %s', async (concurrency) => {
    const options = { version: 2, upgrade, concurrency }
    const { manager, cookieHeader } = await releases({ n: 1, other: 1 }, options)
    for (const other of [2, 3]) {
      const session = await manager.start({ cookieHeader })
      expect(session.get('n')).toBe(11)
      session.set('other', other)
      await session.commit()
    }

    expect(await seen(manager, cookieHeader)).toEqual({ n: 11, other: 3 })
  })

  it('upgrades what a merge lays changes over', async () => {
    const options = { version: 2, upgrade, concurrency: 'merge', conflict: 'error' } as const
    const { manager, cookieHeader } = await releases({ n: 1 }, options)
    const [a, b] = [await manager.start({ cookieHeader }), await manager.start({ cookieHeader })]
    a.set('a', 1)
    b.set('b', 2)
    await a.commit()
    await b.commit()

    expect(await seen(manager, cookieHeader)).toEqual({ n: 11, a: 1, b: 2 })
  })

  it('tells the upgrade which one the data have, and leaves new sessions alone', async () => {
    const asked: (number | undefined)[] = []
    const handlers = [memoryHandler()]
    const note = (data: object, from: number | undefined) => (
      asked.push(from),
      Promise.resolve(data)
    )
    const first = fixture({ handlers, version: 1, upgrade: note }).manager
    const second = fixture({ handlers: [...handlers], version: 2, upgrade: note }).manager
    const cookieHeader = await stored(first, { n: 1 })
    await seen(first, cookieHeader)
    await seen(second, cookieHeader)

    expect(asked).toEqual([1])
  })

  it('whose upgrade throws gives a new session, and says why', async () => {
    const fault = new Error('no idea')
    const broken = () => {
      throw fault
    }
    const { before, manager, cookieHeader } = await releases(
      { n: 1 },
      { version: 2, upgrade: broken },
    )
    const errors = await eventsOf('sessionz:error', async () => {
      expect((await manager.start({ cookieHeader })).isNew).toBe(true)
    })

    expect(errors).toEqual([{ operation: 'upgrade', error: fault }])
    expect(await seen(before, cookieHeader)).toEqual({ n: 1 })
  })
})

describe('the options of the shape', () => {
  it.each<[string, SessionOptions]>([
    ['"schema" must be a validator', { schema: {} as StandardSchema }],
    ['"upgrade" needs "version"', { upgrade: (data) => data }],
    ['"version" must be an integer', { version: 0.5 }],
    ['"onInvalid" must be one of', { onInvalid: 'drop' as 'new' }],
  ])('refuse: %s', (message, options) => {
    expect(() => createSessionManager(options)).toThrow(message)
  })
})
