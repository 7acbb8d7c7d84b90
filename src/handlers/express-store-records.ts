/**
 * Payloads as records that express-session stores keep, and back.
 *
 * Wire format: a JSON object with `cookie`, and either the payload in base64 under `sessionz`, or
 * each variable under its own name. `cookie.expires` less `cookie.originalMaxAge` is the last use.
 *
 * @module
 */
import { DecodeError, EncodeError, StoreError } from '../errors.js'
import type { Payload, SessionContext } from '../handler.js'
import { EMPTY } from '../lib/bytes.js'
import { NAME, type ExpressCookie, type ExpressSession } from './express-store-calls.js'

/** One way to keep a payload in a record. */
export interface RecordFormat {
  /** @throws {EncodeError | StoreError} For a payload that the format cannot keep. */
  encode(payload: Payload, cookie: ExpressCookie, previous: object | undefined): ExpressSession
  /** @throws {DecodeError} For a record of another format. */
  decode(session: ExpressSession): Payload
}

/** Where the payload stands in a record of the format `bytes`. */
const FIELD = 'sessionz'

const bytes: RecordFormat = {
  encode: (payload, cookie, previous) => ({
    ...previous,
    cookie,
    [FIELD]: Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64'),
  }),
  decode(session) {
    const text = (session as Partial<Record<typeof FIELD, unknown>>)[FIELD]
    const payload = typeof text === 'string' ? Buffer.from(text, 'base64') : undefined
    if (payload === undefined || payload.toString('base64') !== text) {
      throw new DecodeError(NAME, 0, `a payload in base64 as "${FIELD}"`)
    }
    return new Uint8Array(payload)
  },
}

/** What an express application makes of a session: its own variables, beside the cookie. */
const variables: RecordFormat = {
  encode(payload, cookie) {
    const values = payload.length === 0 ? {} : parse(payload)
    if (Object.hasOwn(values, 'cookie')) {
      throw new EncodeError(NAME, 'the name is that of the cookie in the record', ['cookie'])
    }
    return { cookie, ...values }
  },
  decode(session) {
    if (!isRecord(session)) throw new DecodeError(NAME, 0, 'an object of variables')
    const { cookie: _, ...values } = session
    const text = JSON.stringify(values)
    return text === '{}' ? EMPTY : new TextEncoder().encode(text)
  },
}

export const FORMATS = { bytes, variables } satisfies Record<string, RecordFormat>

function parse(payload: Payload): object {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    // Its message quotes what it read.
  }
  if (isRecord(value)) return value
  const reason = 'the format "variables" keeps JSON only: set the manager\'s serializer to "json"'
  throw new StoreError(NAME, 'write', reason)
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Attributes that belong to the application; a write keeps them. */
const ATTRIBUTES = ['path', 'httpOnly', 'secure', 'sameSite', 'domain', 'partitioned', 'priority']

/**
 * The cookie of a record that is used now. A lifetime counts whole seconds, so a record lives one
 * second less a moment beyond it.
 *
 * `maxAge` is there for stores that ask for it, as the cookies of express-session are, and like
 * there it is not stored.
 */
export function usedNow(previous: object | undefined, context: SessionContext): ExpressCookie {
  const originalMaxAge = (context.maxLifetime + 1) * 1000
  const kept = Object.entries(previous ?? { path: '/', httpOnly: true }).filter(([name]) =>
    ATTRIBUTES.includes(name),
  )
  const expires = new Date(context.now() + originalMaxAge)
  const cookie = { ...Object.fromEntries(kept), originalMaxAge, expires }
  return Object.defineProperty(cookie, 'maxAge', { value: originalMaxAge, enumerable: false })
}

/** The last use of a record, in milliseconds since the epoch; `undefined` where it does not say. */
export function touchedMs({ cookie }: ExpressSession): number | undefined {
  const { originalMaxAge, expires } = (cookie ?? {}) as Partial<ExpressCookie>
  if (typeof originalMaxAge !== 'number' || expires == null) return undefined
  const time = new Date(expires).getTime() - originalMaxAge
  return Number.isFinite(time) ? time : undefined
}

/** Whether a record was not used for longer than the lifetime, in whole seconds, as PHP counts. */
export function isOld(session: ExpressSession, maxLifetime: number, nowMs: number): boolean {
  const time = touchedMs(session)
  return time !== undefined && Math.floor((nowMs - time) / 1000) > maxLifetime
}
