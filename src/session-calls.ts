/**
 * Calls to storage: each within its time, none while the breaker is open, each failure told.
 *
 * @module
 */
import type { Activation } from './context.js'
import { publish } from './events.js'
import type { LockTimeoutError } from './errors.js'
import type { Chain, MaybePromise } from './handler.js'
import type { Breaker } from './lib/breaker.js'
import { deadline } from './lib/deadline.js'
import { isPromise, run, wait, type Flow } from './lib/flow.js'
import { errorCode } from './lib/fs-error.js'
import type { LastCopies } from './lib/last-copies.js'
import { isOutage, outageCode } from './lib/outage.js'
import type { TouchTimes } from './lib/touch-times.js'
import type { Settings } from './options/options.js'
import type { Serializer } from './serializer.js'

/** What a session needs of its manager. */
export interface SessionHost {
  readonly chain: Chain
  readonly serializer: Serializer
  /** A fresh id, never used before as far as anybody knows. */
  readonly newId: (context: Activation) => MaybePromise<string>
  readonly breaker: Breaker
  /** PHP's lottery: who wins collects garbage, in the background. */
  readonly drawGc: (gc: Settings['gc']) => void
  /** When sessions were used last, where `touchInterval` asks. */
  readonly touched: TouchTimes | undefined
  /** What a session is when storage is down, where the manager keeps that. */
  readonly copies: LastCopies | undefined
}

/** Where a call comes from. */
export interface Caller {
  readonly settings: Settings
  readonly host: SessionHost
  /** What the last call failed of, when that was the fault of storage. */
  outage: unknown
}

const NOT_ASKED = -1

/**
 * One call to storage, made at once; nothing is sent while the breaker is open.
 *
 * No work in a generator until there is something to wait for: a quarter less time for a whole
 * start and commit over memory, measured.
 *
 * @param work Makes the call.
 */
export function call<T>(caller: Caller, operation: string, work: () => MaybePromise<T>): Flow<T> {
  const { settings, host } = caller
  let ticket = NOT_ASKED
  try {
    ticket = host.breaker.admit(operation)
    const made = work()
    if (isPromise(made)) {
      const inTime = deadline(made, operation, limitOf(operation, settings))
      return outcome(caller, { operation, ticket }, inTime)
    }
    answered(caller, operation, ticket)
    return wait(made)
  } catch (error) {
    failed(caller, { operation, ticket, error })
    throw error
  }
}

/** Counted where the flow goes on, so that no other call comes between an open and its read. */
function* outcome<T>(
  caller: Caller,
  { operation, ticket }: Omit<Failure, 'error'>,
  promise: Promise<T>,
): Flow<T> {
  try {
    const value = (yield promise) as T
    answered(caller, operation, ticket)
    return value
  } catch (error) {
    failed(caller, { operation, ticket, error })
    throw error
  }
}

function answered(caller: Caller, operation: string, ticket: number): void {
  caller.outage = undefined
  if (asksStore(operation)) caller.host.breaker.succeeded(ticket)
  else caller.host.breaker.undecided(ticket)
}

/** One call that failed. */
interface Failure {
  readonly operation: string
  readonly ticket: number
  readonly error: unknown
}

function failed(caller: Caller, failure: Failure): void {
  const { ticket, error } = failure
  const { breaker } = caller.host
  const outage = isOutage(error)
  if (outage) caller.outage = error
  if (ticket === NOT_ASKED) return
  if (outage) breaker.failed(ticket)
  else breaker.undecided(ticket)
  tell(caller, failure)
}

/** The wait for the lock counts by itself. */
function limitOf(operation: string, { lockWaitMs, storeTimeoutMs }: Settings): number {
  return operation === 'open' ? lockWaitMs + storeTimeoutMs : storeTimeoutMs
}

/** An open may need nothing of the store, and an id is usually made here: no sign that it is well. */
function asksStore(operation: string): boolean {
  return operation !== 'open' && operation !== 'createId'
}

function tell(
  { settings: { name } }: Caller,
  { operation, error }: Pick<Failure, 'operation' | 'error'>,
): void {
  if (isOutage(error)) {
    const { handler = 'unknown' } = error as { handler?: string }
    const code = outageCode(error)
    publish('sessionz:store-error', () => ({ name, handler, operation, code }))
  } else if (errorCode(error) === 'ERR_SESSION_LOCK_TIMEOUT') {
    const { waitedMs } = error as LockTimeoutError
    publish('sessionz:lock-timeout', () => ({ name, waitedMs }))
  }
}

/** Opens the chain. */
export function open(caller: Caller, context: Activation): Flow<void> {
  return call(caller, 'open', () => caller.host.chain.open(context))
}

/** Closes the chain, whatever the breaker says: handlers free what they hold. */
export function* closeChain(caller: Caller, context: Activation): Flow<void> {
  try {
    const made = caller.host.chain.close(context)
    if (isPromise(made)) yield deadline(made, 'close', caller.settings.storeTimeoutMs)
  } catch (error) {
    if (isOutage(error)) caller.outage ??= error
    tell(caller, { operation: 'close', error })
    throw error
  }
}

/**
 * Closes after something failed: that is the error, whatever comes of the close. After an outage
 * nobody waits for another deadline.
 *
 * @param closing The close, not begun yet.
 */
export function* letGo(caller: Caller, closing: Flow<void>): Flow<void> {
  if (caller.outage === undefined) yield* quietly(closing)
  else void run(quietly(closing))
}

function* quietly(closing: Flow<void>): Flow<void> {
  try {
    yield* closing
  } catch {
    // An event told it.
  }
}

/** Runs a body in an activation of its own: opened before, and closed after it in every outcome. */
export function* within<T>(caller: Caller, context: Activation, body: () => Flow<T>): Flow<T> {
  let result: T
  try {
    yield* open(caller, context)
    result = yield* body()
  } catch (error) {
    yield* letGo(caller, closeChain(caller, context))
    throw error
  }
  yield* closeChain(caller, context)
  return result
}
