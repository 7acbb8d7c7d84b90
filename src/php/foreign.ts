/**
 * Formats of PHP extensions, which a PHP application may be set to. Their bytes may even read as a
 * session of another format, so they are looked for first.
 *
 * @module
 */
import { isMsgpackSession } from './msgpack.js'

/** Whether another format begins with this byte; hardly any session does. */
export function mayBeForeign(first: number | undefined): boolean {
  return first === 0 || (first !== undefined && first >= 0x80)
}

/** The name of the format that the bytes are in, if it is one of these. */
export function foreignFormat(bytes: Buffer): string | undefined {
  if (!mayBeForeign(bytes[0])) return undefined
  if (bytes[0] === 0) return isIgbinary(bytes) ? 'igbinary' : undefined
  return isMsgpackSession(bytes) ? 'msgpack' : undefined
}

/** Begins with its version as four bytes. */
function isIgbinary(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUIntBE(0, 3) === 0 && (bytes[3] === 1 || bytes[3] === 2)
}
