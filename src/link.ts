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

/** The operation of one handler over `next`; `next` itself where the handler only passes through. */
export function linkOne<K extends Operation>(
  operation: K,
  handler: SessionHandler,
  next: Next[K],
  bit: number,
): Next[K] {
  const run = handler[operation]
  if (run === undefined || isPassThrough(run)) return next
  const link = LINK[ARITY[operation]] as (run: unknown, next: unknown, bit: number) => Next[K]
  return link(run.bind(handler as never), guard(operation, next, bit), bit)
}

function guard<K extends Operation>(operation: K, next: Next[K], bit: number): Next[K] {
  const guarding = GUARD[ARITY[operation]] as (next: unknown, bit: number) => Next[K]
  const guarded = guarding(next, bit)
  if (isBase(next)) markBase(guarded)
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
  validateId: 2,
  write: 3,
  updateTimestamp: 3,
} as const satisfies Record<Operation, 1 | 2 | 3>

type One<R> = (context: SessionContext) => R
type Two<A, R> = (a: A, context: SessionContext) => R
type Three<A, B, R> = (a: A, b: B, context: SessionContext) => R

const LINK = {
  1:
    <R>(run: (context: SessionContext, next: One<R>) => R, next: One<R>, bit: number): One<R> =>
    (context) => {
      context.entered &= ~bit
      return run(context, next)
    },
  2:
    <A, R>(
      run: (a: A, context: SessionContext, next: Two<A, R>) => R,
      next: Two<A, R>,
      bit: number,
    ): Two<A, R> =>
    (a, context) => {
      context.entered &= ~bit
      return run(a, context, next)
    },
  3:
    <A, B, R>(
      run: (a: A, b: B, context: SessionContext, next: Three<A, B, R>) => R,
      next: Three<A, B, R>,
      bit: number,
    ): Three<A, B, R> =>
    (a, b, context) => {
      context.entered &= ~bit
      return run(a, b, context, next)
    },
}

const GUARD = {
  1:
    <R>(next: One<R>, bit: number): One<R> =>
    (context) => {
      claim(context, bit)
      return next(context)
    },
  2:
    <A, R>(next: Two<A, R>, bit: number): Two<A, R> =>
    (a, context) => {
      claim(context, bit)
      return next(a, context)
    },
  3:
    <A, B, R>(next: Three<A, B, R>, bit: number): Three<A, B, R> =>
    (a, b, context) => {
      claim(context, bit)
      return next(a, b, context)
    },
}

function claim(context: SessionContext, bit: number): void {
  if ((context.entered & bit) !== 0) throw new StateError('chain: a handler called next() twice')
  context.entered |= bit
}
