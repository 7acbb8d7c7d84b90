/**
 * Mode `dual`: the old side counts and stays whole; whatever is written there is written to the new
 * side as well.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import { create, createNew, isTaken, locate, withdraw } from './migrating-moves.js'
import type { Job, Mode, Sides } from './migrating-sides.js'

export function dualMode(sides: Sides): Mode {
  const { from, to, visits } = sides
  const mirror = mirrorOf(sides)

  async function insert(job: Job, payload: Payload): Promise<boolean> {
    const { id, context } = job
    if (await isTaken(sides, to, job)) return false
    if (!(await from.chain.write(id, payload, from.of(context)))) return false
    if (await create(sides, job, payload)) return true
    return to.chain.write(id, payload, to.beside(context, id)) // made there this very moment
  }

  async function touchBoth(job: Job, payload: Payload): Promise<boolean> {
    const { id, context } = job
    // Under the lock the payload is the record's: a process that knows the old side only may have
    // written it. Without, somebody may be faster.
    if (visits.holds(job)) return mirror.put(job, payload)
    if (await to.chain.updateTimestamp(id, payload, to.of(context))) return true
    const stored = await from.chain.read(id, from.of(context))
    return stored !== undefined && mirror.make(job, stored)
  }

  return {
    first: 'from',
    async write(job, payload) {
      const { id, context } = job
      if (context.isNew) return insert(job, payload)
      const place = await locate(sides, job, [from, to])
      if (place === undefined) return false
      // Moved by a process in mode lazy. To put it back would take the old side's lock after the new
      // side's, and others take them the other way round.
      if (place === to) return to.chain.write(id, payload, to.last(context))
      if (await from.chain.write(id, payload, from.of(context))) return mirror.put(job, payload)
      return place === 'either' && to.chain.write(id, payload, to.of(context))
    },
    async touch(job, payload) {
      const { id, context } = job
      const place = await locate(sides, job, [from, to])
      if (place === undefined) return false
      const old = place !== to && (await from.chain.updateTimestamp(id, payload, from.of(context)))
      if (old) return touchBoth(job, payload)
      return place !== from && to.chain.updateTimestamp(id, payload, to.of(context))
    },
    async gc(maxLifetime, context) {
      const removed = await from.chain.gc(maxLifetime, from.of(context))
      // The same sessions once more.
      await to.chain.gc(maxLifetime, to.of(context))
      return removed
    },
  }
}

interface Mirror {
  /** Gives the new side what the old side has. */
  put(job: Job, payload: Payload): Promise<boolean>
  /** Makes it on the new side, where it is not yet. */
  make(job: Job, payload: Payload): Promise<boolean>
}

function mirrorOf(sides: Sides): Mirror {
  const { from, to } = sides

  async function make(job: Job, payload: Payload): Promise<boolean> {
    if (!(await createNew(sides, job, payload))) return true // by somebody else, this moment
    const stands = await from.has(job.id, from.of(job.context))
    return stands || withdraw(to, job)
  }

  return {
    make,
    async put(job, payload) {
      const { id, context } = job
      // Without a record there is no lock, and what is written under a lock needs one.
      if (!(await to.has(id, to.of(context)))) return make(job, payload)
      return (await to.chain.write(id, payload, to.of(context))) || make(job, payload)
    },
  }
}
