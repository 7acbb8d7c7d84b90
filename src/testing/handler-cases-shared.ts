/**
 * One store and several processes: the handlers made once more stand for another one.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { bytesOf, idOf, type HandlerProbe } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')
const EACH = 25
const MANY = 60
/** More than one page of most lists. */
const PAGES = 250

export const SHARED_CASES: readonly HandlerCheck[] = [
  {
    name: 'what one process writes another one reads, and the other way round',
    needs: ['shared'],
    async check({ insert, read, write, elsewhere }) {
      const other = await elsewhere()
      await insert(A, 'one')
      assert.equal(await other.read(A), 'one')
      assert.equal(await other.write(A, 'two'), true)
      assert.equal(await read(A), 'two')
      assert.equal(await write(A, 'three'), true)

      assert.equal(await other.read(A), 'three')
    },
  },
  {
    name: 'what another process destroyed is absent, and is not written or touched again',
    needs: ['shared'],
    async check({ insert, read, write, touch, within, chain, elsewhere }) {
      const other = await elsewhere()
      for (const id of [A, B]) await insert(id, 'data')
      await read(A)
      assert.equal(await other.destroy(A), true)

      assert.equal(await read(A), undefined)
      assert.equal(await write(A, 'back'), false)
      assert.equal(await touch(A, 'data'), false)
      assert.equal(await within(A, (context) => chain.write(A, bytesOf('back'), context)), false)
      assert.equal(await other.read(A), undefined)
      assert.equal(await other.read(B), 'data')
    },
  },
  {
    name: 'of several processes that create the same record, one succeeds',
    needs: ['shared'],
    async check({ insert, read, elsewhere }) {
      const other = await elsewhere()
      const made = await Promise.all([insert(A, 'ours'), other.insert(A, 'theirs')])

      assert.deepEqual([...made].sort(), [false, true])
      assert.equal(await read(A), made[0] ? 'ours' : 'theirs')
    },
  },
  {
    name: 'gc of two processes at once removes each record once',
    needs: ['shared', 'collects'],
    async check({ insert, gc, advance, elsewhere }) {
      const other = await elsewhere()
      for (let index = 0; index < MANY; index += 1) await insert(idOf(`old${index}`), 'data')
      await advance(1442)
      const [ours, theirs] = await Promise.all([gc(), other.gc()])

      assert.equal(ours + theirs, MANY)
    },
  },
  {
    name: 'a list has every session that stays, once, while another process makes and ends others',
    needs: ['shared', 'lists'],
    async check({ insert, list, listedAs, elsewhere }) {
      const other = await elsewhere()
      const staying = Array.from({ length: PAGES }, (_, index) => idOf(`stays${index}`))
      const leaving = Array.from({ length: MANY }, (_, index) => idOf(`leaves${index}`))
      for (const id of [...staying, ...leaving]) await insert(id, 'data')
      const turnover = async () => {
        for (const [index, id] of leaving.entries()) {
          await other.destroy(id)
          await other.insert(idOf(`comes${index}`), 'data')
        }
      }
      const [infos] = await Promise.all([list(), turnover()])

      const expected = staying.map(listedAs).sort()
      const found = infos.map(({ id }) => id).filter((id) => expected.includes(id))
      assert.deepEqual(found.sort(), expected)
    },
  },
  {
    name: 'the lock keeps other processes out from open to close',
    needs: ['shared', 'locks'],
    async check({ insert, within, elsewhere }) {
      const other = await elsewhere()
      await insert(A, 'data')
      await within(A, async () => {
        const late = other.context({ id: A, lockWaitMs: 50 })
        await assert.rejects(
          async () => await other.chain.open(late),
          (error) => (error as { code?: unknown }).code === 'ERR_SESSION_LOCK_TIMEOUT',
        )
        await other.chain.close(late)
      })

      assert.equal(await other.within(A, () => 'free'), 'free')
    },
  },
  {
    name: 'no update is lost between processes: increments at once add up',
    needs: ['shared', 'locks'],
    async check(probe) {
      const other = await probe.elsewhere()
      await probe.insert(A, '0')
      await Promise.all(
        [probe, other].flatMap((each) => Array.from({ length: EACH }, () => increment(each))),
      )

      assert.equal(await probe.read(A), `${2 * EACH}`)
    },
  },
  {
    name: 'who waited for a session that another process destroyed finds it absent',
    needs: ['shared', 'locks'],
    async check({ insert, within, elsewhere, chain }) {
      const other = await elsewhere()
      await insert(A, 'logged in')
      const waiter = other.context({ id: A })
      const { waiting } = await within(A, async (first) => {
        const opened = Promise.resolve(other.chain.open(waiter))
        await other.insert(B, '') // time enough to be in line
        await chain.destroy(A, first)
        return { waiting: opened }
      })
      await waiting

      assert.equal(await other.read(A, waiter), undefined)
      assert.equal(await other.chain.write(A, bytesOf('back'), waiter), false)
      await other.chain.close(waiter)
    },
  },
]

function increment({ within, read, chain }: HandlerProbe): Promise<boolean> {
  return within(A, async (context) => {
    const count = Number(await read(A, context))
    await new Promise((resolve) => setImmediate(resolve))
    return chain.write(A, bytesOf(`${count + 1}`), context)
  })
}
