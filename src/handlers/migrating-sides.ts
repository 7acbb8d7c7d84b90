/**
 * The two sides of a move: each a chain of its own, with contexts of its own.
 *
 * @module
 */
import { composeChain } from '../chain.js'
import type { Chain, Payload, SessionContext, SessionHandler } from '../handler.js'
import { innerContext, renewContext, type InnerContext } from '../lib/inner-context.js'

/** One side, in the words of the activations above it. */
export interface Side {
  readonly chain: Chain
  /** Its context of an activation, for an operation that others may follow. */
  of(context: SessionContext): InnerContext
  /** Its context of an activation, for the last operation on this side, if it is the last above. */
  last(context: SessionContext): InnerContext
  /** A context besides: it locks nothing and expects a record. */
  beside(context: SessionContext, id: string): InnerContext
  /** Runs a body in an activation of its own, from open to close. */
  within<T>(inner: InnerContext, body: (inner: InnerContext) => Promise<T>): Promise<T>
  has(id: string, inner: InnerContext): Promise<boolean>
}

export function sideOf(handlers: readonly SessionHandler[]): Side {
  const chain = composeChain(handlers)
  const inners = new WeakMap<SessionContext, InnerContext>()

  const of = (context: SessionContext, closing = false) => {
    const inner = inners.get(context) ?? innerContext(context)
    inners.set(context, inner)
    renewContext(inner, context)
    inner.id = context.id
    inner.closing = closing
    return inner
  }

  return {
    chain,
    of: (context) => of(context),
    last: (context) => of(context, context.closing),
    beside(context, id) {
      const inner = innerContext(context)
      return Object.assign(inner, { id, isNew: false, strict: true, lock: 'none', closing: false })
    },
    async within(inner, body) {
      try {
        await chain.open(inner)
        return await body(inner)
      } finally {
        await chain.close(inner)
      }
    },
    async has(id, inner) {
      if (chain.validateId !== undefined) return chain.validateId(id, inner)
      return (await chain.read(id, inner)) !== undefined
    },
  }
}

/** Both sides, and what their activations know. */
export interface Sides {
  readonly from: Side
  readonly to: Side
  readonly visits: Visits
}

/** One operation on one record. */
export interface Job {
  readonly id: string
  readonly context: SessionContext
}

export interface Visits {
  begin(context: SessionContext): void
  end(context: SessionContext): void
  /** Whether the activation keeps others away from this id, on the side that has it. */
  holds(job: Job): boolean
  /** Where the record was found, as far as it cannot have moved since. */
  where(job: Job): Side | undefined
  found(job: Job, side: Side): void
}

export function sideVisits(): Visits {
  const visits = new WeakMap<SessionContext, { found?: Side }>()
  const holds = ({ id, context }: Job) =>
    context.lock === 'exclusive' && context.id === id && visits.has(context)
  return {
    begin: (context) => void visits.set(context, {}),
    end: (context) => void visits.delete(context),
    holds,
    where: (job) => (holds(job) ? visits.get(job.context)?.found : undefined),
    found(job, side) {
      const visit = visits.get(job.context)
      if (visit !== undefined && holds(job)) visit.found = side
    },
  }
}

/** What a mode does its own way. `true` and `false` are as in a handler. */
export interface Mode {
  /** Which side is asked first; where a record is on both, it is the one that counts. */
  readonly first: 'from' | 'to'
  write(job: Job, payload: Payload): Promise<boolean>
  touch(job: Job, payload: Payload): Promise<boolean>
  gc(maxLifetime: number, context: SessionContext): Promise<number>
}
