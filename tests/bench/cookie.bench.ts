import { bench, describe } from 'vitest'
import { readCookies } from '../../src/http/cookie-reader.js'
import { formatCookie } from '../../src/http/cookie.js'
import { candidates } from '../../src/http/propagation.js'
import { resolveCookieOptions } from '../../src/options/cookie-options.js'

const ID = '0123456789abcdef0123456789abcdef'
const USUAL = `_ga=GA1.2.1234567890.1234567890; theme=dark; PHPSESSID=${ID}; consent=yes`
const session = resolveCookieOptions({}, 'PHPSESSID')
const lasting = resolveCookieOptions({ lifetime: 3600, domain: 'example.com' }, 'PHPSESSID')
const moment = { secure: true, nowMs: 1_700_000_000_000 }

/** What the loop replaced. */
function split(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.trimStart())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => decodeURIComponent(pair.slice(name.length + 1)))
}

describe('read', () => {
  bench('usual header', () => void readCookies(USUAL, 'PHPSESSID'))
  bench('usual header, split and decodeURIComponent', () => void split(USUAL, 'PHPSESSID'))
  bench('usual header, as candidates', () => {
    candidates(
      { cookieHeader: USUAL },
      { name: 'PHPSESSID', useCookies: true, useOnlyCookies: true, refererCheck: '' },
    )
  })
  bench('without our cookie', () => void readCookies('theme=dark; consent=yes', 'PHPSESSID'))
})

describe('read the worst', () => {
  const semicolons = ';'.repeat(100_000)
  const duplicates = `PHPSESSID=${ID}; `.repeat(10_000)
  const percents = `PHPSESSID=${'%'.repeat(100_000)}`

  bench('100k semicolons', () => void readCookies(semicolons, 'PHPSESSID'))
  bench('10k duplicates', () => void readCookies(duplicates, 'PHPSESSID', Infinity))
  bench('100k percent signs', () => void readCookies(percents, 'PHPSESSID'))
})

describe('write', () => {
  bench('session cookie', () => void formatCookie('PHPSESSID', ID, session, moment))
  bench('cookie with an expiry', () => void formatCookie('PHPSESSID', ID, lasting, moment))
})
