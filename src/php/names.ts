/**
 * Names as JavaScript strings, without loss: variables, properties, classes.
 *
 * PHP's names are bytes. UTF-8 becomes text; a byte that is not part of valid UTF-8 becomes the lone
 * surrogate `U+DC00 + byte`, which text never holds, so every name comes back as it was.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'

const ESCAPE = 0xdc00

/** Matches surrogates that belong to no pair. */
const LONE = /\p{Surrogate}/u

/** Bytes to text. */
export function nameText(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const size = sequenceLength(bytes, at)
    text += size > 1 ? bytes.toString('utf8', at, at + size) : character(bytes[at] as number)
    at += Math.max(size, 1)
  }
  return text
}

function character(byte: number): string {
  return String.fromCharCode(byte < 0x80 ? byte : ESCAPE + byte)
}

/** Runs of escapes that belong to no pair. */
const ESCAPED = /([\udc80-\udcff]+)/u

/** Text to bytes; `undefined` for text that no bytes read as. */
export function nameBytes(text: string): Buffer | undefined {
  if (!LONE.test(text)) return Buffer.from(text, 'utf8')
  // Split by a group, so that every second part is a run; latin-1 keeps the low byte of each.
  const parts = text.split(ESCAPED)
  const bytes = Buffer.concat(
    parts.map((part, index) => Buffer.from(part, index % 2 === 0 ? 'utf8' : 'latin1')),
  )
  return nameText(bytes) === text ? bytes : undefined
}

/** Length of the valid UTF-8 sequence that begins here; 0 when none does (RFC 3629, section 4). */
function sequenceLength(bytes: Buffer, at: number): number {
  const lead = bytes[at] as number
  if (lead < 0x80) return 1
  if (lead < 0xc2 || lead > 0xf4) return 0
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
  const second = bytes[at + 1] ?? 0
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let next = at + 2; next < at + size; next += 1) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0
  }
  return size
}
