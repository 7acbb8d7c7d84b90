/**
 * What a session knows of itself, and the few moves everything else is made of.
 *
 * @module
 */
import type { Activation } from './context.js'
import { StateError } from './errors.js'
import { publish, type Rejection } from './events.js'
import type { MaybePromise, Payload } from './handler.js'
import type { HeaderList } from './http/headers.js'
import type { SessionRequest } from './http/propagation.js'
import type { Flow } from './lib/flow.js'
import { META_KEY, type Metadata } from './metadata.js'
import type { Settings } from './options/options.js'
import type { SessionData } from './serializer.js'
import { closeChain, type Caller, type SessionHost } from './session-calls.js'

/** `active` until one of the others; a session never leaves those. */
export type SessionStatus = 'active' | 'committed' | 'aborted' | 'destroyed'

/** What stands in for a session while storage is down. */
export type Substitute = 'anonymous' | 'stale'

/** Everything about one session in one request. */
export interface SessionState extends Caller {
  readonly request: SessionRequest
  /** The activation that holds the lock, while there is one. */
  context: Activation
  /** Between `open` and `close` of the chain. */
  opened: boolean
  status: SessionStatus
  readOnly: boolean
  /** The id the visitor will hold; empty until the chain makes it at commit. */
  id: string
  /** The id storage holds the record under; differs from `id` after `regenerate`. */
  storedId: string | undefined
  /** Seconds the replaced id forwards to the new one; 0 destroys it. */
  grace: number
  /** The bytes that were read; `undefined` for a new session. */
  payload: Payload | undefined
  data: SessionData
  metadata: Metadata | undefined
  /** Whom the record in storage belongs to. */
  formerOwner: string | undefined
  /** In mode `merge`: functions given to `update`, to run again on the newest value. */
  updates: Map<string, PendingUpdate> | undefined
  /** Variables that go away by themselves, once anybody asked for them. */
  flash: FlashNotes | undefined
  /** Whether the visitor has to be told the id. */
  announce: boolean
  /** How many cookies of our name came with the request. */
  readonly cookies: number
  holdTimer: NodeJS.Timeout | undefined
  /** True once the lock was taken away by the hold limit. */
  expelled: boolean
  /** Set where storage was down at the start: what is there instead, and why. */
  readonly degraded: { readonly as: Substitute; readonly cause: unknown } | undefined
  /** Why what the visitor sent led nowhere. */
  readonly rejected: Rejection | undefined
  /** The end of the session, once it has begun: the headers of the response. */
  ending: MaybePromise<HeaderList> | undefined
}

/** The flash data of one request, by name. */
export interface FlashNotes {
  readonly shown: Set<string>
  readonly next: Set<string>
  /** Whether what was shown goes with the next write. */
  aging: boolean
}

/** One variable changed by functions, and the bytes of what they made of it. */
export interface PendingUpdate {
  readonly steps: readonly ((value: unknown) => unknown)[]
  readonly result: Payload
}

/** The state of a session of which nothing is known but its id. */
export function createState(
  host: SessionHost,
  settings: Settings,
  request: SessionRequest,
  fields: Pick<SessionState, 'id' | 'context'> & Partial<SessionState>,
): SessionState {
  return {
    host,
    settings,
    request,
    opened: false,
    status: 'active',
    readOnly: settings.readOnly,
    storedId: undefined,
    grace: 0,
    payload: undefined,
    data: Object.create(null) as SessionData,
    metadata: undefined,
    formerOwner: fields.metadata?.owner,
    updates: undefined,
    flash: undefined,
    announce: true,
    cookies: 0,
    holdTimer: undefined,
    expelled: false,
    degraded: undefined,
    rejected: undefined,
    outage: undefined,
    ending: undefined,
    ...fields,
  }
}

/** @throws {StateError} Unless the session is active. */
export function assertActive(state: SessionState, operation: string): void {
  if (state.status === 'active') return
  throw new StateError(`session.${operation}: ${reasonFor(state)}`)
}

/**
 * @throws {StateError} Unless changes of the session can still be stored.
 * @throws {StoreError} When storage was down at the start.
 */
export function assertWritable(state: SessionState, operation: string): void {
  assertActive(state, operation)
  if (state.degraded !== undefined) throw state.degraded.cause
  if (state.readOnly) throw new StateError(`session.${operation}: ${reasonFor(state)}`)
}

/** Why nothing can be changed any more. */
export function reasonFor(state: SessionState): string {
  if (state.expelled) return 'the lock was held longer than holdLimit and was freed'
  if (state.status === 'active') return 'the session was started with readOnly'
  return state.status === 'committed'
    ? 'the session was committed, its headers are on their way'
    : `the session was ${state.status}`
}

/** Somebody else destroyed the session: it stays destroyed, and the cookie is not ours to remove. */
export function interrupted(state: SessionState): void {
  state.status = 'destroyed'
  state.announce = false
  publish('sessionz:interrupted', () => ({ name: state.settings.name }))
}

/** A chain that makes ids itself may make them later than the session. */
export function knownId({ id }: SessionState): string {
  if (id !== '') return id
  throw new StateError('session.id: the chain makes the id when the session is committed')
}

/** Removes every variable; references to the data stay good. */
export function removeVariables(state: SessionState): void {
  for (const key of Object.keys(state.data)) delete state.data[key]
  state.updates = undefined
}

/** All variables as they are stored: the application's, and ours where there are any. */
export function storedData(state: SessionState): SessionData {
  if (state.metadata === undefined) return state.data
  return Object.assign(Object.create(null) as SessionData, state.data, {
    [META_KEY]: state.metadata,
  })
}

/** Closes the chain of the session's activation, once. */
export function* close(state: SessionState): Flow<void> {
  clearTimeout(state.holdTimer)
  if (!state.opened) return
  state.opened = false
  yield* closeChain(state, state.context)
}
