import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  NONE,
  PARTS,
  RECORD_OVERHEAD,
  recordTable,
  type RecordTable,
} from '../../src/lib/record-table.js'

interface Row {
  readonly payload: Uint8Array
  readonly timeMs: number
}

/** What a table is: rows in the order of age, ids in the order of use. */
interface Model {
  readonly rows: Map<string, Row>
  readonly used: Set<string>
}

type Step = readonly [
  operation: 'put' | 'remove' | 'touch' | 'use' | 'find',
  id: string,
  payload: Uint8Array,
]

/** Few ids that meet often, with ids of odd length and beyond Latin-1 among them. */
const id = fc.oneof(
  { weight: 8, arbitrary: fc.nat(40).map((number) => `id${number}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'a', 'A', 'a ', 'ab', 'é', 'e\u0301', '€', '\ud83d'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
)

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('put', 'put', 'remove', 'touch', 'use', 'find'),
  id,
  fc.uint8Array({ maxLength: 20 }),
)

function renew<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
}

function apply(table: RecordTable, model: Model, [operation, id, payload]: Step, timeMs: number) {
  const slot = table.find(id)
  const row = model.rows.get(id)
  expect(slot !== NONE).toBe(row !== undefined)
  if (operation === 'put') {
    if (slot === NONE) table.insert(id, payload, timeMs)
    else table.replace(slot, payload, timeMs)
    renew(model.rows, id, { payload: payload.slice(), timeMs })
  }
  if (row === undefined && operation !== 'put') return
  if (operation === 'remove') {
    table.remove(slot)
    model.rows.delete(id)
    model.used.delete(id)
  }
  if (operation === 'touch') {
    table.touch(slot, timeMs)
    renew(model.rows, id, { ...(row as Row), timeMs })
  }
  if (operation === 'use') table.use(slot)
  if (operation === 'use' || operation === 'put' || operation === 'touch') {
    model.used.delete(id)
    model.used.add(id)
  }
}

function byAge(table: RecordTable): [string, Row][] {
  const rows: [string, Row][] = []
  for (let slot = table.oldest(); slot !== NONE; slot = table.newer(slot)) {
    rows.push([table.id(slot), { payload: table.payload(slot), timeMs: table.timeMs(slot) }])
  }
  return rows
}

function byPart(table: RecordTable): string[] {
  const parts = Array.from({ length: PARTS }, (_, part) => table.slots(part).map(table.id))
  return parts.flat()
}

function check(table: RecordTable, { rows, used }: Model): void {
  expect(table.size).toBe(rows.size)
  expect(byAge(table)).toEqual([...rows])
  expect(byPart(table).sort()).toEqual([...rows.keys()].sort())
  const least = table.leastUsed()
  expect(least === NONE ? undefined : table.id(least)).toBe([...used][0])
  const bytes = [...rows].map(([id, { payload }]) => id.length + payload.length + RECORD_OVERHEAD)
  expect(table.bytes).toBe(bytes.reduce((sum, each) => sum + each, 0))
}

it('a table of records is a Map that knows its order of age and of use', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const table = recordTable()
      const model: Model = { rows: new Map(), used: new Set() }
      for (const [index, step] of steps.entries()) apply(table, model, step, index)
      check(table, model)
    }),
    { numRuns: 1000 },
  )
})

it('a table evicted by use hands its records out in the order of use', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const table = recordTable()
      const model: Model = { rows: new Map(), used: new Set() }
      for (const [index, step] of steps.entries()) apply(table, model, step, index)
      for (const id of model.used) {
        expect(table.id(table.leastUsed())).toBe(id)
        table.remove(table.leastUsed())
      }
      expect(table.size).toBe(0)
      expect(table.bytes).toBe(0)
    }),
    { numRuns: 300 },
  )
})

it('a table grows over many blocks and parts, shrinks again and loses nothing on the way', () => {
  const table = recordTable()
  const count = 20_000
  const payload = (index: number) => Buffer.from(`payload ${index}`)
  for (let index = 0; index < count; index += 1) table.insert(`id${index}`, payload(index), index)

  for (let index = 0; index < count; index += 1) {
    if (index % 10 !== 0) table.remove(table.find(`id${index}`))
  }

  expect(table.size).toBe(count / 10)
  for (let index = 0; index < count; index += 1) {
    const slot = table.find(`id${index}`)
    expect(slot === NONE).toBe(index % 10 !== 0)
    if (slot !== NONE) expect(Buffer.from(table.payload(slot))).toEqual(payload(index))
  }
})
