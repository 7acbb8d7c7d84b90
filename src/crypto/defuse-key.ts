/**
 * Keys of defuse/php-encryption in their text form: 136 hexadecimal digits, `DEF00000`, 32 bytes, and
 * the SHA-256 of both.
 *
 * @module
 */
import { createHash, createSecretKey, timingSafeEqual, type KeyObject } from 'node:crypto'
import { assertString } from '../lib/check.js'
import { assertStrongKey, KEY_BYTES } from './weak-key.js'

const VERSION = Buffer.from('def00000', 'hex')
const CHECKED = VERSION.length + KEY_BYTES
const BYTES = CHECKED + 32
const DIGITS = /^[0-9a-f]+$/i
/** What PHP's library leaves out at the end of a key, as files and environments add it. */
const BLANKS = /[\0\t\n\r ]+$/

/**
 * Reads a key as `Key::saveToAsciiSafeString()` writes it.
 *
 * @throws {TypeError | RangeError} Without quoting the key.
 */
export function parseDefuseKey(label: string, text: string): KeyObject {
  assertString(label, text)
  const digits = text.replace(BLANKS, '')
  if (digits.length !== BYTES * 2 || !DIGITS.test(digits)) {
    throw new RangeError(`"${label}" is not a Defuse key: it has ${BYTES * 2} hexadecimal digits`)
  }
  const bytes = new Uint8Array(Buffer.from(digits, 'hex'))
  try {
    return checkedKey(label, bytes)
  } finally {
    bytes.fill(0)
  }
}

function checkedKey(label: string, bytes: Uint8Array): KeyObject {
  if (!VERSION.equals(bytes.subarray(0, VERSION.length))) {
    throw new RangeError(`"${label}" is not a Defuse key of version DEF00000`)
  }
  const checksum = createHash('sha256').update(bytes.subarray(0, CHECKED)).digest()
  if (!timingSafeEqual(checksum, bytes.subarray(CHECKED))) {
    throw new RangeError(`"${label}" has lost or changed characters: its check fails`)
  }
  const key = bytes.subarray(VERSION.length, CHECKED)
  assertStrongKey(label, key, "PHP's Key::createNewRandomKey()")
  return createSecretKey(key)
}
