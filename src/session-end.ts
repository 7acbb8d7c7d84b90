/**
 * The end of a session: stored, closed, and what the response says of it.
 *
 * @module
 */
import { commit } from './commit.js'
import { isTraced, traced, type SessionTraces } from './events-traces.js'
import type { MaybePromise } from './handler.js'
import type { HeaderList } from './http/headers.js'
import { run, type Flow } from './lib/flow.js'
import { responseHeaders } from './session-headers.js'
import { ageFlash } from './session-flash.js'
import type { SessionState, SessionStatus } from './session-state.js'

type Ended = Exclude<SessionStatus, 'active'>

/** What an adapter knows of a session that ends. */
export interface Ending {
  /** Whether the application looked at it. Without it an unchanged one adds no cache headers. */
  readonly touched: boolean
  /** Sends the cookie also where the visitor has it. @default false */
  readonly announce?: boolean
}

/** The end of a session that the application asked for itself. */
export const TOUCHED: Ending = { touched: true }

/** Ends a session, once: at once where the chain is synchronous. */
export function end(
  state: SessionState,
  { touched, announce = false }: Ending,
): MaybePromise<HeaderList> {
  if (announce && state.status === 'active') state.announce = true
  state.ending ??= tracedEnd(state, touched)
  return state.ending
}

function tracedEnd(state: SessionState, touched: boolean): MaybePromise<HeaderList> {
  if (state.status !== 'active' || !isTraced('sessionz:commit')) return run(ending(state, touched))
  const message: SessionTraces['sessionz:commit'] = { name: state.settings.name }
  return traced('sessionz:commit', message, {
    work: () => run(ending(state, touched)),
    done: () => void (message.status = state.status as Ended),
  })
}

function* ending(state: SessionState, touched: boolean): Flow<HeaderList> {
  if (touched) ageFlash(state)
  if (state.status === 'active') yield* commit(state)
  return responseHeaders(state, touched)
}
