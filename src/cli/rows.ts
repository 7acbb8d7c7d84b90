/**
 * Many sessions of a list in little memory: numbers in columns, texts in blocks of bytes.
 *
 * @module
 */
import type { SessionInfo } from '../handler.js'

/** Rows in the order in which they were added. */
export interface Rows {
  readonly length: number
  add(info: SessionInfo): void
  at(row: number): SessionInfo
  touchedMs(row: number): number
  bytes(row: number): number
  /** Which id comes first, as `sort` asks for it. */
  compareIds(a: number, b: number): number
}

/** A text lies in one block. */
const BLOCK = 1024 * 1024

/** @param most How many there may be. */
export function createRows(most: number): Rows {
  const touched = new Float64Array(most)
  const sizes = new Float64Array(most)
  const ids = texts(most)
  const owners = texts(most)
  let length = 0
  return {
    get length() {
      return length
    },
    add(info) {
      touched[length] = info.touchedMs
      sizes[length] = info.bytes
      ids.put(length, info.id)
      if (info.owner !== undefined) owners.put(length, info.owner)
      length += 1
    },
    at(row) {
      const owner = owners.get(row)
      const info = { id: ids.get(row), touchedMs: touched[row] ?? 0, bytes: sizes[row] ?? 0 }
      return owner === '' ? info : { ...info, owner }
    },
    touchedMs: (row) => touched[row] ?? 0,
    bytes: (row) => sizes[row] ?? 0,
    compareIds: ids.compare,
  }
}

/** A text for each row; without one it is empty. */
function texts(most: number) {
  const blocks: Buffer[] = []
  const starts = new Float64Array(most)
  const lengths = new Uint32Array(most)
  let end = 0

  const blockOf = (row: number) => blocks[Math.floor((starts[row] ?? 0) / BLOCK)] as Buffer
  const startOf = (row: number) => (starts[row] ?? 0) % BLOCK
  const endOf = (row: number) => startOf(row) + (lengths[row] ?? 0)

  function reserve(size: number): number {
    if (size > BLOCK) throw new RangeError('a text of a list is too long')
    if (end + size > blocks.length * BLOCK) {
      end = blocks.length * BLOCK
      blocks.push(Buffer.allocUnsafeSlow(BLOCK))
    }
    end += size
    return end - size
  }

  return {
    put(row: number, text: string) {
      const size = Buffer.byteLength(text)
      starts[row] = reserve(size)
      lengths[row] = size
      blockOf(row).write(text, startOf(row))
    },
    get(row: number): string {
      return lengths[row] ? blockOf(row).toString('utf8', startOf(row), endOf(row)) : ''
    },
    compare: (a: number, b: number) =>
      blockOf(a).compare(blockOf(b), startOf(b), endOf(b), startOf(a), endOf(a)),
  }
}
