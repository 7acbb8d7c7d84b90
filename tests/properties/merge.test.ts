import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionData } from '../../src/serializer.js'
import { fixture, seen, stored } from '../helpers/sessions.js'

/** What one request does to the variables. */
type Step =
  | { readonly kind: 'set'; readonly key: string; readonly value: number | readonly number[] }
  | { readonly kind: 'delete'; readonly key: string }
  | { readonly kind: 'add'; readonly key: string; readonly value: number }

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'x y')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    key,
    value: fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 3 })),
  }),
  fc.record({ kind: fc.constant('delete' as const), key }),
  fc.record({ kind: fc.constant('add' as const), key: fc.constant('sum'), value: fc.nat(9) }),
)

const add = (value: number) => (sum: unknown) => ((sum as number | undefined) ?? 0) + value

/** The variables that a request's steps leave different from what it read. */
function apply(data: SessionData, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind === 'set') data[step.key] = step.value
    if (step.kind === 'delete') delete data[step.key]
    if (step.kind === 'add') data[step.key] = add(step.value)(data[step.key])
  }
}

const bare = (data: object = {}): SessionData =>
  Object.assign(Object.create(null), data) as SessionData

describe('parallel requests in mode merge', () => {
  it('end as if each had laid its changes over the one before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 5 }),
        async (requests) => {
          const { manager } = fixture({ concurrency: 'merge' })
          const initial = { keep: 1, sum: 0, a: 1 }
          const cookieHeader = await stored(manager, initial)

          const sessions = await Promise.all(requests.map(() => manager.start({ cookieHeader })))
          for (const [index, session] of sessions.entries()) {
            for (const step of requests[index] ?? []) {
              if (step.kind === 'set') session.set(step.key, step.value)
              if (step.kind === 'delete') session.delete(step.key)
              if (step.kind === 'add') session.update(step.key, add(step.value))
            }
            await session.commit()
          }

          expect(bare(await seen(manager, cookieHeader))).toEqual(expected(initial, requests))
        },
      ),
      { numRuns: 150 },
    )
  })
})

/** The same, computed plainly: each request's changed variables over the state before. */
function expected(initial: object, requests: readonly (readonly Step[])[]): SessionData {
  const state = bare(initial)
  for (const steps of requests) {
    const mine = bare(initial)
    apply(mine, steps)
    for (const name of ['a', 'b', 'c', '__proto__', 'x y']) {
      if (same(mine, bare(initial), name)) continue
      if (Object.hasOwn(mine, name)) state[name] = mine[name]
      else delete state[name]
    }
    apply(
      state,
      steps.filter(({ kind }) => kind === 'add'),
    )
  }
  return state
}

function same(a: SessionData, b: SessionData, name: string): boolean {
  return (
    Object.hasOwn(a, name) === Object.hasOwn(b, name) &&
    JSON.stringify(a[name]) === JSON.stringify(b[name])
  )
}
