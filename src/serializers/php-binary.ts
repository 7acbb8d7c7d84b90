/**
 * PHP's `php_binary`.
 *
 * Wire format: each variable as one byte with the length of its name, the name, the serialized value.
 * Slots count through the whole session.
 *
 * @see ext/session/session.c, `PS_SERIALIZER_ENCODE_FUNC(php_binary)`
 * @module
 */
import type { SerializerOptions } from '../php/codec-options.js'
import type { Layout, OnVariable } from '../php/layout.js'
import { readNameUpTo } from '../php/read-string.js'
import { byteAt, fail, type Reader } from '../php/reader.js'
import { variablesSerializer } from '../php/variables.js'
import { bytesOfName } from '../php/write-scalar.js'
import { refuse, writeRaw, type Writer } from '../php/writer.js'
import type { Serializer } from '../serializer.js'

/** The longest name, and so the bits of a length; PHP 7.0 and older used the bit above as a mark. */
const MAX_NAME = 0x7f

const LAYOUT: Layout = {
  format: 'php_binary',
  rootSlots: 0,
  read,
  writeHead: () => {},
  writeName,
  writeTail: () => {},
}

/**
 * The variables of a session as PHP's `php_binary` handler writes them.
 *
 * PHP differs: a name of more than 127 bytes is an `EncodeError`; PHP would leave the variable out.
 */
export const phpBinarySerializer: Serializer = variablesSerializer(LAYOUT)

/** The same with options. @throws {TypeError | RangeError} For an option that is not one. */
export function createPhpBinarySerializer(options: SerializerOptions): Serializer {
  return variablesSerializer(LAYOUT, options)
}

function read(reader: Reader, onVariable: OnVariable): void {
  const { length } = reader.bytes
  const { undefinedMarkers } = reader.rules
  while (reader.pos < length) {
    const start = reader.pos
    const head = byteAt(reader, start)
    const isUndefined = undefinedMarkers && head > MAX_NAME
    const end = start + 1 + (head & MAX_NAME)
    // A value has to follow, where one follows at all.
    if (end > length || (end === length && !isUndefined))
      fail(reader, start, 'the name of a variable')
    reader.pos = start + 1
    const name = readNameUpTo(reader, end)
    reader.pos = end
    if (!isUndefined) onVariable(name, start)
  }
}

function writeName(writer: Writer, name: string): void {
  const bytes = bytesOfName(writer, name)
  if (bytes.length > MAX_NAME) {
    refuse(writer, `a variable with a name of more than ${MAX_NAME} bytes, which PHP would lose`)
  }
  writeRaw(writer, Uint8Array.of(bytes.length))
  writeRaw(writer, bytes)
}
