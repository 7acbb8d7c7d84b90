/**
 * PHP's `serialize()`.
 *
 * @module
 */
import { assertInteger, assertKnownKeys } from '../lib/check.js'
import { MAX_DEPTH } from './unserialize.js'
import { createWriter, release, written } from './writer.js'
import { writeValue } from './serialize-value.js'

export interface SerializeOptions {
  /**
   * Most arrays and objects within each other; 0 for no limit.
   *
   * @default 4096
   */
  readonly maxDepth?: number | undefined
}

const DEFAULTS = { maxDepth: MAX_DEPTH }

/**
 * Writes a value as PHP's `serialize()` does.
 *
 * @throws {EncodeError} With the path of what PHP has no value for: functions, symbols, instances of
 *   classes, cycles that pass no `PhpObject`, integers of more than 64 bits, broken Unicode.
 * @throws {TypeError | RangeError} For an option that is not one.
 * @see https://www.php.net/serialize
 */
export function serialize(value: unknown, options?: SerializeOptions): Uint8Array {
  const maxDepth = options === undefined ? MAX_DEPTH : resolve(options)
  const writer = createWriter('serialize', maxDepth || Infinity)
  try {
    writeValue(writer, value)
    return written(writer)
  } finally {
    release(writer)
  }
}

function resolve(options: SerializeOptions): number {
  assertKnownKeys('serialize', options, DEFAULTS)
  const { maxDepth = DEFAULTS.maxDepth } = options
  assertInteger('maxDepth', maxDepth, 0)
  return maxDepth
}
