/**
 * Random bytes from node:crypto, fetched some kilobytes at a time: one call to the system costs as
 * much as twenty ids.
 *
 * @module
 */
import { randomFillSync } from 'node:crypto'
import { EMPTY } from './bytes.js'

/** First fetch: a process that makes one id does not pay for thousands. */
const FIRST_BYTES = 1024
/** Beyond this a fetch gets no cheaper per byte (tests/bench/ids.bench.ts). */
const MAX_BYTES = 16 * 1024

/** Bytes that were handed out to nobody yet, and zeros where they were. */
export interface RandomPool {
  /** The memory `reserve` points into; another one after the pool has grown. */
  readonly bytes: Uint8Array
  /**
   * Hands out `count` fresh bytes. Whoever reserves them overwrites them with zeros after use,
   * before anything else runs.
   *
   * @returns Where they start in `bytes`, as it is after this call.
   */
  reserve(count: number): number
}

/** An empty pool. It fetches on first use, then twice as much each time, up to 16 KB. */
export function createRandomPool(): RandomPool {
  let used = 0
  const pool = { bytes: EMPTY, reserve }

  function reserve(count: number): number {
    if (used + count > pool.bytes.length) refill(count)
    const from = used
    used += count
    return from
  }

  /** Into fresh memory: until it is filled the old state stands, so nobody is handed zeros. */
  function refill(count: number): void {
    const size = Math.min(MAX_BYTES, pool.bytes.length * 2 || FIRST_BYTES)
    const fresh = randomFillSync(new Uint8Array(Math.max(count, size)))
    pool.bytes.fill(0)
    pool.bytes = fresh
    used = 0
  }

  return pool
}
