/**
 * Keys that somebody made up: text, patterns, test values. Chance makes one of them once in about
 * 10^13 keys.
 *
 * @module
 */

/** Length of every key, in bytes. */
export const KEY_BYTES = 32

/** Chance gives 30 different bytes out of 32. */
const FEWEST_DIFFERENT = 17

/**
 * Refuses key material that no random generator made. The message never quotes it.
 *
 * @param remedy Where such keys come from.
 * @throws {RangeError} For another length than 32 bytes, bytes in a pattern, or text.
 */
export function assertStrongKey(label: string, bytes: Uint8Array, remedy: string): void {
  const fault = weakness(bytes)
  if (fault !== undefined) throw new RangeError(`"${label}" ${fault}; make keys by ${remedy}`)
}

function weakness(bytes: Uint8Array): string | undefined {
  if (bytes.length !== KEY_BYTES) return `must be ${KEY_BYTES} bytes, got ${bytes.length}`
  if (new Set(bytes).size < FEWEST_DIFFERENT || isProgression(bytes)) {
    return 'is a weak key: its bytes are not random'
  }
  if (bytes.every(isTextByte)) return 'is a weak key: it is text'
  return undefined
}

/** 0, 1, 2, ... and the like: every step is as long as the first. */
function isProgression(bytes: Uint8Array): boolean {
  const step = stepAt(bytes, 1)
  return bytes.every((_, index) => index === 0 || stepAt(bytes, index) === step)
}

function stepAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index] as number) - (bytes[index - 1] as number)) & 0xff
}

function isTextByte(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d)
}
