/**
 * PHP's `unserialize()`.
 *
 * @module
 */
import { defaultRules, readRules, type UnserializeOptions } from './codec-options.js'
import { createFrame, Kind } from './frame.js'
import { createReader, type Reader } from './reader.js'
import { isReference } from './identity.js'
import { withSlotsIfNeeded } from './references.js'
import { readValue } from './unserialize-value.js'

const FORMAT = 'unserialize'
const DEFAULTS = defaultRules(FORMAT)

/**
 * Reads what PHP's `serialize()` wrote. Bytes behind the first value are ignored, as in PHP 8.2.
 *
 * @param bytes A string is taken as its UTF-8 bytes.
 * @throws {DecodeError} With the offset PHP reports; never with content.
 * @throws {TypeError | RangeError} For an option that is not one.
 * @see https://www.php.net/unserialize
 */
export function unserialize(bytes: Uint8Array | string, options?: UnserializeOptions): unknown {
  const rules = options === undefined ? DEFAULTS : readRules(FORMAT, options)
  const payload = typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : bytes
  if (!(payload instanceof Uint8Array)) throw new TypeError('"bytes" must be bytes or a string')
  return withSlotsIfNeeded(createReader(payload, rules), readRoot)
}

function readRoot(reader: Reader): unknown {
  const list: unknown[] = []
  const holder = createFrame(Kind.List, list, 0)
  readValue(reader, holder, 0)
  const value = list[0]
  return isReference(value) ? value.value : value
}
