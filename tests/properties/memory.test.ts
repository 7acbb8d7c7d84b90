import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { defineHandler, type Payload } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'

const LIFETIME = 60
const id = fc.nat(7).map((number) => `id${number}`)
const payload = fc.uint8Array({ maxLength: 12 })
const hex = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')

describe('innermost', () => {
  type Step =
    | readonly ['insert' | 'update', string, Uint8Array]
    | readonly ['read' | 'touch' | 'destroy', string]
    | readonly ['advance', number]
    | readonly ['gc']

  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(fc.constantFrom('insert', 'update'), id, payload),
    fc.tuple(fc.constantFrom('read', 'touch', 'destroy'), id),
    fc.tuple(fc.constant('advance'), fc.nat(45)),
    fc.tuple(fc.constant('gc')),
  )

  /** What the handler is to its callers: a Map in the order of last use, with times. */
  function model(maxEntries: number) {
    const rows = new Map<string, { payload: Uint8Array; touched: number }>()
    const aged = new Set<string>()
    let now = 0
    const isLive = (id: string) => {
      const row = rows.get(id)
      return row !== undefined && now - row.touched <= LIFETIME
    }
    const use = (id: string, row: { payload: Uint8Array; touched: number }) => {
      rows.delete(id)
      rows.set(id, row)
    }
    const touch = (id: string, payload: Uint8Array) => {
      use(id, { payload, touched: now })
      aged.delete(id)
      aged.add(id)
    }
    const drop = (id: string) => void (rows.delete(id) && aged.delete(id))
    const put = (id: string, payload: Uint8Array) => {
      touch(id, payload)
      while (rows.size > maxEntries) {
        const oldest = [...aged][0] as string
        drop(isLive(oldest) ? ([...rows.keys()][0] as string) : oldest)
      }
      return true
    }

    return ([operation, ...rest]: Step): unknown => {
      const [first, second] = rest as [string, Uint8Array]
      const row = rows.get(first)
      switch (operation) {
        case 'advance':
          return void (now += Number(first))
        case 'gc': {
          const old = [...rows.keys()].filter((id) => !isLive(id))
          for (const id of old) drop(id)
          return old.length
        }
        case 'insert':
          return !isLive(first) && put(first, second)
        case 'update':
          return row !== undefined && put(first, second)
        case 'read':
          if (!isLive(first) || row === undefined) return undefined
          use(first, row)
          return hex(row.payload)
        case 'touch':
          if (row !== undefined) touch(first, row.payload)
          return row !== undefined
        case 'destroy': {
          const existed = isLive(first)
          drop(first)
          return existed
        }
      }
    }
  }

  function real(maxEntries: number) {
    const clock = { ms: 1_700_000_000_000 }
    const chain = composeChain([memoryHandler({ maxEntries })])
    const context = (isNew = false) =>
      createContext({ now: () => clock.ms, maxLifetime: LIFETIME, isNew })

    return ([operation, ...rest]: Step): unknown => {
      const [first, second] = rest as [string, Uint8Array]
      switch (operation) {
        case 'advance':
          return void (clock.ms += Number(first) * 1000)
        case 'gc':
          return chain.gc(LIFETIME, context())
        case 'insert':
          return chain.write(first, second, context(true))
        case 'update':
          return chain.write(first, second, context())
        case 'read':
          return hex(chain.read(first, context()) as Uint8Array | undefined)
        case 'touch':
          return chain.updateTimestamp(first, new Uint8Array(), context())
        case 'destroy':
          return chain.destroy(first, context())
      }
    }
  }

  it('answers as a Map with times does, whatever is asked', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const [expected, actual] = [model(1000), real(1000)]
        for (const step of steps) expect(actual(step)).toEqual(expected(step))
      }),
      { numRuns: 1500 },
    )
  })

  it('evicts as a Map in the order of use does', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, max) => {
          const [expected, actual] = [model(max), real(max)]
          for (const step of steps) {
            // Which of several expired ones goes first shows in nothing but the count of gc.
            const [mine, theirs] = [actual(step), expected(step)]
            if (step[0] !== 'gc') expect(mine).toEqual(theirs)
          }
        },
      ),
      { numRuns: 1500 },
    )
  })
})

describe('above another store', () => {
  type Step =
    | readonly ['read' | 'destroy' | 'touch' | 'invalidate', string]
    | readonly ['write', string, Uint8Array]
    | readonly ['take effect' | 'answer', number]

  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.tuple(
      fc.constantFrom('read', 'read', 'destroy', 'touch', 'invalidate'),
      fc.constantFrom('a', 'b'),
    ),
    fc.tuple(fc.constant('write'), fc.constantFrom('a', 'b'), payload),
    fc.tuple(fc.constantFrom('take effect', 'answer', 'answer'), fc.nat(20)),
  )

  interface Call {
    readonly id: string
    readonly changes: boolean
    readonly effect: () => unknown
    readonly resolve: (value: unknown) => void
    done?: { readonly value: unknown }
  }

  const settle = async () => {
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve()
  }

  /** A store whose calls take effect, and answer, when the test says so, in any order. */
  function world() {
    const rows = new Map<string, Payload>([
      ['a', Uint8Array.of(1)],
      ['b', Uint8Array.of(2)],
    ])
    const calls: Call[] = []
    let listener: (id: string) => void = () => undefined
    const call = <T>(id: string, changes: boolean, effect: () => T) =>
      new Promise<T>((resolve) => {
        calls.push({ id, changes, effect, resolve: resolve as (value: unknown) => void })
      })
    const store = defineHandler({
      name: 'store',
      read: (id) => call(id, false, () => rows.get(id)),
      write: (id, payload) => call(id, true, () => rows.has(id) && rows.set(id, payload) === rows),
      destroy: (id) => call(id, true, () => rows.delete(id)),
      updateTimestamp: (id) => call(id, false, () => rows.has(id)),
    })
    const invalidation = {
      publish: () => undefined,
      subscribe: (heard: (id: string) => void) => {
        listener = heard
        return () => undefined
      },
    }
    const chain = composeChain([memoryHandler({ maxAge: 3600, invalidation }), store])
    return { rows, calls, chain, tell: (id: string) => listener(id) }
  }

  function takeEffect(call: Call): void {
    call.done ??= { value: call.effect() }
  }

  async function answer(calls: Call[], call: Call): Promise<void> {
    takeEffect(call)
    calls.splice(calls.indexOf(call), 1)
    call.resolve(call.done?.value)
    await settle()
  }

  it('no order of effects and answers makes a copy outlive what the store holds', async () => {
    const context = createContext({ now: () => 0, readOnly: true, lock: 'read' })

    /** A copy may be old while a change is on its way, and at no other time. */
    const check = ({ rows, calls, chain }: ReturnType<typeof world>, id: string) => {
      const read = chain.read(id, context)
      if (read instanceof Promise || calls.some((call) => call.id === id && call.changes)) return
      expect(hex(read)).toBe(hex(rows.get(id)))
    }

    const perform = async (
      set: ReturnType<typeof world>,
      [operation, what, bytes]: Step & unknown[],
    ) => {
      const { rows, calls, chain, tell } = set
      const id = what as string
      const call = calls[Number(what) % calls.length]
      if (operation === 'read') check(set, id)
      else if (operation === 'destroy') void chain.destroy(id, context)
      else if (operation === 'write') void chain.write(id, bytes as Uint8Array, context)
      else if (operation === 'touch') void chain.updateTimestamp(id, Uint8Array.of(), context)
      else if (operation === 'invalidate') {
        rows.set(id, Uint8Array.of(rows.size, calls.length)) // another process wrote
        tell(id)
      } else if (call !== undefined && operation === 'take effect') takeEffect(call)
      else if (call !== undefined) await answer(calls, call)
      await settle()
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 50 }), async (steps) => {
        const set = world()
        for (const step of steps) await perform(set, step as Step & unknown[])
        while (set.calls.length > 0) await answer(set.calls, set.calls[0] as Call)
        for (const id of ['a', 'b']) check(set, id)
      }),
      { numRuns: 2000 },
    )
  })
})
