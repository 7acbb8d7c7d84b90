/**
 * Long work in slices, with a turn of the event loop between them.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import type { MaybePromise } from '../handler.js'

/**
 * How many records a slice may handle: well below a millisecond's work, and below ten in the first
 * slices of a process, which run before the code is compiled (tests/bench/memory-million.ts).
 */
export const SLICE = 200

/** Lets everything else that waits have its turn. */
export async function turn(): Promise<void> {
  await setImmediate()
}

/**
 * Calls `slice` until it answers `false`.
 *
 * @returns `undefined` when a single slice was enough, so that little work stays synchronous.
 */
export function inSlices(slice: () => boolean): MaybePromise<void> {
  return slice() ? theRest(slice) : undefined
}

async function theRest(slice: () => boolean): Promise<void> {
  do await turn()
  while (slice())
}
