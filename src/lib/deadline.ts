/** A limit for calls to storage. */
import { StoreError } from '../errors.js'

/**
 * What a promise resolves to, or a `StoreError` when that takes longer than `limitMs`.
 *
 * The call itself goes on: nothing can take it back. Its late outcome is dropped.
 */
export function deadline<T>(
  promise: PromiseLike<T>,
  operation: string,
  limitMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new StoreError('chain', operation, `no answer within ${limitMs} ms`))
    const timer = setTimeout(late, limitMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error as Error)
      },
    )
  })
}
