/**
 * Copies of what a store below holds, each good for a while after the store was asked.
 *
 * @module
 */
import type { MaybePromise, Payload } from '../handler.js'
import { boundedRecords, type BoundedRecords, type Bounds } from './bounded-records.js'
import { fillTickets } from './fill-tickets.js'
import { wait, type Flow } from './flow.js'
import { NONE } from './record-table.js'

export interface FreshCopiesOptions extends Bounds {
  /** 0 keeps no copies. */
  readonly maxAgeMs: number
}

/** A change of one record below. */
export interface Change {
  readonly nowMs: number
  readonly below: () => MaybePromise<boolean>
  /** What the record holds once `below` has answered `true`; `undefined` when it is destroyed. */
  readonly payload?: Payload
}

export interface FreshCopies {
  /** The copy, where the store was asked for it no longer than `maxAgeMs` and `limitMs` ago. */
  get(id: string, nowMs: number, limitMs: number): Payload | undefined
  /** Asks below and keeps the answer, unless there is none or the record changed meanwhile. */
  fill(
    id: string,
    nowMs: number,
    below: () => MaybePromise<Payload | undefined>,
  ): Flow<Payload | undefined>
  /** Changes the record below. No copy from before is left, whatever comes of it. */
  change(id: string, change: Change): Flow<boolean>
  /** Drops the copy, also one that is on its way. */
  forget(id: string): void
}

export function freshCopies(options: FreshCopiesOptions): FreshCopies {
  const { maxAgeMs } = options
  const records = boundedRecords(options)
  const tickets = fillTickets()

  const keep = (id: string, payload: Payload, nowMs: number) => {
    if (maxAgeMs === 0) return
    const staleMs = nowMs - maxAgeMs - 1
    records.put(id, payload, nowMs, staleMs)
    dropStale(records, staleMs)
  }

  return {
    get(id, nowMs, limitMs) {
      const slot = records.table.find(id)
      if (slot === NONE) return undefined
      const age = nowMs - records.table.timeMs(slot)
      if (age < 0 || age > Math.min(maxAgeMs, limitMs)) return undefined
      records.table.use(slot)
      return records.table.payload(slot)
    },
    *fill(id, nowMs, below) {
      const ticket = tickets.read(id)
      let current = false
      let payload: Payload | undefined
      try {
        payload = yield* wait(below())
      } finally {
        current = tickets.readDone(id, ticket)
      }
      if (current && payload === undefined) drop(records, id)
      else if (current && payload !== undefined) keep(id, payload, nowMs)
      return payload
    },
    *change(id, { nowMs, below, payload }) {
      const ticket = tickets.change(id)
      let accepted = false
      drop(records, id)
      try {
        accepted = yield* wait(below())
        return accepted
      } finally {
        const alone = tickets.changeDone(id, ticket)
        drop(records, id)
        if (accepted && alone && payload !== undefined) keep(id, payload, nowMs)
      }
    },
    forget(id) {
      tickets.revoke(id)
      drop(records, id)
    },
  }
}

function drop({ table }: BoundedRecords, id: string): void {
  const slot = table.find(id)
  if (slot !== NONE) table.remove(slot)
}

/** Drops two at most: as one is added at a time, that is enough to keep few stale ones. */
function dropStale({ table }: BoundedRecords, staleMs: number): void {
  for (let dropped = 0; dropped < 2; dropped += 1) {
    const oldest = table.oldest()
    if (oldest === NONE || table.timeMs(oldest) > staleMs) return
    table.remove(oldest)
  }
}
