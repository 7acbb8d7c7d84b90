/**
 * Tokens for forms, so that other sites cannot send them in a visitor's name.
 *
 * Wire format, base64url: 16 random bytes, then HMAC-SHA-256(key, label ‖ purpose ‖ random bytes),
 * whose key is the session's id. Nothing is stored, and a new id makes new tokens.
 *
 * @module
 * @see OWASP CSRF Prevention Cheat Sheet, "Signed Double-Submit Cookie" and its binding to sessions
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { assertString } from './lib/check.js'

/** What a token is bound to. Any session of this library. */
export interface TokenOwner {
  readonly id: string
}

const LABEL = 'sessionz csrf\0'
const RANDOM_BYTES = 16
const TOKEN_BYTES = RANDOM_BYTES + 32
const TOKEN = /^[A-Za-z0-9_-]{64}$/

/**
 * Makes a token for a form; each call makes another one, all of them good as long as the id is.
 *
 * The session has to be stored, so that the id is the same when the form comes back: a new session
 * needs a variable.
 *
 * @param purpose Which form it is for; a token for one is none for another. @default ''
 */
export function csrfToken(session: TokenOwner, purpose = ''): string {
  assertString('purpose', purpose)
  const random = randomBytes(RANDOM_BYTES)
  return Buffer.concat([random, digest(session, purpose, random)]).toString('base64url')
}

/** Whether a token was made for this session and purpose. Takes any value, never throws for one. */
export function isCsrfToken(session: TokenOwner, token: unknown, purpose = ''): boolean {
  if (typeof token !== 'string' || !TOKEN.test(token)) return false
  const bytes = Buffer.from(token, 'base64url')
  const random = bytes.subarray(0, RANDOM_BYTES)
  const expected = digest(session, purpose, random)
  return bytes.length === TOKEN_BYTES && timingSafeEqual(bytes.subarray(RANDOM_BYTES), expected)
}

function digest({ id }: TokenOwner, purpose: string, random: Uint8Array): Buffer {
  return createHmac('sha256', id).update(`${LABEL}${purpose}\0`).update(random).digest()
}
