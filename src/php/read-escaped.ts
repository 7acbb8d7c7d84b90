/**
 * Strings whose bytes may be written in hex. PHP 6 was to write them; PHP reads them to this day.
 *
 * @module
 */
import { Byte } from './codes.js'
import { integerKey, type PhpKey } from './keys.js'
import { decodeBytes } from './read-string.js'
import { byteAt, Digits, expectByte, fail, readDigits, wrapped, type Reader } from './reader.js'

/** `S:<length>:"<bytes>";`, where a byte may be written as a backslash and two hex digits. */
export function readEscaped(reader: Reader): string | Uint8Array {
  return decodeBytes(readEscapedBytes(reader), false)
}

/** The bytes such a string stands for. */
export function readEscapedBytes(reader: Reader): Buffer {
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
  const high = hexValue(byteAt(reader, reader.pos + 1))
  const low = hexValue(byteAt(reader, reader.pos + 2))
  if (high < 0 || low < 0) fail(reader, start, 'two hex digits behind a backslash')
  reader.pos += 2
  return high * 16 + low
}

/** -1 for what is no hex digit. */
function hexValue(code: number): number {
  if (code >= Byte.Zero && code <= Byte.Nine) return code - Byte.Zero
  // Setting this bit makes capital letters small.
  const letter = (code | 0x20) - 0x61
  return letter >= 0 && letter < 6 ? letter + 10 : -1
}

/** `S:...` as a key of an array. */
export function readEscapedKey(reader: Reader): PhpKey {
  const key = readEscaped(reader)
  return typeof key === 'string' ? (integerKey(key) ?? key) : key
}
