/**
 * The memory handler at the innermost place: it holds the sessions and locks them.
 *
 * @module
 */
import { StoreError } from '../errors.js'
import type { MaybePromise, Payload, SessionContext, SessionInfo } from '../handler.js'
import { boundedRecords, type Bounds } from '../lib/bounded-records.js'
import { ownerIndex } from '../lib/owner-index.js'
import { NONE } from '../lib/record-table.js'
import {
  countRecords,
  listOwned,
  listRecords,
  sweep,
  type OwnedRecords,
} from '../lib/record-walks.js'
import { contextLocks } from '../locks/keyed-mutex-contexts.js'

export interface MemoryStoreOptions extends Bounds {
  readonly maxWaiters: number
}

/** The operations of the innermost handler: there is nothing below to ask. */
export interface MemoryStore {
  open(context: SessionContext): MaybePromise<void>
  close(context: SessionContext): void
  read(id: string, context: SessionContext): Payload | undefined
  write(id: string, payload: Payload, context: SessionContext): boolean
  destroy(id: string, context: SessionContext): boolean
  gc(maxLifetime: number, context: SessionContext): MaybePromise<number>
  updateTimestamp(id: string, context: SessionContext): boolean
  validateId(id: string, context: SessionContext): boolean
  list(context: SessionContext): AsyncIterable<SessionInfo>
  count(context: SessionContext): MaybePromise<number>
  listByOwner(owner: string, context: SessionContext): AsyncIterable<SessionInfo>
}

/** Only records that are written take memory: unknown ids leave nothing behind, not even a lock. */
export function memoryStore(options: MemoryStoreOptions): MemoryStore {
  const { table, put, owners } = ownedRecords(options)
  const locks = contextLocks(options)

  const isLive = (slot: number, { now, maxLifetime }: SessionContext) =>
    slot !== NONE && table.timeMs(slot) > lastExpired(now(), maxLifetime)

  /** Tells when it was used last, also of what has expired. */
  const look = (id: string, context: SessionContext): number => {
    const slot = table.find(id)
    if (slot !== NONE) context.touchedMs = table.timeMs(slot)
    return slot
  }

  return {
    open(context) {
      const { id, lock, strict } = context
      if (id === undefined || lock !== 'exclusive') return
      if (strict && !isLive(table.find(id), context)) return
      return locks.open(id, context)
    },
    close: locks.close,
    read(id, context) {
      const slot = look(id, context)
      if (!isLive(slot, context)) return undefined
      table.use(slot)
      return table.payload(slot)
    },
    write(id, payload, context) {
      const { isNew, now, maxLifetime, ownership } = context
      const slot = table.find(id)
      if (isNew ? isLive(slot, context) : slot === NONE) return false
      const nowMs = now()
      if (!put(id, payload, nowMs, lastExpired(nowMs, maxLifetime))) {
        throw new StoreError('memory', 'write', 'payload larger than "maxBytes"')
      }
      if (isNew || ownership !== undefined) owners.set(id, ownership?.owner)
      return true
    },
    destroy(id, context) {
      const slot = table.find(id)
      const existed = isLive(slot, context)
      if (slot !== NONE) table.remove(slot)
      return existed
    },
    updateTimestamp(id, { now, ownership }) {
      const slot = table.find(id)
      if (slot === NONE) return false
      table.touch(slot, now())
      if (ownership !== undefined) owners.set(id, ownership.owner)
      return true
    },
    validateId: (id, context) => isLive(look(id, context), context),
    ...walks({ table, owners }, isLive, locks.isHeld),
  }
}

function ownedRecords(options: MemoryStoreOptions) {
  const owners = ownerIndex()
  const removing = (slot: number) => {
    if (owners.size > 0) owners.set(records.table.id(slot), undefined)
  }
  const records = boundedRecords({ ...options, removing })
  return { ...records, owners }
}

type Walks = Pick<MemoryStore, 'gc' | 'list' | 'count' | 'listByOwner'>

function walks(
  records: OwnedRecords,
  isLive: (slot: number, context: SessionContext) => boolean,
  isInUse: (id: string) => boolean,
): Walks {
  return {
    gc(maxLifetime, context) {
      const stale = () => {
        const nowMs = context.now()
        const { aborted } = context.signal
        return { nowMs, staleMs: lastExpired(nowMs, maxLifetime), aborted }
      }
      return sweep(records.table, stale, isInUse)
    },
    list: (context) => listRecords(records, (slot) => isLive(slot, context)),
    count: (context) => countRecords(records.table, (slot) => isLive(slot, context)),
    listByOwner: (owner, context) => listOwned(records, owner, (slot) => isLive(slot, context)),
  }
}

/** The latest time of what has expired: an age, in whole seconds, above the lifetime. */
function lastExpired(nowMs: number, maxLifetime: number): number {
  return nowMs - (maxLifetime + 1) * 1000
}
