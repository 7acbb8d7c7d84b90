/**
 * The id that a request names in a cookie which express-session, or cookie-parser, has signed.
 *
 * Wire format: `s:` id `.` HMAC-SHA256 of the id in base64 without `=`, all url-encoded.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { deprecate } from 'node:util'
import type { Secret, SessionRequest } from './express-contract.js'

const PREFIX = 's:'

/** The value of the cookie for an id. */
export function signedId(id: string, secret: Secret): string {
  return `${PREFIX}${id}.${signature(id, secret)}`
}

function signature(id: string, secret: Secret): string {
  return createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
}

/** The id in a cookie's value; `undefined` unless one of the secrets has signed it. */
function unsigned(value: unknown, secrets: readonly Secret[]): string | undefined {
  if (typeof value !== 'string' || !value.startsWith(PREFIX)) return undefined
  const end = value.lastIndexOf('.')
  if (end < PREFIX.length) return undefined
  const id = value.slice(PREFIX.length, end)
  const given = Buffer.from(value.slice(end + 1))
  return secrets.some((secret) => same(given, Buffer.from(signature(id, secret)))) ? id : undefined
}

function same(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

const warnOfParser = deprecate(
  () => undefined,
  'the session cookie was found by cookie-parser only: it should be in req.headers.cookie',
  'SESSIONZ_COOKIE_PARSER',
)

/**
 * The id that the request names: in its header, else in what cookie-parser has found.
 *
 * @returns `undefined` where there is none, or no secret has signed it.
 */
export function readSessionId(
  request: SessionRequest,
  name: string,
  secrets: readonly Secret[],
): string | undefined {
  const inHeader = unsigned(headerValue(request, name), secrets)
  if (inHeader) return inHeader
  const parsed = request.signedCookies?.[name] || unsigned(request.cookies?.[name], secrets)
  if (!parsed) return undefined
  warnOfParser()
  return parsed as string
}

/**
 * The first cookie of the name, as the package `cookie` reads it: what has no `=` is none, blanks
 * and quotes around it are none of it, and what cannot be decoded stays as it is.
 */
function headerValue({ headers }: SessionRequest, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    const text = pair.slice(equals + 1).trim()
    return decoded(/^".*"$/.test(text) ? text.slice(1, -1) : text)
  }
  return undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
