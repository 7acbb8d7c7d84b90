/**
 * Looks for the session of one id: opens the chain, reads, decodes.
 *
 * @module
 */
import type { Activation } from './context.js'
import type { SessionError } from './errors.js'
import { publish, type Rejection } from './events.js'
import type { Payload } from './handler.js'
import { wait, type Flow } from './lib/flow.js'
import { seconds, takeMetadata, type Metadata } from './metadata.js'
import type { SessionData } from './serializer.js'
import { lockMode } from './session-life.js'
import {
  call,
  closeChain,
  letGo,
  open,
  within,
  type Caller,
  type SessionHost,
} from './session-calls.js'
import { activation, type ActivationFields } from './session-context.js'
import type { Settings } from './options/options.js'
import type { SessionRequest } from './http/propagation.js'

/** One start: who asks, and how. */
export interface Start extends Caller {
  readonly request: SessionRequest
  /** Whether the lottery of gc was drawn: once a start, however many ids were looked for. */
  drawn: boolean
  /** Why no id led to a session so far: the first reason that says something. */
  rejected: Rejection | undefined
}

export function newStart(host: SessionHost, settings: Settings, request: SessionRequest): Start {
  return { host, settings, request, outage: undefined, drawn: false, rejected: undefined }
}

/** Remembers why an id led to no session. */
export function reject(start: Start, reason: Rejection): void {
  if (start.rejected === undefined || start.rejected === 'unknown') start.rejected = reason
}

/** What was found under an id. The chain is still open where the mode keeps it so. */
export interface Loaded {
  readonly id: string
  readonly context: Activation
  readonly opened: boolean
  /** `undefined` where an unknown id is adopted. */
  readonly payload: Payload | undefined
  readonly data: SessionData
  readonly metadata: Metadata | undefined
}

/**
 * Loads the record of an id. Whatever happens, nothing stays open but what is returned as `opened`.
 *
 * @param strict Without it an id that storage does not know is adopted, under its lock.
 * @returns `undefined` when storage does not know the id.
 * @throws {DecodeError | DecryptError | StoreError | LockTimeoutError}
 */
export function* load(start: Start, id: string, strict: boolean): Flow<Loaded | undefined> {
  const lock = lockMode(start.settings)
  const context = activation(start.settings, start.request, { id, lock, strict })
  let found: Loaded | undefined
  try {
    yield* open(start, context)
    const isKnown = yield* knows(start, context, strict)
    const payload = isKnown ? yield* read(start, context) : undefined
    if (isKnown) drawGc(start)
    if (payload !== undefined || !strict) found = loaded(start, context, payload)
  } catch (error) {
    yield* close(start, context)
    if (isTolerated(start, error)) return undefined
    throw error
  }
  if (found === undefined) reject(start, reasonFor(context))
  if (found === undefined || !found.opened) yield* closeChain(start, context)
  return found
}

/** Storage that still has the record says when it was used last. */
function reasonFor({ touchedMs, maxLifetime, now }: Activation): Rejection {
  if (touchedMs === undefined) return 'unknown'
  return now() - touchedMs >= maxLifetime * 1000 ? 'expired' : 'unknown'
}

function loaded(start: Start, context: Activation, payload: Payload | undefined): Loaded {
  const data = decode(start, payload)
  context.isNew = payload === undefined
  return {
    id: context.id as string,
    context,
    opened: context.lock !== 'read',
    payload,
    data,
    metadata: takeMetadata(data),
  }
}

/** Whether storage may be asked for the record. */
function knows(start: Start, context: Activation, strict: boolean): Flow<boolean> {
  const { validateId } = start.host.chain
  if (!strict || validateId === undefined) return wait(true)
  const known = call(start, 'validateId', () => validateId(context.id as string, context))
  return start.host.copies === undefined ? known : forgetUnknown(start, context, known)
}

function* forgetUnknown(start: Start, context: Activation, known: Flow<boolean>): Flow<boolean> {
  const isKnown = yield* known
  if (!isKnown) start.host.copies?.forget(context.id as string)
  return isKnown
}

function read(start: Start, context: Activation): Flow<Payload | undefined> {
  return call(start, 'read', () => start.host.chain.read(context.id as string, context))
}

/** Unreadable is not an excuse to destroy: the record stays, the visitor gets a new session. */
function isTolerated(start: Start, error: unknown): boolean {
  const { name, onUnreadable } = start.settings
  if (onUnreadable === 'error' || !isUnreadable(error)) return false
  publish('sessionz:unreadable', () => ({ name, code: error.code }))
  reject(start, error.code === 'ERR_SESSION_DECODE' ? 'undecodable' : 'tampered')
  return true
}

/** By code: the serializer may come from another copy of this library. */
function isUnreadable(error: unknown): error is SessionError {
  const { code } = error as Partial<SessionError>
  return code === 'ERR_SESSION_DECODE' || code === 'ERR_SESSION_DECRYPT'
}

/** Draws the lottery of gc where PHP does: when the session was read, before it is decoded. */
export function drawGc(start: Start): void {
  if (start.drawn) return
  start.drawn = true
  start.host.drawGc(start.settings.gc)
}

function decode({ host }: Start, payload: Payload | undefined): SessionData {
  if (payload === undefined) return Object.create(null) as SessionData
  return host.serializer.decode(payload)
}

/** Gives back what a loaded session holds that nobody will use. */
export function close(start: Start, context: Activation): Flow<void> {
  return letGo(start, closeChain(start, context))
}

/** Whether a session is older than it may get. */
export function isOver({ absoluteLifetime, now }: Settings, metadata?: Metadata): boolean {
  return absoluteLifetime > 0 && seconds(now()) - (metadata?.created ?? Infinity) > absoluteLifetime
}

type Removed = Pick<ActivationFields, 'listed' | 'ownership'>

/** Removes a record in an activation of its own. @returns Whether there was one. */
export function* remove(start: Start, id: string, more: Removed = {}): Flow<boolean> {
  const { settings, request } = start
  const context = activation(settings, request, { id, lock: 'exclusive', ...more })
  return yield* within(start, context, function* () {
    context.closing = true
    return yield* call(start, 'destroy', () => start.host.chain.destroy(id, context))
  })
}
