/**
 * Writes a packet.
 *
 * @module
 */
import { EncodeError, SessionError } from '../errors.js'
import type { Payload } from '../handler.js'
import { sameBytes } from '../lib/bytes.js'
import { namesOf } from '../php/variable-order.js'
import type { SessionData } from '../serializer.js'
import { FORMAT, HEAD, TAIL, type WddxRules } from './packet.js'
import { keepPrevious } from './previous.js'
import { variableElement } from './write-value.js'
import { createWriter } from './writer.js'

const encoder = new TextEncoder()

/** Bytes of the data. @throws {EncodeError} */
export function encodePacket(
  data: SessionData,
  previous: Payload | undefined,
  rules: WddxRules,
): Payload {
  try {
    const elements = elementsOf(data, rules)
    const bytes = encoder.encode(HEAD + [...elements.values()].join('') + TAIL)
    if (previous === undefined) return limited(bytes, rules)
    // No bytes are no data, too.
    const same = previous.length > 0 ? sameBytes(bytes, previous) : elements.size === 0
    const kept = same ? previous : (keepPrevious(elements, previous, rules) ?? bytes)
    return kept === previous ? previous : limited(kept, rules)
  } catch (error) {
    if (error instanceof SessionError) throw error
    throw new EncodeError(FORMAT, 'data that could not be read', [], { cause: error })
  }
}

/** Variables by their names, each as the element it is written as. */
function elementsOf(data: SessionData, rules: WddxRules): ReadonlyMap<string, string> {
  const writer = createWriter(rules)
  const elements = new Map<string, string>()
  for (const name of namesOf(data)) {
    const value = data[name]
    if (value !== undefined) elements.set(name, variableElement(writer, name, value))
  }
  return elements
}

function limited(bytes: Payload, { maxLength }: WddxRules): Payload {
  if (bytes.length > maxLength) throw new EncodeError(FORMAT, `larger than ${maxLength} bytes`)
  return bytes
}
