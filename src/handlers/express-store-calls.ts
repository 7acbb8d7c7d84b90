/**
 * Calls of an express-session store: callbacks as promises, each of which ends.
 *
 * @module
 */
import { StoreError } from '../errors.js'
import { errorCode } from '../lib/fs-error.js'
import { isPromise } from '../lib/flow.js'
import { timerMs } from '../lib/held-lock.js'

/** Who speaks in errors. */
export const NAME = 'express-store'

/** What a record of such a store looks like, as far as all stores know it. */
export interface ExpressSession {
  readonly cookie: ExpressCookie
}

/** The cookie of a record: stores take from it how long the record lives. */
export interface ExpressCookie {
  /** Lifetime in milliseconds from the last use; `null` for as long as the browser runs. */
  readonly originalMaxAge: number | null
  /** When the record expires; stores that keep JSON answer with text. */
  readonly expires?: Date | string | null | undefined
}

/** Several sessions, as stores answer `all`: by id, or in a list. */
export type ExpressSessions = readonly ExpressSession[] | Readonly<Record<string, ExpressSession>>

/**
 * A store for express-session: any class that extends its `Store`. Only these functions are called.
 *
 * @see https://github.com/expressjs/session#session-store-implementation
 */
export interface ExpressStore {
  get(id: string, callback: (error: unknown, session?: ExpressSession | null) => void): void
  set(id: string, session: ExpressSession, callback?: (error?: unknown) => void): void
  destroy(id: string, callback?: (error?: unknown) => void): void
  touch?(id: string, session: ExpressSession, callback?: (error?: unknown) => void): void
  all?(callback: (error: unknown, sessions?: ExpressSessions | null) => void): void
  length?(callback: (error: unknown, length?: number) => void): void
}

/** The store's functions, each ending in an answer or a `StoreError`. */
export interface StoreCalls {
  get(id: string): Promise<ExpressSession | undefined>
  set(id: string, session: ExpressSession): Promise<void>
  destroy(id: string): Promise<void>
  touch(id: string, session: ExpressSession): Promise<void>
  all(): Promise<ExpressSessions>
  length(): Promise<number>
}

type Callback = (error?: unknown, value?: unknown) => void

/** @param timeoutMs After which a store that does not call back has failed. */
export function storeCalls(store: ExpressStore, timeoutMs: number): StoreCalls {
  const ask = (operation: string, call: (callback: Callback) => unknown) =>
    answerOf(operation, timeoutMs, call)
  return {
    async get(id) {
      const session = await ask('get', (done) => store.get(id, done))
      return (session || undefined) as ExpressSession | undefined // any falsy answer, as there
    },
    async set(id, session) {
      await ask('set', (done) => store.set(id, session, done))
    },
    async destroy(id) {
      await ask('destroy', (done) => store.destroy(id, done))
    },
    async touch(id, session) {
      await ask('touch', (done) => store.touch?.(id, session, done))
    },
    async all() {
      return ((await ask('all', (done) => store.all?.(done))) ?? {}) as ExpressSessions
    },
    async length() {
      return Number(await ask('length', (done) => store.length?.(done)))
    },
  }
}

/**
 * What a store calls back with. `ENOENT` is no failure but nothing found, as in express-session; a
 * store that also returns a promise may fail by it.
 */
function answerOf(
  operation: string,
  timeoutMs: number,
  call: (callback: Callback) => unknown,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      settle()
    }
    const fail = (error: unknown) => end(() => reject(failure(operation, error)))
    const late = () => reject(new StoreError(NAME, operation, `no answer in ${timeoutMs} ms`))
    const timer = setTimeout(late, timerMs(timeoutMs))
    try {
      const returned = call((error, value) => {
        if (isFailure(error)) fail(error)
        else end(() => resolve(value))
      })
      if (isPromise(returned)) returned.then(undefined, fail)
    } catch (error) {
      fail(error)
    }
  })
}

function isFailure(error: unknown): boolean {
  return Boolean(error) && errorCode(error) !== 'ENOENT'
}

/** Messages of stores carry ids, in keys and paths: only a code in capitals is passed on. */
function failure(operation: string, error: unknown): StoreError {
  const code = errorCode(error)
  const known = /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? ` (${code})` : ''
  return new StoreError(NAME, operation, `the store failed${known}`)
}

/** How long work goes on for a visitor who has gone. */
const PATIENCE_MS = 1000

/**
 * The outcome of work, or a `StoreError` soon after the signal was aborted: a store that answers
 * still gets its record, one that does not keeps nobody waiting. The work itself goes on.
 */
export function whileWanted<T>(
  operation: string,
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const tooLate = () => reject(new StoreError(NAME, operation, 'nobody waits for it any more'))
    const onAbort = () => void (timer = setTimeout(tooLate, PATIENCE_MS))
    const settled = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    void work.then(resolve, reject).finally(settled)
  })
}
