/**
 * A store that is down, records that are spoilt, and what belongs to somebody else.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { idOf, type HandlerProbe } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')

/** An outage is noticed within this time, however the store is down. */
const NOTICED_MS = 15_000

export const FAULT_CASES: readonly HandlerCheck[] = [
  {
    name: 'a store that is down fails what needs it, in time, and serves again when it is back',
    needs: ['breaks'],
    async check(probe) {
      await probe.insert(A, 'data')
      const repair = await probe.breakDown()
      for (const [name, run] of callsOf(probe)) await assertFails(name, run)
      await repair()

      assert.equal(await probe.read(A), 'data')
      assert.equal(await probe.within(A, () => 'free'), 'free')
      assert.equal(await probe.write(A, 'new'), true)
    },
  },
  {
    name: 'a record that is spoilt is broken, not absent, harms no other, and can be destroyed',
    needs: ['spoils'],
    async check({ insert, read, write, destroy, spoil }) {
      for (const id of [A, B]) await insert(id, 'data')
      await spoil(A)
      await assertFails('read', () => read(A))
      assert.equal(await insert(A, 'over it'), false)
      assert.equal(await read(B), 'data')
      assert.equal(await write(B, 'new'), true)

      assert.equal(await destroy(A), true)
      assert.equal(await read(A), undefined)
      assert.equal(await insert(A, 'new'), true)
    },
  },
  {
    name: 'what others keep in the same place is left alone, and is no session',
    needs: ['strangers'],
    async check({ insert, destroy, advance, gc, list, listedAs, chain, context, settleStranger }) {
      const isThere = await settleStranger()
      await insert(A, 'data')
      await insert(B, 'data')
      await destroy(B)
      const infos = chain.list === undefined ? undefined : await list()
      const count = await chain.count?.(context({ lock: 'none' }))
      await advance(3 * 1442)
      await gc()

      assert.deepEqual(infos?.map(({ id }) => id) ?? [listedAs(A)], [listedAs(A)])
      assert.equal(count ?? 1, 1)
      assert.equal(await isThere(), true)
    },
  },
]

type Named = readonly [name: string, run: () => Promise<unknown>]

function callsOf({ read, write, touch, destroy, insert, within }: HandlerProbe): Named[] {
  return [
    ['read', () => read(A)],
    ['write', () => write(A, 'lost')],
    ['touch', () => touch(A, 'data')],
    ['destroy', () => destroy(A)],
    ['create', () => insert(B, 'lost')],
    ['open', () => within(A, ({ id }) => read(id ?? ''))],
  ]
}

async function assertFails(name: string, run: () => Promise<unknown>): Promise<void> {
  const started = performance.now()
  const error: unknown = await run().then(
    () => assert.fail(`${name}: the failure is not told`),
    (reason: unknown) => reason,
  )
  if (error instanceof assert.AssertionError) throw error
  assert.match(`${(error as { code?: unknown }).code}`, /^ERR_SESSION_/, `${name}: another error`)
  assert.ok(performance.now() - started < NOTICED_MS, `${name}: too late`)
}
