/**
 * How a record comes to the other side: made there first, so that nothing is lost when the process
 * ends in the middle, and taken back if it was destroyed here meanwhile.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { InnerContext } from '../lib/inner-context.js'
import type { Job, Side, Sides } from './migrating-sides.js'

/**
 * Where an activation that keeps others away has its record; it is looked for once.
 *
 * @returns `either` where nobody is kept away, so that it may be on one side now and on the other one
 *   in a moment; `undefined` for neither.
 */
export async function locate(
  { visits }: Sides,
  job: Job,
  order: readonly Side[],
): Promise<Side | 'either' | undefined> {
  if (!visits.holds(job)) return 'either'
  const found = visits.where(job)
  if (found !== undefined) return found
  for (const side of order) {
    if (!(await side.has(job.id, side.of(job.context)))) continue
    visits.found(job, side)
    return side
  }
  return undefined
}

/** Whether the id of a new record is taken on a side. An id adopted under its lock has been looked for. */
export async function isTaken(sides: Sides, side: Side, { id, context }: Job): Promise<boolean> {
  if (!context.strict && sides.visits.holds({ id, context })) return false
  return side.has(id, side.beside(context, id))
}

/**
 * Makes a record on the new side.
 *
 * @returns `false` when there is one.
 */
export async function create({ to, visits }: Sides, job: Job, payload: Payload): Promise<boolean> {
  const { id, context } = job
  if (context.isNew || (!context.strict && visits.holds(job))) {
    const inner = to.of(context)
    inner.isNew = true
    return to.chain.write(id, payload, inner)
  }
  const inner = Object.assign(to.beside(context, id), { isNew: true, lock: context.lock })
  return to.within(inner, async () => {
    inner.closing = true
    return to.chain.write(id, payload, inner)
  })
}

/**
 * Makes a record on the new side. An activation that holds the old side's lock has the new side's as
 * well from here on: what was opened there without a record has none yet.
 *
 * Nobody makes records on the old side so: who waits for the new side's lock has the old side's.
 *
 * @returns `false` when there is one.
 */
export async function createNew(sides: Sides, job: Job, payload: Payload): Promise<boolean> {
  const { to, visits } = sides
  const { isNew, strict, closing } = job.context
  if (!(await create(sides, job, payload))) return false
  if (isNew || !strict || closing || !visits.holds(job)) return true
  const inner = to.of(job.context)
  await to.chain.close(inner)
  await to.chain.open(inner)
  return true
}

/**
 * Runs a body under the old side's lock: the one that is held, or one for this while only, so that of
 * several that move a record one does.
 */
export async function lockedFrom<T>(
  { from, visits }: Sides,
  job: Job,
  body: (inner: InnerContext) => Promise<T>,
): Promise<T> {
  const { id, context } = job
  if (visits.holds(job)) return body(from.of(context))
  const inner = Object.assign(from.beside(context, id), { lock: 'exclusive' as const })
  return from.within(inner, body)
}

/** Takes back what was made on a side, as its record was destroyed on the other one. */
export async function withdraw(side: Side, { id, context }: Job): Promise<false> {
  await side.chain.destroy(id, side.of(context))
  return false
}
