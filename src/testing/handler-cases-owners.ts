/**
 * Whom sessions belong to, and that they are found by that.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Ownership, SessionInfo } from '../handler.js'
import type { HandlerCheck } from './handler-check.js'
import { assertLocked, bytesOf, idOf, type HandlerProbe } from './handler-probe.js'

const A = idOf('a')
const B = idOf('b')
const C = idOf('c')
/** Owners that every index can have. */
const ANN = '7'
const BOB = '77'
/** More than one page of most lists. */
const MANY = 550
const AT_ONCE = 50

/** Owners that are easily taken for each other, or for something else. */
const ALIKE: readonly string[] = [
  'ann',
  'Ann',
  'ann2',
  'an',
  'a%',
  'a_n',
  '*',
  'a:b',
  '{ann}',
  "o'hara",
  'ann\\',
  '7 ann',
  'é',
  'e\u0301',
  '\u{1f600}',
  'x'.repeat(255),
]

const passes = (owner: string | undefined, former?: string): Ownership => ({ owner, former })

/** Creates a record that belongs to somebody. */
async function own({ chain, context }: HandlerProbe, id: string, owner: string): Promise<void> {
  const activation = context({ id, isNew: true, ownership: passes(owner) })
  await chain.open(activation)
  assert.equal(await chain.write(id, bytesOf('data'), activation), true)
  await chain.close(activation)
}

async function give({ write, context }: HandlerProbe, id: string, ownership: Ownership) {
  assert.equal(await write(id, 'data', context({ lock: 'none', ownership })), true)
}

async function infosOf({ chain, context }: HandlerProbe, owner: string): Promise<SessionInfo[]> {
  assert.ok(chain.listByOwner, 'the chain cannot list by owner')
  const infos: SessionInfo[] = []
  for await (const info of chain.listByOwner(owner, context({ lock: 'none' }))) infos.push(info)
  return infos
}

async function assertOwns(probe: HandlerProbe, owner: string, ids: readonly string[]) {
  const found = (await infosOf(probe, owner)).map(({ id }) => id).sort()
  assert.deepEqual(found, ids.map(probe.listedAs).sort())
}

export const OWNER_CASES: readonly HandlerCheck[] = [
  {
    name: 'the sessions of an owner are found, and nobody else is told them',
    needs: ['owners'],
    async check(probe) {
      await own(probe, A, ANN)
      await own(probe, B, ANN)
      await own(probe, C, BOB)
      await probe.insert(idOf('nobodys'), 'data')

      await assertOwns(probe, ANN, [A, B])
      await assertOwns(probe, BOB, [C])
      await assertOwns(probe, '777', [])
      for (const { touchedMs, bytes, owner } of await infosOf(probe, ANN)) {
        assert.ok(touchedMs > 0 && bytes > 0)
        assert.equal(owner ?? ANN, ANN)
      }
    },
  },
  {
    name: 'a session changes hands with the write that says so',
    needs: ['owners'],
    async check(probe) {
      await own(probe, A, ANN)
      await give(probe, A, passes(BOB, ANN))
      await assertOwns(probe, ANN, [])
      await assertOwns(probe, BOB, [A])
      await give(probe, A, passes(undefined, BOB))

      await assertOwns(probe, BOB, [])
      assert.equal(await probe.read(A), 'data')
    },
  },
  {
    name: 'a session that belonged to nobody is given to an owner under its lock',
    needs: ['owners'],
    async check(probe) {
      await probe.insert(A, 'data')
      await probe.within(A, async (context) => {
        await probe.read(A, context)
        context.ownership = passes(ANN)
        context.closing = true
        assert.equal(await probe.write(A, 'new', context), true)
      })
      await assertOwns(probe, ANN, [A])
      await probe.within(A, async (context) => {
        await probe.read(A, context)
        context.ownership = passes(BOB, ANN)
        assert.equal(await probe.write(A, 'newer', context), true)
      })

      await assertOwns(probe, ANN, [])
      await assertOwns(probe, BOB, [A])
      assert.equal(await probe.read(A), 'newer')
    },
  },
  {
    name: 'a write or a touch that says nothing of an owner leaves the session where it is',
    needs: ['owners'],
    async check(probe) {
      await own(probe, A, ANN)
      assert.equal(await probe.write(A, 'new'), true)
      assert.equal(await probe.touch(A, 'new'), true)
      await probe.within(A, (context) => probe.touch(A, 'new', context))

      await assertOwns(probe, ANN, [A])
    },
  },
  {
    name: 'a touch that names the owner keeps the session in the list for another lifetime',
    needs: ['owners'],
    async check(probe) {
      await own(probe, A, ANN)
      await own(probe, B, ANN)
      await own(probe, C, ANN)
      await probe.advance(1000)
      const ownership = passes(ANN, ANN)
      const { context, touch } = probe
      assert.equal(await touch(A, 'data', context({ lock: 'none', ownership })), true)
      await probe.within(B, (held) => touch(B, 'data', Object.assign(held, { ownership })))
      await probe.advance(1000)

      await assertOwns(probe, ANN, [A, B])
    },
  },
  {
    name: 'what is destroyed or has expired belongs to nobody, nor does what is made in its place',
    needs: ['owners'],
    async check(probe) {
      await own(probe, A, ANN)
      await own(probe, B, ANN)
      await probe.destroy(A)
      await assertOwns(probe, ANN, [B])
      const ownership = passes(undefined, ANN)
      await probe.destroy(B, probe.context({ lock: 'none', ownership }))
      await probe.insert(B, 'data')
      await assertOwns(probe, ANN, [])
      await own(probe, C, ANN)
      await probe.advance(1442)
      await assertOwns(probe, ANN, [])
      await probe.gc()

      await assertOwns(probe, ANN, [])
    },
  },
  {
    name: 'an owner keeps a session that gets another id',
    needs: ['owners'],
    async check(probe) {
      await own(probe, A, ANN)
      await probe.within(A, async (context) => {
        await probe.read(A, context)
        await own(probe, B, ANN)
        context.ownership = passes(undefined, ANN)
        context.closing = true
        assert.equal(await probe.destroy(A, context), true)
      })

      await assertOwns(probe, ANN, [B])
    },
  },
  {
    name: 'what a change that is refused says of an owner is not so',
    needs: ['owners'],
    async check(probe) {
      const { context, write, touch } = probe
      const ownership = passes(ANN)
      assert.equal(await write(A, 'gone', context({ lock: 'none', ownership })), false)
      assert.equal(await touch(A, 'gone', context({ lock: 'none', ownership })), false)

      await assertOwns(probe, ANN, [])
    },
  },
  {
    name: 'owners are compared character by character',
    needs: ['owners', 'namedOwners'],
    async check(probe) {
      for (const [index, owner] of ALIKE.entries()) await own(probe, idOf(index), owner)

      for (const [index, owner] of ALIKE.entries()) await assertOwns(probe, owner, [idOf(index)])
    },
  },
  {
    name: 'of an owner with many sessions every one is listed, once',
    needs: ['owners'],
    async check(probe) {
      const ids = Array.from({ length: MANY }, (_, index) => idOf(`many${index}`))
      for (let from = 0; from < MANY; from += AT_ONCE) {
        await Promise.all(ids.slice(from, from + AT_ONCE).map((id) => own(probe, id, ANN)))
      }

      await assertOwns(probe, ANN, ids)
    },
  },
  {
    name: 'what the list names can be destroyed by that name, and no copy of it is left',
    needs: ['owners'],
    async check(probe) {
      const { chain, context } = probe
      for (const id of [A, B]) await own(probe, id, ANN)
      await own(probe, C, BOB)
      for (const id of [A, B]) assert.equal(await probe.read(id), 'data')
      for (const { id } of await infosOf(probe, ANN)) {
        const named = context({ id, listed: true, ownership: passes(undefined, ANN) })
        await chain.open(named)
        assert.equal(await chain.destroy(id, named), true)
        await chain.close(named)
      }

      for (const id of [A, B]) assert.equal(await probe.read(id), undefined)
      for (const id of [A, B]) assert.equal(await probe.write(id, 'back'), false)
      assert.equal(await probe.read(C), 'data')
      await assertOwns(probe, ANN, [])
    },
  },
  {
    name: 'what the list names is locked by that name',
    needs: ['owners', 'locks'],
    async check(probe) {
      const { chain, context } = probe
      await own(probe, A, ANN)
      const [info] = await infosOf(probe, ANN)
      const named = context({ id: info?.id, listed: true })
      await chain.open(named)

      await assertLocked(probe, A)
      await chain.close(named)
    },
  },
  {
    name: 'every process finds the sessions of an owner',
    needs: ['owners', 'shared'],
    async check(probe) {
      const other = await probe.elsewhere()
      await own(probe, A, ANN)
      await own(other, B, ANN)
      await assertOwns(other, ANN, [A, B])
      await other.destroy(A)

      await assertOwns(probe, ANN, [B])
    },
  },
]
