/**
 * Strict mode, listing, and the ends of activations and handlers.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Activation } from '../context.js'
import type { Chain } from '../handler.js'
import type { HandlerCheck } from './handler-check.js'
import { assertLocked, bytesOf, idOf } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')

export const LIFE_CASES: readonly HandlerCheck[] = [
  {
    name: 'to look for an unknown id creates nothing',
    async check({ chain, context, insert }) {
      const forged = context({ id: A })
      await chain.open(forged)
      await chain.validateId?.(A, forged)
      assert.equal(await chain.read(A, forged), undefined)
      await chain.close(forged)

      assert.equal(await insert(A, 'data'), true)
    },
  },
  {
    name: 'an unknown id in strict mode takes no lock',
    async check({ chain, context, within }) {
      const forged = context({ id: A, lockWaitMs: 1000 })
      await within(A, () => chain.open(forged))

      await chain.close(forged)
    },
  },
  {
    name: 'validateId knows the live records and no others',
    async check({ insert, destroy, chain, context }) {
      if (chain.validateId === undefined) return
      await insert(A, 'data')
      await insert(B, 'data')
      await destroy(B)

      assert.equal(await chain.validateId(A, context({ id: A, lock: 'none' })), true)
      assert.equal(await chain.validateId(B, context({ id: B, lock: 'none' })), false)
      assert.equal(await chain.validateId(idOf('c'), context({ lock: 'none' })), false)
    },
  },
  {
    name: 'list and count know the live sessions only',
    needs: ['lists'],
    async check({ insert, destroy, advance, list, listedAs, chain, context }) {
      await insert(idOf('old'), 'data')
      await advance(1442)
      await insert(A, 'data')
      await insert(B, 'more data')
      await insert(idOf('gone'), 'data')
      await destroy(idOf('gone'))

      const infos = await list()

      assert.deepEqual(infos.map(({ id }) => id).sort(), [A, B].map(listedAs).sort())
      assert.equal(await chain.count?.(context({ lock: 'none' })), 2)
      for (const { touchedMs, bytes } of infos) assert.ok(touchedMs > 0 && bytes > 0)
    },
  },
  {
    name: 'a list that is read while others write has every session that stays, once',
    needs: ['lists'],
    async check({ insert, write, destroy, listedAs, chain, context }) {
      const staying = Array.from({ length: 40 }, (_, index) => idOf(`stays${index}`))
      const leaving = Array.from({ length: 40 }, (_, index) => idOf(`leaves${index}`))
      for (const id of [...staying, ...leaving]) await insert(id, 'data')
      const found: string[] = []

      for await (const { id } of chain.list?.(context({ lock: 'none' })) ?? []) {
        found.push(id)
        const gone = leaving.pop()
        if (gone !== undefined) await destroy(gone)
        await write(staying[found.length % staying.length] as string, 'changed')
      }

      const expected = staying.map(listedAs).sort()
      assert.deepEqual(found.filter((id) => expected.includes(id)).sort(), expected)
    },
  },
  {
    name: 'open twice and close twice are open and close',
    async check({ insert, within, read, chain, context }) {
      await insert(A, 'data')
      const activation = context({ id: A, lockWaitMs: 1000 })
      await chain.open(activation)
      await chain.open(activation)
      assert.equal(await read(A, activation), 'data')
      await chain.close(activation)
      await chain.close(activation)

      assert.equal(await within(A, () => 'free'), 'free')
    },
  },
  {
    name: 'an activation that was closed can be opened again',
    async check({ insert, within, chain, context, read }) {
      await insert(A, 'one')
      const activation = context({ id: A })
      await chain.open(activation)
      await chain.close(activation)
      await within(A, (other) => chain.write(A, bytesOf('two'), other))
      await chain.open(activation)

      assert.equal(await read(A, activation), 'two')
      assert.equal(await chain.write(A, bytesOf('three'), activation), true)
      await chain.close(activation)
    },
  },
  {
    name: 'what is asked of an activation that is over harms nobody who holds the lock',
    needs: ['locks'],
    async check(probe) {
      const { insert, within, read, chain, context } = probe
      await insert(A, 'one')
      const over = context({ id: A, lockWaitMs: 50 })
      await chain.open(over)
      await chain.close(over)
      const written = await within(A, async (holder) => {
        await Promise.allSettled([(async () => await chain.write(A, bytesOf('late'), over))()])
        await chain.close(over)
        await assertLocked(probe, A)
        return ownWrite(chain, holder)
      })

      assert.equal(await read(A), written ? 'two' : 'late')
    },
  },
  {
    name: 'a close without an open does nothing',
    async check({ insert, within, chain, context }) {
      await chain.close(context({ id: A }))
      await chain.close(context())
      await insert(A, 'data')

      assert.equal(await within(A, () => 'free'), 'free')
    },
  },
  {
    name: 'a handler can be disposed of twice, and leaves no timer',
    async check({ handlers, insert, within, gc }) {
      const before = timers()
      await insert(A, 'data')
      await within(A, () => undefined)
      await gc()
      for (const handler of handlers) {
        await handler.dispose?.()
        await handler.dispose?.()
      }

      assert.ok(timers() <= before, 'a timer is left')
    },
  },
]

/** A store that compares may refuse it after somebody else's write, and has to say so. */
async function ownWrite(chain: Chain, holder: Activation): Promise<boolean> {
  try {
    return await chain.write(A, bytesOf('two'), holder)
  } catch (error) {
    assert.equal((error as { code?: unknown }).code, 'ERR_SESSION_LOCK_LOST')
    return false
  }
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}
