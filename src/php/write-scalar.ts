/**
 * Writes values without parts, and the moves that containers share with them.
 *
 * The `put` functions write at a place where there is room already, and answer where they ended; the
 * `write` functions make room themselves.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import { floatText } from './float.js'
import { isPhpInt } from './keys.js'
import { nameBytes } from './names.js'
import { refuse, reserve, writeRaw, type Writer } from './writer.js'

/** Bytes and characters. */
export const enum Room {
  /** Enough for a key and a value that are no long strings. */
  Small = 192,
  /** The longest string that is written character by character. */
  Short = 64,
}

function digitsOf(value: number): number {
  if (value < 1000) return value < 10 ? 1 : value < 100 ? 2 : 3
  if (value < 1_000_000) return value < 10_000 ? 4 : value < 100_000 ? 5 : 6
  return value < 100_000_000 ? (value < 10_000_000 ? 7 : 8) : value < 1_000_000_000 ? 9 : 10
}

/** Digits of an integer in 0..2^31-1. @returns Where they end. */
export function putDigits(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = Byte.Zero + value
    return at + 1
  }
  const end = at + digitsOf(value)
  let rest = value
  for (let place = end - 1; place >= at; place -= 1) {
    const tens = (rest / 10) | 0
    bytes[place] = Byte.Zero + rest - tens * 10
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
  bytes[at] = Tag.Int
  bytes[at + 1] = Byte.Colon
  const end = putDigits(bytes, at + 2, value)
  bytes[end] = Byte.Semicolon
  return end + 1
}

/** `i:<n>;` or `d:<n>;`; needs room for 40 bytes. @returns Where it ends. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  // Integers of 32 bits, but not -0, which is a float.
  if ((value | 0) !== value || (value === 0 && 1 / value < 0)) return putRare(bytes, at, value)
  if (value >= 0) return putIndex(bytes, at, value)
  if (value === -0x8000_0000) return putRare(bytes, at, value)
  bytes[at] = Tag.Int
  bytes[at + 1] = Byte.Colon
  bytes[at + 2] = Byte.Minus
  const end = putDigits(bytes, at + 3, -value)
  bytes[end] = Byte.Semicolon
  return end + 1
}

function putRare(bytes: Uint8Array, at: number, value: number): number {
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0)
  bytes[at] = whole ? Tag.Int : Tag.Float
  bytes[at + 1] = Byte.Colon
  const end = putAscii(bytes, at + 2, whole ? String(value) : floatText(value))
  bytes[end] = Byte.Semicolon
  return end + 1
}

/**
 * `s:<n>:"<text>";` of at most `Room.Short` characters.
 *
 * @returns Where it ends; -1 when the text is not ASCII.
 */
export function putShort(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text
  bytes[at] = Tag.String
  bytes[at + 1] = Byte.Colon
  let end = putDigits(bytes, at + 2, length)
  bytes[end] = Byte.Colon
  bytes[end + 1] = Byte.Quote
  end += 2
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > Byte.Ascii) return -1
    bytes[end + index] = code
  }
  end += length
  bytes[end] = Byte.Quote
  bytes[end + 1] = Byte.Semicolon
  return end + 2
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
  else if (typeof value === 'boolean') writeBool(writer, value)
  else if (value === null || value === undefined) writeNull(writer)
  else if (typeof value === 'bigint') writeBigint(writer, value)
  else refuse(writer, `a ${typeof value}`)
  return true
}

function writeBool(writer: Writer, value: boolean): void {
  reserve(writer, 4)
  const { bytes, pos } = writer
  bytes[pos] = Tag.Bool
  bytes[pos + 1] = Byte.Colon
  bytes[pos + 2] = value ? Byte.One : Byte.Zero
  bytes[pos + 3] = Byte.Semicolon
  writer.pos = pos + 4
}

function writeNull(writer: Writer): void {
  reserve(writer, 2)
  const { bytes, pos } = writer
  bytes[pos] = Tag.Null
  bytes[pos + 1] = Byte.Semicolon
  writer.pos = pos + 2
}

function writeNumber(writer: Writer, value: number): void {
  reserve(writer, Room.Small)
  writer.pos = putNumber(writer.bytes, writer.pos, value)
}

/** An int of PHP, which has 64 bits. */
export function writeBigint(writer: Writer, value: bigint): void {
  if (!isPhpInt(value)) refuse(writer, 'an integer of more than 64 bits')
  writeAscii(writer, `i:${value};`)
}

/** A string of any length. */
export function writeString(writer: Writer, text: string): void {
  if (text.length <= Room.Short) {
    reserve(writer, Room.Small)
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
  reserve(writer, text.length * 3 + Room.Small)
  const { bytes, pos, view } = writer
  const guess = pos + 4 + digitsOf(text.length)
  const size = view.write(text, guess)
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
  bytes[pos] = Tag.String
  bytes[pos + 1] = Byte.Colon
  const colon = putDigits(bytes, pos + 2, size)
  bytes[colon] = Byte.Colon
  bytes[colon + 1] = Byte.Quote
  const end = colon + 2 + size
  bytes[end] = Byte.Quote
  bytes[end + 1] = Byte.Semicolon
  writer.pos = end + 2
}

/** A string of raw bytes. */
export function writeBytes(writer: Writer, content: Uint8Array): void {
  reserve(writer, content.length + Room.Small)
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
    if (code > Byte.Ascii) return writeRaw(writer, bytesOfName(writer, name))
    bytes[pos + index] = code
  }
  writer.pos = pos + length
}

/** @throws {EncodeError} For text that no bytes read as. */
export function bytesOfName(writer: Writer, name: string): Buffer {
  return nameBytes(name) ?? refuse(writer, 'a name with half a surrogate pair')
}
