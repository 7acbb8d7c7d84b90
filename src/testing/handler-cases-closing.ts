/**
 * The last operation of an activation: `context.closing` says that only `close` follows. A handler may
 * make nothing of it, or give the lock back at once.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Chain, MaybePromise } from '../handler.js'
import type { Activation } from '../context.js'
import type { HandlerCheck } from './handler-check.js'
import { assertLocked, bytesOf, idOf, type HandlerProbe } from './handler-probe.js'

const A = idOf('a')
const TOGETHER = 20

type Last = (chain: Chain, context: Activation) => MaybePromise<boolean>

const LAST: Readonly<Record<'write' | 'updateTimestamp' | 'destroy', Last>> = {
  write: (chain, context) => chain.write(A, bytesOf('data'), context),
  updateTimestamp: (chain, context) => chain.updateTimestamp(A, bytesOf('data'), context),
  destroy: (chain, context) => chain.destroy(A, context),
}

/** Opens, reads and does the last operation; the close is still to come. */
async function untilClose({ chain, context }: HandlerProbe, last: Last): Promise<Activation> {
  const activation = context({ id: A })
  await chain.open(activation)
  await chain.read(A, activation)
  activation.closing = true
  assert.equal(await last(chain, activation), true)
  return activation
}

/** Someone who takes the lock now; also of an id that is gone. */
function nextVisitor({ context }: HandlerProbe): Activation {
  return context({ id: A, strict: false, lockWaitMs: 2000 })
}

export const CLOSING_CASES: readonly HandlerCheck[] = [
  {
    name: 'an activation that says when only close follows ends like any other',
    async check(probe) {
      const { insert, read, within, chain } = probe
      for (const last of Object.values(LAST)) {
        await insert(A, 'data')
        const activation = await untilClose(probe, last)
        await chain.close(activation)
        await chain.close(activation)

        assert.equal(await within(A, () => 'free'), 'free')
      }
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'the last operation gives the lock back, and the close takes it from nobody',
    needs: ['locks', 'closes'],
    async check(probe) {
      const { insert, chain } = probe
      for (const last of Object.values(LAST)) {
        await insert(A, 'data')
        const first = await untilClose(probe, last)
        const second = nextVisitor(probe)
        await chain.open(second)
        await chain.close(first)
        if (last !== LAST.destroy) await assertLocked(probe, A)
        await chain.close(second)
      }
    },
  },
  {
    name: 'the last operation gives the lock to another process, before the close',
    needs: ['locks', 'closes', 'shared'],
    async check(probe) {
      const other = await probe.elsewhere()
      await probe.insert(A, 'old')
      const first = await untilClose(probe, LAST.write)
      const second = nextVisitor(other)
      await other.chain.open(second)

      assert.equal(await other.read(A, second), 'data')
      await probe.chain.close(first)
      await assertLocked(probe, A)
      await other.chain.close(second)
    },
  },
  {
    name: 'a last write that is refused gives the lock back, too',
    needs: ['locks', 'closes'],
    async check(probe) {
      const { insert, chain, context } = probe
      await insert(A, 'data')
      const first = context({ id: A })
      await chain.open(first)
      await chain.destroy(A, first)
      first.closing = true
      assert.equal(await chain.write(A, bytesOf('back'), first), false)
      const second = nextVisitor(probe)
      await chain.open(second)

      await chain.close(first)
      await chain.close(second)
    },
  },
  {
    name: 'no update is lost where the last write gives the lock back',
    needs: ['locks', 'closes'],
    async check({ insert, within, read, chain }) {
      await insert(A, '0')
      const increment = () =>
        within(A, async (context) => {
          const count = Number(await read(A, context))
          context.closing = true
          return chain.write(A, bytesOf(`${count + 1}`), context)
        })

      await Promise.all(Array.from({ length: TOGETHER }, increment))

      assert.equal(await read(A), `${TOGETHER}`)
    },
  },
]
