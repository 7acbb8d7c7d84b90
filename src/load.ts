/**
 * Looks for the session of one id: opens the chain, reads, decodes.
 *
 * @module
 */
import type { Activation } from './context.js'
import type { Rejection } from './events.js'
import type { Payload } from './handler.js'
import type { Flow } from './lib/flow.js'
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
    const payload = yield* read(start, context, strict)
    if (payload !== undefined || !strict) found = loaded(start, context, payload)
  } catch (error) {
    yield* close(start, context)
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

function* read(start: Start, context: Activation, strict: boolean): Flow<Payload | undefined> {
  const { chain } = start.host
  const id = context.id as string
  const { validateId: known } = chain
  if (strict && known !== undefined) {
    if (!(yield* call(start, 'validateId', () => known(id, context)))) {
      start.host.copies?.forget(id)
      return undefined
    }
  }
  const payload = yield* call(start, 'read', () => chain.read(id, context))
  drawGc(start)
  return payload
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
