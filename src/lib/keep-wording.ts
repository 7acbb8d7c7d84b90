import { sameBytes } from './bytes.js'

/**
 * `previous` when it says the same as `encoded` in other words, for codecs whose only loss is the
 * wording: other spaces, another order, another version.
 *
 * @param recode Decodes and encodes; it may throw for bytes it cannot read.
 */
export function keepWording(
  encoded: Uint8Array,
  previous: Uint8Array | undefined,
  recode: (payload: Uint8Array) => Uint8Array,
): Uint8Array {
  if (previous === undefined || sameBytes(encoded, previous)) return previous ?? encoded
  try {
    return sameBytes(encoded, recode(previous)) ? previous : encoded
  } catch {
    // Not what the data was read from: there is nothing to keep.
    return encoded
  }
}
