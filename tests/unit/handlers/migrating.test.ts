import { describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { StoreError } from '../../../src/errors.js'
import {
  defineHandler,
  type Chain,
  type LockMode,
  type SessionHandler,
} from '../../../src/handler.js'
import { filesHandler } from '../../../src/handlers/files.js'
import { hashedIdHandler } from '../../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { migratingHandler, type MigratingOptions } from '../../../src/handlers/migrating.js'
import { createSessionManager } from '../../../src/manager.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { dice, unsteadyLayer } from '../../helpers/turns.js'

const A = 'a'.repeat(32)
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const none = (fields = {}) => createContext({ id: A, lock: 'none', ...fields })
const textOf = async (chain: Chain, lock: LockMode = 'none') => {
  const payload = await chain.read(A, none({ lock }))
  return payload && Buffer.from(payload).toString()
}

type Mode = MigratingOptions['mode']
const MODES: readonly Mode[] = ['lazy', 'dual', 'read-old']

/** Two stores, chains that know one of them only, and what moves between them. */
function places(layers: { from?: () => SessionHandler[]; to?: () => SessionHandler[] } = {}) {
  const [oldStore, newStore] = [memoryHandler(), memoryHandler()]
  const make = (mode: Mode) =>
    composeChain([
      migratingHandler({
        from: [...(layers.from?.() ?? []), oldStore],
        to: [...(layers.to?.() ?? []), newStore],
        mode,
      }),
    ])
  return { make, old: composeChain([oldStore]), young: composeChain([newStore]) }
}

async function within<T>(chain: Chain, body: (context: ReturnType<typeof none>) => Promise<T>) {
  const context = createContext({ id: A })
  try {
    await chain.open(context)
    return await body(context)
  } finally {
    await chain.close(context)
  }
}

const insert = (chain: Chain, text: string) => chain.write(A, bytes(text), none({ isNew: true }))

describe('a session on the old side', () => {
  it.each([
    ['lazy', undefined, 'two'],
    ['read-old', 'one', 'two'],
    ['dual', 'two', 'two'],
  ] as const)('is after its next write in mode %s: old %s, new %s', async (mode, left, right) => {
    const { make, old, young } = places()
    await insert(old, 'one')
    const chain = make(mode)
    expect(await textOf(chain)).toBe('one')
    expect(await textOf(young)).toBeUndefined()

    expect(await within(chain, async (context) => chain.write(A, bytes('two'), context))).toBe(true)

    expect(await textOf(old)).toBe(left)
    expect(await textOf(young)).toBe(right)
    expect(await textOf(chain)).toBe('two')
  })

  it.each([
    ['lazy', undefined],
    ['read-old', 'one'],
    ['dual', 'one'],
  ] as const)('comes to the new side by a touch, too, in mode %s', async (mode, left) => {
    for (const lock of ['exclusive', 'none'] as const) {
      const { make, old, young } = places()
      await insert(old, 'one')
      const chain = make(mode)
      const context = createContext({ id: A, lock })
      await chain.open(context)
      await chain.read(A, context)
      expect(await chain.updateTimestamp(A, bytes('one'), context)).toBe(true)
      await chain.close(context)

      expect(await textOf(old)).toBe(left)
      expect(await textOf(young)).toBe('one')
    }
  })

  it('is touched as it is stored, not as its reader remembers it', async () => {
    const { make, old, young } = places()
    await insert(old, 'newer')

    expect(await make('lazy').updateTimestamp(A, bytes('older'), none())).toBe(true)
    expect(await textOf(young)).toBe('newer')
  })

  it.each(MODES)('is destroyed on both sides in mode %s', async (mode) => {
    const { make, old, young } = places()
    for (const side of [old, young]) await insert(side, 'one')

    expect(await make(mode).destroy(A, none())).toBe(true)
    expect(await make(mode).destroy(A, none())).toBe(false)
    expect([await textOf(old), await textOf(young)]).toEqual([undefined, undefined])
  })

  it.each([
    ['lazy', 'new'],
    ['read-old', 'new'],
    ['dual', 'old'],
  ] as const)(
    'that is on the new side as well: in mode %s the %s one counts',
    async (mode, counts) => {
      const { make, old, young } = places()
      await insert(old, 'old')
      await insert(young, 'new')

      expect(await textOf(make(mode))).toBe(counts)
    },
  )

  it('stays locked after it has moved, until the activation ends', async () => {
    const { make, old, young } = places()
    await insert(old, 'one')
    const chain = make('lazy')
    const others = [chain, make('lazy'), make('dual'), young]

    await within(chain, async (context) => {
      await chain.read(A, context)
      await chain.write(A, bytes('two'), context)
      for (const other of others) {
        const late = createContext({ id: A, lockWaitMs: 5 })
        await expect(async () => other.open(late)).rejects.toMatchObject({
          code: 'ERR_SESSION_LOCK_TIMEOUT',
        })
        await other.close(late)
      }
      expect(await chain.write(A, bytes('three'), context)).toBe(true)
    })

    expect(await textOf(young)).toBe('three')
    for (const other of others) expect(await within(other, async () => 'free')).toBe('free')
  })

  it('is kept from processes that know the old side only, while it moves', async () => {
    const { make, old } = places()
    await insert(old, 'one')
    const chain = make('lazy')

    await within(chain, async () => {
      const late = createContext({ id: A, lockWaitMs: 5 })
      await expect(async () => old.open(late)).rejects.toMatchObject({
        code: 'ERR_SESSION_LOCK_TIMEOUT',
      })
      await old.close(late)
    })
  })

  it('is waited for no longer on two sides than on one', async () => {
    const waits: number[] = []
    const waiting = defineHandler({
      name: 'waiting',
      async open(context, next) {
        waits.push(context.lockWaitMs)
        const started = performance.now()
        while (performance.now() - started < 20) await new Promise(setImmediate)
        await next(context)
      },
    })
    const { make, old } = places({ from: () => [waiting], to: () => [waiting] })
    await insert(old, 'one')
    const chain = make('lazy')
    const context = createContext({ id: A, lockWaitMs: 1000 })
    await chain.open(context)
    await chain.close(context)

    expect(waits[0]).toBe(1000)
    expect(waits[1]).toBeLessThanOrEqual(980)
  })
})

describe('a new session', () => {
  it.each([
    ['lazy', undefined, 'data'],
    ['read-old', undefined, 'data'],
    ['dual', 'data', 'data'],
  ] as const)('is made in mode %s: old %s, new %s', async (mode, left, right) => {
    const { make, old, young } = places()

    expect(await insert(make(mode), 'data')).toBe(true)
    expect([await textOf(old), await textOf(young)]).toEqual([left, right])
  })

  it.each(MODES)('takes no id that one of the sides has, in mode %s', async (mode) => {
    for (const side of ['old', 'young'] as const) {
      const made = places()
      await insert(made[side], 'theirs')

      expect(await insert(made.make(mode), 'ours')).toBe(false)
      expect(await textOf(made.make(mode))).toBe('theirs')
    }
  })

  it.each(MODES)('under an id that is adopted is made once, in mode %s', async (mode) => {
    const { make } = places()
    const chain = make(mode)
    const context = createContext({ id: A, strict: false })
    await chain.open(context)
    expect(await chain.read(A, context)).toBeUndefined()
    context.isNew = true
    expect(await chain.write(A, bytes('adopted'), context)).toBe(true)
    context.isNew = false
    expect(await chain.write(A, bytes('changed'), context)).toBe(true)
    await chain.close(context)

    expect(await textOf(chain)).toBe('changed')
  })

  it.each(MODES)('found on the old side without strict mode moves as well: %s', async (mode) => {
    const { make, old, young } = places()
    await insert(old, 'one')
    const chain = make(mode)
    const context = createContext({ id: A, strict: false })
    await chain.open(context)
    await chain.read(A, context)
    expect(await chain.write(A, bytes('two'), context)).toBe(true)
    await chain.close(context)

    expect(await textOf(young)).toBe('two')
  })
})

/** Ends the process at one of its operations: nothing it does after that has an effect. */
function mortal(dying: { left: number; before: boolean }) {
  const step = async <T>(work: () => T | Promise<T>): Promise<T> => {
    if (dying.left < 0) throw new StoreError('mortal', 'any', 'the process is dead')
    dying.left -= 1
    if (dying.left < 0 && dying.before) throw new StoreError('mortal', 'any', 'died before')
    const answer = await work()
    if (dying.left < 0) throw new StoreError('mortal', 'any', 'died after')
    return answer
  }
  return defineHandler({
    name: 'mortal',
    write: (id, payload, context, next) => step(() => next(id, payload, context)),
    destroy: (id, context, next) => step(() => next(id, context)),
    updateTimestamp: (id, payload, context, next) => step(() => next(id, payload, context)),
  })
}

const DEEDS = {
  write: (chain: Chain, lock: LockMode) => chain.write(A, bytes('two'), none({ lock })),
  touch: (chain: Chain, lock: LockMode) => chain.updateTimestamp(A, bytes('one'), none({ lock })),
} satisfies Record<string, (chain: Chain, lock: LockMode) => unknown>

describe('a process that dies in the middle', () => {
  const cases = MODES.flatMap((mode) =>
    (Object.keys(DEEDS) as (keyof typeof DEEDS)[]).flatMap((deed) =>
      [0, 1, 2, 3].flatMap((left) => [true, false].map((before) => ({ mode, deed, left, before }))),
    ),
  )

  it.each(cases)('loses nothing: $mode, $deed, step $left, before it: $before', async (plan) => {
    for (const onOld of [true, false]) {
      const dying = { left: plan.left, before: plan.before }
      const made = places({ from: () => [mortal(dying)], to: () => [mortal(dying)] })
      const alive = { ...made, make: (mode: Mode) => places2(made, mode) }
      await insert(onOld || plan.mode === 'dual' ? made.old : made.young, 'one')
      if (plan.mode === 'dual') await insert(made.young, 'one')

      const done = await Promise.resolve(DEEDS[plan.deed](made.make(plan.mode), 'none')).catch(
        () => undefined,
      )

      const chain = alive.make(plan.mode)
      const left = await textOf(chain)
      expect(
        plan.deed === 'touch' || done === true ? [done ? 'two' : 'one', 'one'] : ['one', 'two'],
      ).toContain(left)
      expect(await chain.write(A, bytes('after'), none())).toBe(true)
      expect(await textOf(chain)).toBe('after')
      expect(await chain.destroy(A, none())).toBe(true)
      for (const each of [chain, made.old, made.young]) expect(await textOf(each)).toBeUndefined()
    }
  })

  it.each(MODES)('destroys on both sides or can be asked again: %s', async (mode) => {
    for (const left of [0, 1]) {
      for (const before of [true, false]) {
        const dying = { left, before }
        const made = places({ from: () => [mortal(dying)], to: () => [mortal(dying)] })
        for (const side of [made.old, made.young]) await insert(side, 'one')
        await expect(async () => made.make(mode).destroy(A, none())).rejects.toThrow('died')

        await places2(made, mode).destroy(A, none())
        expect([await textOf(made.old), await textOf(made.young)]).toEqual([undefined, undefined])
      }
    }
  })
})

/** Another process over the same two stores. */
function places2({ old, young }: { old: Chain; young: Chain }, mode: Mode): Chain {
  const store = (chain: Chain): SessionHandler =>
    defineHandler({
      name: 'same',
      open: (context) => chain.open(context),
      close: (context) => chain.close(context),
      read: (id, context) => chain.read(id, context),
      write: (id, payload, context) => chain.write(id, payload, context),
      destroy: (id, context) => chain.destroy(id, context),
      updateTimestamp: (id, payload, context) => chain.updateTimestamp(id, payload, context),
    })
  return composeChain([migratingHandler({ from: [store(old)], to: [store(young)], mode })])
}

describe('interleavings', () => {
  const ROUNDS = 1000

  it.each(MODES)('bring no destroyed session back without locks, in mode %s', async (mode) => {
    const back: number[] = []
    for (let seed = 0; seed < ROUNDS; seed += 1) {
      const roll = dice(seed)
      const layers = () => [unsteadyLayer(roll)]
      const { make, old, young } = places({ from: layers, to: layers })
      await insert(old, 'one')
      if (seed % 3 === 0) await insert(young, 'one')
      const [writer, toucher, destroyer] = [make(mode), make(mode), make(mode)]

      const [written] = await Promise.all([
        writer.write(A, bytes('two'), none()),
        toucher.updateTimestamp(A, bytes('one'), none()),
        destroyer.destroy(A, none()),
      ])

      const left = [await textOf(writer), await textOf(old), await textOf(young)]
      if (left.some((text) => text !== undefined)) back.push(seed)
      expect(typeof written).toBe('boolean')
    }

    expect(back).toEqual([])
  })

  it.each(MODES)('never find a session absent that only moves, in mode %s', async (mode) => {
    for (let seed = 0; seed < ROUNDS; seed += 1) {
      const roll = dice(seed)
      const layers = () => [unsteadyLayer(roll)]
      const { make, old } = places({ from: layers, to: layers })
      await insert(old, 'one')
      const [writer, reader] = [make(mode), make(mode)]

      const [written, seen, known] = await Promise.all([
        writer.write(A, bytes('two'), none()),
        textOf(reader),
        reader.validateId?.(A, none()),
      ])

      expect([written, known, ['one', 'two'].includes(seen ?? '')]).toEqual([true, true, true])
    }
  })

  const crowds: readonly (readonly [string, readonly (Mode | 'old')[]])[] = [
    ['all in mode lazy', ['lazy', 'lazy', 'lazy']],
    ['all in mode dual', ['dual', 'dual', 'dual']],
    ['all in mode read-old', ['read-old', 'read-old', 'read-old']],
    ['dual beside those that know the old side only', ['dual', 'old', 'old']],
    ['dual, then lazy', ['dual', 'lazy', 'dual']],
  ]

  it.each(crowds)('lose no update under the lock: %s', async (_, kinds) => {
    for (let seed = 0; seed < 30; seed += 1) {
      const roll = dice(seed)
      const layers = () => [unsteadyLayer(roll)]
      const { make, old } = places({ from: layers, to: layers })
      await insert(old, '0')
      const chains = kinds.map((kind) => (kind === 'old' ? old : make(kind)))
      const increment = (chain: Chain) =>
        within(chain, async (context) => {
          const count = Number(Buffer.from((await chain.read(A, context)) ?? []).toString())
          if (roll() < 0.3) return chain.updateTimestamp(A, bytes(`${count}`), context)
          context.closing = roll() < 0.5
          added += 1
          return chain.write(A, bytes(`${count + 1}`), context)
        })
      let added = 0

      const results = await Promise.all(
        Array.from({ length: 24 }, (_, turn) => increment(chains[turn % chains.length] as Chain)),
      )

      expect(results).not.toContain(false)
      expect(await textOf(chains[0] as Chain)).toBe(`${added}`)
    }
  })
})

describe('a manager', () => {
  it.each(MODES)(
    'moves plain ids in files to hashed ones and logs nobody out: %s',
    async (mode) => {
      const [plain, hidden] = [temporaryFolder(), temporaryFolder()]
      const from = () => [filesHandler({ savePath: plain, lock: 'process' })]
      const to = () => [hashedIdHandler(), filesHandler({ savePath: hidden, lock: 'process' })]
      const before = createSessionManager<{ n: number }>({ handlers: from() })
      const ids: string[] = []
      for (let n = 0; n < 20; n += 1) {
        const session = await before.start()
        session.set('n', n)
        await session.commit()
        ids.push(session.id)
      }
      const during = createSessionManager<{ n: number }>({
        handlers: [migratingHandler({ from: from(), to: to(), mode })],
      })
      for (const id of ids) {
        const session = await during.start({ id })
        if (session.get('n') === 7) await session.regenerate()
        if (session.get('n') === 8) await session.destroy()
        else {
          session.update('n', (n = 0) => n + 100)
          await session.commit()
          ids[ids.indexOf(id)] = session.id
        }
      }
      const after = createSessionManager<{ n: number }>({ handlers: to() })

      const seen: (number | undefined)[] = []
      for (const id of ids) seen.push((await after.start({ id }, { readOnly: true })).get('n'))
      expect(seen).toEqual(ids.map((_, n) => (n === 8 ? undefined : n + 100)))
      expect(await after.count()).toBe(19)
      for (const manager of [before, during, after]) await manager.close()
    },
  )

  it('lists and counts each session once', async () => {
    const { make, old, young } = places()
    const ids = Array.from({ length: 30 }, (_, n) => `${n}`.padStart(32, 'x'))
    for (const [n, id] of ids.entries()) {
      const context = () => none({ id, isNew: true })
      if (n % 3 !== 1) await old.write(id, bytes('data'), context())
      if (n % 3 !== 0) await young.write(id, bytes('data'), context())
    }
    for (const mode of MODES) {
      const chain = make(mode)
      const found: string[] = []
      for await (const { id } of chain.list?.(none()) ?? []) found.push(id)
      expect(found.sort()).toEqual([...ids].sort())
      expect(await chain.count?.(none())).toBe(30)
    }
  })

  it('has no list where one side has none, and the ids of the new side', async () => {
    const store = memoryHandler()
    const { list: _, count: __, ...silent } = memoryHandler()
    const maker = defineHandler({ name: 'maker', createId: () => 'made-by-the-new-side' })
    const chain = composeChain([
      migratingHandler({ from: [silent], to: [maker, store], mode: 'lazy' }),
    ])

    expect([chain.list, chain.count]).toEqual([undefined, undefined])
    expect(await chain.createId?.(none())).toBe('made-by-the-new-side')
  })

  it('disposes of both sides, of each handler once', async () => {
    let disposed = 0
    const handler = { ...memoryHandler(), dispose: () => void (disposed += 1) }
    const moving = migratingHandler({
      from: [handler],
      to: [hashedIdHandler(), handler],
      mode: 'lazy',
    })
    await moving.dispose?.()

    expect(disposed).toBe(1)
  })
})

describe('options', () => {
  const side = () => [memoryHandler()]

  it.each([
    ['an unknown one', { from: side(), to: side(), mode: 'lazy', x: 1 }, 'unknown option "x"'],
    ['no mode', { from: side(), to: side() }, '"mode" must be one of'],
    ['another mode', { from: side(), to: side(), mode: 'both' }, '"mode" must be one of'],
    ['no list', { from: memoryHandler(), to: side(), mode: 'lazy' }, '"from" must be a list'],
    ['an empty side', { from: side(), to: [], mode: 'lazy' }, '"to" must hold at least one'],
    ['no handler', { from: [{}], to: side(), mode: 'lazy' }, 'handlers[0]'],
  ])('%s: refused', (_, options, words) => {
    expect(() => migratingHandler(options as unknown as MigratingOptions)).toThrow(words)
  })
})
