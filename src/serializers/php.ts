/**
 * PHP's `php`, the default `session.serialize_handler`.
 *
 * Wire format: each variable as `<name>|<serialized value>`, one behind the other. Whatever stands
 * between a value and the next `|` is the next name. Slots count through the whole session.
 *
 * @see ext/session/session.c, `PS_SERIALIZER_ENCODE_FUNC(php)`
 * @module
 */
import type { SerializerOptions } from '../php/codec-options.js'
import type { Layout, OnVariable } from '../php/layout.js'
import { readNameUpTo } from '../php/read-string.js'
import { fail, textOf, type Reader } from '../php/reader.js'
import { variablesSerializer } from '../php/variables.js'
import { writeAscii, writeRawName } from '../php/write-scalar.js'
import { refuse, type Writer } from '../php/writer.js'
import type { Serializer } from '../serializer.js'

const LAYOUT: Layout = {
  format: 'php',
  rootSlots: 0,
  read,
  writeHead: () => {},
  writeName,
  writeTail: () => {},
}

/**
 * The variables of a session as PHP's `php` handler writes them.
 *
 * PHP differs: a name with `|` is an `EncodeError`; PHP would write an empty session in its place.
 */
export const phpSerializer: Serializer = variablesSerializer(LAYOUT)

/** The same with options. @throws {TypeError | RangeError} For an option that is not one. */
export function createPhpSerializer(options: SerializerOptions): Serializer {
  return variablesSerializer(LAYOUT, options)
}

function read(reader: Reader, onVariable: OnVariable): void {
  const text = textOf(reader)
  while (reader.pos < text.length) {
    const start = reader.pos
    const end = text.indexOf('|', start)
    if (end < 0) fail(reader, start, 'the name of a variable and a |')
    const name = readNameUpTo(reader, end)
    reader.pos = end + 1
    if (reader.rules.undefinedMarkers && name.startsWith('!')) continue
    onVariable(name, start)
  }
}

function writeName(writer: Writer, name: string): void {
  if (name.includes('|')) refuse(writer, 'a variable with | in its name, which PHP would lose')
  if (writer.rules.undefinedMarkers && name.startsWith('!')) {
    refuse(writer, 'a variable with ! before its name, which marks one without a value')
  }
  writeRawName(writer, name)
  writeAscii(writer, '|')
}
