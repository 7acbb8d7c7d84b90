/**
 * JSON.
 *
 * Wire format: one JSON object as UTF-8 (RFC 8259); no data is no bytes.
 *
 * JSON has no dates, maps, bytes, big integers, NaN or infinities. They are errors: what
 * `JSON.stringify` makes of them could not be read back.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { DecodeError, EncodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import { EMPTY } from '../lib/bytes.js'
import { encodeChecked } from '../lib/encode-checked.js'
import type { Parts } from '../lib/find-fault.js'
import { keepWording } from '../lib/keep-wording.js'
import { classOf, isPlainObject } from '../lib/plain-object.js'
import type { Serializer, SessionData } from '../serializer.js'

const FORMAT = 'json'

/** As deep as PHP reads; deeper is no session but an attack or a cycle. */
const MAX_DEPTH = 4096

const encoder = new TextEncoder()

/** The variables of a session as JSON. Objects come back without a prototype, at every level. */
export const jsonSerializer: Serializer = {
  name: FORMAT,
  replaces: true,
  encode: (data, previous) => keepWording(encode(data), previous, (bytes) => encode(decode(bytes))),
  decode,
}

function encode(data: SessionData): Payload {
  return encodeChecked(data, RULES, () => {
    if (Array.isArray(data)) throw new EncodeError(FORMAT, 'a list in place of the variables')
    const text = JSON.stringify(data)
    return text === '{}' ? EMPTY : encoder.encode(text)
  })
}

const RULES = {
  format: FORMAT,
  otherwise: 'data that could not be read',
  reasonAgainst,
  partsOf,
  cycles: false,
  maxDepth: MAX_DEPTH,
}

function reasonAgainst(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value}`
  if (typeof value === 'string' || typeof value === 'boolean') return undefined
  if (value === null || value === undefined) return undefined
  if (typeof value !== 'object') return `a ${typeof value}`
  if (Array.isArray(value) || isPlainObject(value)) return undefined
  return `an instance of ${classOf(value)}`
}

function partsOf(value: object): Parts {
  if (Array.isArray(value)) return { values: value }
  return { values: Object.values(value), names: Object.keys(value) }
}

function decode(payload: Payload): SessionData {
  if (payload.length === 0) return Object.create(null) as SessionData
  const value = parse(payload)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DecodeError(FORMAT, 0, 'an object')
  }
  dropPrototypes(value)
  return value as SessionData
}

function parse(payload: Payload): unknown {
  if (!isUtf8(payload)) throw new DecodeError(FORMAT, 0, 'UTF-8')
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('utf8')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DecodeError(FORMAT, offsetOf(text, (error as Error).message), 'JSON')
  }
}

/** The engine names the place now and then, and quotes the text; only the place is kept of that. */
function offsetOf(text: string, message: string): number {
  if (message.includes('end of JSON')) return Buffer.byteLength(text)
  const place = / at position (\d+)/.exec(message)?.[1]
  return place === undefined ? 0 : Buffer.byteLength(text.slice(0, Number(place)))
}

/** A key is only data then: nothing is inherited, `__proto__` included. */
function dropPrototypes(root: object): void {
  let level: object[] = [root]
  for (let depth = 1; level.length > 0; depth += 1) {
    const next: object[] = []
    for (const value of level) {
      const values: unknown[] = Array.isArray(value) ? value : Object.values(value)
      if (!Array.isArray(value)) Object.setPrototypeOf(value, null)
      if (depth > MAX_DEPTH && values.length > 0) {
        throw new DecodeError(FORMAT, 0, `nesting no deeper than ${MAX_DEPTH}`)
      }
      for (const child of values) if (typeof child === 'object' && child !== null) next.push(child)
    }
    level = next
  }
}
