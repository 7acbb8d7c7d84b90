import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cacheHeaders } from '../../../src/http/cache-limiter.js'
import { resolveCacheLimiter } from '../../../src/options/cache-limiters.js'
import { describePhpHeaders, phpHeaders } from '../../helpers/php-headers.js'

interface Row {
  readonly name: string
  readonly category: string
  readonly time: number
  readonly script_mtime: number
  readonly ini: Readonly<Record<string, string>>
  readonly script: string
  readonly response: { readonly headers: readonly (readonly [string, string])[] }
}

const rows = readFileSync(new URL('../../vectors/http-cookie.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)
  .filter((row) => row.category === 'cache-limiter' && row.script === 'session_start();')

const unknown = (row: Row) => /bogus|No_Cache/.test(row.name)

describe('the cache headers', () => {
  it.each(rows.filter((row) => !unknown(row)))('are those of PHP: $name', (row) => {
    const limiter = resolveCacheLimiter(row.ini['session.cache_limiter'] ?? 'nocache')
    const minutes = Number(row.ini['session.cache_expire'] ?? 180)
    const sent = row.response.headers.filter(([name]) => !/^(Set-Cookie|Content-type)$/.test(name))

    const moment = { nowMs: row.time * 1000, lastModifiedMs: row.script_mtime * 1000 }
    expect(cacheHeaders(limiter, minutes, moment)).toEqual(sent)
  })

  it('were compared with more than ten answers of PHP', () => {
    expect(rows.filter((row) => !unknown(row)).length).toBeGreaterThan(10)
  })

  it.each(rows.filter(unknown))('are an error where PHP silently sends none: $name', (row) => {
    expect(() => resolveCacheLimiter(row.ini['session.cache_limiter'])).toThrow(RangeError)
  })

  it('leave Last-Modified out where nobody knows it', () => {
    expect(cacheHeaders('private_no_expire', 5, { nowMs: 0 })).toEqual([
      ['Cache-Control', 'private, max-age=300'],
    ])
  })
})

describePhpHeaders('the same PHP on this machine', () => {
  it.each(['nocache', 'private', 'private_no_expire', 'public', 'none', ''] as const)(
    'sends the same headers for %j',
    (limiter) => {
      const { lines, body, startedMs } = phpHeaders(
        'session_start(); echo filemtime($_SERVER["SCRIPT_FILENAME"]);',
        { ini: { 'session.cache_limiter': limiter, 'session.cache_expire': '7' } },
      )
      const sent = lines.filter((line) => !/^(Set-Cookie|Content-type|X-Powered-By):/i.test(line))

      const ours = [0, 1, 2].map((second) =>
        cacheHeaders(limiter, 7, {
          nowMs: startedMs + second * 1000,
          lastModifiedMs: Number(body) * 1000,
        }).map((header) => header.join(': ')),
      )
      expect(ours).toContainEqual(sent)
    },
  )
})
