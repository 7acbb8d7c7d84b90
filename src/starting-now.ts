/**
 * Starts for adapters: at once where the chain is synchronous, so that no request waits a turn for a
 * session that is there.
 *
 * @module
 */
import type { MaybePromise } from './handler.js'
import type { SessionRequest } from './http/propagation.js'
import type { StartOverrides } from './options/options.js'
import type { Session } from './session.js'

/** The part of a manager that starts sessions. */
export interface Starter<Data extends object> {
  start(request?: SessionRequest, overrides?: StartOverrides): Promise<Session<Data>>
}

type StartNow<Data extends object> = (
  request: SessionRequest,
  overrides: StartOverrides | undefined,
) => MaybePromise<Session<Data>>

/** How a manager starts sessions at once, and its `start` as it was made. */
interface Offer {
  readonly now: unknown
  readonly start: unknown
}

const offers = new WeakMap<object, Offer>()

/** Remembers how a manager starts sessions at once. */
export function offerStart<Data extends object>(manager: Starter<Data>, now: StartNow<Data>): void {
  offers.set(manager, { now, start: manager.start })
}

/**
 * Starts a session like `manager.start()`, but at once where that is possible. A manager of another
 * copy of this library, or one whose `start` was replaced, is asked by that.
 *
 * @throws What `manager.start()` rejects with.
 */
export function startNow<Data extends object>(
  manager: Starter<Data>,
  request: SessionRequest,
  overrides?: StartOverrides,
): MaybePromise<Session<Data>> {
  const offer = offers.get(manager)
  if (offer === undefined || offer.start !== manager.start) return manager.start(request, overrides)
  return (offer.now as StartNow<Data>)(request, overrides)
}
