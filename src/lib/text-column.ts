/**
 * Payloads in columns of text: the bytes that are kept are those that were sent, or none.
 *
 * A server that is told to be lenient cuts a text at its first byte that is no character; so bytes
 * are looked at before they are sent.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import { EncodeError } from '../errors.js'
import type { Payload } from '../handler.js'

/**
 * Asserts that a payload is text in UTF-8.
 *
 * @param format Who speaks in the error.
 * @throws {EncodeError} For other bytes.
 */
export function assertText(format: string, payload: Payload): void {
  if (!isUtf8(payload)) throw new EncodeError(format, NO_TEXT)
}

const NO_TEXT =
  'the column holds text, and these bytes are no UTF-8: put encryption above, or keep sessions elsewhere'

/** Which bytes a column of text can hold, by its character set. */
export type TextRule = (payload: Payload) => boolean

const hasNoneFrom =
  (first: number): TextRule =>
  (payload) =>
    payload.every((byte) => byte < first)

/** Characters of up to four bytes, of up to three, and for all other sets those of ASCII. */
export function textRuleOf(characterSet: string): TextRule {
  if (characterSet === 'utf8mb4') return () => true
  if (characterSet === 'utf8' || characterSet === 'utf8mb3') return hasNoneFrom(0xf0)
  return hasNoneFrom(0x80)
}
