/**
 * The engine's own format, which keeps nearly every JavaScript value: dates, maps, sets, bytes, big
 * integers, cycles.
 *
 * Wire format: what `node:v8` writes for one object; no data is no bytes. Node reads what older
 * versions of Node wrote, not what newer ones did. Payloads must come from storage you trust: the
 * engine's reader is not made for anything else.
 *
 * @module
 */
import { types } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { DecodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import { EMPTY } from '../lib/bytes.js'
import { encodeChecked } from '../lib/encode-checked.js'
import type { Parts } from '../lib/find-fault.js'
import { keepWording } from '../lib/keep-wording.js'
import { classOf, isPlainObject } from '../lib/plain-object.js'
import type { Serializer, SessionData } from '../serializer.js'

const FORMAT = 'v8'

/** The engine recurses; at this depth it is far from the end of its stack. */
const MAX_DEPTH = 1024

/** The variables of a session in the format of `structuredClone`. */
export const v8Serializer: Serializer = {
  name: FORMAT,
  replaces: true,
  encode: (data, previous) => keepWording(encode(data), previous, (bytes) => encode(decode(bytes))),
  decode,
}

function encode(data: SessionData): Payload {
  return encodeChecked(data, RULES, () => {
    if (Object.keys(data).length === 0) return EMPTY
    const bytes = serialize(data)
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  })
}

const RULES = {
  format: FORMAT,
  otherwise: 'data that cannot be cloned',
  reasonAgainst,
  partsOf,
  cycles: true,
  maxDepth: MAX_DEPTH,
}

/** Classes the engine keeps; it would turn instances of any other into plain objects. */
const KEPT = [
  types.isDate,
  types.isMap,
  types.isSet,
  types.isRegExp,
  types.isArrayBuffer,
  types.isArrayBufferView,
  types.isBoxedPrimitive,
  types.isNativeError,
]

function reasonAgainst(value: unknown): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (isPlainObject(value) || KEPT.some((isKept) => isKept(value))) return undefined
  return `an instance of ${classOf(value)}`
}

function partsOf(value: object): Parts | undefined {
  if (Array.isArray(value)) return { values: value }
  if (types.isMap(value)) return { values: [...value.keys(), ...value.values()] }
  if (types.isSet(value)) return { values: [...value] }
  return isPlainObject(value)
    ? { values: Object.values(value), names: Object.keys(value) }
    : undefined
}

function decode(payload: Payload): SessionData {
  if (payload.length === 0) return Object.create(null) as SessionData
  const value = read(payload)
  if (typeof value !== 'object' || value === null || !isPlainObject(value)) {
    throw new DecodeError(FORMAT, 0, 'an object')
  }
  return Object.setPrototypeOf(value, null) as SessionData
}

function read(payload: Payload): unknown {
  try {
    return deserialize(payload)
  } catch {
    // The engine does not say where it stopped.
    throw new DecodeError(FORMAT, 0)
  }
}
