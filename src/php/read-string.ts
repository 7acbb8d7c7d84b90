/**
 * Strings and keys.
 *
 * @module
 */
import * as nodeBuffer from 'node:buffer'
import { BACKSLASH, COLON, NINE, QUOTE, SEMICOLON } from './codes.js'
import { integerKey, type PhpKey } from './keys.js'
import { nameText } from './names.js'
import {
  byteAt,
  EXACT_DIGITS,
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
  const first = readQuoted(reader, SEMICOLON)
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
    if (byteAt(reader, at) > 0x7f) return false
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
    bytes[index] = code === BACKSLASH ? readHex(reader, start) : code
    reader.pos += 1
  }
  expectByte(reader, QUOTE, 'a closing quote')
  expectByte(reader, SEMICOLON, 'a semicolon')
  return bytes
}

/** `S:<length>:"`; an escape takes more bytes than it makes, so the length still has to fit. */
function readEscapedLength(reader: Reader): number {
  const start = reader.pos
  const length = readDigits(reader, start + 2)
  const colon = reader.pos
  if (
    colon === start + 2 ||
    byteAt(reader, colon) !== COLON ||
    byteAt(reader, start + 1) !== COLON ||
    byteAt(reader, colon + 1) !== QUOTE
  ) {
    fail(reader, start, 'a length and a quote')
  }
  reader.pos = colon + 2
  const exact = colon - start - 2 > EXACT_DIGITS ? wrapped(reader, start + 2, colon) : length
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

/** Longest name that is kept between reads, and how many are. */
const CACHED_LENGTH = 32
const CACHE_SIZE = 1024

/** Names come again and again; the same string object saves making and hashing it each time. */
const cache: string[] = new Array<string>(CACHE_SIZE).fill('')

/** `s:<length>:"<bytes>";` as a key of an array. */
export function readTextKey(reader: Reader): PhpKey {
  const first = readQuoted(reader, SEMICOLON)
  const length = reader.pos - 2 - first
  // Integers begin with a digit or a minus, both below this.
  const name = byteAt(reader, first) > NINE ? knownName(reader, first, length) : undefined
  return name ?? arrayKey(reader, first, length)
}

/** The bytes as text, when they are ASCII and not long. */
export function knownName(reader: Reader, first: number, length: number): string | undefined {
  if (length === 0 || length > CACHED_LENGTH) return undefined
  const place = placeOf(reader, first, length)
  const known = cache[place] as string
  if (known.length === length && isAt(reader, first, known)) return known
  if (!isAsciiWithin(reader, first, first + length)) return undefined
  const name = asPropertyName(reader.text.slice(first, first + length))
  cache[place] = name
  return name
}

function placeOf(reader: Reader, first: number, length: number): number {
  const head = byteAt(reader, first)
  const middle = byteAt(reader, first + (length >> 1))
  const tail = byteAt(reader, first + length - 1)
  return (length * 31 + head * 7 + middle * 17 + tail * 131) % CACHE_SIZE
}

function isAt(reader: Reader, first: number, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) !== byteAt(reader, first + index)) return false
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
  const first = readQuoted(reader, SEMICOLON)
  return reader.bytes.subarray(first, reader.pos - 2)
}

/** A name that ends before `end`; see names.ts. */
export function readNameUpTo(reader: Reader, end: number): string {
  const { pos } = reader
  return knownName(reader, pos, end - pos) ?? nameText(reader.bytes.subarray(pos, end))
}
