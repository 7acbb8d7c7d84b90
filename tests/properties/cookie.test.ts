import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCookies } from '../../src/http/cookie-reader.js'
import { cookieScopes } from '../../src/http/cookie-scopes.js'
import { formatCookie, formatStaleRemovals } from '../../src/http/cookie.js'
import { candidates } from '../../src/http/propagation.js'
import { resolveCookieOptions } from '../../src/options/cookie-options.js'

/** The reader as one would write it without a thought of speed. */
function naive(header: string, name: string, max: number): string[] {
  const cut = header.slice(0, 16_384)
  const pairs = cut.split(';').slice(0, 256)
  const whole =
    header.length > cut.length && header[cut.length] !== ';' && cut.split(';').length <= 256
  if (whole) pairs.pop()
  return pairs
    .map((pair) => pair.replace(/^[ \t\n\v\f\r]+/, ''))
    .filter((pair) => pair === name || pair.startsWith(`${name}=`))
    .map((pair) =>
      pair
        .slice(name.length + 1)
        .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    )
    .slice(0, max)
}

const NAME = 'sid'

const piece = fc.oneof(
  fc.constantFrom('sid', 'sid=', '=', ';', '; ', ' ', '\t', '%', '%4', '%41', '%2C', '"', ',', '+'),
  fc.string({ maxLength: 6 }),
  fc.stringMatching(/^[0-9a-f]{32}$/),
  fc.constant('a=1; '.repeat(60)),
  fc.constant('x'.repeat(5000)),
)
const header = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''))

describe('reading a cookie', () => {
  it('gives what the naive reader gives, on 5,000 headers', () => {
    fc.assert(
      fc.property(header, fc.constantFrom(1, 4, 300), (text, max) => {
        expect(readCookies(text, NAME, max)).toEqual(naive(text, NAME, max))
      }),
      { numRuns: 5000 },
    )
  })

  it('gives back what was written, after any other cookies', () => {
    const OPTIONS = { name: NAME, useCookies: true, useOnlyCookies: true, refererCheck: '' }
    const cookie = resolveCookieOptions({}, NAME)
    const id = fc.stringMatching(/^[A-Za-z0-9,-]{1,64}$/)
    const others = fc.stringMatching(/^(a=[a-z]{0,5}; ){0,5}$/)

    fc.assert(
      fc.property(id, others, (written, before) => {
        const line = formatCookie(NAME, written, cookie, { secure: true, nowMs: 0 })
        const sent = before + line.slice(0, line.indexOf(';'))

        expect(candidates({ cookieHeader: sent }, OPTIONS).ids).toEqual([written])
      }),
    )
  })
})

describe('the places of other cookies', () => {
  const path = fc.oneof(fc.webPath(), fc.string({ unit: 'binary' }), fc.string())
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.string(), fc.constant('a.b.c.d.e.f.example.com'))
  const cookie = resolveCookieOptions({}, NAME)

  it('are few, distinct, never our own, and safe in a header', () => {
    fc.assert(
      fc.property(path, host, fc.boolean(), (requestPath, requestHost, secure) => {
        const place = { path: requestPath, host: requestHost, secure }
        const lines = formatStaleRemovals(NAME, cookie, place)

        expect(lines.length).toBeLessThanOrEqual(12)
        expect(new Set(lines).size).toBe(lines.length)
        for (const line of lines) expect(line).toMatch(/^[\x20-\x7e]*$/)
        for (const line of lines) expect(line.split(';').length).toBeLessThanOrEqual(8)
        expect(cookieScopes(cookie, place)).not.toContainEqual({ path: '/', domain: '' })
      }),
      { numRuns: 2000 },
    )
  })

  it('all match the request, as a browser matches paths and domains', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.domain(), (webPath, requestHost) => {
        const requestPath = `/${webPath}`
        for (const scope of cookieScopes(cookie, { path: requestPath, host: requestHost })) {
          const inside = requestPath.startsWith(scope.path.replace(/\/$/, '') || '/')
          const below = requestHost.toLowerCase().endsWith(scope.domain)

          expect(inside && below).toBe(true)
        }
      }),
    )
  })
})
