/**
 * Objects, enum cases and objects that serialized themselves. No class is looked up, no code runs.
 *
 * @module
 */
import { isBuiltInClass } from './builtins.js'
import { Byte, Tag } from './codes.js'
import { createFrame, Kind, type Frame } from './frame.js'
import { nameText } from './names.js'
import { beginObject } from './read-class.js'
import { readInt } from './read-scalar.js'
import { readEscapedBytes } from './read-escaped.js'
import { byteAt, expectByte, fail, readDigits, readQuoted, type Reader } from './reader.js'
import { isClassName, isIdentifier } from './members.js'
import { PhpEnum, PhpObject, PhpSerializable } from './values.js'

/**
 * `O:<length>:"<class>":<count>:{`
 *
 * @returns The frame of its properties; one with none `left` for an object without any.
 */
export function openObject(reader: Reader): Frame {
  const className = readClassName(reader)
  const quote = reader.pos - 2
  const rest = reader.bytes.length - quote
  if (rest <= 2) fail(reader, quote, 'the properties of an object')
  const count = readSigned(reader)
  if (count < 0 || count > rest / 2) fail(reader, reader.pos, 'a count that the data can hold')
  openBrace(reader)
  const object = new PhpObject(className)
  beginObject(reader, object)
  return createFrame(Kind.Object, object, count)
}

/** `:{` */
function openBrace(reader: Reader): void {
  expectByte(reader, Byte.Colon, 'a colon')
  expectByte(reader, Byte.OpenBrace, 'an opening brace')
}

/** `X:<length>:"<class>":` */
function readClassName(reader: Reader): string {
  const start = reader.pos
  const first = readQuoted(reader, Byte.Colon, 1)
  const className = nameText(reader.bytes.subarray(first, reader.pos - 2))
  if (!isClassName(className)) fail(reader, start, 'the name of a class')
  return className
}

/** A count behind a class name: PHP takes a sign here, and no digits at all for 0. */
function readSigned(reader: Reader): number {
  const { pos } = reader
  const sign = byteAt(reader, pos)
  const value = readDigits(reader, sign === Byte.Minus || sign === Byte.Plus ? pos + 1 : pos)
  return sign === Byte.Minus ? 0 - value : value
}

/** The name of a property, or the integer a class wrote for it; `undefined` for anything else. */
export function readMemberName(reader: Reader): string | number | bigint | undefined {
  const tag = byteAt(reader, reader.pos)
  if (tag === Tag.Int) return readInt(reader)
  if (tag !== Tag.String && tag !== Tag.Escaped) return undefined
  if (tag === Tag.Escaped) return nameText(readEscapedBytes(reader))
  const first = readQuoted(reader, Byte.Semicolon)
  return nameText(reader.bytes.subarray(first, reader.pos - 2))
}

/** `E:<length>:"<class>:<case>";` */
export function readEnum(reader: Reader): PhpEnum {
  const start = reader.pos
  const first = readQuoted(reader, Byte.Semicolon, 1)
  const name = nameText(reader.bytes.subarray(first, reader.pos - 2))
  const colon = name.indexOf(':')
  const className = name.slice(0, colon)
  if (colon < 0 || !isClassName(className)) fail(reader, start, 'the name of an enum')
  if (isBuiltInClass(className)) fail(reader, start, 'the name of an enum')
  const caseName = name.slice(colon + 1)
  if (!isIdentifier(caseName)) fail(reader, reader.pos, 'the name of a case')
  return new PhpEnum(className, caseName)
}

/** `C:<length>:"<class>":<length>:{<bytes>}` */
export function readSerializable(reader: Reader): PhpSerializable {
  const className = readClassName(reader)
  const length = readSigned(reader)
  if (reader.bytes.length - reader.pos < 2) fail(reader, reader.pos, 'the data of an object')
  openBrace(reader)
  const first = reader.pos
  if (length < 0 || length >= reader.bytes.length - first) {
    fail(reader, first, 'a length within the data')
  }
  reader.pos = first + length
  expectByte(reader, Byte.CloseBrace, 'a closing brace')
  return new PhpSerializable(
    className,
    new Uint8Array(reader.bytes.subarray(first, first + length)),
  )
}
