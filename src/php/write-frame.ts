/**
 * Containers while they are written.
 *
 * @module
 */

/** Kinds of containers: an array, an object by its names, a `Map`, a `PhpObject`. */
export const enum Shape {
  List,
  Record,
  Map,
  Object,
}

/** A key of PHP and its value. */
export type Entry = readonly [key: number | bigint | string | Uint8Array, value: unknown]

/** One container that is being written. Of `list`, `names` and `entries` one is in use. */
export interface WriteFrame {
  readonly shape: Shape
  readonly source: object
  list: readonly unknown[]
  names: readonly string[]
  entries: readonly Entry[]
  /** Class of an object. */
  className: string
  readonly size: number
  /** The next entry. */
  index: number
  /** Entries that were counted and then left out. */
  skipped: number
  /** Where the count is. */
  countAt: number
  /** How many digits there is room for, where the count is written last; else 0. */
  width: number
  parent: WriteFrame | undefined
  depth: number
  /** A container further out; meeting it again means a cycle. See open-container.ts. */
  anchor: object | undefined
}

const NO_LIST: readonly unknown[] = Object.freeze([])
const NO_NAMES: readonly string[] = Object.freeze([])
const NO_ENTRIES: readonly Entry[] = Object.freeze([])

/** A frame at the first entry. */
export function createWriteFrame(shape: Shape, source: object, size: number): WriteFrame {
  return {
    shape,
    source,
    list: NO_LIST,
    names: NO_NAMES,
    entries: NO_ENTRIES,
    className: '',
    size,
    index: 0,
    skipped: 0,
    countAt: 0,
    width: 0,
    parent: undefined,
    depth: 1,
    anchor: undefined,
  }
}

/** The key of an entry for the path of an error. */
export function nameOfEntry(frame: WriteFrame, index: number): string | number {
  if (frame.shape === Shape.List) return index
  if (frame.shape === Shape.Record) return frame.names[index] ?? ''
  const key = frame.entries[index]?.[0] ?? ''
  return typeof key === 'object' ? Buffer.from(key).toString('latin1') : String(key)
}
