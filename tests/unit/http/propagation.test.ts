import { describe, expect, it } from 'vitest'
import {
  candidates,
  needsSid,
  needsTransSid,
  type SessionRequest,
} from '../../../src/http/propagation.js'
import { fastestMs } from '../../helpers/fastest.js'

const OPTIONS = { name: 'sid', useCookies: true, useOnlyCookies: true, refererCheck: '' }
const ANYWHERE = { ...OPTIONS, useOnlyCookies: false }
const ids = (cookieHeader: string) => candidates({ cookieHeader }, OPTIONS).ids

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

  it('have 1 to 256 characters', () => {
    expect(ids('sid=a')).toEqual(['a'])
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

describe('an id in a URL or a form', () => {
  const found = (request: SessionRequest, options = ANYWHERE) => candidates(request, options).ids

  it('is not looked at by default', () => {
    expect(found({ url: '/?sid=a', body: { sid: 'b' } }, OPTIONS)).toEqual([])
  })

  it.each<[SessionRequest, string[]]>([
    [{ url: '/?sid=a' }, ['a']],
    [{ body: { sid: 'b' } }, ['b']],
    [{ url: '/?sid=a', body: { sid: 'b' } }, ['a']],
    [{ url: '/?sid=', body: { sid: 'b' } }, []],
    [{ url: '/?sid[]=a', body: { sid: 'b' } }, ['b']],
    [{ url: '/?other=a' }, []],
    [{ url: '/?sid=..%2Fx' }, []],
    [{ body: { sid: ['b'] } }, []],
    [{ body: { sid: 7 } }, []],
    [{ body: null }, []],
    [{ body: JSON.parse('{"__proto__":{"sid":"b"}}') as object }, []],
    [{ body: Object.create({ sid: 'b' }) as object }, []],
    [{ cookieHeader: 'sid=c', url: '/?sid=a' }, ['c']],
    [{ cookieHeader: 'sid=', url: '/?sid=a' }, []],
    [{ cookieHeader: 'sid=a<b', url: '/?sid=a' }, []],
    [{ cookieHeader: 'sid[]=c', url: '/?sid=a' }, ['a']],
    [{ cookieHeader: 'sid[=c', url: '/?sid=a' }, ['a']],
  ])('goes behind cookies, the query before the form: %j', (request, expected) => {
    expect(found(request)).toEqual(expected)
  })

  it.each([
    ['/?__Host-s=a', ['a']],
    ['/?%20__Host-s=a', ['a']],
    ['/?.__Host-s=a&_.Host-s=b', []],
    ['/?%2E_Host-s=a', []],
    ['/?[_Host-s=a', []],
    ['/?__Host-s=a&._Host-s=b', ['a']],
  ])('has a name of its own where it begins with __Host-: %s', (url, expected) => {
    expect(found({ url }, { ...ANYWHERE, name: '__Host-s' })).toEqual(expected)
  })

  it('is all there is where cookies are not used', () => {
    const request = { cookieHeader: 'sid=c', url: '/?sid=a' }

    expect(found(request, { ...ANYWHERE, useCookies: false })).toEqual(['a'])
    expect(found(request, { ...OPTIONS, useCookies: false })).toEqual([])
  })
})

describe('the Referer', () => {
  const options = { ...ANYWHERE, refererCheck: 'example.com' }
  const kept = (referer: string | undefined, request: SessionRequest = { url: '/?sid=a' }) =>
    candidates({ ...request, referer }, options).ids.length > 0

  it.each([
    ['http://example.com/page', true],
    ['http://notexample.com.evil.test/', true],
    ['http://evil.test/?example.com', true],
    ['http://Example.com/', false],
    ['http://evil.test/', false],
    ['garbage', false],
    ['', true],
    [undefined, true],
  ])('%j keeps an id: %s', (referer, expected) => {
    expect(kept(referer)).toBe(expected)
    expect(kept(referer, { cookieHeader: 'sid=a' })).toBe(expected)
  })

  it('does not matter where only cookies count, or the application chose the id', () => {
    const request = { cookieHeader: 'sid=a', referer: 'http://evil.test/' }

    expect(candidates(request, { ...options, useOnlyCookies: true }).ids).toEqual(['a'])
    expect(candidates({ ...request, id: 'b' }, options).ids).toEqual(['b'])
  })
})

describe('a page', () => {
  const TRANS = { ...ANYWHERE, useTransSid: true }

  it.each<[SessionRequest, boolean, boolean]>([
    [{}, true, true],
    [{ url: '/?sid=a' }, true, true],
    [{ cookieHeader: 'other=a' }, true, true],
    [{ cookieHeader: 'sid=a' }, false, false],
    [{ cookieHeader: 'sid=' }, false, false],
    [{ cookieHeader: 'x=1; sid[]=a' }, false, false],
    [{ cookieHeader: 'x=1; sid[0][=a' }, false, false],
    [{ cookieHeader: 'sid[a]b' }, false, false],
    [{ cookieHeader: 'sid[=a]' }, true, true],
    [{ cookieHeader: 'sid[; x=]' }, true, true],
    [{ cookieHeader: 'sid=a', id: 'b' }, true, false],
  ])('is told the id when no cookie came: %j, by SID %s, in links %s', (request, sid, links) => {
    expect(needsSid(request, TRANS)).toBe(sid)
    expect(needsTransSid(request, TRANS)).toBe(links)
  })

  it('is always told it where cookies are not used, and never where only they are', () => {
    const request = { cookieHeader: 'sid=a' }

    expect(needsSid(request, { ...TRANS, useCookies: false })).toBe(true)
    expect(needsTransSid(request, { ...TRANS, useCookies: false })).toBe(true)
    expect(needsSid({}, { ...TRANS, useOnlyCookies: true })).toBe(false)
    expect(needsTransSid({}, { ...TRANS, useOnlyCookies: true })).toBe(false)
    expect(needsTransSid({}, { ...TRANS, useTransSid: false })).toBe(false)
  })
})
