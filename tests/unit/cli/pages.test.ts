/** Sorted lists, whichever way their sessions are kept meanwhile. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOf, SORTS, type Wish } from '../../../src/cli/pages.js'
import { placeOf } from '../../../src/cli/place.js'
import { createRows } from '../../../src/cli/rows.js'
import { defineHandler, type SessionInfo } from '../../../src/handler.js'

const WHOLE: Wish = {
  limit: undefined,
  skip: 0,
  after: undefined,
  sort: 'age',
  reverse: false,
  expiredToo: true,
  owner: undefined,
}

/** A place that lists these sessions. */
function placeWith(infos: readonly SessionInfo[]) {
  async function* list() {
    yield* infos
  }
  const handler = { ...defineHandler({ name: 'listing' }), list }
  return placeOf({ options: { handlers: [handler] }, end: () => undefined })
}

const BY = {
  age: (a: SessionInfo, b: SessionInfo) => a.touchedMs - b.touchedMs,
  size: (a: SessionInfo, b: SessionInfo) => b.bytes - a.bytes,
  id: () => 0,
}

const infosOf = fc.uniqueArray(
  fc.record(
    {
      id: fc.stringMatching(/^[a-f]{1,8}$/),
      touchedMs: fc.integer({ min: 0, max: 5 }),
      bytes: fc.integer({ min: 0, max: 5 }),
      owner: fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }),
    },
    { requiredKeys: ['id', 'touchedMs', 'bytes'] },
  ),
  { selector: ({ id }) => id, maxLength: 60 },
)

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of list) found.push(one)
  return found
}

const { signal } = new AbortController()

describe('a sorted list', () => {
  it.each([
    ['in columns', { signal, part: 1 }],
    ['in parts', { signal, part: 7, most: 10 }],
    ['whole', { signal }],
  ])('is in its order, kept %s', async (_, bounds) => {
    await fc.assert(
      fc.asyncProperty(infosOf, fc.constantFrom(...SORTS), fc.boolean(), async (...given) => {
        const [infos, sort, reverse] = given
        const place = placeWith(infos as SessionInfo[])
        const shown = await all(pageOf(place, { ...WHOLE, sort, reverse }, bounds))
        const byId = (a: SessionInfo, b: SessionInfo) => (a.id < b.id ? -1 : 1)
        const expected = (infos as SessionInfo[]).toSorted((a, b) => BY[sort](a, b) || byId(a, b))

        expect(shown).toEqual(reverse ? expected.reverse() : expected)
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    ['in columns', { signal, part: 1 }],
    ['in parts', { signal, part: 2, most: 3 }],
  ])('goes on behind a session, kept %s', async (_, bounds) => {
    const infos = ['d', 'b', 'a', 'c'].map((id) => ({ id: id.repeat(4), touchedMs: 0, bytes: 1 }))
    const wish = { ...WHOLE, sort: 'id', after: 'bbbb', limit: 1 } as const
    expect(await all(pageOf(placeWith(infos), wish, bounds))).toEqual([infos[3], 'more'])
  })
})

describe('rows', () => {
  it('keep texts that fill their blocks', () => {
    const rows = createRows(5000)
    const infoOf = (row: number) => ({
      id: String(row).padStart(1000, 'x'),
      touchedMs: row + 0.5,
      bytes: row,
    })
    for (let row = 0; row < 5000; row += 1) rows.add(infoOf(row))

    for (let row = 0; row < 5000; row += 1) expect(rows.at(row)).toEqual(infoOf(row))
    expect(rows.compareIds(1048, 1049)).toBeLessThan(0)
  })
})
