/**
 * What stands in a cache under an id: a copy of a record, or a grave.
 *
 * ```
 *  0   1  kind: 1 a copy, 0 a grave
 *  1  16  token, random: with the kind it is the mark
 * 17   8  copy: when the record was last written or touched, ms since the epoch, float64 big endian
 * 25   8  copy: when the record ends, likewise
 * 33   n  copy: the payload
 * ```
 *
 * A grave says that the record is being changed, or has just been: whoever finds one asks below, and
 * puts no copy over it but their own.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import { MARK_BYTES } from './cache-store.js'
import { createRandomPool } from './random-pool.js'

const GRAVE = 0
const COPY = 1
const TOUCHED_AT = MARK_BYTES
const END_AT = TOUCHED_AT + 8
const HEADER = END_AT + 8

/** A copy of a record, with what is known of its life. */
export interface CacheCopy {
  /** Bytes of its own, or part of the entry that was read. */
  readonly payload: Payload
  readonly touchedMs: number
  readonly endMs: number
}

/** An entry as it was found. */
export interface CacheEntry {
  readonly mark: Uint8Array
  /** `undefined` in a grave, and in what is no entry. */
  readonly copy: CacheCopy | undefined
}

/** Makes entries, each with a token of its own. */
export interface EntryWriter {
  grave(): Uint8Array
  copy(copy: CacheCopy): Uint8Array
}

export function entryWriter(): EntryWriter {
  const pool = createRandomPool()

  function entry(kind: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    bytes[0] = kind
    const from = pool.reserve(MARK_BYTES - 1)
    const random = pool.bytes.subarray(from, from + MARK_BYTES - 1)
    bytes.set(random, 1)
    random.fill(0)
    return bytes
  }

  return {
    grave: () => entry(GRAVE, MARK_BYTES),
    copy({ payload, touchedMs, endMs }) {
      const bytes = entry(COPY, HEADER + payload.length)
      const view = new DataView(bytes.buffer)
      view.setFloat64(TOUCHED_AT, touchedMs)
      view.setFloat64(END_AT, endMs)
      bytes.set(payload, HEADER)
      return bytes
    },
  }
}

/** Takes an entry apart. What is none has no copy, so that it is asked below. */
export function readEntry(bytes: Uint8Array): CacheEntry {
  const mark = markOf(bytes)
  if (bytes[0] !== COPY || bytes.length < HEADER) return { mark, copy: undefined }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const copy = {
    payload: new Uint8Array(bytes.buffer, bytes.byteOffset + HEADER, bytes.length - HEADER),
    touchedMs: view.getFloat64(TOUCHED_AT),
    endMs: view.getFloat64(END_AT),
  }
  return { mark, copy }
}

/** How an entry begins: no two are alike. */
export function markOf(entry: Uint8Array): Uint8Array {
  return entry.subarray(0, MARK_BYTES)
}

/** Whether a reader with this idle lifetime, in seconds, may be answered from a copy. */
export function isFresh(copy: CacheCopy, nowMs: number, maxLifetime: number): boolean {
  return nowMs <= copy.endMs && nowMs - copy.touchedMs <= maxLifetime * 1000
}
