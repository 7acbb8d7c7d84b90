/**
 * PHP's `serialize()`.
 *
 * @module
 */
import { defaultRules, writeRules, type SerializeOptions } from './codec-options.js'
import { createWriter, release, written } from './writer.js'
import { writeValue } from './serialize-value.js'

const FORMAT = 'serialize'
const DEFAULTS = defaultRules(FORMAT)

/**
 * Writes a value as PHP's `serialize()` does.
 *
 * @throws {EncodeError} With the path of what PHP has no value for: functions, symbols, instances of
 *   classes without a codec, cycles that pass no object of PHP, integers of more than 64 bits, broken
 *   Unicode.
 * @throws {TypeError | RangeError} For an option that is not one.
 * @see https://www.php.net/serialize
 */
export function serialize(value: unknown, options?: SerializeOptions): Uint8Array {
  const writer = createWriter(options === undefined ? DEFAULTS : writeRules(FORMAT, options))
  try {
    writeValue(writer, value)
    return written(writer)
  } finally {
    release(writer)
  }
}
