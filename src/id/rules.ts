/**
 * Options of an id generator, and the rule they choose: PHP's since 7.1, or that of PHP 4 to 7.0.
 *
 * @module
 */
import { assertBoolean, assertInteger, assertKnownKeys } from '../lib/check.js'
import type { BitsPerCharacter } from './encode.js'
import { digestFor, type Digest } from './digest.js'
import { assertValidPrefix } from './validate.js'

/** What ids look like: PHP's `session.sid_length` and its neighbours. `undefined` means the default. */
export interface IdOptions {
  /**
   * Characters of the id after the prefix, 22 to 256: PHP's `session.sid_length`.
   *
   * @default 32
   */
  length?: number | undefined
  /**
   * Bits each character carries: PHP's `session.sid_bits_per_character`.
   *
   * @default 4
   */
  bitsPerCharacter?: BitsPerCharacter | undefined
  /**
   * Chooses the rule of PHP 4 to 7.0, where the id is a whole digest: PHP's `session.hash_function`.
   * `0` or `'md5'`, `1` or `'sha1'`, or any name of `crypto.getHashes()`, upper and lower case alike.
   * It replaces `length` and `bitsPerCharacter`.
   *
   * @default none: the rule since PHP 7.1
   */
  hashFunction?: string | number | undefined
  /**
   * Bits each character carries under that rule: PHP's `session.hash_bits_per_character`.
   *
   * @default 4
   */
  hashBitsPerCharacter?: BitsPerCharacter | undefined
  /**
   * Stands before every id, of the same characters; 256 characters with it at most. It adds nothing
   * to guess.
   *
   * @default ''
   */
  prefix?: string | undefined
  /**
   * Allows settings of less than 128 bits, such as PHP's 22 characters of 4 bits.
   *
   * @default false
   */
  allowWeakIds?: boolean | undefined
}

/** What the options come to. */
export interface IdRule {
  readonly prefix: string
  /** Characters after the prefix. */
  readonly length: number
  readonly bitsPerCharacter: BitsPerCharacter
  /** Bits of entropy. */
  readonly bits: number
  /** The digest to encode; `undefined` where random bytes are encoded as they are. */
  readonly digest: Digest | undefined
}

const KNOWN = {
  length: true,
  bitsPerCharacter: true,
  hashFunction: true,
  hashBitsPerCharacter: true,
  prefix: true,
  allowWeakIds: true,
} satisfies Record<keyof IdOptions, true>

/** OWASP ASVS 11.5.1: what must not be guessed has 128 bits. */
const STRONG_BITS = 128

/** @throws {TypeError | RangeError} For unknown, contradicting, weak or out of range options. */
export function resolveIdRule(options: IdOptions): IdRule {
  assertKnownKeys('id', options, KNOWN)
  const { prefix = '', allowWeakIds = false } = options
  assertBoolean('allowWeakIds', allowWeakIds)
  const shape = options.hashFunction === undefined ? modernShape(options) : digestShape(options)
  assertValidPrefix(prefix, shape.length)
  if (shape.bits < STRONG_BITS && !allowWeakIds) throw tooWeak(shape.bits)
  return { ...shape, prefix }
}

type Shape = Omit<IdRule, 'prefix'>

/** @see session.sid_length and session.sid_bits_per_character, PHP 7.1 and newer */
function modernShape(options: IdOptions): Shape {
  const { length = 32, bitsPerCharacter = 4 } = options
  if (options.hashBitsPerCharacter !== undefined) {
    throw new TypeError('"hashBitsPerCharacter" needs "hashFunction"')
  }
  assertInteger('length', length, 22, 256)
  assertInteger('bitsPerCharacter', bitsPerCharacter, 4, 6)
  return { length, bitsPerCharacter, bits: length * bitsPerCharacter, digest: undefined }
}

/** @see session.hash_function and session.hash_bits_per_character, PHP 4 to 7.0 */
function digestShape(options: IdOptions): Shape {
  const { hashFunction, hashBitsPerCharacter: bitsPerCharacter = 4 } = options
  if (options.length !== undefined || options.bitsPerCharacter !== undefined) {
    throw new TypeError(
      '"hashFunction" decides the length: leave out "length" and "bitsPerCharacter"; the bits are "hashBitsPerCharacter"',
    )
  }
  assertInteger('hashBitsPerCharacter', bitsPerCharacter, 4, 6)
  const digest = digestFor(hashFunction)
  const bits = digest.bytes * 8
  return { length: Math.ceil(bits / bitsPerCharacter), bitsPerCharacter, bits, digest }
}

function tooWeak(bits: number): RangeError {
  return new RangeError(
    `ids of ${bits} bits can be guessed: use 128 or more ("length" 32, 26, 22 at 4, 5, 6 "bitsPerCharacter"), or set "allowWeakIds"`,
  )
}
