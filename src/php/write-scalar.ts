/**
 * Writes values without parts.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import { floatText } from './float.js'
import { isIntegral, isPhpInt } from './keys.js'
import { nameBytes } from './names.js'
import { digitsOf, putAscii, putDigits, putNumber, putShort, Room } from './put.js'
import { isWide, writeWide } from './utf16.js'
import type { PhpFloat } from './values.js'
import { refuse, reserve, writeRaw, type Writer } from './writer.js'

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
  if (!writer.shortest && !isIntegral(value)) return writeDouble(writer, value)
  reserve(writer, Room.Small)
  writer.pos = putNumber(writer.bytes, writer.pos, value)
}

/** A float, whatever JavaScript would take it for. */
function writeDouble(writer: Writer, value: number): void {
  const { precision, readable } = writer.rules
  const text = floatText(value, precision)
  if (readable && !Number.isFinite(value) && floatText(value) !== text) {
    refuse(writer, `a float that PHP could not read back at precision ${precision}`)
  }
  writeAscii(writer, `d:${text};`)
}

/** A float that says it is one; in exact mode with the text it was read with. */
export function writeFloat(writer: Writer, { value, text }: PhpFloat): void {
  if (text === undefined || !writer.rules.exact) return writeDouble(writer, value)
  writeAscii(writer, `d:${text};`)
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
    if (end > writer.pos) {
      writer.pos = end
      return
    }
  }
  if (!writeText(writer, text)) refuse(writer, 'a string with half a surrogate pair')
}

/** Whether no surrogate stands alone. In Node 20, but not in the types of its language level. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed()
}

/** What half a surrogate pair is written as; asking the text takes longer in Node 20. */
const REPLACEMENT = Buffer.from('\ufffd')

function mayBeBroken(view: Buffer, from: number, size: number): boolean {
  return size < Room.Small || view.subarray(from, from + size).includes(REPLACEMENT)
}

/**
 * A long string, or one that is not ASCII. It is written where it most likely belongs, and moved
 * when its length has more digits.
 *
 * @returns `false`, and nothing written, for half a surrogate pair.
 */
export function writeText(writer: Writer, text: string): boolean {
  const wide = isWide(text)
  reserve(writer, text.length * (wide ? 5 : 3) + Room.Small)
  const { bytes, pos, view } = writer
  const guess = pos + 4 + digitsOf(text.length)
  const size = wide ? writeWide(view, text, guess) : view.write(text, guess)
  if (size < 0) return false
  if (!wide && size !== text.length && mayBeBroken(view, guess, size) && !isWellFormed(text)) {
    return false
  }
  const start = pos + 4 + digitsOf(size)
  if (start !== guess) bytes.copyWithin(start, guess, guess + size)
  putQuoted(writer, size)
  return true
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
