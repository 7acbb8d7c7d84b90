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
 * What makes a file whole that has a journal beside it: its old content, the new one, or nothing,
 * because it is one of them, or because somebody else has written since.
 */
export type Repair = 'nothing' | 'old' | 'next'

/** What a disk writes whole or not at all. */
const SECTOR = 512

/**
 * Decides how a file is repaired, so that no repair needs more space than the file has.
 *
 * A write goes in this order: the part beyond the old length, the head from its first byte on, the
 * cut. A killed process leaves a beginning of that; a power cut leaves any of its sectors.
 */
export function repairOf(file: Uint8Array, change: Journal): Repair {
  const { old, next } = change
  const shorter = Math.min(old.length, next.length)
  if (sameBytes(file, old) || sameBytes(file, next)) return 'nothing'
  if (file.length < shorter || file.length > Math.max(old.length, next.length)) return 'nothing'
  if (!isBeginning(file, change, shorter) && !isSectors(file, change, shorter)) return 'nothing'
  return file.length < next.length ? 'old' : 'next'
}

/** The head new up to some byte and old from there, the tail as far as the write came. */
function isBeginning(file: Uint8Array, { old, next }: Journal, head: number): boolean {
  const tail = old.length < next.length ? next : old
  const written = commonPrefix(file, next, head)
  return equalIn(file, old, written, head) && equalIn(file, tail, head, file.length)
}

function isSectors(file: Uint8Array, { old, next }: Journal, head: number): boolean {
  for (let from = 0, to = 0; from < file.length; from = to) {
    to = Math.min(file.length, from - (from % SECTOR) + SECTOR)
    if (from < head && to > head) to = head
    const known = equalIn(file, next, from, to) || equalIn(file, old, from, to)
    if (!known && !(from >= old.length && isBlank(file, from, to))) return false
  }
  return true
}

/** Space that a file has grown by before anything was written to it. */
function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes.subarray(from, to).every((byte) => byte === 0)
}

function equalIn(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  return sameBytes(a.subarray(from, to), b.subarray(from, to))
}

function commonPrefix(a: Uint8Array, b: Uint8Array, limit: number): number {
  let length = 0
  while (length < limit && a[length] === b[length]) length += 1
  return length
}
