import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCookies } from '../../../src/http/cookie-reader.js'
import { isValidId } from '../../../src/id/validate.js'
import { fastestMs } from '../../helpers/fastest.js'
import { describePhpHeaders, phpHeaders } from '../../helpers/php-headers.js'

const read = (header: string, max?: number) => readCookies(header, 'sid', max)

interface Row {
  readonly name: string
  readonly category: string
  readonly ini: Readonly<Record<string, string>>
  readonly request: { readonly headers: { readonly Cookie?: string } }
  readonly response: { readonly headers: readonly (readonly [string, string])[]; body: string }
}

const rows = readFileSync(new URL('../../vectors/http-cookie.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)

describe('the values of a cookie', () => {
  it.each([
    ['sid=a', ['a']],
    ['a=1; sid=b; c=2', ['b']],
    ['a=1;sid=b', ['b']],
    ['a=1; \t\v\f\r\n sid=b', ['b']],
    ['sid=a; sid=b; sid=c', ['a', 'b', 'c']],
    ['sid', ['']],
    ['sid=', ['']],
    ['sid;', ['']],
    ['sid==a=b', ['=a=b']],
    ['sid= a ', [' a ']],
    ['sid="a"', ['"a"']],
    ['sid=a,b', ['a,b']],
    ['sid=a%2Cb', ['a,b']],
    ['sid=a%2cb%', ['a,b%']],
    ['sid=%zz%4', ['%zz%4']],
    ['sid=%%41', ['%A']],
    ['sid=%4%41', ['%4A']],
    ['sid=%25%32%43', ['%2C']],
    ['sid=a+b', ['a+b']],
    ['sid=%C3%BC', ['\u00c3\u00bc']],
    ['sid=a%00b', ['a\0b']],
    ['sid=a%3Bb', ['a;b']],
    ['sid =a', []],
    ['sidx=a', []],
    ['xsid=a', []],
    ['sid[]=a', []],
    ['SID=a', []],
    ['%73id=a', []],
    ['si', []],
    ['a=sid=b', []],
    ['', []],
    [';;; ;', []],
  ])('of %j are %j', (header, values) => {
    expect(read(header)).toEqual(values)
  })

  it('are at most as many as asked for', () => {
    const header = Array.from({ length: 9 }, (_, at) => `sid=${at}`).join('; ')

    expect(read(header)).toEqual(['0', '1', '2', '3'])
    expect(read(header, 1)).toEqual(['0'])
    expect(read(header, 99)).toHaveLength(9)
  })

  it('beyond 256 pairs are not looked at', () => {
    expect(read(`${'a=1;'.repeat(255)}sid=b`)).toEqual(['b'])
    expect(read(`${'a=1;'.repeat(256)}sid=b`)).toEqual([])
  })

  it('beyond 16 KB are not looked at, and half a value is none', () => {
    const pad = (length: number) => `a=${'x'.repeat(length - 3)};`

    expect(read(`${pad(16_384 - 8)}sid=abcd`)).toEqual(['abcd'])
    expect(read(`${pad(16_384 - 7)}sid=abcd`)).toEqual([])
    expect(read(`${pad(16_384)}sid=abcd`)).toEqual([])
    expect(read(`sid=ok; ${pad(100_000)}`)).toEqual(['ok'])
  })

  it('are found in 10,000 duplicates within milliseconds', () => {
    const header = 'sid=0123456789abcdef0123456789abcdef; '.repeat(10_000)

    expect(fastestMs(() => readCookies(header, 'sid', Infinity))).toBeLessThan(5)
    expect(readCookies(header, 'sid', Infinity)).toHaveLength(256)
  })

  it.each([
    ['semicolons', (size: number) => ';'.repeat(size)],
    ['one long value', (size: number) => `sid=${'x'.repeat(size)}`],
    ['percent signs', (size: number) => `sid=${'%'.repeat(size)}`],
    ['almost our name', (size: number) => 'sid'.repeat(size / 3)],
    ['blanks', (size: number) => ' '.repeat(size)],
  ])('cost no more than 5 ms in 1 MB of %s', (_, make) => {
    const header = make(1_000_000)

    expect(fastestMs(() => read(header))).toBeLessThan(5)
  })
})

describe('PHP', () => {
  /** Rows with a name that may be ours: those that PHP changes on input are refused as options. */
  const named = rows.filter(
    ({ category, request, ini }) =>
      /^cookie-(in|name-in)$/.test(category) &&
      request.headers.Cookie !== undefined &&
      !/[.[ ]/.test(ini['session.name'] ?? ''),
  )

  it.each(named)('takes the id we take, or none where we take none: $category, $name', (row) => {
    const name = row.ini['session.name'] ?? 'PHPSESSID'
    const { Cookie: header = '' } = row.request.headers
    const ids = readCookies(header, name, 1).filter((value) => isValidId(value))

    const body = row.response.body
    const hex = row.category === 'cookie-in' && /^([0-9a-f]{2})+$/.test(body)
    const adopted = hex ? Buffer.from(body, 'hex').toString('latin1') : body
    const sent = row.response.headers.some(([header]) => header === 'Set-Cookie')
    const cut = header.includes('%00')

    expect(ids).toEqual(sent || cut || adopted === '' ? [] : [adopted])
  })
})

describePhpHeaders('the same PHP on this machine', () => {
  const headers = [
    'sid=first; sid=second',
    'a=1;sid=b;c',
    'a=1; \t sid=b',
    'sid',
    'x; sid=',
    'sid=a%2Cb%zz%4',
    'sid="a"',
    'sid= a ',
    'sid==a=b',
    'sid=a+b',
    ';;; ;sid=a',
    'sidx=a; xsid=b; sid=c',
    '=a; sid=b',
    'sid=%C3%BC',
    'sid=%25%32%43',
  ]

  it.each(headers)('reads the same first value out of %j', (header) => {
    const { body } = phpHeaders('echo bin2hex($_COOKIE["sid"] ?? "none");', { cookie: header })

    const [value = 'none'] = read(header, 1)

    expect(Buffer.from(value, 'latin1').toString('hex')).toBe(body)
  })
})
