import { readFileSync } from 'node:fs'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it } from 'vitest'
import { formatCookie, formatRemoval, formatStaleRemovals } from '../../../src/http/cookie.js'
import { resolveCookieOptions, type CookieOptions } from '../../../src/options/cookie-options.js'
import { describePhpHeaders, phpHeaders } from '../../helpers/php-headers.js'

const PHP_DEFAULTS: CookieOptions = { httpOnly: false, sameSite: '', secure: false }
const NOW_MS = 1_700_000_000_000

const cookie = (options: CookieOptions = {}, name = 'PHPSESSID') =>
  resolveCookieOptions(options, name)
const at = (secure: boolean, nowMs = NOW_MS) => ({ secure, nowMs })

interface Row {
  readonly name: string
  readonly category: string
  readonly time: number
  readonly ini: Readonly<Record<string, string | number>>
  readonly script: string
  readonly response: { readonly headers: readonly (readonly [string, string])[] }
}

const rows = readFileSync(new URL('../../vectors/http-cookie.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)

/** The ini settings of a row as options; `undefined` where they are not plain ones. */
function optionsOf({ ini }: Row): CookieOptions {
  const on = (value: unknown) => /^(on|yes|true|[1-9]\d*)$/i.test(String(value ?? ''))
  return {
    ...PHP_DEFAULTS,
    lifetime: Math.max(0, Number.parseInt(String(ini['session.cookie_lifetime'] ?? 0), 10)),
    path: String(ini['session.cookie_path'] ?? '/'),
    domain: String(ini['session.cookie_domain'] ?? ''),
    secure: on(ini['session.cookie_secure']),
    httpOnly: on(ini['session.cookie_httponly']),
    sameSite: String(ini['session.cookie_samesite'] ?? '') as 'Lax',
  }
}

/** What we refuse on purpose: no browser keeps it, or it says more than a path. */
const REFUSED =
  /=(9223372034707292159|\/a;b|\/é|\/x; HttpOnly|a b)$|^cookie_samesite=None|^session\.name (a\]b|a"b|é|x<y|__Host-sid)$/

const plain = rows.filter(
  (row) => /^session_start\(\);( echo .*)?$/.test(row.script) && cookieOf(row) !== undefined,
)

function cookieOf(row: Row): string | undefined {
  return row.response.headers.find(([name]) => name === 'Set-Cookie')?.[1]
}

describe('the cookie', () => {
  const kept = plain.filter((row) => !REFUSED.test(row.name))

  it.each(kept)('is the one PHP sends: $category, $name', (row) => {
    const line = cookieOf(row) ?? ''
    const [, name = '', encoded = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    const resolved = resolveCookieOptions(optionsOf(row), name)

    expect(
      formatCookie(name, decodeURIComponent(encoded), resolved, at(false, row.time * 1000)),
    ).toBe(line)
  })

  it.each(plain.filter((row) => REFUSED.test(row.name)))(
    'is refused where PHP sends one that nobody means: $name',
    (row) => {
      const name = /^[^=]+/.exec(cookieOf(row) ?? '')?.[0] ?? ''

      expect(() => resolveCookieOptions(optionsOf(row), name)).toThrow()
    },
  )

  it('was compared with more than 40 cookies of PHP', () => {
    expect(kept.length).toBeGreaterThan(40)
  })

  it('sends a comma of the id as %2C, and anything else that is no letter escaped', () => {
    const bare = cookie({ ...PHP_DEFAULTS, path: '' })

    expect(formatCookie('n', 'a,b-c', bare, at(false))).toBe('n=a%2Cb-c')
    expect(formatCookie('n', 'a b;\r\né~\ud800', bare, at(false))).toBe(
      'n=a+b%3B%0D%0A%C3%A9%7E%EF%BF%BD',
    )
  })

  it('has all attributes in PHP order, Priority last', () => {
    const all = cookie({
      lifetime: 60,
      path: '/p',
      domain: 'd.example',
      secure: true,
      partitioned: true,
      sameSite: 'Strict',
      priority: 'High',
    })

    expect(formatCookie('PHPSESSID', 'id', all, at(true))).toBe(
      'PHPSESSID=id; expires=Tue, 14 Nov 2023 22:14:20 GMT; Max-Age=60; path=/p; domain=d.example; secure; Partitioned; HttpOnly; SameSite=Strict; Priority=High',
    )
  })

  it('is Secure by "auto" when the request is, and always when told so', () => {
    expect(formatCookie('n', 'id', cookie(), at(false))).not.toContain('secure')
    expect(formatCookie('n', 'id', cookie(), at(true))).toContain('; secure;')
    expect(formatCookie('n', 'id', cookie({ secure: true }), at(false))).toContain('; secure;')
    expect(formatCookie('n', 'id', cookie({ secure: false }), at(true))).not.toContain('secure')
    expect(formatCookie('__Host-n', 'id', cookie({}, '__Host-n'), at(false))).toContain('; secure;')
  })

  it('warns once for each cookie when it is Secure and the request does not look it', () => {
    const codes: unknown[] = []
    const listen = (message: unknown) => codes.push((message as { code: string }).code)
    subscribe('sessionz:warning', listen)

    for (const options of [{ secure: true }, { sameSite: 'None' }, {}] as const) {
      const resolved = cookie(options)
      formatCookie('n', 'id', resolved, at(true))
      formatCookie('n', 'id', resolved, at(false))
      formatCookie('n', 'id', resolved, at(false))
    }
    unsubscribe('sessionz:warning', listen)

    expect(codes).toEqual(['INSECURE_REQUEST', 'INSECURE_REQUEST'])
  })
})

describe('the removal', () => {
  it('has the same attributes, long expired', () => {
    const options = cookie({ lifetime: 60, path: '/p', domain: 'd.example', secure: true })

    expect(formatRemoval('PHPSESSID', options, { secure: true })).toBe(
      'PHPSESSID=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/p; domain=d.example; secure; HttpOnly; SameSite=Lax',
    )
  })

  it('of the others names the places they may come from, but not our own', () => {
    const lines = formatStaleRemovals('sid', cookie({ httpOnly: false, sameSite: '' }), {
      path: '/app/page',
      host: 'www.example.com:8080',
      secure: true,
    })

    const removed = 'sid=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0'
    expect(lines).toHaveLength(11)
    expect(lines.slice(0, 4)).toEqual([
      `${removed}; path=/; domain=www.example.com; secure`,
      `${removed}; path=/; domain=example.com; secure`,
      `${removed}; path=/app; secure`,
      `${removed}; path=/app; domain=www.example.com; secure`,
    ])
  })

  it('of the others is not needed for a __Host- name: there is one place only', () => {
    const options = cookie({}, '__Host-sid')

    expect(
      formatStaleRemovals('__Host-sid', options, { path: '/a', host: 'a.b', secure: true }),
    ).toEqual([])
  })

  it('of the others is as Secure as the cookie: always, never or as the request', () => {
    const secureLines = (secure: CookieOptions['secure'], request: boolean) =>
      formatStaleRemovals('sid', cookie({ secure }), { path: '/a', secure: request }).map((line) =>
        line.includes('; secure'),
      )

    expect(secureLines(true, false)).toEqual([true])
    expect(secureLines('auto', false)).toEqual([false])
    expect(secureLines('auto', true)).toEqual([true])
    expect(secureLines(false, true)).toEqual([false])
  })
})

describePhpHeaders('the same PHP on this machine', () => {
  const settings: CookieOptions[] = [
    {},
    { lifetime: 1 },
    { lifetime: 86_400, secure: true, sameSite: 'None' },
    { path: '', httpOnly: true },
    { path: '/a/b', domain: '.example.com', sameSite: 'Strict' },
    { path: '/', domain: 'localhost', secure: true, httpOnly: true, sameSite: 'Lax' },
    { sameSite: 'lax' },
    { sameSite: 'none', secure: true },
  ]

  it.each(settings)('sends the same cookie and the same removal: %j', (options) => {
    const resolved = cookie({ ...PHP_DEFAULTS, ...options })
    const parameters = JSON.stringify({
      lifetime: resolved.lifetime,
      path: resolved.path,
      domain: resolved.domain,
      secure: resolved.secure,
      httponly: resolved.httpOnly,
      samesite: resolved.sameSite,
    })
    const { lines, startedMs } = phpHeaders(`
      session_set_cookie_params(json_decode('${parameters}', true));
      session_id('abc,def-0123'); session_start();
      $p = session_get_cookie_params(); unset($p['lifetime']);
      setcookie('removed', '', $p);`)

    const [set, removal] = lines.filter((line) => line.startsWith('Set-Cookie: '))
    const ours = [0, 1, 2].map((second) =>
      formatCookie('PHPSESSID', 'abc,def-0123', resolved, at(false, startedMs + second * 1000)),
    )

    expect(ours.map((line) => `Set-Cookie: ${line}`)).toContain(set)
    expect(removal).toBe(`Set-Cookie: ${formatRemoval('removed', resolved, { secure: false })}`)
  })
})
