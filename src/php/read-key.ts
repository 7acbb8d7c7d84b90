/**
 * Counts and keys of arrays.
 *
 * @module
 */
import { Byte, Tag } from './codes.js'
import type { PhpKey } from './keys.js'
import { nameText } from './names.js'
import { readBool, readFloat, readInt, readNull } from './read-scalar.js'
import { readEscapedKey } from './read-escaped.js'
import { readTextKey } from './read-string.js'
import { byteAt, fail, readDigits, type Reader } from './reader.js'
import { readSlotNumber } from './references.js'

/** `a:<count>:{`; a count is checked against what is left before anything is made. */
export function readArrayHead(reader: Reader): number {
  const count = readCount(reader)
  if (count > (reader.bytes.length - reader.pos) / 2) {
    fail(reader, reader.pos, 'a count that the data can hold')
  }
  return count | 0
}

/** `a:<count>:{` */
function readCount(reader: Reader): number {
  const start = reader.pos
  const count = readDigits(reader, start + 2)
  const colon = reader.pos
  if (
    colon === start + 2 ||
    byteAt(reader, colon) !== Byte.Colon ||
    byteAt(reader, start + 1) !== Byte.Colon ||
    byteAt(reader, colon + 1) !== Byte.OpenBrace
  ) {
    fail(reader, start, 'a count and a brace')
  }
  reader.pos = colon + 2
  return count
}

/** The key of an array. */
export function readKey(reader: Reader): PhpKey {
  const tag = byteAt(reader, reader.pos)
  if (tag === Tag.String) return readTextKey(reader)
  if (tag === Tag.Int) return readInt(reader)
  return tag === Tag.Escaped ? readEscapedKey(reader) : badKey(reader)
}

/** The key of an array as the name of a variable: bytes that are not UTF-8 as in names.ts. */
export function readVariableKey(reader: Reader): string {
  const key = readKey(reader)
  return typeof key === 'object' ? nameText(Buffer.from(key)) : String(key)
}

/** PHP reads a key of another kind before it refuses it, and reports the place behind it. */
export function badKey(reader: Reader): never {
  const tag = byteAt(reader, reader.pos)
  if (tag === Tag.Null) readNull(reader)
  else if (tag === Tag.Bool) readBool(reader)
  else if (tag === Tag.Float) readFloat(reader)
  else if (tag === Tag.Array) readCount(reader)
  else if (tag === Tag.Reference || tag === Tag.SameObject) readSlotNumber(reader)
  return fail(reader, reader.pos, 'a key')
}
