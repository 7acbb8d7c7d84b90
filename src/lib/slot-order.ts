import { NONE, type SlotRows } from './slot-rows.js'

/** An order of slots, oldest first: a doubly linked list within the rows. */
export interface SlotOrder {
  /** `NONE` when the order is empty. */
  oldest(): number
  /** The next newer slot, or `NONE`. */
  newer(slot: number): number
  append(slot: number): void
  unlink(slot: number): void
  /** Makes a slot the newest. */
  renew(slot: number): void
  /** Tells that a row, its neighbours with it, was copied into this slot. */
  moved(to: number): void
}

/** @param field The order's first field: the older neighbour; the newer one follows it. */
export function slotOrder(rows: SlotRows, field: number): SlotOrder {
  const older = field
  const newer = field + 1
  let first = NONE
  let last = NONE

  const join = (before: number, after: number) => {
    if (before === NONE) first = after
    else rows.set(before, newer, after)
    if (after === NONE) last = before
    else rows.set(after, older, before)
  }

  const append = (slot: number) => {
    join(last, slot)
    join(slot, NONE)
  }

  const unlink = (slot: number) => join(rows.get(slot, older), rows.get(slot, newer))

  return {
    oldest: () => first,
    newer: (slot) => rows.get(slot, newer),
    append,
    unlink,
    renew(slot) {
      if (slot === last) return
      unlink(slot)
      append(slot)
    },
    moved(to) {
      const before = rows.get(to, older)
      const after = rows.get(to, newer)
      join(before, to)
      join(to, after)
    },
  }
}
