/**
 * A new id for a session.
 *
 * @module
 */
import type { Flow } from './lib/flow.js'
import { call } from './session-calls.js'
import type { SessionState } from './session-state.js'

/** How `regenerate` treats the old id. */
export interface RegenerateOptions {
  /**
   * Seconds for which the old id still leads to the session, for requests that were on their way.
   * Whoever holds the old id is let in for that long: leave it 0 where somebody logs in.
   *
   * @default 0
   */
  grace?: number | undefined
}

/** Chooses the new id; the record moves with the commit. */
export function* regenerate(state: SessionState, options: RegenerateOptions): Flow<void> {
  state.grace = checkedGrace(options)
  state.id = yield* call(state, 'createId', () => state.host.newId(state.context))
  state.announce = true
}

function checkedGrace({ grace = 0 }: RegenerateOptions): number {
  if (Number.isInteger(grace) && grace >= 0 && grace <= 3600) return grace
  throw new RangeError(`"grace" must be an integer in 0..3600, got ${grace}`)
}
