/**
 * Serializers over a layout.
 *
 * @module
 */
import { EncodeError, SessionError } from '../errors.js'
import type { Payload } from '../handler.js'
import type { Serializer, SessionData } from '../serializer.js'
import { sessionRules, type SerializerOptions } from './codec-options.js'
import { foreignFormat, mayBeForeign } from './foreign.js'
import type { Layout } from './layout.js'
import { keepPrevious } from './previous.js'
import { decodeVariables } from './read-variables.js'
import { writeVariables, type Format } from './write-variables.js'
import { assertLength, createWriter, refuse, release, written, type Writer } from './writer.js'

/** The serializer of a layout. @throws {TypeError | RangeError} For an option that is not one. */
export function variablesSerializer(layout: Layout, options?: SerializerOptions): Serializer {
  const rules = sessionRules(layout.format, options)
  const format: Format = { layout, rules: { ...rules, rootDepth: layout.rootSlots } }
  return {
    name: layout.format,
    replaces: layout.rootSlots === 1,
    encode: (data, previous) => encode(format, data, previous),
    decode: (payload) => decodeVariables(format, payload),
  }
}

function encode(format: Format, data: SessionData, previous: Payload | undefined): Payload {
  const writer = createWriter(format.rules)
  try {
    const current = writeVariables(writer, format, data)
    assertOwn(writer)
    if (previous === undefined) return written(writer)
    // No bytes are no data in every layout.
    const same = previous.length > 0 ? isWritten(writer, previous) : current.names.length === 0
    if (same) return previous
    const payload = keepPrevious(current, previous)
    assertLength(writer, payload.length)
    return payload
  } catch (error) {
    if (error instanceof SessionError) throw error
    throw new EncodeError(format.rules.format, 'data that could not be read', [], { cause: error })
  } finally {
    release(writer)
  }
}

/** A name of odd bytes could make a session look like another format, which reading refuses. */
function assertOwn(writer: Writer): void {
  const { view, pos } = writer
  if (pos === 0 || !mayBeForeign(view[0])) return
  const foreign = foreignFormat(view.subarray(0, pos))
  if (foreign !== undefined) refuse(writer, `a first variable that reads as ${foreign}`)
}

function isWritten({ view, pos }: Writer, payload: Payload): boolean {
  return pos === payload.length && view.compare(payload, 0, pos, 0, pos) === 0
}
