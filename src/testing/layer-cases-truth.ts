/**
 * What a layer owes those above it: the store's answers, its failures among them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { MaybePromise } from '../handler.js'
import { bytesOf, idOf } from './handler-probe.js'
import type { LayerCheck, LayerProbe } from './layer-probe.js'
import type { Scripted } from './scripted-store.js'

const A = idOf('a')

/** Each operation on a record that exists and that these layers have not met. */
const OPERATIONS: Readonly<Record<Scripted, (probe: LayerProbe) => MaybePromise<unknown>>> = {
  open: ({ chain, context }) => chain.open(context({ id: A, lock: 'exclusive' })),
  close: ({ chain, context }) => chain.close(context({ id: A })),
  read: ({ chain, context }) => chain.read(A, context({ id: A })),
  write: ({ chain, context }) => chain.write(A, bytesOf('new'), context({ id: A })),
  destroy: ({ chain, context }) => chain.destroy(A, context({ id: A })),
  gc: ({ chain, context }) => chain.gc(1440, context()),
  updateTimestamp: ({ chain, context }) =>
    chain.updateTimestamp(A, bytesOf('old'), context({ id: A })),
  validateId: ({ chain, context }) => chain.validateId?.(A, context({ id: A })),
}

const failed = (error: unknown) => (error as { code?: unknown }).code === 'ERR_SESSION_STORE'

export const TRUTH_LAWS: readonly LayerCheck[] = [
  ...(Object.keys(OPERATIONS) as Scripted[]).map((operation) => ({
    name: `a store that fails to ${operation} has failed, and can be asked again`,
    async check(probe: LayerProbe) {
      const run = async () => await OPERATIONS[operation](probe)
      await probe.insert(A, 'old', probe.elsewhere)
      probe.failNext(operation)
      if (operation === 'updateTimestamp') probe.failNext('write') // a touch may be one

      await assert.rejects(run, failed)
      await run()
    },
  })),
  {
    name: 'a close reaches the store also after an open that failed',
    async check({ chain, context, failNext, calls }) {
      const activation = context({ id: A, lock: 'exclusive' })
      failNext('open')
      await assert.rejects(async () => await chain.open(activation), failed)
      await chain.close(activation)

      assert.equal(calls.at(-1)?.operation, 'close')
    },
  },
  {
    name: 'what the store did not take is not kept',
    async check({ insert, read, write, failNext }) {
      await insert(A, 'old')
      failNext('write')
      await assert.rejects(async () => await write(A, 'new'), failed)

      assert.equal(await read(A), 'old')
    },
  },
  {
    name: 'what the store did not destroy is still there',
    async check({ insert, read, chain, context, failNext }) {
      await insert(A, 'data')
      failNext('destroy')
      await assert.rejects(async () => await chain.destroy(A, context({ id: A })), failed)

      assert.equal(await read(A), 'data')
    },
  },
  {
    name: 'a miss is not remembered',
    async check({ insert, read, chain, elsewhere, context }) {
      assert.equal(await read(A), undefined)
      assert.equal((await chain.validateId?.(A, context({ id: A }))) ?? false, false)
      await insert(A, 'data', elsewhere)

      assert.equal((await chain.validateId?.(A, context({ id: A }))) ?? true, true)
      assert.equal(await read(A), 'data')
    },
  },
  {
    name: 'what was destroyed elsewhere cannot be written, and is absent from then on',
    async check({ insert, read, write, elsewhere, context }) {
      await insert(A, 'data')
      assert.equal(await read(A), 'data')
      assert.equal(await elsewhere.destroy(A, context({ id: A })), true)

      assert.equal(await write(A, 'back'), false)
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'what was destroyed elsewhere cannot be touched, and is absent from then on',
    async check({ insert, read, chain, elsewhere, context }) {
      await insert(A, 'data')
      assert.equal(await read(A), 'data')
      await elsewhere.destroy(A, context({ id: A }))

      assert.equal(await chain.updateTimestamp(A, bytesOf('data'), context({ id: A })), false)
      assert.equal(await read(A), undefined)
    },
  },
  {
    name: 'what others made is not made again',
    async check({ insert, read, elsewhere }) {
      await insert(A, 'theirs', elsewhere)

      assert.equal(await insert(A, 'ours'), false)
      assert.equal(await read(A), 'theirs')
    },
  },
]
