/**
 * Options of the session cookie: what may be said, and which of it browsers would refuse.
 *
 * @module
 * @see RFC 6265bis sections 4.1.1 (grammar), 4.1.3 (name prefixes), 5.7 (what browsers refuse)
 */
import { CookieError } from '../errors.js'
import {
  assertBoolean,
  assertInteger,
  assertKnownKeys,
  assertOneOf,
  assertString,
} from '../lib/check.js'

const SAME_SITE = ['Lax', 'Strict', 'None', ''] as const
const PRIORITY = ['Low', 'Medium', 'High'] as const

export type SameSite = (typeof SAME_SITE)[number]
export type CookiePriority = (typeof PRIORITY)[number]

/** Attributes of the session cookie, under PHP's names. `undefined` means the default. */
export interface CookieOptions {
  /** Seconds the browser keeps it; 0 until the browser is closed. @default 0 */
  lifetime?: number | undefined
  /**
   * Sends the cookie with a `lifetime` again each time the session is used, so that it counts from
   * the last use. PHP differs: there it counts from the first. @default false
   */
  refresh?: boolean | undefined
  /** Empty leaves it out: the browser then takes the folder of the request. @default '/' */
  path?: string | undefined
  /** Empty leaves it out: the cookie belongs to the answering host alone. @default '' */
  domain?: string | undefined
  /** `'auto'` follows the request, but is `true` where browsers demand it. @default 'auto' */
  secure?: boolean | 'auto' | undefined
  /** PHP differs: off by default there. @default true */
  httpOnly?: boolean | undefined
  /** Sent in the letter case given; empty leaves it out. PHP differs: empty by default. @default 'Lax' */
  sameSite?: SameSite | Lowercase<SameSite> | undefined
  /** One cookie jar for each top-level site (CHIPS). @default false */
  partitioned?: boolean | undefined
  /** Which cookies Chromium drops first when there are too many. Left out by default. */
  priority?: CookiePriority | undefined
}

/** Options with every default filled in and every rule checked. */
export interface ResolvedCookie {
  readonly lifetime: number
  readonly refresh: boolean
  readonly path: string
  readonly domain: string
  readonly secure: boolean | 'auto'
  readonly httpOnly: boolean
  readonly sameSite: SameSite | Lowercase<SameSite>
  readonly partitioned: boolean
  readonly priority: CookiePriority | undefined
}

const DEFAULTS: ResolvedCookie = {
  lifetime: 0,
  refresh: false,
  path: '/',
  domain: '',
  secure: 'auto',
  httpOnly: true,
  sameSite: 'Lax',
  partitioned: false,
  priority: undefined,
}

/** Keeps the expiry date a date: 31,700 years. */
const MAX_LIFETIME = 1_000_000_000_000

/** Browsers ignore a longer attribute, and a longer pair of name and value altogether. */
const MAX_ATTRIBUTE = 1024
const MAX_PAIR = 4096

/** The longest id, should each character be a `%2C`. */
const MAX_VALUE = 256 * 3

/** RFC 6265 `token` without the dot, of which PHP makes `_` on input. */
const NAME = /^[!#$%&'*+\-0-9A-Z^_`a-z|~]+$/

/** What PHP calls a numeric string, within `NAME`. */
const NUMERIC = /^[+-]?\d+(?:e[+-]?\d+)?$/i

/** ASCII without controls and `;`, and without what no browser leaves unescaped in a path. */
const PATH = /^[!#-:<-[\]-~]*$/

const DOMAIN = /^\.?[0-9a-z_](?:[0-9a-z_-]*[0-9a-z_])?(?:\.[0-9a-z_](?:[0-9a-z_-]*[0-9a-z_])?)*$/i
const MAX_DOMAIN = 253

/**
 * Checks the options of the cookie with this name and fills in the defaults.
 *
 * @throws {TypeError | RangeError} Naming the option that is unknown or not valid.
 * @throws {CookieError} For a combination that browsers refuse.
 */
export function resolveCookieOptions(options: CookieOptions, name: string): ResolvedCookie {
  assertCookieName(name)
  assertKnownKeys('cookie', options, DEFAULTS)
  const { lifetime = 0, path = '/', domain = '', priority } = options
  const { secure = 'auto', httpOnly = true, partitioned = false, refresh = false } = options
  assertInteger('cookie.lifetime', lifetime, 0, MAX_LIFETIME)
  assertPath(path)
  assertDomain(domain)
  if (secure !== 'auto') assertBoolean('cookie.secure', secure)
  assertBoolean('cookie.httpOnly', httpOnly)
  assertBoolean('cookie.partitioned', partitioned)
  assertBoolean('cookie.refresh', refresh)
  if (priority !== undefined) assertOneOf('cookie.priority', priority, PRIORITY)
  const { sameSite = DEFAULTS.sameSite } = options
  assertSameSite(sameSite)
  const where = { path, domain, secure, httpOnly, sameSite, partitioned, priority }
  return applyRules(name, { lifetime, refresh, ...where })
}

/**
 * Checks the name alone. PHP differs: it takes some of these names and then sends no cookie, or
 * never finds it in a request.
 *
 * @throws {TypeError | RangeError | CookieError} For a name that PHP and browsers do not both take.
 */
export function assertCookieName(name: unknown): asserts name is string {
  assertString('name', name)
  if (!hasNameCharacters(name)) {
    throw new RangeError(
      '"name" must be a cookie name: letters, digits and !#$%&\'*+-^_`|~ (PHP changes . [ and space)',
    )
  }
  if (NUMERIC.test(name)) throw new RangeError('"name" must not be a number: PHP refuses it')
  if (name.length + MAX_VALUE > MAX_PAIR) {
    throw new CookieError(
      `cookie: name of ${name.length} bytes leaves no room for an id in ${MAX_PAIR}`,
    )
  }
}

/** Whether a text has the characters of a cookie name, and of one that PHP leaves as it is. */
export function hasNameCharacters(name: string): boolean {
  return NAME.test(name)
}

/** Whether a text can be the path of a cookie, and cannot be more. */
export function isCookiePath(path: string): boolean {
  return path.length <= MAX_ATTRIBUTE && PATH.test(path)
}

/** Whether a text is a host name in ASCII, with or without the dot once written before it. */
export function isCookieDomain(domain: string): boolean {
  return domain.length <= MAX_DOMAIN && DOMAIN.test(domain)
}

function assertPath(path: unknown): asserts path is string {
  assertString('cookie.path', path)
  if (!isCookiePath(path)) {
    throw new RangeError(
      `"cookie.path" must be at most ${MAX_ATTRIBUTE} ASCII characters without controls, space, ; " and \\`,
    )
  }
}

function assertDomain(domain: unknown): asserts domain is string {
  assertString('cookie.domain', domain)
  if (domain !== '' && !isCookieDomain(domain)) {
    throw new RangeError('"cookie.domain" must be a host name in ASCII')
  }
}

function assertSameSite(value: string): void {
  assertString('cookie.sameSite', value)
  const word = value.charAt(0).toUpperCase() + value.slice(1).toLowerCase()
  assertOneOf('cookie.sameSite', word, SAME_SITE)
}

/** The rules between the options; `'auto'` becomes `true` where nothing else would be kept. */
function applyRules(name: string, cookie: ResolvedCookie): ResolvedCookie {
  const demand = secureDemand(name, cookie)
  if (demand !== undefined && cookie.secure === false) {
    throw new CookieError(`cookie: ${demand} needs "secure"`)
  }
  if (hasPrefix(name, '__host-') && (cookie.path !== '/' || cookie.domain !== '')) {
    throw new CookieError('cookie: a __Host- name needs "path" to be / and no "domain"')
  }
  return demand === undefined ? cookie : { ...cookie, secure: true }
}

/** What makes browsers refuse the cookie unless it is Secure. */
function secureDemand(name: string, { sameSite, partitioned }: ResolvedCookie): string | undefined {
  if (hasPrefix(name, '__host-')) return 'a __Host- name'
  if (hasPrefix(name, '__secure-')) return 'a __Secure- name'
  if (/^none$/i.test(sameSite)) return '"sameSite" None'
  return partitioned ? '"partitioned"' : undefined
}

/** Browsers compare the prefixes in any letter case. */
function hasPrefix(name: string, prefix: string): boolean {
  return name.toLowerCase().startsWith(prefix)
}
