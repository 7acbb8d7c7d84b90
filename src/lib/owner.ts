/**
 * Names of owners.
 *
 * @module
 */
import { assertString } from './check.js'

/** What a column of a database holds, and more than an identifier of a user takes. */
const MOST_CHARACTERS = 255

/** No control characters, no half of a surrogate pair, and no blank at an end: MySQL drops those. */
const NAME = /^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u

/** Whether a value names an owner: 1 to 255 characters. */
export function isOwner(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_CHARACTERS && NAME.test(value)
}

/** @throws {TypeError | RangeError} Unless it names an owner. */
export function assertOwner(label: string, value: unknown): asserts value is string {
  assertString(label, value)
  if (isOwner(value)) return
  throw new RangeError(
    `"${label}" must be 1..${MOST_CHARACTERS} characters, no control characters, no blank at an end`,
  )
}
