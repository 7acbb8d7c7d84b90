/**
 * Finds the slot of an id: open addressing with linear probing, in parts.
 *
 * Each part grows by itself, so no growth stops the event loop, and an id never leaves its part, so
 * a walk part by part meets every id that stays exactly once.
 *
 * @module
 */
import { HASH, ID_LENGTH, NONE, type SlotRows } from './slot-rows.js'

export const PARTS = 256
const SMALLEST = 8

export interface IdIndex {
  /** `NONE` for an unknown id. */
  find(id: string, hash: number): number
  add(hash: number, slot: number): void
  remove(hash: number, slot: number): void
  /** Tells that a row now lies in another slot. */
  moved(hash: number, from: number, to: number): void
  /** The slots of one part, 0..PARTS-1. */
  slots(part: number): number[]
}

interface Part {
  /** Slot + 1; 0 is free. The length is a power of two. */
  cells: Int32Array
  taken: number
}

export function idIndex(rows: SlotRows): IdIndex {
  const parts = Array.from({ length: PARTS }, (): Part | undefined => undefined)
  const partOf = (hash: number) => parts[hash >>> 24] as Part

  return {
    find(id, hash) {
      const cells = parts[hash >>> 24]?.cells
      return cells === undefined ? NONE : search(rows, cells, id, hash)
    },
    add(hash, slot) {
      const part = (parts[hash >>> 24] ??= { cells: new Int32Array(SMALLEST), taken: 0 })
      part.taken += 1
      if (part.taken * 4 > part.cells.length * 3) resize(rows, part, part.cells.length * 2)
      put(part.cells, hash, slot)
    },
    remove(hash, slot) {
      const part = partOf(hash)
      free(rows, part.cells, cellOf(part.cells, hash, slot))
      part.taken -= 1
      if (part.taken === 0) parts[hash >>> 24] = undefined
      else if (part.taken * 8 < part.cells.length) resize(rows, part, part.cells.length / 2)
    },
    moved(hash, from, to) {
      const { cells } = partOf(hash)
      cells[cellOf(cells, hash, from)] = to + 1
    },
    slots(part) {
      const slots: number[] = []
      for (const cell of parts[part]?.cells ?? []) if (cell !== 0) slots.push(cell - 1)
      return slots
    },
  }
}

function search(rows: SlotRows, cells: Int32Array, id: string, hash: number): number {
  const mask = cells.length - 1
  for (let at = hash & mask; cells[at] !== 0; at = (at + 1) & mask) {
    const slot = (cells[at] as number) - 1
    if (rows.get(slot, HASH) === hash && rows.get(slot, ID_LENGTH) === id.length) {
      if (rows.text(slot).slice(0, id.length) === id) return slot
    }
  }
  return NONE
}

function put(cells: Int32Array, hash: number, slot: number): void {
  const mask = cells.length - 1
  let at = hash & mask
  while (cells[at] !== 0) at = (at + 1) & mask
  cells[at] = slot + 1
}

function cellOf(cells: Int32Array, hash: number, slot: number): number {
  const mask = cells.length - 1
  let at = hash & mask
  while (cells[at] !== slot + 1) at = (at + 1) & mask
  return at
}

/** Frees a cell and moves up what had been displaced past it, so that no tombstones gather. */
function free(rows: SlotRows, cells: Int32Array, at: number): void {
  const mask = cells.length - 1
  let hole = at
  for (let next = (at + 1) & mask; cells[next] !== 0; next = (next + 1) & mask) {
    const cell = cells[next] as number
    const home = rows.get(cell - 1, HASH) & mask
    if (((next - home) & mask) < ((next - hole) & mask)) continue
    cells[hole] = cell
    hole = next
  }
  cells[hole] = 0
}

function resize(rows: SlotRows, part: Part, length: number): void {
  const cells = new Int32Array(length)
  for (const cell of part.cells) if (cell !== 0) put(cells, rows.get(cell - 1, HASH), cell - 1)
  part.cells = cells
}
