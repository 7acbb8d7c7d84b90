/**
 * Ids and records of express-session in the words of a chain.
 *
 * Wire format: the record as JSON in UTF-8, `cookie` among the variables. An id of base64url is
 * stored with `,` for `_`; any other as `,,` and its UTF-8 bytes in hexadecimal.
 *
 * @module
 */
import { DecodeError, EncodeError, InvalidIdError } from '../errors.js'
import type { Payload } from '../handler.js'
import { isValidId } from '../id/validate.js'
import type { SessionData } from './express-contract.js'

const NAME = 'express'
const OTHER = ',,'

/** @throws {InvalidIdError} For an id that is too long to be stored. */
export function toStoredId(id: string): string {
  const plain = /^(?!__)[\w-]+$/.test(id)
  const stored = plain ? id.replaceAll('_', ',') : OTHER + Buffer.from(id).toString('hex')
  if (!isValidId(stored)) throw new InvalidIdError()
  return stored
}

export function fromStoredId(stored: string): string {
  if (!stored.startsWith(OTHER)) return stored.replaceAll(',', '_')
  return Buffer.from(stored.slice(OTHER.length), 'hex').toString()
}

/** @throws {EncodeError} For what is no JSON. */
export function encodeRecord(session: SessionData): Payload {
  try {
    return new TextEncoder().encode(JSON.stringify(session))
  } catch (cause) {
    throw new EncodeError(NAME, 'the session cannot be written as JSON', [], { cause })
  }
}

/** @throws {DecodeError} For what is no record. */
export function decodeRecord(payload: Payload): SessionData {
  let record: unknown
  try {
    record = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    // Its message quotes what it read.
  }
  const { cookie } = (record ?? {}) as Partial<SessionData>
  if (typeof cookie === 'object' && cookie !== null) return record as SessionData
  throw new DecodeError(NAME, 0, 'a record of express-session')
}

/** Whether the cookie of a record has expired. */
export function hasExpired({ cookie }: SessionData, nowMs: number): boolean {
  const expires: unknown = cookie.expires
  return expires != null && new Date(expires as string | Date).getTime() <= nowMs
}
