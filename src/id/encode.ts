/**
 * PHP's way of writing bytes as a session id.
 *
 * Bits are taken from the low end: the first character is the lowest 4, 5 or 6 bits of the first
 * byte, and what is left of a byte becomes the low bits of the next character. So byte 0x95 is `59`
 * at 4 bits, where hexadecimal writes `95`.
 *
 * @see bin_to_readable, ext/session/session.c
 * @module
 */
import { isUint8Array } from 'node:util/types'
import { assertInteger, assertKnownKeys } from '../lib/check.js'

/** How many bits one character carries: an alphabet of 16, 32 or 64 characters. */
export type BitsPerCharacter = 4 | 5 | 6

/** How bytes become the characters of an id. */
export interface EncodeIdOptions {
  /** PHP's `session.sid_bits_per_character`: `0-9a-f`, `0-9a-v` or `0-9a-zA-Z,-`. */
  bitsPerCharacter: BitsPerCharacter
  /**
   * Characters to write; it takes `ceil(length * bitsPerCharacter / 8)` bytes.
   *
   * @default all bytes; the last character carries the bits that remain, zeros above them
   */
  length?: number | undefined
}

/** PHP's alphabet; 4 bits use the first 16, 5 bits the first 32. */
export const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,-'

/** Character codes of the alphabet. Nobody changes them. */
export const CODES: Uint8Array = Buffer.from(ALPHABET, 'latin1')

const KNOWN = { bitsPerCharacter: true, length: true } satisfies Record<keyof EncodeIdOptions, true>

/**
 * Writes bytes in PHP's session id alphabet and bit order.
 *
 * @returns `length` characters; without `length` as many as the bytes fill, as PHP 4 to 7.0 wrote a
 *   whole digest.
 * @throws {TypeError | RangeError} For an option outside its range, or fewer bytes than `length` needs.
 * @see bin_to_readable, ext/session/session.c
 */
export function encodeId(bytes: Uint8Array, options: EncodeIdOptions): string {
  if (!isUint8Array(bytes)) throw new TypeError('"bytes" must be a Uint8Array')
  assertKnownKeys('encodeId', options, KNOWN)
  const { bitsPerCharacter: bits, length } = options
  assertInteger('bitsPerCharacter', bits, 4, 6)
  if (length !== undefined) assertEnough(bytes, length, bits)
  return encode(bytes, length ?? Math.ceil((bytes.length * 8) / bits), bits)
}

function assertEnough(bytes: Uint8Array, length: number, bits: BitsPerCharacter): void {
  assertInteger('length', length, 0)
  const needed = Math.ceil((length * bits) / 8)
  if (bytes.length >= needed) return
  throw new RangeError(
    `"bytes" must hold ${needed} bytes for "length" ${length}, got ${bytes.length}`,
  )
}

/** PHP's loop as it stands. Ids come from the faster `createEncoder`, which is tested against it. */
function encode(bytes: Uint8Array, length: number, bits: BitsPerCharacter): string {
  const out = Buffer.alloc(length)
  const mask = (1 << bits) - 1
  let word = 0
  let have = 0
  let at = 0
  for (let index = 0; index < length; index += 1) {
    if (have < bits) {
      word |= (bytes[at] ?? 0) << have
      at += 1
      have += 8
    }
    out[index] = CODES[word & mask] ?? 0
    word >>>= bits
    have -= bits
  }
  return out.toString('latin1')
}
