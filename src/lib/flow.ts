/**
 * Straight-line code over values that may or may not be promises: a flow runs synchronously until
 * it meets a promise, and only then becomes one.
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'

/** Steps that yield the promises they wait for: what a generator makes, or a value that is there. */
export interface Flow<T> extends Iterator<PromiseLike<unknown>, T, unknown> {
  [Symbol.iterator](): Flow<T>
}

/** Waits within a flow: `const payload = yield* wait(chain.read(id, context))`. */
export function wait<T>(value: MaybePromise<T>): Flow<T> {
  return isPromise(value) ? waiting(value) : new Ready(value)
}

function* waiting<T>(promise: Promise<T>): Flow<T> {
  return (yield promise) as T
}

/** A flow that is over. A class for its speed: a generator that waits for nothing takes twice as long. */
class Ready<T> implements Flow<T> {
  readonly done = true

  constructor(readonly value: T) {}

  next(): IteratorReturnResult<T> {
    return this
  }

  [Symbol.iterator](): Flow<T> {
    return this
  }
}

/** Runs a flow. Throws at once what a synchronous flow throws. */
export function run<T>(flow: Flow<T>): MaybePromise<T> {
  const step = flow.next()
  return step.done === true ? step.value : settle(flow, step.value)
}

/** One promise for the whole flow, and one for each wait. */
function settle<T>(flow: Flow<T>, first: PromiseLike<unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    const go = (value: unknown) => advance(() => flow.next(value))
    const fail = (error: unknown) => advance(() => flow.throw?.(error))
    function advance(resume: () => IteratorResult<PromiseLike<unknown>, T> | undefined): void {
      try {
        const step = resume()
        if (step?.done === false) void Promise.resolve(step.value).then(go, fail)
        else resolve(step?.value as T)
      } catch (error) {
        reject(error as Error)
      }
    }
    void Promise.resolve(first).then(go, fail)
  })
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
