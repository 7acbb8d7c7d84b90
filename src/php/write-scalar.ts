/**
 * Writes values without parts, and the moves that containers share with them.
 *
 * The `put` functions write at a place where there is room already, and answer where they ended; the
 * `write` functions make room themselves.
 *
 * @module
 */
import { COLON, MINUS, QUOTE, SEMICOLON, TAG, ZERO } from './codes.js'
import { floatText } from './float.js'
import { isPhpInt } from './keys.js'
import { nameBytes } from './names.js'
import { asBuffer } from './reader.js'
import { refuse, reserve, writeRaw, type Writer } from './writer.js'

/** Room enough for a key and a value that are no long strings. */
export const SMALL = 192

/** Longest string that is written character by character. */
export const SHORT = 64

function digitsOf(value: number): number {
  if (value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6
  return value < 100_000_000 ? (value < 10_000_000 ? 7 : 8) : value < 1_000_000_000 ? 9 : 10
}

/** Digits of an integer in 0..2^31-1. @returns Where they end. */
export function putDigits(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value
    return at + 1
  }
  const end = at + digitsOf(value)
  let rest = value
  for (let place = end - 1; place >= at; place -= 1) {
    const tens = (rest / 10) | 0
    bytes[place] = ZERO + rest - tens * 10
    rest = tens
  }
  return end
}

/** Text known to be ASCII. @returns Where it ends. */
export function putAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index)
  return at + text.length
}

/** `i:<n>;` of an integer in 0..2^31-1. @returns Where it ends. */
export function putIndex(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = TAG.int
  bytes[at + 1] = COLON
  const end = putDigits(bytes, at + 2, value)
  bytes[end] = SEMICOLON
  return end + 1
}

/** `i:<n>;` or `d:<n>;`; needs room for 40 bytes. @returns Where it ends. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  // Small integers, and not -0, which is a float.
  if ((value | 0) !== value || (value === 0 && 1 / value < 0)) return putRare(bytes, at, value)
  if (value >= 0) return putIndex(bytes, at, value)
  if (value < -1_000_000_000) return putRare(bytes, at, value)
  bytes[at] = TAG.int
  bytes[at + 1] = COLON
  bytes[at + 2] = MINUS
  const end = putDigits(bytes, at + 3, -value)
  bytes[end] = SEMICOLON
  return end + 1
}

function putRare(bytes: Uint8Array, at: number, value: number): number {
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0)
  bytes[at] = whole ? TAG.int : TAG.float
  bytes[at + 1] = COLON
  const end = putAscii(bytes, at + 2, whole ? String(value) : floatText(value))
  bytes[end] = SEMICOLON
  return end + 1
}

/**
 * `s:<n>:"<text>";` of at most `SHORT` characters.
 *
 * @returns Where it ends; -1 when the text is not ASCII.
 */
export function putShort(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text
  bytes[at] = TAG.string
  bytes[at + 1] = COLON
  let end = putDigits(bytes, at + 2, length)
  bytes[end] = COLON
  bytes[end + 1] = QUOTE
  end += 2
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return -1
    bytes[end + index] = code
  }
  end += length
  bytes[end] = QUOTE
  bytes[end + 1] = SEMICOLON
  return end + 2
}

/** A number, or a short ASCII string; needs `SMALL` bytes. @returns Where it ends; -1 for others. */
export function putCommon(bytes: Uint8Array, at: number, value: unknown): number {
  if (typeof value === 'string') return value.length <= SHORT ? putShort(bytes, at, value) : -1
  return typeof value === 'number' ? putNumber(bytes, at, value) : -1
}

/**
 * Any value without parts; takes a slot.
 *
 * @returns `false`, and nothing written, for an object.
 */
export function writeScalar(writer: Writer, value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return false
  writer.slot += 1
  if (typeof value === 'string') writeString(writer, value)
  else if (typeof value === 'number') writeNumber(writer, value)
  else if (typeof value === 'boolean') writeAscii(writer, value ? 'b:1;' : 'b:0;')
  else if (value === null || value === undefined) writeAscii(writer, 'N;')
  else if (typeof value === 'bigint') writeBigint(writer, value)
  else refuse(writer, `a ${typeof value}`)
  return true
}

function writeNumber(writer: Writer, value: number): void {
  reserve(writer, SMALL)
  writer.pos = putNumber(writer.bytes, writer.pos, value)
}

/** An int of PHP, which has 64 bits. */
export function writeBigint(writer: Writer, value: bigint): void {
  if (!isPhpInt(value)) refuse(writer, 'an integer of more than 64 bits')
  writeAscii(writer, `i:${value};`)
}

/** A string of any length. */
export function writeString(writer: Writer, text: string): void {
  if (text.length <= SHORT) {
    reserve(writer, SMALL)
    const end = putShort(writer.bytes, writer.pos, text)
    if (end >= 0) {
      writer.pos = end
      return
    }
  }
  writeText(writer, text)
}

/** Whether no surrogate stands alone. In Node 20, but not in the types of its language level. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

/** The text is written where it most likely belongs, and moved when its length has more digits. */
function writeText(writer: Writer, text: string): void {
  reserve(writer, text.length * 3 + SMALL)
  const { bytes, pos } = writer
  const guess = pos + 4 + digitsOf(text.length)
  const size = asBuffer(bytes).write(text, guess)
  if (size !== text.length && !isWellFormed(text)) {
    refuse(writer, 'a string with half a surrogate pair')
  }
  const start = pos + 4 + digitsOf(size)
  if (start !== guess) bytes.copyWithin(start, guess, guess + size)
  putQuoted(writer, size)
}

/** The text around `size` bytes that are already in their place. */
function putQuoted(writer: Writer, size: number): void {
  const { bytes, pos } = writer
  bytes[pos] = TAG.string
  bytes[pos + 1] = COLON
  const colon = putDigits(bytes, pos + 2, size)
  bytes[colon] = COLON
  bytes[colon + 1] = QUOTE
  const end = colon + 2 + size
  bytes[end] = QUOTE
  bytes[end + 1] = SEMICOLON
  writer.pos = end + 2
}

/** A string of raw bytes. */
export function writeBytes(writer: Writer, content: Uint8Array): void {
  reserve(writer, content.length + SMALL)
  writer.bytes.set(content, writer.pos + 4 + digitsOf(content.length))
  putQuoted(writer, content.length)
}

/** ASCII as it is. */
export function writeAscii(writer: Writer, text: string): void {
  reserve(writer, text.length)
  writer.pos = putAscii(writer.bytes, writer.pos, text)
}

/** A name as a string; see names.ts. */
export function writeName(writer: Writer, name: string): void {
  if (isWellFormed(name)) writeString(writer, name)
  else writeBytes(writer, bytesOfName(writer, name))
}

/** A name as it is. */
export function writeRawName(writer: Writer, name: string): void {
  const { length } = name
  reserve(writer, length)
  const { bytes, pos } = writer
  for (let index = 0; index < length; index += 1) {
    const code = name.charCodeAt(index)
    if (code > 0x7f) return writeRaw(writer, bytesOfName(writer, name))
    bytes[pos + index] = code
  }
  writer.pos = pos + length
}

/** @throws {EncodeError} For text that no bytes read as. */
export function bytesOfName(writer: Writer, name: string): Buffer {
  return nameBytes(name) ?? refuse(writer, 'a name with half a surrogate pair')
}
