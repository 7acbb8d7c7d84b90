import { publish } from '../events.js'
import type { Payload } from '../handler.js'
import { NONE, RECORD_OVERHEAD, recordTable, type RecordTable } from './record-table.js'

export interface Bounds {
  /** Who evicts, for the event. */
  readonly handler: string
  readonly maxEntries: number
  /** Ids, payloads and `RECORD_OVERHEAD` for each. */
  readonly maxBytes: number
  /** Told of each record before it goes. */
  readonly removing?: ((slot: number) => void) | undefined
}

/** A table that never grows beyond its bounds. */
export interface BoundedRecords extends Readonly<{ table: RecordTable }> {
  /**
   * Stores a payload under an id, and drops others where that is too much: those with a time of
   * `staleMs` or before, oldest first, then the least recently used.
   *
   * @returns `false` when the payload alone is too large; nothing changes then.
   */
  put(id: string, payload: Payload, timeMs: number, staleMs: number): boolean
}

/** Publishes `sessionz:evicted` once for all that one run of synchronous code evicted. */
export function boundedRecords(bounds: Bounds): BoundedRecords {
  const { handler, maxEntries, maxBytes, removing } = bounds
  const table = recordTable(removing)
  let evicted = 0

  const tell = () => {
    const entries = evicted
    evicted = 0
    publish('sessionz:evicted', () => ({ handler, entries }))
  }

  const dropOne = (staleMs: number) => {
    const oldest = table.oldest()
    if (table.timeMs(oldest) <= staleMs) return table.remove(oldest)
    if (evicted === 0) queueMicrotask(tell)
    evicted += 1
    return table.remove(table.leastUsed())
  }

  return {
    table,
    put(id, payload, timeMs, staleMs) {
      if (id.length + payload.length + RECORD_OVERHEAD > maxBytes) return false
      const slot = table.find(id)
      if (slot === NONE) table.insert(id, payload, timeMs)
      else table.replace(slot, payload, timeMs)
      while (table.size > maxEntries || table.bytes > maxBytes) dropOne(staleMs)
      return true
    },
  }
}
