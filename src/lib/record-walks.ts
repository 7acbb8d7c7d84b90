/**
 * Work over many records, in slices: nothing here stops the event loop for long.
 *
 * @module
 */
import type { MaybePromise, SessionInfo } from '../handler.js'
import type { OwnerIndex } from './owner-index.js'
import { NONE, PARTS, type RecordTable } from './record-table.js'
import { inSlices, SLICE, turn } from './slices.js'

/** Records, and whom they belong to. */
export interface OwnedRecords {
  readonly table: RecordTable
  readonly owners: OwnerIndex
}

export type IsLive = (slot: number) => boolean

/** What a sweep removes, asked anew for each slice. */
export interface Stale {
  readonly nowMs: number
  /** Records with this time or an earlier one go. */
  readonly staleMs: number
  /** Whether to stop after this slice. */
  readonly aborted?: boolean
}

/**
 * Removes what is stale, oldest first, and stops at the first record that is not: the cost grows with
 * what is removed, not with what is there.
 *
 * @param isInUse Ids that stay for now.
 * @returns How many were removed; a plain value where one slice is enough.
 */
export function sweep(
  table: RecordTable,
  stale: () => Stale,
  isInUse: (id: string) => boolean,
): MaybePromise<number> {
  let removed = 0
  const done = inSlices(() => {
    const now = stale()
    const swept = sweepSlice(table, now, isInUse)
    removed += swept
    return swept === SLICE && now.aborted !== true
  })
  return done === undefined ? removed : done.then(() => removed)
}

function sweepSlice(
  table: RecordTable,
  { nowMs, staleMs }: Stale,
  isInUse: (id: string) => boolean,
): number {
  let removed = 0
  let slot = table.oldest()
  while (slot !== NONE && removed < SLICE) {
    const newer = table.newer(slot)
    const timeMs = table.timeMs(slot)
    let moved = NONE
    if (timeMs > nowMs) {
      table.touch(slot, nowMs) // the clock was set back: its age begins now
    } else if (timeMs > staleMs) {
      break
    } else if (!isInUse(table.id(slot))) {
      moved = table.remove(slot)
      removed += 1
    }
    slot = newer !== NONE && newer === moved ? slot : newer
  }
  return removed
}

/** Lists what is live at the moment it is yielded; who stays throughout is listed exactly once. */
export async function* listRecords(
  records: OwnedRecords,
  isLive: IsLive,
): AsyncGenerator<SessionInfo, void, undefined> {
  const { table } = records
  let listed = 0
  for (let part = 0; part < PARTS; part += 1) {
    for (const id of table.slots(part).map(table.id)) {
      const slot = table.find(id)
      if (slot === NONE || !isLive(slot)) continue
      yield infoOf(records, id, slot)
      listed += 1
      if (listed % SLICE === 0) await turn()
    }
  }
}

/** Lists what is live of one owner, likewise. */
export async function* listOwned(
  records: OwnedRecords,
  owner: string,
  isLive: IsLive,
): AsyncGenerator<SessionInfo, void, undefined> {
  const { table, owners } = records
  for (const id of owners.idsOf(owner)) {
    const slot = table.find(id)
    if (slot !== NONE && isLive(slot) && owners.ownerOf(id) === owner)
      yield infoOf(records, id, slot)
  }
}

function infoOf({ table, owners }: OwnedRecords, id: string, slot: number): SessionInfo {
  const owner = owners.ownerOf(id)
  const info = { id, touchedMs: table.timeMs(slot), bytes: table.payloadBytes(slot) }
  return owner === undefined ? info : { ...info, owner }
}

/** Counts what is live, in slices of fifty times `SLICE` records: counting is quick. */
export function countRecords(table: RecordTable, isLive: IsLive): MaybePromise<number> {
  const step = Math.max(1, Math.floor((50 * SLICE * PARTS) / Math.max(1, table.size)))
  let live = 0
  let part = 0
  const done = inSlices(() => {
    const end = Math.min(PARTS, part + step)
    for (; part < end; part += 1) live += table.slots(part).filter(isLive).length
    return part < PARTS
  })
  return done === undefined ? live : done.then(() => live)
}
