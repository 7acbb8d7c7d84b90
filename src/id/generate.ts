/**
 * New session ids: PHP's alphabet, bit order and lengths, from pooled random bytes of node:crypto.
 *
 * @see php_session_create_id, ext/session/session.c
 * @module
 */
import { StateError } from '../errors.js'
import type { MaybePromise } from '../handler.js'
import { assertInteger } from '../lib/check.js'
import { run, wait, type Flow } from '../lib/flow.js'
import { createRandomPool, type RandomPool } from '../lib/random-pool.js'
import type { Digest } from './digest.js'
import { createEncoder } from './encoder.js'
import { resolveIdRule, type IdOptions } from './rules.js'

export { encodeId, type BitsPerCharacter, type EncodeIdOptions } from './encode.js'
export type { IdOptions } from './rules.js'

/** Makes ids of one kind. */
export interface IdGenerator {
  /** Makes a new id. */
  readonly generate: () => string
  /** Bits of entropy in an id. */
  readonly bits: number
  /** Characters of an id, prefix included. */
  readonly length: number
}

/** Whatever makes ids: a generator, or a handler's `createId`. */
export interface IdSource {
  readonly generate: () => MaybePromise<string>
}

/**
 * Makes a generator of session ids; by default 32 characters `0-9a-f` of 128 bits, as PHP.
 *
 * Random bytes are fetched some kilobytes at a time and overwritten with zeros as they are used. An
 * id is a string of its own, not part of a longer one.
 *
 * @throws {TypeError | RangeError} For unknown, contradicting or out of range options, and for
 *   settings of less than 128 bits unless `allowWeakIds` is true.
 * @see https://www.php.net/session.configuration#ini.session.sid-length
 */
export function createIdGenerator(options: IdOptions = {}): IdGenerator {
  const { prefix, length, bitsPerCharacter, bits, digest } = resolveIdRule(options)
  const encode = createEncoder(prefix, length, bitsPerCharacter)
  const pool = createRandomPool()
  const bytes = Math.ceil((length * bitsPerCharacter) / 8)
  const generate = () => {
    const from = pool.reserve(bytes)
    return encode(pool.bytes, from)
  }
  return {
    generate: digest === undefined ? generate : () => encode(hashed(pool, digest), 0),
    bits,
    length: prefix.length + length,
  }
}

/**
 * The digest of fresh random bytes: at least 32, as PHP 5.4's default, and 16 more than the digest
 * has, so that each of its values is as likely as any other.
 *
 * PHP differs: PHP 4 to 7.0 hashed the visitor's address, the time in microseconds and a weak random
 * number, and random bytes only where `session.entropy_length` asked for them. Time and address can
 * be guessed and add nothing to random bytes; the ids look the same.
 */
function hashed(pool: RandomPool, digest: Digest): Uint8Array {
  const count = Math.max(32, digest.bytes + 16)
  const from = pool.reserve(count)
  const seed = pool.bytes.subarray(from, from + count)
  const result = digest.of(seed)
  seed.fill(0)
  return result
}

/**
 * Makes ids until one is not taken.
 *
 * @param attempts How many ids to try, as PHP's files handler.
 * @returns The id; a promise only when the source or the probe returned one.
 * @throws {StateError} When all were taken. With 128 bits that is a broken probe, not chance.
 * @see ps_create_sid_files, ext/session/mod_files.c
 */
export function createUniqueId(
  source: IdSource,
  isTaken: (id: string) => MaybePromise<boolean>,
  attempts = 4,
): MaybePromise<string> {
  assertInteger('attempts', attempts, 1)
  return run(search(source, isTaken, attempts))
}

function* search(
  source: IdSource,
  isTaken: (id: string) => MaybePromise<boolean>,
  attempts: number,
): Flow<string> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const id = yield* wait(source.generate())
    if (!(yield* wait(isTaken(id)))) return id
  }
  throw new StateError(`no session id is free: storage knew all of ${attempts} new ones`)
}
