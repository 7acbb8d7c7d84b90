/**
 * Values of a session as JSON and back. What JSON has no word for is an object with one key that
 * begins with a dollar; keys of the data that do so get one more.
 *
 *     {"$bigint": "9223372036854775807"}   {"$bytes": "base64"}   {"$float": "NAN"}
 *     {"$map": [[key, value], ...]}   {"$set": [...]}   {"$date": "2026-01-31T12:00:00.000Z"}
 *     {"$object": {"class": "Cart", "members": [["\u0000*\u0000items", ...], ...]}}
 *     {"$enum": "Suit::Hearts"}   {"$serializable": {"class": "Old", "bytes": "base64"}}
 *     {"$ref": value}
 *
 * @module
 */
import { isPlainObject } from '../lib/plain-object.js'
import {
  kindOf,
  PhpEnum,
  PhpFloat,
  PhpObject,
  PhpReference,
  PhpSerializable,
  type PhpValue,
} from '../php/values.js'
import { Problem } from './problems.js'

const MAX_DEPTH = 1000

/** @throws {Problem} For cycles, what is too deep, and instances of classes. */
export function toJson(value: unknown, above: readonly object[] = []): unknown {
  if (typeof value === 'bigint') return { $bigint: `${value}` }
  if (typeof value === 'number') return numberJson(value)
  if (value === undefined) return null
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) throw new Problem('JSON cannot tell a cycle')
  if (above.length >= MAX_DEPTH) throw new Problem('too deep for JSON')
  return objectJson(value, (inner) => toJson(inner, [...above, value]))
}

function numberJson(value: number): unknown {
  const word = wordOf(value)
  return word === undefined ? value : { $float: word }
}

/** PHP's words for numbers that JSON has not. */
const FLOATS: Readonly<Record<string, number>> = {
  NAN: NaN,
  INF: Infinity,
  '-INF': -Infinity,
  '-0': -0,
}

function wordOf(value: number): string | undefined {
  return Object.keys(FLOATS).find((word) => Object.is(FLOATS[word], value))
}

function objectJson(value: object, convert: (inner: unknown) => unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: base64(value) }
  if (Array.isArray(value)) return value.map(convert)
  if (value instanceof Map) {
    return { $map: Array.from(value, ([key, inner]) => [convert(key), convert(inner)]) }
  }
  if (value instanceof Set) return { $set: Array.from(value, convert) }
  if (value instanceof Date) return { $date: value.toISOString() }
  if (kindOf(value) !== undefined) return phpJson(value as PhpValue, convert)
  if (!isPlainObject(value)) throw new Problem('JSON cannot tell an instance of a class')
  return recordOf(
    Object.entries(value).map(([key, inner]) => [key.replace(/^\$/, '$$$$'), convert(inner)]),
  )
}

function phpJson(value: PhpValue, convert: (inner: unknown) => unknown): unknown {
  if ('members' in value) {
    const members = Array.from(value.members, ([key, inner]) => [convert(key), convert(inner)])
    return { $object: { class: value.className, members } }
  }
  if ('caseName' in value) return { $enum: `${value.className}::${value.caseName}` }
  if ('data' in value) {
    return { $serializable: { class: value.className, bytes: base64(value.data) } }
  }
  if ('text' in value) return { $float: value.text ?? wordOf(value.value) ?? String(value.value) }
  return { $ref: convert(value.value) }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}

/** An object whose keys are data only, `__proto__` included. */
function recordOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const record = Object.create(null) as Record<string, unknown>
  for (const [key, value] of entries) record[key] = value
  return record
}

/** @throws {Problem} For a word with a dollar that is none of ours. */
export function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(fromJson)
  const entries = Object.entries(value)
  const [[word, inner] = ['', undefined]] = entries
  if (entries.length === 1 && /^\$[a-z]/.test(word)) return special(word, inner)
  return recordOf(entries.map(([key, one]) => [key.replace(/^\$\$/, '$'), fromJson(one)]))
}

function special(word: string, inner: unknown): unknown {
  const read = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
  if (read === undefined)
    throw new Problem(`"${word}" is no word here; a key of data begins with $$`)
  try {
    return read(inner)
  } catch (error) {
    if (error instanceof Problem) throw error
    throw new Problem(`"${word}" has a value that it cannot have`)
  }
}

type Pairs = readonly (readonly [unknown, unknown])[]
interface Classed {
  readonly class: string
  readonly members: Pairs
  readonly bytes: string
}

const WORDS: Readonly<Record<string, (inner: unknown) => unknown>> = {
  $bigint: (text) => BigInt(text as string),
  $bytes: (text) => bytesOf(text),
  $float: (text) => FLOATS[text as string] ?? new PhpFloat(Number(text), text as string),
  $map: (pairs) =>
    new Map((pairs as Pairs).map(([key, value]) => [fromJson(key), fromJson(value)])),
  $set: (values) => new Set((values as unknown[]).map(fromJson)),
  $date: (text) => new Date(Date.parse(text as string)),
  $object(about) {
    const { class: name, members } = about as Classed
    const object = new PhpObject(name)
    for (const [key, value] of members) object.members.set(fromJson(key) as string, fromJson(value))
    return object
  },
  $enum(text) {
    const [name = '', caseName = ''] = (text as string).split('::')
    return new PhpEnum(name, caseName)
  },
  $serializable(about) {
    const { class: name, bytes } = about as Classed
    return new PhpSerializable(name, bytesOf(bytes))
  },
  $ref: (value) => new PhpReference(fromJson(value)),
}

function bytesOf(text: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(text as string, 'base64'))
}
