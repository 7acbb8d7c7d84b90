/**
 * What may be a session id, for every handler: PHP's rule for its files handler.
 *
 * PHP differs: other PHP handlers are given any text without CR, LF, TAB, space, `<`, `>`, quotes
 * and backslash, `../x` included. Here a handler never sees an id that could be more than a name.
 *
 * @see ps_files_valid_key, ext/session/mod_files.c
 * @module
 */
import { InvalidIdError } from '../errors.js'
import { assertString } from '../lib/check.js'
import { ALPHABET } from './encode.js'

/** Longest id, in characters, prefix included. */
export const MAX_ID_LENGTH = 256

/** How long an id may be, prefix included. */
export interface IdBounds {
  /**
   * Fewest characters.
   *
   * @default 1
   */
  min?: number | undefined
  /**
   * Most characters.
   *
   * @default 256
   */
  max?: number | undefined
}

/**
 * Tells whether a value is a session id: `min` to `max` characters of `A-Z a-z 0-9 , -`.
 *
 * Takes any value, never throws for one, and reads at most `max` characters of it.
 *
 * @see ps_files_valid_key, ext/session/mod_files.c
 */
export function isValidId(id: unknown, bounds: IdBounds = {}): id is string {
  const { min = 1, max = MAX_ID_LENGTH } = bounds
  return typeof id === 'string' && id.length >= min && id.length <= max && hasIdCharacters(id)
}

/**
 * Asserts that a value is a session id.
 *
 * @throws {InvalidIdError} Without the value in its message.
 */
export function assertValidId(id: unknown, bounds: IdBounds = {}): asserts id is string {
  if (isValidId(id, bounds)) return
  const { min = 1, max = MAX_ID_LENGTH } = bounds
  throw new InvalidIdError(`not a session id: use ${min} to ${max} characters of A-Z a-z 0-9 , -`)
}

/**
 * Asserts that a text can stand before ids of `length` characters.
 *
 * PHP differs: session_create_id() does not limit the whole, so a prefix before 256 characters makes
 * an id that its files handler refuses; and it lets everything after a NUL pass.
 *
 * @throws {TypeError | RangeError} For other characters than those of an id, and above 256 together.
 */
export function assertValidPrefix(prefix: unknown, length: number): asserts prefix is string {
  assertString('prefix', prefix)
  if (!hasIdCharacters(prefix)) {
    throw new RangeError('"prefix" must consist of characters of A-Z a-z 0-9 , -')
  }
  if (prefix.length + length > MAX_ID_LENGTH) {
    const most = MAX_ID_LENGTH - length
    throw new RangeError(`"prefix" must have at most ${most} characters before ${length} of the id`)
  }
}

/** By character code: 1 for those of an id. */
const ALLOWED = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, code) =>
  ALPHABET.includes(String.fromCharCode(code)) ? 1 : 0,
)

function hasIdCharacters(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code >= ALLOWED.length || ALLOWED[code] === 0) return false
  }
  return true
}
