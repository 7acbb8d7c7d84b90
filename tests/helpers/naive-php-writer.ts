/** A writer of PHP's serialized text as the rules say it: recursive and slow. In normal mode. */
import { types } from 'node:util'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { phpKey, type Key } from './php-plans.js'

interface Writing {
  slot: number
  readonly known: Map<unknown, number>
}

/** Text of which each character is one byte. */
const raw = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Bytes of a name, of which some may be no text. */
function rawName(name: string): string {
  return Array.from(name, (character) => {
    const code = character.codePointAt(0) as number
    return code >= 0xdc80 && code <= 0xdcff ? String.fromCharCode(code - 0xdc00) : raw(character)
  }).join('')
}

const string = (content: string): string => `s:${content.length}:"${content}";`

function stringOf(value: string | Uint8Array): string {
  return string(typeof value === 'string' ? rawName(value) : Buffer.from(value).toString('latin1'))
}

const keyOf = (key: Key): string =>
  typeof key === 'number' || typeof key === 'bigint' ? `i:${key};` : stringOf(key)

/** PHP's text of a float at precision -1: the shortest digits, scientific beyond 17 places. */
export function naiveFloat(value: number): string {
  if (Number.isNaN(value)) return 'NAN'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  if (!Number.isFinite(value)) return `${sign}INF`
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e')
  return sign + layOut(mantissa.replace('.', ''), Number(exponent) + 1, 17)
}

/** Digits with the point behind the first `point` of them. */
export function layOut(digits: string, point: number, limit: number): string {
  if (/^0*$/.test(digits)) return '0'
  if (point > limit || point < -3) {
    const exponent = point - 1
    const mantissa = `${digits[0]}.${digits.slice(1) || '0'}`
    return `${mantissa}E${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
  }
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (digits.length <= point) return digits.padEnd(point, '0')
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

function numberOf(value: number): string {
  const isInt = Number.isSafeInteger(value) && !Object.is(value, -0)
  return isInt ? `i:${value};` : `d:${naiveFloat(value)};`
}

function write(value: unknown, writing: Writing): string {
  if (value instanceof PhpReference && isObject(value.value)) return shared(value.value, writing, true) // prettier-ignore
  if (isObject(value)) return shared(value, writing, false)
  if (value instanceof PhpReference) {
    const slot = writing.known.get(value)
    if (slot !== undefined) return `R:${slot};`
    writing.known.set(value, writing.slot + 1)
    return write(value.value, writing)
  }
  writing.slot += 1
  if (value === null) return 'N;'
  if (typeof value === 'boolean') return `b:${value ? 1 : 0};`
  if (typeof value === 'number') return numberOf(value)
  if (typeof value === 'bigint') return `i:${value};`
  if (typeof value === 'string' || types.isUint8Array(value)) return stringOf(value)
  const pairs = types.isMap(value) ? [...value] : Object.entries(value as object)
  return `a:${entries(
    pairs.map(([key, item]) => [phpKey(key as Key), item]),
    writing,
  )}`
}

type Shared = PhpObject | PhpEnum | PhpSerializable

function isObject(value: unknown): value is Shared {
  return value instanceof PhpObject || value instanceof PhpEnum || value instanceof PhpSerializable
}

function shared(value: Shared, writing: Writing, byReference: boolean): string {
  const identity = value instanceof PhpEnum ? `${value.className}:${value.caseName}` : value
  const slot = writing.known.get(identity)
  if (slot === undefined || !byReference) writing.slot += 1
  if (slot !== undefined) return `${byReference ? 'R' : 'r'}:${slot};`
  writing.known.set(identity, writing.slot)
  if (value instanceof PhpEnum) {
    return `E${string(rawName(`${value.className}:${value.caseName}`)).slice(1)}`
  }
  const className = string(rawName(value.className)).slice(1, -1)
  if (value instanceof PhpObject) return `O${className}:${entries([...value.members], writing)}`
  const data = Buffer.from(value.data).toString('latin1')
  writing.slot += DATA_SLOTS[data] ?? 0
  return `C${className}:${data.length}:{${data}}`
}

/** Slots of the data that generated values have in them, counted by hand. */
const DATA_SLOTS: Readonly<Record<string, number>> = { 'i:1;': 1, 'a:2:{i:0;i:1;i:1;N;}': 3 }

function entries(pairs: readonly (readonly [Key, unknown])[], writing: Writing): string {
  const body = pairs.map(([key, value]) => keyOf(key) + write(value, writing)).join('')
  return `${pairs.length}:{${body}}`
}

/** What `serialize` writes of a value, one character for each byte. */
export function naiveSerialize(value: unknown): string {
  return write(value, { slot: 0, known: new Map() })
}

/** What a session serializer of PHP writes. */
export function naiveEncode(format: string, data: SessionData): string {
  const whole = format === 'php_serialize'
  const writing = { slot: whole ? 1 : 0, known: new Map() }
  const names = Object.keys(data)
  const body = names.map((name) => nameIn(format, name) + write(data[name], writing)).join('')
  return whole ? `a:${names.length}:{${body}}` : body
}

function nameIn(format: string, name: string): string {
  if (format === 'php_serialize') return keyOf(phpKey(name))
  const bytes = rawName(name)
  return format === 'php' ? `${bytes}|` : String.fromCharCode(bytes.length) + bytes
}
