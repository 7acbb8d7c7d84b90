/**
 * Concurrency: what one activation may do while another one has the session open.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { bytesOf, idOf, othersTurn } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')
const TOGETHER = 100

export const LOCK_CASES: readonly HandlerCheck[] = [
  {
    name: 'a write never brings a destroyed record back',
    async check({ insert, read, write, destroy, within, chain }) {
      await insert(A, 'data')
      const written = await within(A, async (context) => {
        await chain.read(A, context)
        await chain.destroy(A, context)
        return chain.write(A, bytesOf('back'), context)
      })
      await insert(B, 'data')
      await destroy(B)

      assert.equal(written, false)
      assert.equal(await write(B, 'back'), false)
      assert.equal(await read(A), undefined)
      assert.equal(await read(B), undefined)
      assert.equal(await insert(A, 'another'), true)
    },
  },
  {
    name: 'writers at once leave one whole payload, never a mixture',
    async check({ insert, read, write }) {
      const texts = Array.from({ length: TOGETHER }, (_, index) =>
        String.fromCharCode(0x21 + (index % 90)).repeat(1000 + index * 50),
      )
      await insert(A, texts[0])

      await Promise.all(texts.map((text) => write(A, text)))

      const left = await read(A)
      assert.ok(left !== undefined && texts.includes(left), 'the record is none that was written')
    },
  },
  {
    name: 'of several that create the same record, one succeeds',
    async check({ chain, context, read }) {
      const results = await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const created = context({ isNew: true, lock: 'none' })
          return (await chain.write(A, bytesOf(`${index}`), created)) ? `${index}` : undefined
        }),
      )

      const winners = results.filter((result) => result !== undefined)
      assert.equal(winners.length, 1)
      assert.equal(await read(A), winners[0])
    },
  },
  {
    name: 'the lock keeps others out from open to close',
    needs: ['locks'],
    async check(probe) {
      const { insert, within, chain, context } = probe
      await insert(A, 'one')
      const second = context({ id: A })
      let entered = false
      const opened = await within(A, async (first) => {
        const waiting = Promise.resolve(chain.open(second)).then(() => void (entered = true))
        await othersTurn(probe)
        assert.equal(entered, false)
        await chain.write(A, bytesOf('two'), first)
        return { waiting }
      })
      await opened.waiting

      assert.equal(await probe.read(A, second), 'two')
      await chain.close(second)
    },
  },
  {
    name: 'no update is lost: increments at once add up',
    needs: ['locks'],
    async check({ insert, within, read, chain }) {
      await insert(A, '0')
      const increment = () =>
        within(A, async (context) => {
          const count = Number(await read(A, context))
          await new Promise((resolve) => setImmediate(resolve))
          return chain.write(A, bytesOf(`${count + 1}`), context)
        })

      await Promise.all(Array.from({ length: TOGETHER }, increment))

      assert.equal(await read(A), `${TOGETHER}`)
    },
  },
  {
    name: 'locks of different sessions never meet',
    needs: ['locks'],
    async check({ insert, within }) {
      await insert(A, '')
      await insert(B, '')

      assert.equal(await within(A, () => within(B, () => 'both')), 'both')
    },
  },
]
