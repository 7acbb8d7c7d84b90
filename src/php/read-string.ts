/**
 * Strings and keys.
 *
 * @module
 */
import * as nodeBuffer from 'node:buffer'
import { Byte } from './codes.js'
import { integerKey, type PhpKey } from './keys.js'
import { nameText } from './names.js'
import {
  byteAt,
  Digits,
  expectByte,
  fail,
  readDigits,
  readQuoted,
  wrapped,
  type Reader,
} from './reader.js'

const { isUtf8 } = nodeBuffer

/** Absent where Node was built without ICU. */
const transcode = nodeBuffer.transcode as typeof nodeBuffer.transcode | undefined

/** From here on two steps over UTF-16 beat one (tests/bench/php-codec.bench.ts, unicode). */
const LONG = 200

/** `s:<length>:"<bytes>";` as text, or as bytes where they are not UTF-8. */
export function readString(reader: Reader): string | Uint8Array {
  const first = readQuoted(reader, Byte.Semicolon)
  const end = reader.pos - 2
  return reader.ascii ? reader.text.slice(first, end) : decode(reader, first, end)
}

function decode(reader: Reader, from: number, to: number): string | Uint8Array {
  const { bytes, text } = reader
  if (to - from < LONG && isAsciiWithin(reader, from, to)) return text.slice(from, to)
  return decodeBytes(bytes.subarray(from, to), reader.utf8)
}

function isAsciiWithin(reader: Reader, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    if (byteAt(reader, at) > Byte.Ascii) return false
  }
  return true
}

/** Text where the bytes are UTF-8, else a copy of them. */
function decodeBytes(bytes: Buffer, knownUtf8: boolean): string | Uint8Array {
  if (!knownUtf8 && !isUtf8(bytes)) return new Uint8Array(bytes)
  if (bytes.length < LONG || transcode === undefined) return bytes.toString('utf8')
  return transcode(bytes, 'utf8', 'utf16le').toString('utf16le')
}

/** `S:<length>:"<bytes>";`, where a byte may be written as a backslash and two hex digits. */
export function readEscaped(reader: Reader): string | Uint8Array {
  return decodeBytes(readEscapedBytes(reader), false)
}

const HEX = /[\da-f]{2}/iy

function readEscapedBytes(reader: Reader): Buffer {
  const start = reader.pos
  const bytes = Buffer.alloc(readEscapedLength(reader))
  for (let index = 0; index < bytes.length; index += 1) {
    const code = byteAt(reader, reader.pos)
    if (code === undefined) fail(reader, start, 'the end of an escaped string')
    bytes[index] = code === Byte.Backslash ? readHex(reader, start) : code
    reader.pos += 1
  }
  expectByte(reader, Byte.Quote, 'a closing quote')
  expectByte(reader, Byte.Semicolon, 'a semicolon')
  return bytes
}

/** `S:<length>:"`; an escape takes more bytes than it makes, so the length still has to fit. */
function readEscapedLength(reader: Reader): number {
  const start = reader.pos
  const length = readDigits(reader, start + 2)
  const colon = reader.pos
  if (
    colon === start + 2 ||
    byteAt(reader, colon) !== Byte.Colon ||
    byteAt(reader, start + 1) !== Byte.Colon ||
    byteAt(reader, colon + 1) !== Byte.Quote
  ) {
    fail(reader, start, 'a length and a quote')
  }
  reader.pos = colon + 2
  const exact = colon - start - 2 > Digits.Exact ? wrapped(reader, start + 2, colon) : length
  if (exact > reader.bytes.length - reader.pos) fail(reader, start + 2, 'a length within the data')
  return exact
}

/** Two hex digits behind a backslash; stops on the last of them. */
function readHex(reader: Reader, start: number): number {
  HEX.lastIndex = reader.pos + 1
  if (!HEX.test(reader.text)) fail(reader, start, 'two hex digits behind a backslash')
  reader.pos += 2
  return Number.parseInt(reader.text.slice(reader.pos - 1, reader.pos + 1), 16)
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
  let length = (bytes[pos + 2] as number) - Byte.Zero
  if (bytes[colon] !== Byte.Colon) {
    length = length * 10 + (bytes[colon] as number) - Byte.Zero
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

function readNewKey(reader: Reader): PhpKey {
  const first = readQuoted(reader, Byte.Semicolon)
  const length = reader.pos - 2 - first
  return knownName(reader, first, length) ?? arrayKey(reader, first, length)
}

/** The bytes as text, when they are ASCII, not long, and no integer. */
export function knownName(reader: Reader, first: number, length: number): string | undefined {
  // Integers begin with a digit or a minus, both below this.
  if (length === 0 || length > Cache.Length || byteAt(reader, first) <= Byte.Nine) return undefined
  const place = placeOf(reader.bytes, first, length)
  const known = cache[place] as string
  if (known.length === length && isAt(reader.bytes, first, known)) return known
  if (!isAsciiWithin(reader, first, first + length)) return undefined
  const name = asPropertyName(reader.text.slice(first, first + length))
  cache[place] = name
  return name
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

/** `S:...` as a key of an array. */
export function readEscapedKey(reader: Reader): PhpKey {
  const key = readEscaped(reader)
  return typeof key === 'string' ? (integerKey(key) ?? key) : key
}

/** `s:` or `S:` as raw bytes, for names of properties. */
export function readNameBytes(reader: Reader, escaped: boolean): Buffer {
  if (escaped) return readEscapedBytes(reader)
  const first = readQuoted(reader, Byte.Semicolon)
  return reader.bytes.subarray(first, reader.pos - 2)
}

/** A name that ends before `end`; see names.ts. */
export function readNameUpTo(reader: Reader, end: number): string {
  const { pos } = reader
  return knownName(reader, pos, end - pos) ?? nameText(reader.bytes.subarray(pos, end))
}
