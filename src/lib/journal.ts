/**
 * What a session file is to become, kept beside it while it is rewritten in place.
 *
 * PHP's waiters hold the file itself, so it cannot be replaced by renaming. A write of more than
 * one page, or one that shortens the file, can be cut by a crash; its journal then tells where.
 *
 * Wire format of `sess_<id>.journal`:
 *
 * | bytes | what |
 * | --- | --- |
 * | 20 | `sessionz journal 1\n` and a zero byte |
 * | 4, 4 | length of the old, of the new content; unsigned, little end first |
 * | … | the old content, the new content |
 * | 32 | SHA-256 of everything before |
 *
 * @module
 */
import { createHash, webcrypto } from 'node:crypto'
import { sameBytes } from './bytes.js'

/** One rewrite. */
export interface Journal {
  readonly old: Uint8Array
  readonly next: Uint8Array
}

const MAGIC = Buffer.from('sessionz journal 1\n\0', 'latin1')
const HEADER = MAGIC.length + 8
const DIGEST = 32
/** From here on hashing in another thread costs less than the pause here. */
const HASH_ASIDE = 256 * 1024

/** Bytes of a journal. */
export async function encodeJournal({ old, next }: Journal): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(HEADER + old.length + next.length + DIGEST)
  bytes.set(MAGIC, 0)
  bytes.writeUInt32LE(old.length, MAGIC.length)
  bytes.writeUInt32LE(next.length, MAGIC.length + 4)
  bytes.set(old, HEADER)
  bytes.set(next, HEADER + old.length)
  const end = bytes.length - DIGEST
  bytes.set(await sha256(bytes.subarray(0, end)), end)
  return bytes
}

/** The journal in the bytes; `undefined` when it was never finished or is none. */
export async function parseJournal(bytes: Uint8Array): Promise<Journal | undefined> {
  const end = bytes.length - DIGEST
  if (end < HEADER || !sameBytes(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined
  const lengths = new DataView(bytes.buffer, bytes.byteOffset + MAGIC.length, 8)
  const middle = HEADER + lengths.getUint32(0, true)
  if (middle + lengths.getUint32(4, true) !== end) return undefined
  const digest = await sha256(bytes.subarray(0, end))
  if (!sameBytes(bytes.subarray(end), digest)) return undefined
  return { old: bytes.subarray(HEADER, middle), next: bytes.subarray(middle, end) }
}

async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < HASH_ASIDE) return createHash('sha256').update(bytes).digest()
  return new Uint8Array(await webcrypto.subtle.digest('SHA-256', bytes))
}

/**
 * What a file needs that has a journal beside it.
 *
 * - `nothing`: it is the old or the new content, or somebody else has written since
 * - `shorten`: it was growing; cut off, it is the old content again
 * - `finish`: it is partly overwritten; the rest of the new content completes it
 */
export type Repair = 'nothing' | 'shorten' | 'finish'

/**
 * Decides what a file needs. The order of a write is: the part beyond the old length, the head from
 * its first byte on, the cut.
 */
export function repairOf(file: Uint8Array, { old, next }: Journal): Repair {
  if (sameBytes(file, old) || sameBytes(file, next)) return 'nothing'
  if (!isTailOfWrite(file, old, next)) return 'nothing'
  const head = Math.min(old.length, next.length)
  if (file.length < next.length) return equalIn(file, old, 0, head) ? 'shorten' : 'nothing'
  const written = commonPrefix(file, next, head)
  return equalIn(file, old, written, head) ? 'finish' : 'nothing'
}

/** Whether everything beyond the shorter content is what the write leaves there. */
function isTailOfWrite(file: Uint8Array, old: Uint8Array, next: Uint8Array): boolean {
  if (file.length < old.length || file.length > Math.max(old.length, next.length)) return false
  if (next.length > old.length) return equalIn(file, next, old.length, file.length)
  return equalIn(file, old, next.length, old.length)
}

function equalIn(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  return sameBytes(a.subarray(from, to), b.subarray(from, to))
}

function commonPrefix(a: Uint8Array, b: Uint8Array, limit: number): number {
  let length = 0
  while (length < limit && a[length] === b[length]) length += 1
  return length
}
