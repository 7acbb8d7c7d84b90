/**
 * Time: expiry, garbage collection, touch.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { bytesOf, idOf } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')
const C = idOf('c')

const DAY = 86_400
/** More than fits one batch of most stores. */
const MANY = 300

export const TIME_CASES: readonly HandlerCheck[] = [
  {
    name: 'an expired record is absent, also where nothing has collected it',
    async check({ insert, read, advance, chain, context }) {
      await insert(A, 'data')

      await advance(1440)
      assert.equal(await read(A), 'data')
      await advance(2)
      assert.equal(await read(A), undefined)
      assert.equal((await chain.validateId?.(A, context({ id: A }))) ?? false, false)
    },
  },
  {
    name: 'its age counts from the last write or touch',
    async check({ insert, read, write, touch, advance }) {
      for (const id of [A, B, C]) await insert(id, 'data')

      await advance(1000)
      await write(A, 'written')
      await touch(B, 'data')
      await read(C)
      await advance(1000)

      assert.equal(await read(A), 'written')
      assert.equal(await read(B), 'data')
      assert.equal(await read(C), undefined)
    },
  },
  {
    name: 'an expired id can be taken by a new record, which has the whole lifetime before it',
    async check({ insert, read, advance }) {
      await insert(A, 'old')
      await advance(1442)

      assert.equal(await insert(A, 'new'), true)
      await advance(1440)
      assert.equal(await read(A), 'new')
    },
  },
  {
    name: 'a lifetime of nothing is over after a second',
    async check({ chain, read, advance, context }) {
      const brief = { lock: 'none', maxLifetime: 0 } as const
      await chain.write(A, bytesOf('data'), context({ ...brief, isNew: true }))
      assert.equal(await read(A, context(brief)), 'data')
      await advance(2)

      assert.equal(await read(A, context(brief)), undefined)
    },
  },
  {
    name: 'lifetimes of 30 days and of 10 years are as long as that',
    async check({ chain, read, gc, advance, context }) {
      const month = { lock: 'none', maxLifetime: 30 * DAY + 60 } as const
      const decade = { lock: 'none', maxLifetime: 3650 * DAY } as const
      await chain.write(A, bytesOf('data'), context({ ...month, isNew: true }))
      await chain.write(B, bytesOf('data'), context({ ...decade, isNew: true }))

      await advance(30 * DAY)
      assert.equal(await read(A, context(month)), 'data')
      await advance(9 * 365 * DAY)
      assert.equal(await gc(3650 * DAY), 0)
      assert.equal(await read(B, context(decade)), 'data')
    },
  },
  {
    name: 'a record is as old as it is, whatever lifetime it was written with',
    needs: ['ages'],
    async check({ insert, read, advance, context }) {
      const reads = (maxLifetime: number) => read(A, context({ lock: 'none', maxLifetime }))
      await insert(A, 'data')

      await advance(1000)
      assert.equal(await reads(990), undefined)
      await advance(30 * DAY)
      assert.equal(await reads(30 * DAY + 1060), 'data')
    },
  },
  {
    name: 'gc removes what has expired, all of it and nothing else, and says how many',
    needs: ['collects'],
    async check({ insert, read, gc, advance }) {
      for (let index = 0; index < MANY; index += 1) await insert(idOf(`old${index}`), 'data')
      await advance(1442)
      await insert(A, 'fresh')

      assert.equal(await gc(), MANY)
      assert.equal(await gc(), 0)
      assert.equal(await read(A), 'fresh')
    },
  },
  {
    name: 'a lifetime ends with its last millisecond',
    needs: ['precise'],
    async check({ insert, read, advance }) {
      await insert(A, 'data')

      await advance(1440.999)
      assert.equal(await read(A), 'data')
      await advance(0.001)
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'gc leaves what is exactly as old as the lifetime',
    async check({ insert, read, gc, advance }) {
      await insert(A, 'data')
      await advance(1440)

      assert.equal(await gc(1440 + 2), 0)
      assert.equal(await read(A), 'data')
    },
  },
  {
    name: 'gc several times at once removes each record once',
    needs: ['collects'],
    async check({ insert, gc, advance }) {
      for (let index = 0; index < MANY; index += 1) await insert(idOf(`old${index}`), 'data')
      await advance(1442)

      const removed = await Promise.all([gc(), gc(), gc()])

      assert.equal(
        removed.reduce((sum, each) => sum + each, 0),
        MANY,
      )
    },
  },
  {
    name: 'gc does no harm to a session that is open',
    async check({ insert, within, read, gc, chain, advance }) {
      await insert(B, 'old')
      await advance(1442)
      await insert(A, 'one')
      const written = await within(A, async (context) => {
        await chain.read(A, context)
        await gc()
        return chain.write(A, bytesOf('two'), context)
      })

      assert.equal(written, true)
      assert.equal(await read(A), 'two')
    },
  },
  {
    name: 'gc of an empty store removes nothing',
    async check({ gc }) {
      assert.equal(await gc(), 0)
    },
  },
  {
    name: 'a touch keeps the data and lengthens the life',
    async check({ insert, read, touch, advance }) {
      await insert(A, 'data')
      for (let round = 0; round < 3; round += 1) {
        await advance(1000)
        assert.equal(await touch(A, 'data'), true)
      }
      await advance(1000)

      assert.equal(await read(A), 'data')
    },
  },
  {
    name: 'a touch of an unknown or destroyed id says so and creates nothing',
    async check({ insert, read, touch, destroy }) {
      await insert(A, 'data')
      await destroy(A)

      assert.equal(await touch(A, 'data'), false)
      assert.equal(await touch(B, 'data'), false)
      assert.equal(await read(A), undefined)
      assert.equal(await read(B), undefined)
    },
  },
  {
    name: 'a touch rolls back no write that was faster',
    needs: ['touches'],
    async check({ insert, read, write, touch }) {
      await insert(A, 'old')
      await write(A, 'new')

      assert.equal(await touch(A, 'old'), true)
      assert.equal(await read(A), 'new')
    },
  },
]
