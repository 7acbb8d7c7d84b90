/**
 * Work on a database: each piece ends in time, and is done again where two got in each other's way.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { StoreError } from '../errors.js'
import type { MaybePromise } from '../handler.js'
import { isPromise } from './flow.js'
import type { SqlDatabase } from './sql.js'
import { isMisfit, isTransient } from './sql-errors.js'
import { storeCall, storeFailure } from './store-call.js'

/**
 * Runs a piece of work, which may be done several times: a statement, or a whole transaction.
 * Synchronous where the database is.
 *
 * @param limitMs After which it has failed. @default the one of the runner
 * @throws {StoreError} When it fails, or is not over in time.
 */
export type SqlRunner = <T>(
  operation: string,
  work: () => MaybePromise<T>,
  limitMs?: number,
) => MaybePromise<T>

export interface SqlRunnerOptions {
  /** Who speaks in errors. */
  readonly handler: string
  readonly dialect: SqlDatabase['dialect']
  readonly timeoutMs: number
}

const FIRST_DELAY_MS = 1
const LONGEST_DELAY_MS = 20
/** SQLite has one writer: there it is asked again until the time is over. */
const TIMES = { sqlite: Infinity, postgres: 5, mysql: 5 }

export function sqlRunner({ handler, dialect, timeoutMs }: SqlRunnerOptions): SqlRunner {
  const times = TIMES[dialect]
  const told = (operation: string, error: unknown): unknown =>
    isMisfit(error)
      ? new StoreError(handler, operation, 'the table is missing or differs: run migrate()')
      : storeFailure(handler, operation, error)

  async function again<T>(work: () => MaybePromise<T>, limitMs: number): Promise<T> {
    const startedMs = performance.now()
    let delayMs = FIRST_DELAY_MS
    for (let time = 1; ; time += 1) {
      try {
        return await work()
      } catch (error) {
        const isOver = performance.now() - startedMs + delayMs > limitMs
        if (time > times || isOver || !isTransient(error)) throw error
      }
      await pause(delayMs * (0.5 + randomInt(1000) / 1000))
      delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
    }
  }

  /** Without a timer, as long as nobody is in the way. */
  function atOnce<T>(operation: string, work: () => MaybePromise<T>, limitMs: number) {
    const onError = (error: unknown): MaybePromise<T> => {
      if (!isTransient(error)) return fail(operation, error)
      return again(work, limitMs).catch((late: unknown) => fail(operation, late))
    }
    try {
      const value = work()
      return isPromise(value) ? value.catch(onError) : value
    } catch (error) {
      return onError(error)
    }
  }

  function fail(operation: string, error: unknown): never {
    throw told(operation, error)
  }

  return (operation, work, limitMs = timeoutMs) => {
    if (dialect === 'sqlite') return atOnce(operation, work, limitMs)
    const call = storeCall(handler, limitMs)
    return call(operation, () =>
      again(work, limitMs).catch((error: unknown) => fail(operation, error)),
    )
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, delayMs))
}
