/**
 * What the memcached handler knows of an activation between `open` and `close`: its lock, and which
 * version of the record it has seen.
 *
 * @module
 */
import type { SessionContext } from '../handler.js'
import type { MemcachedLock, TakeMemcachedLock } from '../locks/memcached.js'
import type { ContextLocks } from '../locks/keyed-mutex-contexts.js'
import type { Cas, MemcachedItem } from '../stores/memcached.js'

/** One activation that was opened. */
export interface Visit {
  readonly id: string
  /** Ends when `open` does. */
  opened: Promise<void>
  /** `undefined` where nothing is locked. */
  lock: MemcachedLock | undefined
  /** What was looked up and not handed out yet: the server is asked once. */
  found: { readonly item: MemcachedItem | undefined } | undefined
  /** The version of the record that the activation has read, or has written itself. */
  cas: Cas | undefined
  /** Somebody else has written the record under our lock. */
  overtaken: boolean
  closed: boolean
}

/** What visits need. */
export interface VisitParts {
  readonly get: (id: string) => Promise<MemcachedItem | undefined>
  readonly take: TakeMemcachedLock
  readonly lockKey: (id: string) => string
  /** In one process first come, first served; only the first in line asks the server. */
  readonly queue: ContextLocks
}

export interface Visits {
  /** Begins an activation and takes the lock that its mode asks for. */
  open(id: string, context: SessionContext): Promise<void>
  /** Ends it, and gives back what it holds. */
  close(context: SessionContext): Promise<void>
  /** The activation, where it is of this id. */
  of(id: string, context: SessionContext): Visit | undefined
  /** Looks a record up, for the read that follows. */
  look(id: string, context: SessionContext): Promise<boolean>
  /** The record: what was looked up, else what the server has now. */
  take(id: string, context: SessionContext): Promise<MemcachedItem | undefined>
}

export function memcachedVisits(parts: VisitParts): Visits {
  const visits = new WeakMap<SessionContext, Visit>()

  const of = (id: string, context: SessionContext) => {
    const visit = visits.get(context)
    return visit?.id === id ? visit : undefined
  }

  const find = async (id: string, visit: Visit | undefined) => {
    const item = await parts.get(id)
    if (visit !== undefined) visit.cas = item?.cas
    return item
  }

  return {
    of,
    open(id, context) {
      const known = of(id, context)
      if (known !== undefined) return known.opened
      const visit = newVisit(id)
      visits.set(context, visit)
      visit.opened = enter(visit, context, parts).catch((error: unknown) => {
        if (visits.get(context) === visit) visits.delete(context)
        throw error
      })
      return visit.opened
    },
    async close(context) {
      const visit = visits.get(context)
      visits.delete(context)
      if (visit !== undefined) visit.closed = true
      await visit?.lock?.release()
      parts.queue.close(context)
    },
    async look(id, context) {
      const visit = of(id, context)
      if (visit?.found !== undefined) return visit.found.item !== undefined
      const item = await find(id, visit)
      if (visit !== undefined) visit.found = { item }
      return item !== undefined
    },
    async take(id, context) {
      const visit = of(id, context)
      const found = visit?.found
      if (visit === undefined || found === undefined) return find(id, visit)
      visit.found = undefined
      return found.item
    },
  }
}

function newVisit(id: string): Visit {
  const nothing = { lock: undefined, found: undefined, cas: undefined }
  return { id, opened: Promise.resolve(), ...nothing, overtaken: false, closed: false }
}

/** Takes the lock; in strict mode of a record that is there only. */
async function enter(visit: Visit, context: SessionContext, parts: VisitParts): Promise<void> {
  const { id } = visit
  const { lock, strict, isNew } = context
  if (lock !== 'exclusive' || (isNew && strict)) return
  if (strict && !(await isThere(visit, parts))) return
  if (visit.closed) return
  const startedMs = performance.now()
  await parts.queue.open(id, context)
  try {
    if (visit.closed) return // and its place in the queue was given back
    const leftMs = Math.max(0, context.lockWaitMs - (performance.now() - startedMs))
    const granted = await parts.take(parts.lockKey(id), context, leftMs)
    if (visit.closed) return await granted.release()
    visit.lock = granted
    visit.found = undefined // it may have changed during the wait
    visit.cas = undefined
  } catch (error) {
    parts.queue.close(context)
    throw error
  }
}

/** An id that nobody knows is remembered as such, for the read that follows. */
async function isThere(visit: Visit, { get }: VisitParts): Promise<boolean> {
  const item = await get(visit.id)
  if (item === undefined) visit.found = { item }
  return item !== undefined
}
