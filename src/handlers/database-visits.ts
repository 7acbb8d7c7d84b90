/**
 * Activations of sessions: the lock of each, and what was read while it was taken.
 *
 * @module
 */
import { InvalidIdError, LockLostError } from '../errors.js'
import type { Payload, SessionContext } from '../handler.js'
import type { SqlValue } from '../lib/sql.js'
import type { ContextLocks } from '../locks/keyed-mutex-contexts.js'
import type { Layout } from '../stores/layouts.js'
import type { Engine, Row } from './database-engine.js'
import { NAME, type Holder, type IsLive, type Locking } from './database-holders.js'
import type { Call, Change, Statements } from './database-statements.js'

/** What activations are made of. */
export interface VisitParts {
  readonly engine: Engine
  readonly texts: Statements
  readonly layout: Layout
  /** Whether others write without our locks. */
  readonly compares: boolean
  /** The queue of this process: one of it asks for a lock at a time. */
  readonly queue: ContextLocks
  readonly locking: Locking
  readonly isLive: IsLive
  /**
   * Whether a lock is that of the row. What an activation asks for after its `close` would wait at the
   * server for the next holder, and be done when nobody expects it: it is refused.
   */
  readonly locksRows: boolean
}

interface Visit {
  /** The one `open`: asked for again it is the same. */
  opening?: Promise<void>
  holder?: Holder | undefined
  /** It held a lock of the row, and was closed. */
  readonly over?: boolean
  /** What was found, for the read that follows: storage is asked once. */
  found?: { readonly id: string; readonly row: Row | undefined } | undefined
  /** What was read: the payload has to be that still. */
  seen?: { readonly id: string; readonly payload: SqlValue } | undefined
}

/** The operations of a storing handler on one session. Ids are valid. */
export interface Visits {
  open(id: string, context: SessionContext): Promise<void>
  close(context: SessionContext): Promise<void>
  read(id: string, context: SessionContext): Promise<Payload | undefined>
  isKnown(id: string, context: SessionContext): Promise<boolean>
  write(id: string, payload: Payload, context: SessionContext): Promise<boolean>
  touch(id: string, context: SessionContext): Promise<boolean>
  destroy(id: string, context: SessionContext): Promise<boolean>
}

export function visitsOf(parts: VisitParts): Visits {
  const { texts, layout } = parts
  const visits: Visited = new WeakMap()
  const places = placesOf(parts, visits)
  const { create, update, apply } = changesOf(parts, visits, places)
  const destroy: Visits['destroy'] = (id, context) =>
    apply(id, context, { operation: 'destroy', change: texts.destroy(id) })

  return {
    ...doors(parts, visits),
    destroy,
    isKnown: async (id, context) => {
      const row = await places.look(id, context)
      remember(visits, context, { found: { id, row } })
      return row !== undefined
    },
    async read(id, context) {
      const row = await places.look(id, context)
      places.forget(context)
      if (row !== undefined && parts.compares) {
        remember(visits, context, { seen: { id, payload: row.payload } })
      }
      return row && layout.decode(row.payload)
    },
    async write(id, payload, context) {
      const reason = layout.refuses?.(id)
      if (reason !== undefined) throw new InvalidIdError(reason)
      if (payload.length === 0 && layout.emptyIsAbsent === true) {
        return context.isNew || destroy(id, context)
      }
      return context.isNew ? create(id, payload, context) : update(id, payload, context)
    },
    touch: (id, context) =>
      apply(id, context, { operation: 'touch', change: texts.touch(id, context) }),
  }
}

/** Where the work on an id is done, and what is known of it already. */
function placesOf({ engine, isLive, layout }: VisitParts, visits: Visited) {
  /** Under the activation's lock where it is that of the id. */
  const of = (id: string, context: SessionContext): Holder | Engine => {
    const holder = visits.get(context)?.holder
    return holder?.covers(id) === true ? holder : engine
  }
  return {
    of,
    async look(id: string, context: SessionContext): Promise<Row | undefined> {
      const known = visits.get(context)?.found
      const row = known?.id === id ? known.row : await of(id, context).read(id)
      if (row !== undefined) context.touchedMs = layout.touchedMs(row.life, context.maxLifetime)
      return isLive(row, context) ? row : undefined
    },
    forget(context: SessionContext): void {
      const visit = visits.get(context)
      if (visit !== undefined) visit.found = undefined
    },
  }
}

function changesOf(
  { engine, texts, queue }: VisitParts,
  visits: Visited,
  places: ReturnType<typeof placesOf>,
) {
  async function apply(id: string, context: SessionContext, task: Task): Promise<boolean> {
    places.forget(context)
    if (visits.get(context)?.over === true) throw new LockLostError(NAME)
    const place = places.of(id, context)
    const once = () => place.change(task.operation, task.change)
    let outcome = await once()
    if (outcome === 'taken' && task.clear && (await place.clear(task.clear))) outcome = await once()
    if (outcome === 'lost') throw new LockLostError(NAME)
    if (visits.get(context)?.holder?.ended === true) queue.close(context)
    return outcome === 'done'
  }

  async function update(id: string, payload: Payload, context: SessionContext): Promise<boolean> {
    const visit = visits.get(context)
    const seen = visit?.holder && visit.seen?.id === id ? visit.seen.payload : undefined
    const change = texts.update(id, payload, context, seen)
    const written = await apply(id, context, { operation: 'write', change })
    if (visit !== undefined) visit.seen = undefined
    if (!written && seen !== undefined && (await engine.read(id)) !== undefined) {
      throw new LockLostError(NAME, 'somebody without the lock wrote before; nothing was written')
    }
    return written
  }

  return {
    apply,
    update,
    create(id: string, payload: Payload, context: SessionContext): Promise<boolean> {
      const change = texts.create(id, payload, context)
      return apply(id, context, { operation: 'write', change, clear: texts.clear(id, context) })
    },
  }
}

interface Task {
  readonly operation: string
  readonly change: Change
  /** What removes an expired record that is in the way. */
  readonly clear?: Call
}

type Visited = WeakMap<SessionContext, Visit>

function remember(visits: Visited, context: SessionContext, more: Visit): void {
  visits.set(context, Object.assign(visits.get(context) ?? {}, more))
}

/** `open` and `close`: in this process first, then in the database. */
function doors(
  { queue, locking, locksRows }: VisitParts,
  visits: Visited,
): Pick<Visits, 'open' | 'close'> {
  async function enter(id: string, context: SessionContext, visit: Visit): Promise<void> {
    const startedMs = performance.now()
    await queue.open(id, context)
    const waitMs = Math.max(0, context.lockWaitMs - (performance.now() - startedMs))
    const { holder, row } = await locking(id, { context, waitMs })
    if (visits.get(context) !== visit) return holder?.end() // closed while it waited
    Object.assign(visit, { holder, found: { id, row } })
    if (holder === undefined) queue.close(context)
  }

  return {
    open(id, context) {
      const known = visits.get(context)?.opening
      if (known !== undefined) return known
      const visit: Visit = {}
      visits.set(context, visit)
      visit.opening = enter(id, context, visit).catch((error: unknown) => {
        if (visits.get(context) === visit) visits.delete(context)
        queue.close(context)
        throw error
      })
      return visit.opening
    },
    async close(context) {
      const { holder, over } = visits.get(context) ?? {}
      visits.delete(context)
      if (over === true || (locksRows && holder !== undefined)) visits.set(context, { over: true })
      try {
        await holder?.end()
      } finally {
        queue.close(context)
      }
    },
  }
}
