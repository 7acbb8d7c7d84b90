/**
 * Values without parts: null, bool, int, float.
 *
 * @see ext/standard/var_unserializer.re
 * @module
 */
import { Byte } from './codes.js'
import { floatText } from './float.js'
import { isIntegral, saturate } from './keys.js'
import { byteAt, Digits, fail, readDigits, textOf, type Reader } from './reader.js'
import { PhpFloat } from './values.js'

/** `N;` */
export function readNull(reader: Reader): null {
  if (byteAt(reader, reader.pos + 1) !== Byte.Semicolon) fail(reader, reader.pos, 'a value')
  reader.pos += 2
  return null
}

/** `b:0;` or `b:1;` */
export function readBool(reader: Reader): boolean {
  const { pos } = reader
  const digit = byteAt(reader, pos + 2)
  if (
    byteAt(reader, pos + 1) !== Byte.Colon ||
    (digit !== Byte.Zero && digit !== Byte.One) ||
    byteAt(reader, pos + 3) !== Byte.Semicolon
  ) {
    fail(reader, pos, 'a bool')
  }
  reader.pos = pos + 4
  return digit === Byte.One
}

/** `i:<digits>;`, with a sign or without; beyond 64 bits it is the nearest PHP has. */
export function readInt(reader: Reader): number | bigint {
  const { bytes, pos } = reader
  let at = pos + 2
  let code = bytes[at] as number
  const sign = code
  if (sign === Byte.Minus || sign === Byte.Plus) code = bytes[++at] as number
  const from = at
  let value = 0
  while (code >= Byte.Zero && code <= Byte.Nine) {
    value = value * 10 + (code - Byte.Zero)
    code = bytes[++at] as number
  }
  if (code !== Byte.Semicolon || at === from || bytes[pos + 1] !== Byte.Colon)
    fail(reader, pos, 'an int')
  reader.pos = at + 1
  if (at - from > Digits.Exact) return saturate(textOf(reader).slice(from, at), sign === Byte.Minus)
  return sign === Byte.Minus ? 0 - value : value
}

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent)

/** `d:<number>;`, `d:INF;`, `d:-INF;` or `d:NAN;`; a `PhpFloat` where a number would lose something. */
export function readFloat(reader: Reader): number | PhpFloat {
  const start = reader.pos
  const value = readNumber(reader)
  if (!reader.rules.exact) return value
  const text = textOf(reader).slice(start + 2, reader.pos - 1)
  return exactFloat(value, text)
}

/** The float of a text, with the text where it is not what would be written. */
export function exactFloat(value: number, text: string): number | PhpFloat {
  const shortest = text === floatText(value)
  if (shortest && !isIntegral(value)) return value
  return new PhpFloat(value, shortest ? undefined : text)
}

function readNumber(reader: Reader): number {
  const start = reader.pos
  if (byteAt(reader, start + 1) !== Byte.Colon) fail(reader, start, 'a float')
  const sign = byteAt(reader, start + 2)
  const from = sign === Byte.Minus || sign === Byte.Plus ? start + 3 : start + 2
  const whole = readDigits(reader, from)
  const point = reader.pos
  const fraction = byteAt(reader, point) === Byte.Point
  const value = fraction ? readFraction(reader, whole) : whole
  const digits = reader.pos - from - (fraction ? 1 : 0)
  if (digits === 0) return readNamedFloat(reader, start)
  const plain = byteAt(reader, reader.pos) === Byte.Semicolon
  if (!plain) skipExponent(reader, start)
  reader.pos += 1
  if (!plain || digits > Digits.Exact)
    return Number(textOf(reader).slice(start + 2, reader.pos - 1))
  return sign === Byte.Minus ? -value : value
}

/** The digits behind a point. Both operands are exact up to 15 digits, so the quotient is the float. */
function readFraction(reader: Reader, whole: number): number {
  const from = reader.pos + 1
  const fraction = readDigits(reader, from)
  const power = POWERS[reader.pos - from] ?? Infinity
  return (whole * power + fraction) / power
}

/** `e`, a sign or none, digits. */
function skipExponent(reader: Reader, start: number): void {
  const letter = byteAt(reader, reader.pos)
  const sign = byteAt(reader, reader.pos + 1)
  const from = reader.pos + (sign === Byte.Minus || sign === Byte.Plus ? 2 : 1)
  readDigits(reader, from)
  if (
    (letter !== Byte.LowerE && letter !== Byte.UpperE) ||
    reader.pos === from ||
    byteAt(reader, reader.pos) !== Byte.Semicolon
  ) {
    fail(reader, start, 'a float')
  }
}

const NAMED: Readonly<Record<string, number>> = { 'INF;': Infinity, '-INF': -Infinity, 'NAN;': NaN }

function readNamedFloat(reader: Reader, start: number): number {
  const name = textOf(reader).slice(start + 2, start + 6)
  const value = NAMED[name]
  const end = start + (name === '-INF' ? 6 : 5)
  if (value === undefined || byteAt(reader, end) !== Byte.Semicolon) fail(reader, start, 'a float')
  reader.pos = end + 1
  return value
}
