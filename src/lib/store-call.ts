/**
 * Calls to the client of a server: each one ends, and none of them tells a secret.
 *
 * @module
 */
import { SessionError, StoreError } from '../errors.js'
import { errorCode } from './fs-error.js'
import { timerMs } from './held-lock.js'

/** Runs one call. @throws {StoreError} When it fails, or is not over in time. */
export type StoreCall = <T>(operation: string, work: () => PromiseLike<T>) => Promise<T>

/**
 * @param handler Who speaks in errors.
 * @param timeoutMs After which a call has failed. It goes on: nothing can take it back.
 * @param told Gives a client's error the code that it is told by.
 */
export function storeCall(
  handler: string,
  timeoutMs: number,
  told: (error: unknown) => unknown = (error) => error,
): StoreCall {
  return <T>(operation: string, work: () => PromiseLike<T>) =>
    new Promise<T>((resolve, reject) => {
      const late = () =>
        reject(new StoreError(handler, operation, `no answer within ${timeoutMs} ms`))
      const timer = setTimeout(late, timerMs(timeoutMs))
      const answered = (value: T) => {
        clearTimeout(timer)
        resolve(value)
      }
      const failed = (error: unknown) => {
        clearTimeout(timer)
        reject(storeFailure(handler, operation, told(error)) as Error)
      }
      try {
        work().then(answered, failed)
      } catch (error) {
        failed(error)
      }
    })
}

/**
 * The error to throw instead of a client's, whose message and properties may hold the command, and so
 * the id and the payload: only a code is passed on. Errors of this library pass.
 */
export function storeFailure(handler: string, operation: string, error: unknown): unknown {
  if (error instanceof SessionError) return error
  const known = wordFor(error)
  return new StoreError(handler, operation, `the store failed${known}`)
}

/** The code of an error, else the name of its class where that tells anything: `ClientClosedError`. */
function wordFor(error: unknown): string {
  const code = errorCode(error)
  if (CODE.test(code)) return ` (${code})`
  const { name = '' } =
    (error as { constructor?: { name?: unknown } } | null | undefined)?.constructor ?? {}
  return typeof name === 'string' && CLASS.test(name) ? ` (${name})` : ''
}

/** A class of errors that is none of the language's own. */
const CLASS = /^(?!Type|Range|Eval|Syntax|Reference|URI|Aggregate)[A-Z][A-Za-z]{2,40}Error$/

/** As systems and databases have them: ECONNREFUSED, ER_LOCK_DEADLOCK, 40001. */
const CODE = /^[A-Z0-9][A-Z0-9_]{1,40}$/
