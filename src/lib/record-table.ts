/**
 * Payloads by id, with the time of each, in little memory (tests/bench/memory-million.ts).
 *
 * @module
 */
import type { Payload } from '../handler.js'
import { payloadOf, recordWriter } from './record-text.js'
import { ID_LENGTH, NONE } from './slot-rows.js'
import { slotTable } from './slot-table.js'

export { PARTS } from './id-index.js'
export { NONE }

/** What a record takes beyond id and payload: the string's header, its row, its place in the index. */
export const RECORD_OVERHEAD = 72

/** A slot is good until the next `remove` and no longer. */
export interface RecordTable {
  readonly size: number
  /** Ids, payloads and the overhead of each. */
  readonly bytes: number
  /** The slot of an id, or `NONE`. */
  find(id: string): number
  /** Adds a record that is not there; it is the newest by age and by use. */
  insert(id: string, payload: Payload, timeMs: number): void
  /** Gives a record another payload and time; it is the newest by age and by use. */
  replace(slot: number, payload: Payload, timeMs: number): void
  /** @returns The slot whose row moved into this one; the slot itself when it was the last. */
  remove(slot: number): number
  /** Makes a record the newest by age and by use. */
  touch(slot: number, timeMs: number): void
  /** Makes a record the newest by use only. */
  use(slot: number): void
  id(slot: number): string
  /** A copy: nothing done to it reaches the table. */
  payload(slot: number): Payload
  payloadBytes(slot: number): number
  timeMs(slot: number): number
  /** The slot not used for longest, or `NONE`. */
  leastUsed(): number
  /** The slot not touched for longest, or `NONE`. */
  oldest(): number
  /** The slot touched next after this one, or `NONE`. */
  newer(slot: number): number
  /** The slots of one of `PARTS` parts; an id never leaves its part. */
  slots(part: number): number[]
}

/** @param removing Told of each record before it goes. */
export function recordTable(removing?: (slot: number) => void): RecordTable {
  const slots = slotTable()
  const { rows, byUse, byAge } = slots
  const write = recordWriter()
  const recent = lastFound(slots.find)
  let bytes = 0

  const idOf = (slot: number) => rows.text(slot).slice(0, rows.get(slot, ID_LENGTH))

  const setText = (slot: number, text: string) => {
    bytes += text.length - rows.text(slot).length
    rows.setText(slot, text)
  }

  const touch = (slot: number, timeMs: number) => {
    rows.setTime(slot, timeMs)
    byAge.renew(slot)
    byUse.renew(slot)
  }

  return {
    get size() {
      return slots.size
    },
    get bytes() {
      return bytes + slots.size * RECORD_OVERHEAD
    },
    find: recent.find,
    insert(id, payload, timeMs) {
      recent.forget()
      const slot = slots.add(id)
      rows.setTime(slot, timeMs)
      setText(slot, write(id, payload))
    },
    replace(slot, payload, timeMs) {
      setText(slot, write(idOf(slot), payload))
      touch(slot, timeMs)
    },
    remove(slot) {
      removing?.(slot)
      recent.forget()
      setText(slot, '')
      return slots.remove(slot)
    },
    touch,
    use: byUse.renew,
    id: idOf,
    payload: (slot) => payloadOf(rows.text(slot), rows.get(slot, ID_LENGTH)),
    payloadBytes: (slot) => rows.text(slot).length - rows.get(slot, ID_LENGTH),
    timeMs: rows.time,
    leastUsed: byUse.oldest,
    oldest: byAge.oldest,
    newer: byAge.newer,
    slots: slots.slots,
  }
}

/** One request asks for its id several times in a row: to open, to validate, to read. */
function lastFound(search: (id: string) => number) {
  let last: string | undefined
  let slot = NONE
  return {
    find(id: string) {
      if (id === last) return slot
      last = id
      return (slot = search(id))
    },
    /** Slots have changed. */
    forget() {
      last = undefined
    },
  }
}
