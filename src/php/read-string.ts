/**
 * Strings and keys.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { Byte } from './codes.js'
import { integerKey, type PhpKey } from './keys.js'
import { nameText } from './names.js'
import { byteAt, Coding, codingOf, readQuoted, textOf, type Reader } from './reader.js'
import { decodeUtf8 } from './utf16.js'

/** Up to so many bytes a loop beats a call. */
const SHORT = 16

/** From here on the engine finds out by itself what is ASCII. */
const LONG = 200

/** `s:<length>:"<bytes>";` as text, or as bytes where they are not UTF-8. */
export function readString(reader: Reader): string | Uint8Array {
  const first = readQuoted(reader, Byte.Semicolon)
  const end = reader.pos - 2
  if (codingOf(reader) !== Coding.Ascii) return decode(reader, first, end)
  return textOf(reader).slice(first, end)
}

function decode(reader: Reader, from: number, to: number): string | Uint8Array {
  const size = to - from
  if (size < LONG && isAsciiWithin(reader, from, to)) return textOf(reader).slice(from, to)
  const isText = codingOf(reader) !== Coding.Binary
  if (isText && size <= SHORT) return decodeShort(reader.bytes, from, to)
  if (isText && size < LONG) return reader.bytes.toString('utf8', from, to)
  return decodeBytes(reader.bytes.subarray(from, to), isText)
}

/** Text of a few bytes that are known to be UTF-8, character by character. */
function decodeShort(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let at = from; at < to;) {
    const lead = bytes[at] as number
    if (lead < 0x80) {
      text += String.fromCharCode(lead)
      at += 1
      continue
    }
    const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    let code = lead & (0x7f >> size)
    for (const end = at + size; ++at < end;) code = (code << 6) | ((bytes[at] as number) & 0x3f)
    text += String.fromCodePoint(code)
  }
  return text
}

function isAsciiWithin(reader: Reader, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    if (byteAt(reader, at) > Byte.Ascii) return false
  }
  return true
}

/** Text where the bytes are UTF-8, else a copy of them. */
export function decodeBytes(bytes: Buffer, knownUtf8: boolean): string | Uint8Array {
  if (!knownUtf8 && !isUtf8(bytes)) return new Uint8Array(bytes)
  return decodeUtf8(bytes)
}

/** The longest name that is kept between reads, and how many are. */
const enum Cache {
  Length = 32,
  Size = 1024,
}

/** Names come again and again; the same string object saves making and hashing it each time. */
const cache: string[] = new Array<string>(Cache.Size).fill('')

/**
 * `s:<length>:"<bytes>";` as a key of an array.
 *
 * Written out for a key that is known; any other takes the second way (bench: nested).
 */
export function readTextKey(reader: Reader): PhpKey {
  const { bytes, pos } = reader
  let colon = pos + 3
  let length = digitAt(bytes, pos + 2)
  if (bytes[colon] !== Byte.Colon) {
    length = length * 10 + digitAt(bytes, colon)
    colon += 1
  }
  const first = colon + 2
  const known = cache[placeOf(bytes, first, length)] as string
  if (known.length !== length || bytes[colon] !== Byte.Colon) return readNewKey(reader)
  for (let index = 0; index < length; index += 1) {
    if (known.charCodeAt(index) !== bytes[first + index]) return readNewKey(reader)
  }
  const end = first + length
  if (bytes[end] !== Byte.Quote || bytes[end + 1] !== Byte.Semicolon) return readNewKey(reader)
  if (bytes[pos + 1] !== Byte.Colon || bytes[first - 1] !== Byte.Quote) return readNewKey(reader)
  reader.pos = end + 2
  return known
}

/** A digit; more than any known name is long for what is none. */
function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] as number) - Byte.Zero
  return digit >= 0 && digit <= 9 ? digit : 1000
}

function readNewKey(reader: Reader): PhpKey {
  const first = readQuoted(reader, Byte.Semicolon)
  const length = reader.pos - 2 - first
  return knownName(reader, first, length) ?? arrayKey(reader, first, length)
}

/** Fingerprints of names that were met once. A name that comes again is worth keeping. */
const metOnce = new Int32Array(Cache.Size)

/** The bytes as text, when they are ASCII, not long, and no integer. */
export function knownName(reader: Reader, first: number, length: number): string | undefined {
  const { bytes } = reader
  // Integers begin with a digit or a minus, both below this.
  if (length === 0 || length > Cache.Length || byteAt(reader, first) <= Byte.Nine) return undefined
  const place = placeOf(bytes, first, length)
  const known = cache[place] as string
  if (known.length === length && isAt(bytes, first, known)) return known
  if (!isAsciiWithin(reader, first, first + length)) return undefined
  const name = textOf(reader).slice(first, first + length)
  const fingerprint = fingerprintOf(bytes, first, length)
  if (metOnce[place] === fingerprint) return (cache[place] = asPropertyName(name))
  metOnce[place] = fingerprint
  return name
}

/** FNV-1a. Two names with the same one are only kept too early. */
function fingerprintOf(bytes: Uint8Array, first: number, length: number): number {
  let hash = 0x811c_9dc5
  for (let at = first; at < first + length; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] as number), 0x0100_0193)
  }
  return hash
}

function placeOf(bytes: Uint8Array, first: number, length: number): number {
  const head = bytes[first] as number
  const middle = bytes[first + (length >> 1)] as number
  const tail = bytes[first + length - 1] as number
  return (length * 31 + head * 7 + middle * 17 + tail * 131) & (Cache.Size - 1)
}

function isAt(bytes: Uint8Array, first: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== bytes[first + index]) return false
  }
  return true
}

/** The string object that the engine itself uses for this property name. */
function asPropertyName(text: string): string {
  return Object.keys({ [text]: 0 })[0] as string
}

function arrayKey(reader: Reader, first: number, length: number): PhpKey {
  const key = decode(reader, first, first + length)
  return typeof key === 'string' ? (integerKey(key) ?? key) : key
}

/** A name that ends before `end`; see names.ts. */
export function readNameUpTo(reader: Reader, end: number): string {
  const { pos } = reader
  return knownName(reader, pos, end - pos) ?? nameText(reader.bytes.subarray(pos, end))
}
