/**
 * PHP's `unserialize()`.
 *
 * @module
 */
import { assertInteger, assertKnownKeys } from '../lib/check.js'
import { DecodeError } from '../errors.js'
import { createFrame, Kind } from './frame.js'
import { createReader, type Reader } from './reader.js'
import { isReference, withSlotsIfNeeded } from './references.js'
import { readValue } from './unserialize-value.js'

/** PHP's `unserialize_max_depth`, kept for writing too. */
export const MAX_DEPTH = 4096

export interface UnserializeOptions {
  /**
   * Most arrays and objects within each other; 0 for no limit.
   *
   * @default 4096
   */
  readonly maxDepth?: number | undefined
  /**
   * Most bytes that are looked at.
   *
   * @default Number.MAX_SAFE_INTEGER
   */
  readonly maxLength?: number | undefined
}

const FORMAT = 'unserialize'
const DEFAULTS = { maxDepth: MAX_DEPTH, maxLength: Number.MAX_SAFE_INTEGER }

/**
 * Reads what PHP's `serialize()` wrote. Bytes behind the first value are ignored, as in PHP 8.2.
 *
 * @param bytes A string is taken as its UTF-8 bytes.
 * @throws {DecodeError} With the offset PHP reports; never with content.
 * @throws {TypeError | RangeError} For an option that is not one.
 * @see https://www.php.net/unserialize
 */
export function unserialize(bytes: Uint8Array | string, options?: UnserializeOptions): unknown {
  const { maxDepth, maxLength } = options === undefined ? DEFAULTS : resolve(options)
  const payload = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes
  if (payload.length > maxLength) throw new DecodeError(FORMAT, maxLength, 'the end of the data')
  const reader = createReader(payload, { format: FORMAT, maxDepth: maxDepth || Infinity })
  return withSlotsIfNeeded(reader, readRoot)
}

function resolve(options: UnserializeOptions): typeof DEFAULTS {
  assertKnownKeys('unserialize', options, DEFAULTS)
  const { maxDepth = DEFAULTS.maxDepth, maxLength = DEFAULTS.maxLength } = options
  assertInteger('maxDepth', maxDepth, 0)
  assertInteger('maxLength', maxLength, 0)
  return { maxDepth, maxLength }
}

function readRoot(reader: Reader): unknown {
  const list: unknown[] = []
  const holder = createFrame(Kind.List, list, 0)
  readValue(reader, holder, 0)
  const value = list[0]
  return isReference(value) ? value.value : value
}
