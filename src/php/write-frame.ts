/**
 * Containers while they are written.
 *
 * @module
 */

/** Kinds of containers: an array, an object by its names, a `Map`, a `PhpObject`. */
export const SHAPE = { list: 0, record: 1, map: 2, object: 3 } as const

export type Shape = (typeof SHAPE)[keyof typeof SHAPE]

/** A key of PHP and its value. */
export type Entry = readonly [key: number | bigint | string | Uint8Array, value: unknown]

/** One container that is being written. Unused fields are empty, so that all frames look alike. */
export interface WriteFrame {
  readonly shape: Shape
  readonly source: object
  readonly list: readonly unknown[]
  readonly names: readonly string[]
  readonly entries: readonly Entry[]
  readonly size: number
  /** The next entry. */
  index: number
  /** Entries that were counted and then left out. */
  skipped: number
  /** Where the count is. */
  readonly countAt: number
  readonly parent: WriteFrame | undefined
  readonly depth: number
  /** A container further out; meeting it again means a cycle. See `anchorOf`. */
  readonly anchor: object | undefined
}

/** The key of an entry for the path of an error. */
export function nameOfEntry(frame: WriteFrame, index: number): string | number {
  if (frame.shape === SHAPE.list) return index
  if (frame.shape === SHAPE.record) return frame.names[index] ?? ''
  const key = frame.entries[index]?.[0] ?? ''
  return typeof key === 'object' ? Buffer.from(key).toString('latin1') : String(key)
}
