/**
 * Keeps calls away from a store that keeps failing, so that an outage costs one deadline and not one
 * for each request.
 *
 * - `closed`: every call goes through
 * - `open`: none does, until it is time to try again
 * - `half-open`: one call is on its way to find out; another one follows when that takes too long
 *
 * @module
 */
import { StoreError } from '../errors.js'

/** `closed` lets calls to storage through, `open` none, `half-open` one to see whether it is back. */
export type BreakerState = 'closed' | 'open' | 'half-open'

export interface BreakerPlan {
  /** Failures in a row that open it; `Infinity` for never. */
  readonly failures: number
  /** From one try to the next while it is not closed. */
  readonly retryAfterMs: number
  /** Told of each change. */
  readonly changed: (state: BreakerState) => void
  /** A clock that never jumps, in milliseconds. */
  readonly monotonicNow?: () => number
}

/**
 * Outcomes are reported with the ticket of their call. What was sent out before the last change of
 * state says nothing about the store of now, and is not counted.
 */
export interface Breaker {
  readonly state: BreakerState
  /** Lets a call through. @returns Its ticket. @throws {StoreError} When it has to stay away. */
  admit(operation: string): number
  /** The store answered. */
  succeeded(ticket: number): void
  /** The store failed, or gave no answer in time. */
  failed(ticket: number): void
  /** The call is over and says nothing about the store: the next one may try. */
  undecided(ticket: number): void
  /** Whether any call failed within so many milliseconds before now. */
  failedWithin(pastMs: number): boolean
}

export function createBreaker(plan: BreakerPlan): Breaker {
  const { failures: limit, retryAfterMs, changed, monotonicNow = () => performance.now() } = plan
  let state: BreakerState = 'closed'
  let ticket = 0
  let failures = 0
  let failedAtMs = -Infinity
  let nextTryMs = 0

  function become(next: BreakerState): void {
    state = next
    ticket += 1
    failures = 0
    changed(next)
  }

  /** Whether it is the turn of a call to find out. */
  function tries(): boolean {
    const nowMs = monotonicNow()
    if (nowMs < nextTryMs) return false
    nextTryMs = nowMs + retryAfterMs
    if (state === 'open') become('half-open')
    return true
  }

  return {
    get state() {
      return state
    },
    admit(operation) {
      if (state === 'closed' || tries()) return ticket
      throw new StoreError('chain', operation, 'not asked: the calls before it failed')
    },
    succeeded(of) {
      if (of !== ticket) return
      if (state === 'closed') failures = 0
      else become('closed')
    },
    failed(of) {
      failedAtMs = monotonicNow()
      if (of !== ticket) return
      failures += 1
      if (state === 'closed' && failures < limit) return
      nextTryMs = failedAtMs + retryAfterMs
      become('open')
    },
    undecided(of) {
      if (of === ticket && state === 'half-open') nextTryMs = 0
    },
    failedWithin: (pastMs) => monotonicNow() - failedAtMs <= pastMs,
  }
}
