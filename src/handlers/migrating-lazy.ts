/**
 * Modes `lazy` and `read-old`: the new side counts, and gets what is used.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { InnerContext } from '../lib/inner-context.js'
import { createNew, isTaken, locate, lockedFrom, withdraw } from './migrating-moves.js'
import type { Job, Mode, Sides } from './migrating-sides.js'

/** @param keeps Whether the old record stays where it is. */
export function lazyMode(sides: Sides, keeps: boolean): Mode {
  const { from, to } = sides
  const move = mover(sides, keeps)

  async function insert(job: Job, payload: Payload): Promise<boolean> {
    const { id, context } = job
    if (await isTaken(sides, from, job)) return false
    return to.chain.write(id, payload, to.last(context))
  }

  /** Works on the new side, where the record is or may be; `undefined` where it is to be moved. */
  async function onNew(job: Job, work: Work): Promise<boolean | undefined> {
    const place = await locate(sides, job, [to, from])
    if (place === undefined) return false
    if (place === 'either') return (await work(to.of(job.context))) || undefined
    return place === to ? work(to.last(job.context)) : undefined
  }

  return {
    first: 'to',
    async write(job, payload) {
      const { id, context } = job
      if (context.isNew) return insert(job, payload)
      const written = await onNew(job, async (inner) => to.chain.write(id, payload, inner))
      if (written === undefined) return move(job, payload, true)
      // What a process left here that ended in the middle, and what mode dual keeps here.
      if (written && !keeps) await from.chain.destroy(id, from.last(context))
      return written
    },
    async touch(job, payload) {
      const touch = async (inner: InnerContext) => to.chain.updateTimestamp(job.id, payload, inner)
      return (await onNew(job, touch)) ?? move(job, payload, false)
    },
    async gc(maxLifetime, context) {
      const removed = await to.chain.gc(maxLifetime, to.of(context))
      return keeps ? removed : removed + (await from.chain.gc(maxLifetime, from.of(context)))
    },
  }
}

type Work = (inner: InnerContext) => Promise<boolean>

type Move = (job: Job, payload: Payload, changes: boolean) => Promise<boolean>

/** Brings a record to the new side: with another payload, or, for a touch, as it is stored. */
function mover(sides: Sides, keeps: boolean): Move {
  const { from, to, visits } = sides

  /** Somebody else has moved it, or it is gone. */
  async function moved({ id, context }: Job, payload: Payload, changes: boolean) {
    if (changes) return to.chain.write(id, payload, to.of(context))
    return to.chain.updateTimestamp(id, payload, to.of(context))
  }

  /** @returns Whether the old record was there all the while. */
  async function leave({ id, context }: Job, inner: InnerContext): Promise<boolean> {
    if (keeps) return from.has(id, inner)
    inner.closing = !visits.holds({ id, context }) || context.closing
    return from.chain.destroy(id, inner)
  }

  return (job, payload, changes) =>
    lockedFrom(sides, job, async (inner) => {
      const stored = await from.chain.read(job.id, inner)
      if (stored === undefined) return moved(job, payload, changes)
      const made = await createNew(sides, job, changes ? payload : stored)
      if (!made) return moved(job, payload, changes)
      if (!(await leave(job, inner))) return withdraw(to, job)
      visits.found(job, to)
      return true
    })
}
