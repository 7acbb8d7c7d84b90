/**
 * Texts by id, in two orders: by use, and by age. Rows are dense: the last one moves into a hole, so
 * a slot is good until the next `remove` and no longer.
 *
 * @module
 */
import { idHash } from './id-hash.js'
import { idIndex } from './id-index.js'
import { slotOrder, type SlotOrder } from './slot-order.js'
import { BY_AGE, BY_USE, HASH, ID_LENGTH, NONE, slotRows, type SlotRows } from './slot-rows.js'

export interface SlotTable {
  readonly rows: SlotRows
  readonly byUse: SlotOrder
  readonly byAge: SlotOrder
  readonly size: number
  /** The slot of an id, or `NONE`. */
  find(id: string): number
  /** Adds an id that is not there, newest in both orders. @returns Its slot. */
  add(id: string): number
  /** @returns The slot whose row moved into this one; the slot itself when it was the last. */
  remove(slot: number): number
  /** The slots of one part, 0..PARTS-1; an id never leaves its part. */
  slots(part: number): number[]
}

export function slotTable(): SlotTable {
  const hashOf = idHash()
  const rows = slotRows()
  const index = idIndex(rows)
  const byUse = slotOrder(rows, BY_USE)
  const byAge = slotOrder(rows, BY_AGE)
  let size = 0

  const move = (from: number, to: number) => {
    rows.copy(from, to)
    byUse.moved(to)
    byAge.moved(to)
    index.moved(rows.get(to, HASH), from, to)
  }

  return {
    rows,
    byUse,
    byAge,
    get size() {
      return size
    },
    find: (id) => (size === 0 ? NONE : index.find(id, hashOf(id))),
    add(id) {
      const slot = size
      const hash = hashOf(id)
      size += 1
      rows.resize(size)
      rows.set(slot, HASH, hash)
      rows.set(slot, ID_LENGTH, id.length)
      index.add(hash, slot)
      byUse.append(slot)
      byAge.append(slot)
      return slot
    },
    remove(slot) {
      index.remove(rows.get(slot, HASH), slot)
      byUse.unlink(slot)
      byAge.unlink(slot)
      size -= 1
      if (slot !== size) move(size, slot)
      rows.setText(size, '')
      rows.resize(size)
      return size
    },
    slots: index.slots,
  }
}
