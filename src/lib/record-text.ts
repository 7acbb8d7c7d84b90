/**
 * A record as one flat Latin-1 string, the id and then the payload, a byte a character:
 * 16 bytes of overhead for both, where a Uint8Array alone takes more than 100.
 *
 * @module
 */
import type { Payload } from '../handler.js'

/**
 * Makes the function that joins id and payload. What is small goes through one buffer.
 *
 * A concatenation would not do: it keeps its parts, and an id cut out of a header keeps the header.
 */
export function recordWriter(): (id: string, payload: Payload) => string {
  const small = Buffer.allocUnsafeSlow(4096)
  return (id, payload) => {
    const length = id.length + payload.length
    const bytes = length <= small.length ? small : Buffer.allocUnsafeSlow(length)
    bytes.write(id, 'latin1')
    bytes.set(payload, id.length)
    const text = bytes.toString('latin1', 0, length)
    // An id beyond Latin-1 is no session id, but it must not turn into another one either.
    return text.startsWith(id) ? text : id + text.slice(id.length)
  }
}

/** A copy of the payload, in Node's pool of small buffers. Nothing done to it reaches the record. */
export function payloadOf(text: string, idLength: number): Payload {
  const { buffer, byteOffset, length } = Buffer.from(text, 'latin1')
  return new Uint8Array(buffer, byteOffset + idLength, length - idLength)
}
