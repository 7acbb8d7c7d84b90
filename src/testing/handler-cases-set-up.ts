/**
 * What surrounds the records: options, tables, what the store is asked, processes that die.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { HandlerCheck } from './handler-check.js'
import { assertLocked, bytesOf, idOf, type HandlerProbe } from './handler-probe.js'

const A = idOf('a')
const SECRET = 'not-for-messages'

export const SET_UP_CASES: readonly HandlerCheck[] = [
  {
    name: 'the lock of a process that was killed is free again, and its session is whole',
    needs: ['locks', 'kills'],
    async check(probe) {
      const { insert, chain, context, read, hold } = probe
      await insert(A, 'data')
      const kill = await hold(A)
      await assertLocked(probe, A)
      await kill()
      const next = context({ id: A, lockWaitMs: 20_000 })
      await chain.open(next)

      assert.equal(await read(A, next), 'data')
      assert.equal(await chain.write(A, bytesOf('new'), next), true)
      await chain.close(next)
    },
  },
  {
    name: 'to look for an id and then read it asks the store no more often than to read it',
    needs: ['counts'],
    async check(probe) {
      await probe.insert(A, 'data')
      await costOf(probe, () => undefined, probe.calls) // what is made ready once is ready now
      const alone = await costOf(probe, () => undefined, probe.calls)
      const both = await costOf(probe, ({ chain }, own) => chain.validateId?.(A, own), probe.calls)

      assert.ok(alone > 0, 'the fixture counts nothing')
      assert.ok(both <= alone, `${both} calls instead of ${alone}`)
    },
  },
  {
    name: 'a store that was not prepared says what to run, which can be run again',
    needs: ['migrates'],
    async check({ unprepared }) {
      const { probe, migrate } = await unprepared()
      await assert.rejects(probe.read(A), (error) => {
        const { code, message } = error as Error & { code?: unknown }
        return code === 'ERR_SESSION_STORE' && /migrate/.test(message)
      })
      await migrate()
      await migrate()
      assert.equal(await probe.insert(A, 'data'), true)
      await migrate()

      assert.equal(await probe.read(A), 'data')
    },
  },
  {
    name: 'an option that does not exist is refused by its name, without its value',
    needs: ['configures'],
    check({ make }) {
      assert.throws(
        () => make({ noSuchOption: SECRET }),
        (error) =>
          error instanceof TypeError &&
          error.message.includes('noSuchOption') &&
          !error.message.includes(SECRET),
      )
      assert.match(make({}).name, /^[a-z][a-z0-9-]*$/)
    },
  },
]

type Step = (probe: HandlerProbe, context: ReturnType<HandlerProbe['context']>) => unknown

/** How often the store is asked in one activation that reads, with a step before the read. */
async function costOf(probe: HandlerProbe, step: Step, calls: () => number): Promise<number> {
  const { chain, context, read } = probe
  const before = calls()
  const activation = context({ id: A })
  await chain.open(activation)
  await step(probe, activation)
  assert.equal(await read(A, activation), 'data')
  await chain.close(activation)
  return calls() - before
}
