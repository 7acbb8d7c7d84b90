/**
 * The fast form of `encodeId`, for ids of one length: whole blocks of bytes at a time, into an array
 * of character codes that is turned into a string in one go.
 *
 * Measured in tests/bench/ids.bench.ts: `String.fromCharCode` over an array beats decoding a Buffer,
 * and unrolled blocks beat PHP's loop by half. Its strings are flat and exactly as long as the id: a
 * slice of a longer text would keep that text, and in it the ids to come, in memory.
 *
 * @module
 */
import { CODES, type BitsPerCharacter } from './encode.js'

/**
 * Writes the bytes at `from` as an id, and zeros over each byte it has used. Bytes beyond the end of
 * `source` count as zeros.
 */
export type Encoder = (source: Uint8Array, from: number) => string

/** Where the characters of the id go: `codes` from `first` on, whole blocks up to `whole`. */
interface Frame {
  readonly codes: number[]
  /** The alphabet. Not `CODES` itself, which is looked up at each use where modules are transformed. */
  readonly table: Uint8Array
  readonly first: number
  readonly whole: number
}

type Fill = (source: Uint8Array, from: number) => void

/** Characters of one block; each block ends where a byte ends. */
const BLOCK = { 4: 4, 5: 8, 6: 4 } satisfies Record<BitsPerCharacter, number>

/** Two bytes, four characters; byte by byte it takes a fifth longer. */
function fillFour({ codes, table, first, whole }: Frame): Fill {
  return (source, from) => {
    for (let at = first, p = from; at < whole; at += 4, p += 2) {
      const low = (source[p] ?? 0) | ((source[p + 1] ?? 0) << 8)
      source[p] = source[p + 1] = 0
      codes[at] = table[low & 15] ?? 0
      codes[at + 1] = table[(low >>> 4) & 15] ?? 0
      codes[at + 2] = table[(low >>> 8) & 15] ?? 0
      codes[at + 3] = table[low >>> 12] ?? 0
    }
  }
}

/** Five bytes, eight characters: six from the low 30 bits, one across the seam, one from the top. */
function fillFive({ codes, table, first, whole }: Frame): Fill {
  return (source, from) => {
    for (let at = first, p = from; at < whole; at += 8, p += 5) {
      const low = word(source, p) | ((source[p + 3] ?? 0) << 24)
      const top = source[p + 4] ?? 0
      source[p] = source[p + 1] = source[p + 2] = source[p + 3] = source[p + 4] = 0
      codes[at] = table[low & 31] ?? 0
      codes[at + 1] = table[(low >>> 5) & 31] ?? 0
      codes[at + 2] = table[(low >>> 10) & 31] ?? 0
      codes[at + 3] = table[(low >>> 15) & 31] ?? 0
      codes[at + 4] = table[(low >>> 20) & 31] ?? 0
      codes[at + 5] = table[(low >>> 25) & 31] ?? 0
      codes[at + 6] = table[(low >>> 30) | ((top & 7) << 2)] ?? 0
      codes[at + 7] = table[top >>> 3] ?? 0
    }
  }
}

/** Three bytes, four characters. */
function fillSix({ codes, table, first, whole }: Frame): Fill {
  return (source, from) => {
    for (let at = first, p = from; at < whole; at += 4, p += 3) {
      const low = word(source, p)
      source[p] = source[p + 1] = source[p + 2] = 0
      codes[at] = table[low & 63] ?? 0
      codes[at + 1] = table[(low >>> 6) & 63] ?? 0
      codes[at + 2] = table[(low >>> 12) & 63] ?? 0
      codes[at + 3] = table[low >>> 18] ?? 0
    }
  }
}

const FILL = { 4: fillFour, 5: fillFive, 6: fillSix } satisfies Record<
  BitsPerCharacter,
  (frame: Frame) => Fill
>

/** Three bytes, the first one lowest. */
function word(source: Uint8Array, p: number): number {
  return (source[p] ?? 0) | ((source[p + 1] ?? 0) << 8) | ((source[p + 2] ?? 0) << 16)
}

/** The characters after the last whole block, by PHP's loop. */
function fillRest({ codes, table, whole }: Frame, bits: BitsPerCharacter): Fill {
  const mask = (1 << bits) - 1
  return (source, from) => {
    let have = 0
    let rest = 0
    for (let at = whole, p = from; at < codes.length; at += 1) {
      if (have < bits && p < source.length) {
        rest |= (source[p] ?? 0) << have
        source[p] = 0
        p += 1
        have += 8
      }
      codes[at] = table[rest & mask] ?? 0
      rest >>>= bits
      have -= bits
    }
  }
}

/** An encoder for ids of `length` characters after a fixed prefix of ASCII characters. */
export function createEncoder(prefix: string, length: number, bits: BitsPerCharacter): Encoder {
  const inBlocks = length - (length % BLOCK[bits])
  const codes = Array.from(Buffer.from(prefix + '0'.repeat(length), 'latin1'))
  const frame: Frame = {
    codes,
    table: CODES,
    first: prefix.length,
    whole: prefix.length + inBlocks,
  }
  const fill = FILL[bits](frame)
  const rest = fillRest(frame, bits)
  const restAt = (inBlocks * bits) / 8
  return (source, from) => {
    fill(source, from)
    if (inBlocks < length) rest(source, from + restAt)
    return String.fromCharCode.apply(null, codes)
  }
}
