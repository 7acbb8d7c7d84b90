/**
 * One layer linked to the rest of the chain.
 *
 * A second call of `next` is caught without a closure per call: a layer's bit in the context is
 * cleared when the layer is entered and set when its `next` is called (tests/bench/chain.bench.ts).
 *
 * @module
 */
import { StateError } from './errors.js'
import { isPassThrough, type Next, type SessionContext, type SessionHandler } from './handler.js'

export type Operation = keyof Next

const bases = new WeakSet<object>()

/** Remembers an operation that stands below all handlers. */
export function markBase(operation: object): void {
  bases.add(operation)
}

/** Whether `next` leads to nothing but the base: the handler that asks is the innermost. */
export function isBase(next: object): boolean {
  return bases.has(next)
}

/** The touch of the layers below a handler, and their write. */
const writes = new WeakMap<object, Next['write']>()

/** Remembers which write goes through the same layers as a touch. */
export function markWrite(touch: Next['updateTimestamp'], write: Next['write']): void {
  writes.set(touch, write)
}

/**
 * What a layer calls in `updateTimestamp` instead of `next` when its record below has to change:
 * the write of the layers below. It counts as the one call of `next`.
 */
export function writeInstead(next: Next['updateTimestamp']): Next['write'] {
  return writes.get(next) ?? next
}

/** The operation of one handler over `next`; `next` itself where the handler only passes through. */
export function linkOne<K extends Operation>(
  operation: K,
  handler: SessionHandler,
  next: Next[K],
  bit: number,
): Next[K] {
  const run = handler[operation]
  if (run === undefined || isPassThrough(run)) return next
  const link = LINK[ARITY[operation]] as (layer: unknown, next: unknown) => Next[K]
  return link({ run, handler, bit }, guard(operation, next, bit))
}

function guard<K extends Operation>(operation: K, next: Next[K], bit: number): Next[K] {
  const guarding = GUARD[ARITY[operation]] as (next: unknown, bit: number) => Next[K]
  const guarded = guarding(next, bit)
  if (isBase(next)) markBase(guarded)
  const write = operation === 'updateTimestamp' ? writes.get(next) : undefined
  if (write !== undefined) markWrite(guarded as Next['updateTimestamp'], guard('write', write, bit))
  return guarded
}

/** How many arguments an operation has; the last one is the context. */
const ARITY = {
  open: 1,
  close: 1,
  createId: 1,
  list: 1,
  count: 1,
  read: 2,
  destroy: 2,
  gc: 2,
  listByOwner: 2,
  validateId: 2,
  write: 3,
  updateTimestamp: 3,
} as const satisfies Record<Operation, 1 | 2 | 3>

type One<R> = (context: SessionContext) => R
type Two<A, R> = (a: A, context: SessionContext) => R
type Three<A, B, R> = (a: A, b: B, context: SessionContext) => R

/** One operation of one handler, and the bit that says whether it called `next`. */
interface Layer<F> {
  readonly run: F
  readonly handler: SessionHandler
  readonly bit: number
}

/* `call` and the bits in locals: a third less than bound functions and a helper, measured. */
const LINK = {
  1: <R>(
    { run, handler, bit }: Layer<(context: SessionContext, next: One<R>) => R>,
    next: One<R>,
  ): One<R> => {
    const others = ~bit
    return (context) => {
      context.entered &= others
      return run.call(handler, context, next)
    }
  },
  2: <A, R>(
    { run, handler, bit }: Layer<(a: A, context: SessionContext, next: Two<A, R>) => R>,
    next: Two<A, R>,
  ): Two<A, R> => {
    const others = ~bit
    return (a, context) => {
      context.entered &= others
      return run.call(handler, a, context, next)
    }
  },
  3: <A, B, R>(
    { run, handler, bit }: Layer<(a: A, b: B, context: SessionContext, next: Three<A, B, R>) => R>,
    next: Three<A, B, R>,
  ): Three<A, B, R> => {
    const others = ~bit
    return (a, b, context) => {
      context.entered &= others
      return run.call(handler, a, b, context, next)
    }
  },
}

const GUARD = {
  1:
    <R>(next: One<R>, bit: number): One<R> =>
    (context) => {
      const { entered } = context
      if ((entered & bit) !== 0) throw calledTwice()
      context.entered = entered | bit
      return next(context)
    },
  2:
    <A, R>(next: Two<A, R>, bit: number): Two<A, R> =>
    (a, context) => {
      const { entered } = context
      if ((entered & bit) !== 0) throw calledTwice()
      context.entered = entered | bit
      return next(a, context)
    },
  3:
    <A, B, R>(next: Three<A, B, R>, bit: number): Three<A, B, R> =>
    (a, b, context) => {
      const { entered } = context
      if ((entered & bit) !== 0) throw calledTwice()
      context.entered = entered | bit
      return next(a, b, context)
    },
}

function calledTwice(): StateError {
  return new StateError('chain: a handler called next() twice')
}
