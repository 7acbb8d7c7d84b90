/**
 * PHP's `php_serialize`: the whole session as one array.
 *
 * Wire format: `a:<count>:{<key><value>...}`. The array takes slot 1. Bytes behind it are ignored.
 *
 * @see ext/session/session.c, `PS_SERIALIZER_ENCODE_FUNC(php_serialize)`
 * @module
 */
import { Byte, Tag } from '../php/codes.js'
import type { SerializerOptions } from '../php/codec-options.js'
import { integerKey } from '../php/keys.js'
import type { Layout, OnVariable } from '../php/layout.js'
import { readArrayHead, readVariableKey } from '../php/read-key.js'
import { readNull } from '../php/read-scalar.js'
import { byteAt, expectByte, fail, type Reader } from '../php/reader.js'
import { variablesSerializer } from '../php/variables.js'
import { writeAscii, writeName } from '../php/write-scalar.js'
import type { Writer } from '../php/writer.js'
import type { Serializer } from '../serializer.js'

const LAYOUT: Layout = {
  format: 'php_serialize',
  rootSlots: 1,
  read,
  writeHead: (writer, count) => writeAscii(writer, `a:${count}:{`),
  writeName: writeKey,
  writeTail: (writer) => writeAscii(writer, '}'),
}

/**
 * The variables of a session as PHP's `php_serialize` handler writes them; no data is `a:0:{}`.
 *
 * PHP differs: a scalar or an object in place of the array is a `DecodeError`; PHP would make it
 * `$_SESSION` and never write it again.
 */
export const phpSerializeSerializer: Serializer = variablesSerializer(LAYOUT)

/** The same with options. @throws {TypeError | RangeError} For an option that is not one. */
export function createPhpSerializeSerializer(options: SerializerOptions): Serializer {
  return variablesSerializer(LAYOUT, options)
}

function read(reader: Reader, onVariable: OnVariable): void {
  const tag = byteAt(reader, 0)
  if (tag === Tag.Null) return void readNull(reader)
  if (tag !== Tag.Array) fail(reader, 0, 'an array')
  for (let left = readArrayHead(reader); left > 0; left -= 1) {
    const start = reader.pos
    onVariable(readVariableKey(reader), start)
  }
  expectByte(reader, Byte.CloseBrace, 'a closing brace')
}

function writeKey(writer: Writer, name: string): void {
  const key = integerKey(name)
  if (key === undefined) writeName(writer, name)
  else writeAscii(writer, `i:${key};`)
}
