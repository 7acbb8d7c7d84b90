/**
 * Changes of a record below a cache: no copy from before survives one, and none is put in place that
 * the record does not hold.
 *
 * A change first digs a grave (in the place of what its activation found there), then changes the
 * record, then puts the new copy in the place of its own grave. Whoever finds a grave of somebody
 * else does not put a copy, but another grave when done. So a copy stands only for a change during
 * which there was no other one; and if a process ends in the middle, its grave ends by itself.
 *
 * @module
 */
import type { MaybePromise, Payload, SessionContext } from '../handler.js'
import { sameBytes } from '../lib/bytes.js'
import { entryWriter, markOf, type EntryWriter } from '../lib/cache-entry.js'
import type { CacheStore } from '../lib/cache-store.js'
import { wait, type Flow } from '../lib/flow.js'
import { storeFailure } from '../lib/store-call.js'
import type { Look, Looks } from './cache-looks.js'

/** Longer than any change below is on its way. */
export const GRAVE_MS = 30_000

export interface CacheParts {
  readonly store: CacheStore
  readonly looks: Looks
  /** Whether a change is made although the cache could not be told. */
  readonly bypasses: boolean
}

/** One change of one record. */
export interface CacheChange {
  readonly id: string
  readonly context: SessionContext
  readonly below: () => MaybePromise<boolean>
  /** What the record holds once `below` has answered `true`, where that is known. */
  readonly payload?: Payload
}

export interface CacheChanges {
  /** A write or a destroy. @throws {StoreError} When the cache cannot be told; nothing is changed. */
  change(change: CacheChange): Flow<boolean>
  /** A touch: the record stays as it is. */
  touch(change: Required<CacheChange>): Flow<boolean>
}

/** A change on its way. */
interface Claim {
  /** Of the grave; `undefined` where somebody else changes the record, or may. */
  readonly mark: Uint8Array | undefined
  readonly nowMs: number
}

export function cacheChanges(parts: CacheParts): CacheChanges {
  const entries = entryWriter()
  const bury = burial(parts, entries)
  const settle = settlement(parts, entries)
  const { looks } = parts

  function* change(change: CacheChange): Flow<boolean> {
    const claim = { mark: yield* bury(change), nowMs: change.context.now() }
    looks.forget(change.context)
    let accepted: boolean | undefined
    try {
      accepted = yield* wait(change.below())
      return accepted
    } finally {
      // A refused change has changed nothing; one that failed may have.
      if (accepted !== false) yield* settle(change, accepted ? claim : undefined)
    }
  }

  /** Puts a copy where none is, so that a session that is only read comes into the cache. */
  function* fill(touch: Required<CacheChange>, nowMs: number): Flow<boolean> {
    const mark = yield* claimed(parts, touch.id, entries)
    const accepted = yield* wait(touch.below())
    if (accepted && mark !== undefined) yield* settle(touch, { mark, nowMs })
    return accepted
  }

  function* renew(touch: Required<CacheChange>, claim: Claim): Flow<boolean> {
    const accepted = yield* wait(touch.below())
    yield* settle(touch, accepted ? claim : undefined)
    return accepted
  }

  return {
    change,
    *touch(touch) {
      const { id, context, payload } = touch
      const look = yield* looks.of(id, context)
      const nowMs = context.now()
      looks.forget(context)
      const { entry } = look
      if (entry?.copy !== undefined) {
        const same = sameBytes(entry.copy.payload, payload)
        if (same) return yield* renew(touch, { mark: entry.mark, nowMs })
        // A store that can only write may write what it is given.
        return yield* change({ id, context, below: touch.below })
      }
      if (isKnown(look, touch)) return yield* fill(touch, nowMs)
      const accepted = yield* wait(touch.below())
      if (!accepted && !look.answered) yield* settle(touch, undefined)
      return accepted
    },
  }

  /** Whether the record holds these bytes: read from it under the lock that is still held. */
  function isKnown({ answered, entry, payload }: Look, touch: Required<CacheChange>): boolean {
    if (!answered || entry !== undefined || payload === undefined) return false
    const { id, lock } = touch.context
    return lock === 'exclusive' && id === touch.id && sameBytes(payload, touch.payload)
  }
}

type Bury = (change: CacheChange) => Flow<Uint8Array | undefined>

/** Digs the grave. Its mark is the change's own claim to put a copy in its place. */
function burial({ store, looks, bypasses }: CacheParts, entries: EntryWriter): Bury {
  /** What the activation found; a record to be created has no entry. */
  function* expected({ id, context }: CacheChange): Flow<Pick<Look, 'entry' | 'answered'>> {
    if (context.isNew) return { entry: undefined, answered: true }
    return yield* looks.of(id, context)
  }

  function* dig(change: CacheChange): Flow<Uint8Array | undefined> {
    const grave = entries.grave()
    if (change.payload !== undefined) {
      const { entry, answered } = yield* expected(change)
      const free = answered && (entry === undefined || entry.copy !== undefined)
      const { id } = change
      if (free && (yield* wait(store.replace(id, entry?.mark, grave, GRAVE_MS)))) {
        return markOf(grave)
      }
    }
    yield* wait(store.set(change.id, grave, GRAVE_MS))
    return undefined
  }

  return function* bury(change) {
    try {
      return yield* dig(change)
    } catch (error) {
      if (!bypasses) throw storeFailure(store.name, 'set', error)
      looks.failed('set', error)
      return undefined
    }
  }
}

type Settle = (change: CacheChange, claim: Claim | undefined) => Flow<void>

/** Puts the copy in the place of the claim, or another grave where that is not to be done. */
function settlement({ store, looks }: CacheParts, entries: EntryWriter): Settle {
  function* put({ id, context, payload }: CacheChange, { mark, nowMs }: Claim): Flow<boolean> {
    if (mark === undefined || payload === undefined) return false
    const lifeMs = context.maxLifetime * 1000
    const entry = entries.copy({ payload, touchedMs: nowMs, endMs: nowMs + lifeMs })
    return yield* wait(store.replace(id, mark, entry, Math.max(1, lifeMs)))
  }

  return function* settle(change, claim) {
    try {
      if (claim !== undefined && (yield* put(change, claim))) return
      yield* wait(store.set(change.id, entries.grave(), GRAVE_MS))
    } catch (error) {
      // The record is changed; the grave, where it could be dug, still stands.
      looks.failed('replace', error)
    }
  }
}

/** A grave where there was nothing; a cache that fails leaves it at that. */
function* claimed(
  { store, looks }: CacheParts,
  id: string,
  entries: EntryWriter,
): Flow<Uint8Array | undefined> {
  try {
    const grave = entries.grave()
    const free = yield* wait(store.replace(id, undefined, grave, GRAVE_MS))
    return free ? markOf(grave) : undefined
  } catch (error) {
    looks.failed('replace', error)
    return undefined
  }
}
