/**
 * What a layer owes the store below it: every operation, as it is, in one activation.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { SessionContext } from '../handler.js'
import { bytesOf, idOf } from './handler-probe.js'
import type { LayerCheck, LayerProbe } from './layer-probe.js'
import type { Scripted } from './scripted-store.js'

const A = idOf('a')

/** A life of one session in one activation. */
async function live({ chain, context }: LayerProbe): Promise<SessionContext> {
  const activation = context({ id: A, isNew: true, lock: 'exclusive' })
  await chain.open(activation)
  await chain.write(A, bytesOf('one'), activation)
  activation.isNew = false
  await chain.write(A, bytesOf('two'), activation)
  await chain.updateTimestamp(A, bytesOf('two'), activation)
  await chain.gc(1440, activation)
  await chain.destroy(A, activation)
  await chain.close(activation)
  return activation
}

/** What the store has to be asked for. Touching by writing is allowed. */
const LIFE: readonly (Scripted | 'touch')[] = [
  'open',
  'write',
  'write',
  'touch',
  'gc',
  'destroy',
  'close',
]

export const STORE_LAWS: readonly LayerCheck[] = [
  {
    name: 'every open, write, touch, gc, destroy and close reaches the store, once and in order',
    async check(probe) {
      await live(probe)
      const asked = probe.calls.map(({ operation }) => operation)
      const changes = asked.filter(
        (operation) => operation !== 'read' && operation !== 'validateId',
      )

      const touch = changes[LIFE.indexOf('touch')]
      assert.ok(touch === 'updateTimestamp' || touch === 'write', 'the touch is missing')
      assert.deepEqual(
        changes,
        LIFE.map((operation) => (operation === 'touch' ? touch : operation)),
      )
    },
  },
  {
    name: 'the store sees one context from open to close, and it says what the one above says',
    async check(probe) {
      const above = await live(probe)
      const { calls } = probe

      assert.equal(new Set(calls.map(({ context }) => context)).size, 1)
      assert.deepEqual(
        calls.filter(({ said }) => said.isNew).map(({ operation }) => operation),
        ['open', 'write'],
      )
      for (const { said } of calls) {
        const { isNew: _, entered: __, id: ___, touchedMs: ____, ...rest } = above
        assert.deepEqual({ ...said, ...rest }, { ...said })
      }
    },
  },
  {
    name: 'activations at once are kept apart',
    async check({ chain, context, read }) {
      const ids = Array.from({ length: 20 }, (_, index) => idOf(index))
      await Promise.all(
        ids.map(async (id) => {
          const activation = context({ id, isNew: true })
          await chain.open(activation)
          assert.equal(await chain.read(id, activation), undefined)
          assert.equal(await chain.write(id, bytesOf(`of ${id}`), activation), true)
          await chain.close(activation)
        }),
      )

      for (const id of ids) assert.equal(await read(id), `of ${id}`)
    },
  },
  {
    name: 'a payload on its way down is left as it is',
    async check({ chain, context }) {
      const payload = bytesOf('n|i:1;')
      await chain.write(A, payload, context({ id: A, isNew: true }))
      assert.deepEqual(payload, bytesOf('n|i:1;'))
      await chain.updateTimestamp(A, payload, context({ id: A }))

      assert.deepEqual(payload, bytesOf('n|i:1;'))
    },
  },
  {
    name: 'list and count are the answers of the store, also where it changed elsewhere',
    async check({ insert, elsewhere, chain, context }) {
      await insert(A, 'data')
      await insert(idOf('b'), 'data', elsewhere)
      let listed = 0
      for await (const { bytes } of chain.list?.(context()) ?? []) listed += bytes > 0 ? 1 : 0

      assert.equal(listed, 2)
      assert.equal(await chain.count?.(context()), 2)
    },
  },
  {
    name: 'each layer has a name in lower case, and can be disposed of twice',
    async check({ layers }) {
      for (const layer of layers) {
        assert.match(layer.name, /^[a-z][a-z0-9-]*$/)
        await layer.dispose?.()
        await layer.dispose?.()
      }
    },
  },
]
