/**
 * Records: what is created, written, read and destroyed.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { bytesOf, idOf } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')

export const RECORD_CASES: readonly HandlerCheck[] = [
  {
    name: 'an unknown id is absent, not an error',
    async check({ read }) {
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'what is written is read',
    async check({ insert, read }) {
      assert.equal(await insert(A, 'count|i:1;'), true)
      assert.equal(await read(A), 'count|i:1;')
    },
  },
  {
    name: 'a write replaces the whole record, shorter or longer',
    async check({ insert, read, write }) {
      await insert(A, 'x'.repeat(100))
      for (const text of ['short', 'longer'.repeat(5000), 'x'.repeat(100)]) {
        assert.equal(await write(A, text), true)
        assert.equal(await read(A), text)
      }
    },
  },
  {
    name: 'a record is never created over another one',
    async check({ insert, read }) {
      await insert(A, 'first')

      assert.equal(await insert(A, 'second'), false)
      assert.equal(await read(A), 'first')
    },
  },
  {
    name: 'a destroyed record is absent, and its neighbours stay',
    async check({ insert, read, destroy }) {
      await insert(A, 'gone')
      await insert(B, 'stays')

      assert.equal(await destroy(A), true)
      assert.equal(await read(A), undefined)
      assert.equal(await read(B), 'stays')
    },
  },
  {
    name: 'to destroy an unknown id succeeds and says that there was none',
    async check({ destroy, read }) {
      assert.equal(await destroy(A), false)
      assert.equal(await destroy(A), false)
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'an activation may write under another id than it read: regenerate',
    async check({ insert, within, context, chain, read }) {
      await insert(A, 'data')
      const moved = await within(A, async (old) => {
        await chain.read(A, old)
        const fresh = context({ id: B, isNew: true })
        await chain.open(fresh)
        const written = await chain.write(B, bytesOf('data'), fresh)
        await chain.close(fresh)
        return written && (await chain.destroy(A, old))
      })

      assert.equal(moved, true)
      assert.equal(await read(A), undefined)
      assert.equal(await read(B), 'data')
    },
  },
  {
    name: 'operations that come without an open, or out of order, harm nothing',
    async check({ chain, context, destroy, read, touch }) {
      await chain.close(context({ id: A }))
      assert.equal(await destroy(A), false)
      assert.equal(await touch(A, ''), false)
      assert.equal(await chain.write(A, bytesOf('data'), context({ isNew: true })), true)
      assert.equal(await read(B), undefined)
      assert.equal(await read(A), 'data')
    },
  },
]
