/** Changes to payloads, the same ones for the same numbers. Stands alone: child processes load it. */
const wire = (text: string): Buffer => Buffer.from(text, 'latin1')

const PIECES = ['R:1;', 'r:2;', 'R:3;', 'r:1;', 'i:1;', 'i:0;', 'N;', 's:9:"__proto__";', 's:1:"a";', 'S:2:"\\61b";', '}', '"', ';', ':', '0', '9', '-', '|', '\0', 'a:1:{', 'a:2:{i:0;R:1;i:1;i:5;}', 'O:1:"A":1:{', 'O:8:"stdClass":0:{}', 'E:3:"A:B";', 'C:1:"A":2:{N;}', 'd:5;', 'd:1.0E+25;', '\xff', '\xc3', 'b|', '\x01a'].map(wire) // prettier-ignore

const NUMBERS = ['0', '-1', '1', '2', '127', '255', '65536', '2147483647', '2147483648', '4294967296', '9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '18446744073709551617', '+3', '00000000000000000001', '1e9', '9'.repeat(40)].map(wire) // prettier-ignore

/** One change: what is done, where, and with how much or what. Any numbers will do. */
export type Edit = readonly [kind: number, at: number, size: number]

const KINDS: readonly ((bytes: Buffer, at: number, size: number, other: Buffer) => Buffer)[] = [
  (bytes, at, size) => joined(bytes, at, 1, Buffer.of((bytes[at] ?? 0) ^ (1 << (size % 8)))),
  (bytes, at, size) => joined(bytes, at, 1, Buffer.of(size & 0xff)),
  (bytes, at, size) => joined(bytes, at, 1 + (size % 12), Buffer.alloc(0)),
  (bytes, at, size) => joined(bytes, at, 0, picked(PIECES, size)),
  (bytes, at, size) => joined(bytes, at, size % 5, picked(PIECES, size >>> 3)),
  (bytes, at, size) => joined(bytes, at, 0, bytes.subarray(at, at + 1 + (size % 24))),
  (bytes, at, size) => withNumber(bytes, at, picked(NUMBERS, size)),
  (bytes, at, size, other) => Buffer.concat([bytes.subarray(0, at), other.subarray(size % (other.length + 1))]), // prettier-ignore
  (bytes, at) => bytes.subarray(0, at),
]

const picked = (pieces: readonly Buffer[], number: number): Buffer =>
  pieces[number % pieces.length] as Buffer

const joined = (bytes: Buffer, at: number, gone: number, piece: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at + gone)])

/** The next number in the text becomes another one. */
function withNumber(bytes: Buffer, from: number, number: Buffer): Buffer {
  const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39
  let at = from
  while (at < bytes.length && !isDigit(at)) at += 1
  let end = at
  while (isDigit(end)) end += 1
  return joined(bytes, at, end - at, number)
}

/** A payload after a few changes; `other` is what it is spliced with. */
export function mutate(sample: Buffer, other: Buffer, edits: readonly Edit[]): Buffer {
  return edits.reduce((bytes, [kind, at, size]) => {
    const change = KINDS[kind % KINDS.length] as (typeof KINDS)[number]
    return change(bytes, at % (bytes.length + 1), size, other)
  }, sample)
}

/** Numbers from 0 to 2^32 - 1, the same ones for the same seed (mulberry32). */
export function randoms(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** How many kinds of changes there are. */
export const EDIT_KINDS = KINDS.length
