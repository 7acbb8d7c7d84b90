/** A limit for calls to storage. */
import { StoreError } from '../errors.js'
import type { MaybePromise } from '../handler.js'
import { isPromise } from './flow.js'

/**
 * The value, or a `StoreError` when it takes longer than `limitMs`. A plain value passes untouched.
 *
 * The call itself goes on: nothing can take it back. Its late outcome is dropped.
 */
export function deadline<T>(
  value: MaybePromise<T>,
  operation: string,
  limitMs: number,
): MaybePromise<T> {
  if (!isPromise(value)) return value
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new StoreError('chain', operation, `no answer within ${limitMs} ms`)),
      limitMs,
    )
    const settled = () => clearTimeout(timer)
    value.then(resolve, reject).finally(settled)
  })
}
