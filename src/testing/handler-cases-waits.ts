/**
 * Waiting for the lock: how it ends, and that it leaves no trace.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { bytesOf, idOf, othersTurn } from './handler-probe.js'

const A = idOf('a')

export const WAIT_CASES: readonly HandlerCheck[] = [
  {
    name: 'the lock is given back whatever happens between open and close',
    needs: ['locks'],
    async check({ insert, within }) {
      await insert(A, 'data')
      const failing = within(A, () => {
        throw new Error('the application failed')
      })

      await assert.rejects(failing, /the application failed/)
      assert.equal(await within(A, () => 'free'), 'free')
    },
  },
  {
    name: 'a close gives back nothing but what its own open took',
    needs: ['locks'],
    async check(probe) {
      const { insert, within, chain, context } = probe
      await insert(A, 'data')
      const stranger = context({ id: A })
      const late = context({ id: A, lockWaitMs: 30 })
      await within(A, async () => {
        await chain.close(stranger)
        await assert.rejects(async () => await chain.open(late), codeOf('ERR_SESSION_LOCK_TIMEOUT'))
        await chain.close(late)
      })

      assert.equal(await within(A, () => 'free'), 'free')
    },
  },
  {
    name: 'a wait for the lock ends in time, with an error, and leaves no trace',
    needs: ['locks'],
    async check({ insert, within, read, chain, context }) {
      await insert(A, 'data')
      await within(A, async () => {
        const late = context({ id: A, lockWaitMs: 30 })
        await assert.rejects(async () => await chain.open(late), codeOf('ERR_SESSION_LOCK_TIMEOUT'))
        await chain.close(late)
      })

      assert.equal(await within(A, (context) => read(A, context)), 'data')
    },
  },
  {
    name: 'a wait for the lock ends when the visitor has gone',
    needs: ['locks'],
    async check(probe) {
      const { insert, within, chain, context } = probe
      await insert(A, 'data')
      const visitor = new AbortController()
      const gone = context({ id: A, signal: visitor.signal })
      await within(A, async () => {
        const waiting = assert.rejects(async () => await chain.open(gone))
        await othersTurn(probe)
        visitor.abort()
        await waiting
        await chain.close(gone)
      })

      assert.equal(await within(A, () => 'free'), 'free')
    },
  },
  {
    name: 'who waited for a session that was destroyed finds it absent, and cannot write it',
    needs: ['locks'],
    async check(probe) {
      const { insert, within, read, chain, context } = probe
      await insert(A, 'logged in')
      const waiter = context({ id: A })
      const { waiting } = await within(A, async (first) => {
        const opened = Promise.resolve(chain.open(waiter))
        await othersTurn(probe)
        await chain.destroy(A, first)
        return { waiting: opened }
      })
      await waiting

      assert.equal(await read(A, waiter), undefined)
      assert.equal(await chain.write(A, bytesOf('back'), waiter), false)
      await chain.close(waiter)
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'who only reads needs no lock for longer than the read',
    needs: ['locks'],
    async check({ insert, within, read, chain, context }) {
      await insert(A, 'data')
      const reader = context({ id: A, lock: 'read', readOnly: true })
      await chain.open(reader)
      assert.equal(await read(A, reader), 'data')
      await chain.close(reader)

      assert.equal(await within(A, () => 'free'), 'free')
    },
  },
]

function codeOf(code: string): (error: unknown) => boolean {
  return (error) => (error as { code?: unknown }).code === code
}
