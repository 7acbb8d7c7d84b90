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
  // Half a surrogate pair has no UTF-8, so what is not UTF-8 is made as UTF-16: a unit a byte at most.
  const units = Buffer.allocUnsafe(bytes.length * 2)
  let end = 0
  for (let at = 0; at < bytes.length;) {
    const size = sequenceLength(bytes, at)
    if (size > 1) end += units.write(bytes.toString('utf8', at, at + size), end, 'utf16le')
    else end = units.writeUInt16LE(unitOf(bytes[at] as number), end)
    at += Math.max(size, 1)
  }
  return units.toString('utf16le', 0, end)
}

function unitOf(byte: number): number {
  return byte < 0x80 ? byte : ESCAPE + byte
}

/** Text to bytes; `undefined` for text that no bytes read as. */
export function nameBytes(text: string): Buffer | undefined {
  if (!LONE.test(text)) return Buffer.from(text, 'utf8')
  const room = Buffer.allocUnsafe(text.length * 3)
  let end = 0
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.codePointAt(at) as number
    if (code > 0xffff) at += 1
    if (code < ESCAPE + 0x80 || code > ESCAPE + 0xff) continue
    end += room.write(text.slice(start, at), end, 'utf8')
    room[end] = code - ESCAPE
    end += 1
    start = at + 1
  }
  end += room.write(text.slice(start), end, 'utf8')
  const bytes = room.subarray(0, end)
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
