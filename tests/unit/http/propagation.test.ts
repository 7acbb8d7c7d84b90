import { describe, expect, it } from 'vitest'
import { candidates } from '../../../src/http/propagation.js'
import { fastestMs } from '../../helpers/fastest.js'

const OPTIONS = { name: 'sid' }
const ids = (cookieHeader: string, minIdLength?: number) =>
  candidates({ cookieHeader }, { ...OPTIONS, minIdLength }).ids

/** All orders of three things. */
const orders = <T>([a, b, c]: readonly [T, T, T]) => [
  [a, b, c],
  [a, c, b],
  [b, a, c],
  [b, c, a],
  [c, a, b],
  [c, b, a],
]

describe('the ids a request names', () => {
  it('are none without a cookie of the name', () => {
    expect(candidates({}, OPTIONS)).toEqual({ ids: [], received: 0 })
    expect(candidates({ cookieHeader: '' }, OPTIONS)).toEqual({ ids: [], received: 0 })
    expect(candidates({ cookieHeader: 'a=1' }, OPTIONS)).toEqual({ ids: [], received: 0 })
  })

  it.each([...orders(['good', 'other', '../x']), ['good', 'good', 'other'], ['a', '', 'b']])(
    'come in the order of the cookies, each once, without what is no id: %j %j %j',
    (...values) => {
      const header = values.map((value) => `sid=${value}`).join('; ')
      const expected = [...new Set(values)].filter((value) => value !== '../x' && value !== '')

      expect(candidates({ cookieHeader: header }, OPTIONS)).toEqual({ ids: expected, received: 3 })
    },
  )

  it('are four at most, and worthless values take no place of theirs', () => {
    const junk = 'sid=..%2F; '.repeat(100)
    const good = ['a', 'a', 'b', 'c', 'd', 'e'].map((id) => `sid=${id}`).join('; ')

    expect(ids(junk + good)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('are found among 10,000 duplicates within milliseconds', () => {
    const header = `sid=${'a'.repeat(32)}; `.repeat(10_000)

    expect(ids(header)).toEqual(['a'.repeat(32)])
    expect(fastestMs(() => ids(header))).toBeLessThan(5)
  })

  it('can be asked for a length', () => {
    expect(ids(`sid=short; sid=${'a'.repeat(22)}`, 22)).toEqual(['a'.repeat(22)])
    expect(ids(`sid=${'a'.repeat(256)}`)).toHaveLength(1)
    expect(ids(`sid=${'a'.repeat(257)}`)).toHaveLength(0)
  })

  it('are the one the application chose, whatever the cookies say', () => {
    expect(candidates({ id: 'chosen', cookieHeader: 'sid=other' }, OPTIONS)).toEqual({
      ids: ['chosen'],
      received: 0,
    })
  })

  it.each(['', '../x', 'a b', 'a'.repeat(257)])('may not be chosen like %j', (id) => {
    expect(() => candidates({ id }, OPTIONS)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_ID' }),
    )
  })

  it('never hold a character that is more than part of an id, whatever is sent', () => {
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const character = String.fromCodePoint(point)
      const found = ids(`sid=a${character}b`)
      if (/^[A-Za-z0-9,-]$/.test(character)) expect(found).toEqual([`a${character}b`])
      else if (character === ';') expect(found).toEqual(['a'])
      else if (found.length > 0) expect.fail(`U+${point.toString(16)} was taken`)
    }
  })
})
