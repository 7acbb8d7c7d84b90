/**
 * Serializers over a layout.
 *
 * @module
 */
import { EncodeError, SessionError } from '../errors.js'
import type { Payload } from '../handler.js'
import type { Serializer, SessionData } from '../serializer.js'
import type { Layout } from './layout.js'
import { keepPrevious } from './previous.js'
import { decodeVariables } from './read-variables.js'
import { MAX_DEPTH } from './unserialize.js'
import { writeVariables } from './write-variables.js'
import { createWriter, release, written, type Writer } from './writer.js'

/** The serializer of a layout. */
export function variablesSerializer(layout: Layout): Serializer {
  return {
    name: layout.format,
    encode: (data, previous) => encode(layout, data, previous),
    decode: (payload) => decodeVariables(layout, payload),
  }
}

function encode(layout: Layout, data: SessionData, previous: Payload | undefined): Payload {
  const writer = createWriter(layout.format, MAX_DEPTH - layout.rootSlots)
  try {
    const current = writeVariables(writer, layout, data)
    if (previous === undefined) return written(writer)
    // No bytes are no data in every layout.
    const same = previous.length > 0 ? isWritten(writer, previous) : current.names.length === 0
    return same ? previous : keepPrevious(current, previous)
  } catch (error) {
    if (error instanceof SessionError) throw error
    throw new EncodeError(layout.format, 'data that could not be read', [], { cause: error })
  } finally {
    release(writer)
  }
}

function isWritten({ view, pos }: Writer, payload: Payload): boolean {
  return pos === payload.length && view.compare(payload, 0, pos, 0, pos) === 0
}
