/**
 * `Set-Cookie` values, byte for byte as PHP 8.2 writes them (`; Partitioned` as PHP 8.5; `Priority`,
 * which PHP does not know, comes last).
 *
 *     NAME=ID; expires=DATE; Max-Age=N; path=P; domain=D; secure; Partitioned; HttpOnly; SameSite=S
 *
 * @module
 * @see ext/session/session.c, php_session_send_cookie; ext/standard/head.c, php_setcookie
 */
import { publish } from '../events.js'
import type { ResolvedCookie } from '../options/cookie-options.js'
import { cookieScopes, type RequestPlace } from './cookie-scopes.js'

export interface CookieMoment {
  /** Whether the request came over a secure connection; decides for `secure: 'auto'`. */
  readonly secure: boolean
  readonly nowMs: number
}

/**
 * The cookie that gives the visitor an id.
 *
 * Publishes a warning, once for each set of options, when a Secure cookie answers a request that
 * does not look secure: browsers drop it unless a proxy in front of the server speaks https.
 *
 * @param id Form-url-encoded here, so a comma travels as `%2C`.
 */
export function formatCookie(
  name: string,
  id: string,
  cookie: ResolvedCookie,
  { secure, nowMs }: CookieMoment,
): string {
  const pair = `${name}=${encodeForm(id)}`
  const tail = tailOf(cookie, secure)
  if (cookie.lifetime === 0) return pair + tail
  const expires = new Date(nowMs + cookie.lifetime * 1000).toUTCString()
  return `${pair}; expires=${expires}; Max-Age=${cookie.lifetime}${tail}`
}

/**
 * The cookie that removes the visitor's: same attributes, long expired. PHP differs: destroying a
 * session leaves the cookie, its manual tells how to remove it.
 */
export function formatRemoval(
  name: string,
  cookie: ResolvedCookie,
  { secure }: Pick<CookieMoment, 'secure'>,
): string {
  return `${name}${REMOVED}${tailOf(cookie, secure)}`
}

/**
 * Removals of other cookies of the same name that this request may have carried: those set for a
 * part of its path, for its host or for a parent domain of it. At most 12.
 *
 * Send them with `formatCookie` for the session in use, never alone: its id may have come from one
 * of the cookies removed. What cannot be known: which of the places hold a cookie; cookies set for
 * a deeper path than this request's, found when such a request comes; cookies of another partition;
 * and Secure cookies, when this response is not.
 */
export function formatStaleRemovals(
  name: string,
  cookie: ResolvedCookie,
  place: RequestPlace & Pick<CookieMoment, 'secure'>,
): string[] {
  if (name.toLowerCase().startsWith('__host-')) return []
  const secure = cookie.secure === 'auto' ? place.secure : cookie.secure
  return cookieScopes(cookie, place).map(
    (scope) => `${name}${REMOVED}${tail({ ...cookie, ...scope }, secure)}`,
  )
}

const REMOVED = '=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0'

/** The attributes that never change, for requests that are not and that are secure. */
type Tails = readonly [plain: string, secure: string]

const tails = new WeakMap<ResolvedCookie, Tails>()

function tailOf(cookie: ResolvedCookie, isSecure: boolean): string {
  let both = tails.get(cookie)
  if (both === undefined) {
    both = [tail(cookie, cookie.secure === true), tail(cookie, cookie.secure !== false)]
    tails.set(cookie, both)
  }
  if (isSecure) return both[1]
  if (cookie.secure === true) warnOnce(cookie)
  return both[0]
}

function tail(cookie: ResolvedCookie, secure: boolean): string {
  const { path, domain, partitioned, httpOnly, sameSite, priority } = cookie
  return [
    path && `; path=${path}`,
    domain && `; domain=${domain}`,
    secure && '; secure',
    partitioned && '; Partitioned',
    httpOnly && '; HttpOnly',
    sameSite && `; SameSite=${sameSite}`,
    priority && `; Priority=${priority}`,
  ]
    .filter(Boolean)
    .join('')
}

const warned = new WeakSet<ResolvedCookie>()

function warnOnce(cookie: ResolvedCookie): void {
  if (warned.has(cookie)) return
  warned.add(cookie)
  publish('sessionz:warning', () => ({
    code: 'INSECURE_REQUEST',
    message:
      'a Secure session cookie answers a request that does not look secure; browsers drop it. ' +
      'Behind a proxy that speaks https, tell the adapter (option "secure") or pass secure: true',
  }))
}

const PLAIN = /^[\w.-]*$/

function encodeForm(text: string): string {
  if (PLAIN.test(text)) return text
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    if (PLAIN.test(character)) encoded += character
    else encoded += character === ' ' ? '+' : percent(byte)
  }
  return encoded
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
