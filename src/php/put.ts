/**
 * Writes at a place where there is room, and answers where it ended: the innermost moves.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import { floatText } from './float.js'
import { isIntegral } from './keys.js'

/** Bytes and characters. */
export const enum Room {
  /** Enough for a key and a value that are no long strings. */
  Small = 192,
  /** The longest string that is written character by character. */
  Short = 32,
}

export function digitsOf(value: number): number {
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
  // Known to be an integer, it is not divided as a float.
  let rest = value | 0
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

/** `i:<n>;` or `d:<n>;`, the shortest; needs room for 40 bytes. @returns Where it ends. */
export function putNumber(bytes: Uint8Array, at: number, value: number): number {
  // Integers of 32 bits, but not -0, which is a float.
  if (!isSmallInt(value)) return putRare(bytes, at, value)
  if (value >= 0) return putIndex(bytes, at, value)
  if (value === -0x8000_0000) return putRare(bytes, at, value)
  bytes[at] = Tag.Int
  bytes[at + 1] = Byte.Colon
  bytes[at + 2] = Byte.Minus
  const end = putDigits(bytes, at + 3, -value)
  bytes[end] = Byte.Semicolon
  return end + 1
}

/** Whether a number is an integer of 32 bits; -0 is a float. */
export function isSmallInt(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0)
}

/** A float with one or two decimals, such as a price, without making text of it. */
function putCents(bytes: Uint8Array, at: number, value: number): number {
  const cents = Math.round(value * 100)
  // The quotient of two integers that are exact is the float that the decimal text reads as.
  if (cents / 100 !== value || cents === 0 || (cents | 0) !== cents) return at
  const size = Math.abs(cents)
  const whole = (size / 100) | 0
  const tens = ((size - whole * 100) / 10) | 0
  const ones = size - whole * 100 - tens * 10
  bytes[at] = Tag.Float
  bytes[at + 1] = Byte.Colon
  let end = at + 2
  if (cents < 0) bytes[end++] = Byte.Minus
  end = putDigits(bytes, end, whole)
  bytes[end] = Byte.Point
  bytes[end + 1] = Byte.Zero + tens
  end += 2
  if (ones > 0) bytes[end++] = Byte.Zero + ones
  bytes[end] = Byte.Semicolon
  return end + 1
}

function putRare(bytes: Uint8Array, at: number, value: number): number {
  const whole = isIntegral(value)
  const short = whole ? at : putCents(bytes, at, value)
  if (short > at) return short
  bytes[at] = whole ? Tag.Int : Tag.Float
  bytes[at + 1] = Byte.Colon
  const end = putAscii(bytes, at + 2, whole ? String(value) : floatText(value))
  bytes[end] = Byte.Semicolon
  return end + 1
}

/**
 * `s:<n>:"<text>";` of at most `Room.Short` characters.
 *
 * @returns Where it ends; `at` when the text is not ASCII.
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
    if (code > Byte.Ascii) return at
    bytes[end + index] = code
  }
  end += length
  bytes[end] = Byte.Quote
  bytes[end + 1] = Byte.Semicolon
  return end + 2
}
