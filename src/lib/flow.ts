/**
 * Straight-line code over values that may or may not be promises: a flow runs synchronously until
 * it meets a promise, and only then becomes one.
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'

/** Steps that yield the promises they wait for. */
export type Flow<T> = Generator<PromiseLike<unknown>, T, unknown>

/** Waits within a flow: `const payload = yield* wait(chain.read(id, context))`. */
export function* wait<T>(value: MaybePromise<T>): Flow<T> {
  return isPromise(value) ? ((yield value) as T) : value
}

/** Runs a flow. Throws at once what a synchronous flow throws. */
export function run<T>(flow: Flow<T>): MaybePromise<T> {
  const step = flow.next()
  return step.done === true ? step.value : settle(flow, step.value)
}

async function settle<T>(flow: Flow<T>, first: PromiseLike<unknown>): Promise<T> {
  let step = await resume(flow, first)
  while (step.done !== true) step = await resume(flow, step.value)
  return step.value
}

async function resume<T>(
  flow: Flow<T>,
  promise: PromiseLike<unknown>,
): Promise<IteratorResult<PromiseLike<unknown>, T>> {
  let value: unknown
  try {
    value = await promise
  } catch (error) {
    return flow.throw(error)
  }
  return flow.next(value)
}

/** Whether a value is to be waited for; foreign promises count. */
export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' &&
      value !== null &&
      typeof (value as { then?: unknown }).then === 'function')
  )
}
