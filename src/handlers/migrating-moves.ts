/**
 * How a record comes to the other side: made there first, so that nothing is lost when the process
 * ends in the middle, and taken back if it was destroyed here meanwhile.
 *
 * @module
 */
import type { Payload } from '../handler.js'
import type { InnerContext } from '../lib/inner-context.js'
import type { Job, Side, Sides } from './migrating-sides.js'

/** Whether the id of a new record is taken on a side. An id adopted under its lock has been looked for. */
export async function isTaken(sides: Sides, side: Side, { id, context }: Job): Promise<boolean> {
  if (!context.strict && sides.visits.holds({ id, context })) return false
  return side.has(id, side.beside(context, id))
}

/**
 * Makes a record on a side that has none. The activation holds its lock afterwards, where it held the
 * other side's.
 *
 * @returns `false` when there is one.
 */
export async function create(
  { visits }: Sides,
  side: Side,
  job: Job,
  payload: Payload,
): Promise<boolean> {
  const { id, context } = job
  const holds = visits.holds(job)
  if (context.isNew || (holds && !context.strict)) {
    const inner = side.of(context)
    inner.isNew = true
    return side.chain.write(id, payload, inner)
  }
  const inner = Object.assign(side.beside(context, id), { isNew: true, lock: context.lock })
  const made = await side.within(inner, async () => {
    inner.closing = true
    return side.chain.write(id, payload, inner)
  })
  if (made && holds && !context.closing) await reopen(side, side.of(context))
  return made
}

/** What was opened without a record has no lock yet. */
async function reopen({ chain }: Side, inner: InnerContext): Promise<void> {
  await chain.close(inner)
  await chain.open(inner)
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
