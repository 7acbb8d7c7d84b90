import { describe, expect, it } from 'vitest'
import { formatCookie } from '../../../src/http/cookie.js'
import {
  assertCookieName,
  hasNameCharacters,
  isCookieDomain,
  isCookiePath,
  resolveCookieOptions,
  type CookieOptions,
} from '../../../src/options/cookie-options.js'
import { resolveCacheLimiter } from '../../../src/options/cache-limiters.js'

const resolve = (options: unknown, name = 'PHPSESSID') =>
  resolveCookieOptions(options as CookieOptions, name)

describe('defaults', () => {
  it('are HttpOnly, Lax, for the whole host, until the browser closes', () => {
    expect(resolve({})).toEqual({
      lifetime: 0,
      refresh: false,
      path: '/',
      domain: '',
      secure: 'auto',
      httpOnly: true,
      sameSite: 'Lax',
      partitioned: false,
      priority: undefined,
    })
  })

  it('stand where an option is undefined', () => {
    const unset = { lifetime: undefined, path: undefined, secure: undefined, priority: undefined }

    expect(resolve(unset)).toEqual(resolve({}))
  })

  it('can be resolved again', () => {
    const once = resolve({ sameSite: 'none', lifetime: 5, domain: 'Example.com' })

    expect(resolveCookieOptions(once, 'other')).toEqual(once)
  })
})

describe('a value out of range', () => {
  it.each([
    ['cookie.lifetime', { lifetime: -1 }, RangeError],
    ['cookie.lifetime', { lifetime: 1.5 }, RangeError],
    ['cookie.lifetime', { lifetime: NaN }, RangeError],
    ['cookie.lifetime', { lifetime: 1e12 + 1 }, RangeError],
    ['cookie.lifetime', { lifetime: '60' }, TypeError],
    ['cookie.path', { path: 1 }, TypeError],
    ['cookie.path', { path: '/a;b' }, RangeError],
    ['cookie.path', { path: `/${'a'.repeat(1024)}` }, RangeError],
    ['cookie.domain', { domain: 'a b' }, RangeError],
    ['cookie.domain', { domain: 'a..b' }, RangeError],
    ['cookie.domain', { domain: '.' }, RangeError],
    ['cookie.domain', { domain: '-a.example' }, RangeError],
    ['cookie.domain', { domain: `${'a.'.repeat(127)}` }, RangeError],
    ['cookie.secure', { secure: 'yes' }, TypeError],
    ['cookie.httpOnly', { httpOnly: 1 }, TypeError],
    ['cookie.sameSite', { sameSite: 'Loose' }, RangeError],
    ['cookie.sameSite', { sameSite: true }, TypeError],
    ['cookie.partitioned', { partitioned: 'yes' }, TypeError],
    ['cookie.priority', { priority: 'high' }, RangeError],
    ['maxAge', { maxAge: 60 }, TypeError],
  ])('is refused by its name: %s %j', (label, options, type) => {
    expect(() => resolve(options)).toThrow(type)
    expect(() => resolve(options)).toThrow(`"${label}"`)
  })

  it.each(['/', '', '/a,b', '/p/', 'relative', '/a%20b', '/~a=b&c'])(
    'takes the path %j',
    (path) => {
      expect(resolve({ path }).path).toBe(path)
    },
  )

  it.each(['example.com', '.example.com', 'EXAMPLE.com', 'localhost', '127.0.0.1', 'a_b.test'])(
    'takes the domain %j',
    (domain) => {
      expect(resolve({ domain }).domain).toBe(domain)
    },
  )

  it.each(['LAX', 'strict', 'nOnE', 'Lax', ''])(
    'takes sameSite %j in any letter case, and sends it as it is written',
    (sameSite) => {
      expect(resolve({ sameSite, secure: true }).sameSite).toBe(sameSite)
    },
  )

  it('knows sameSite None in any letter case for one that needs Secure', () => {
    expect(resolve({ sameSite: 'nOnE' }).secure).toBe(true)
    expect(() => resolve({ sameSite: 'none', secure: false })).toThrow('needs "secure"')
  })

  it('takes a cache limiter in any letter case, and no other word', () => {
    expect(resolveCacheLimiter('Private_No_Expire')).toBe('private_no_expire')
    expect(() => resolveCacheLimiter('bogus')).toThrow(RangeError)
    expect(() => resolveCacheLimiter(1)).toThrow(TypeError)
  })
})

describe('the name', () => {
  it.each(['PHPSESSID', 'a-b', '__Host-sid', '1a', '0x1A', 'e5', "!#$%&'*+-^_`|~"])(
    'may be %j',
    (name) => {
      expect(() => assertCookieName(name)).not.toThrow()
    },
  )

  it.each(['', '123', '1e5', '-1', '+7', '1E+5', 'a.b', 'a[b', 'a]b', 'a b', 'a"b', 'a=b', 'x<y'])(
    'may not be %j',
    (name) => {
      expect(() => assertCookieName(name)).toThrow(RangeError)
    },
  )

  it('is a string that leaves room for the longest id in the 4,096 bytes browsers take', () => {
    expect(() => assertCookieName(5)).toThrow(TypeError)
    expect(() => assertCookieName('n'.repeat(4096 - 768))).not.toThrow()
    expect(() => assertCookieName('n'.repeat(4096 - 767))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_COOKIE' }),
    )
  })
})

/** What browsers keep: RFC 6265bis section 5.7, steps on prefixes, SameSite and Partitioned. */
function browserKeeps(name: string, line: string, overTls: boolean): boolean {
  const attributes = line.split('; ').slice(1)
  const secure = attributes.includes('secure')
  const path = attributes.find((each) => each.startsWith('path='))
  if (secure && !overTls) return false
  if (attributes.includes('SameSite=None') && !secure) return false
  if (attributes.includes('Partitioned') && !secure) return false
  if (name.startsWith('__Secure-') && !secure) return false
  if (!name.startsWith('__Host-')) return true
  return secure && path === 'path=/' && !attributes.some((each) => each.startsWith('domain='))
}

const table = ['sid', '__Secure-sid', '__Host-sid'].flatMap((name) =>
  [true, false].flatMap((secure) =>
    (['Lax', 'None'] as const).flatMap((sameSite) =>
      [true, false].flatMap((partitioned) =>
        ['/', '/app'].flatMap((path) =>
          ['', 'example.com'].map((domain) => ({
            name,
            options: { secure, sameSite, partitioned, path, domain },
          })),
        ),
      ),
    ),
  ),
)

describe('combinations', () => {
  it('are 96', () => {
    expect(table).toHaveLength(96)
  })

  it.each(table)('pass when browsers keep the cookie, and only then: $name $options', (row) => {
    const attempt = () => resolve(row.options, row.name)
    // A cookie that resolves is formatted without the checks, as if every combination were one.
    const unchecked = { ...resolve({}), ...row.options }
    const line = formatCookie(row.name, 'id', unchecked, { secure: true, nowMs: 0 })

    if (browserKeeps(row.name, line, true)) expect(attempt).not.toThrow()
    else expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_SESSION_COOKIE' }))
  })

  it.each(table.filter((row) => row.options.secure))(
    'need no "secure" to be said: "auto" becomes true where browsers demand it: $name $options',
    ({ name, options }) => {
      const auto = { ...options, secure: 'auto' as const }
      const plain = name === 'sid' && options.sameSite === 'Lax' && !options.partitioned
      const hostRule = name === '__Host-sid' && (options.path !== '/' || options.domain !== '')

      if (hostRule) expect(() => resolve(auto, name)).toThrow('__Host-')
      else expect(resolve(auto, name).secure).toBe(plain ? 'auto' : true)
    },
  )

  it('treat the prefixes in any letter case, as browsers do', () => {
    expect(() => resolve({ path: '/a' }, '__HOST-sid')).toThrow('__Host-')
    expect(() => resolve({ secure: false }, '__secure-sid')).toThrow('__Secure-')
  })
})

describe('every code point', () => {
  function accepted(test: (text: string) => boolean): string {
    let text = ''
    for (let point = 0; point <= 0x10ffff; point += 1) {
      const character = String.fromCodePoint(point)
      if (test(`a${character}b`)) text += character
    }
    return text
  }

  const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
  const sorted = (text: string) => [...text].sort().join('')

  it('but those of a token, without the dot, is refused in a name', () => {
    expect(accepted(hasNameCharacters)).toBe(sorted(`${LETTERS}!#$%&'*+-^\`|~`))
  })

  it('but harmless ASCII is refused in a path', () => {
    expect(accepted(isCookiePath)).toBe(sorted(`${LETTERS}!#$%&'()*+,-./:<=>?@[]^\`{|}~`))
  })

  it('but those of a host name is refused in a domain', () => {
    expect(accepted(isCookieDomain)).toBe(sorted(`${LETTERS}-.`))
  })

  it('up to the last byte is refused where the options are taken, too', () => {
    for (let code = 0; code <= 0xff; code += 1) {
      const text = `a${String.fromCharCode(code)}b`
      const attempt = (take: () => unknown) => {
        try {
          take()
          return true
        } catch {
          return false
        }
      }

      expect(attempt(() => resolve({}, text))).toBe(hasNameCharacters(text))
      expect(attempt(() => resolve({ path: text }))).toBe(isCookiePath(text))
      expect(attempt(() => resolve({ domain: text }))).toBe(isCookieDomain(text))
    }
  })
})
