/**
 * How a session's record is made, and how it moves to another id.
 *
 * @module
 */
import type { Activation } from './context.js'
import { EncodeError, StoreError } from './errors.js'
import { publish } from './events.js'
import type { Payload } from './handler.js'
import type { Flow } from './lib/flow.js'
import { forwarding, seconds } from './metadata.js'
import type { SessionData } from './serializer.js'
import { call, within } from './session-calls.js'
import { activation } from './session-context.js'
import { givenUp, ownershipOfNew } from './session-owner.js'
import { interrupted, type SessionState } from './session-state.js'

/** How often a new id is tried before storage is called broken; PHP's files handler tries as often. */
const ID_ATTEMPTS = 4

/** The bytes to store. @throws {EncodeError} Also when there are too many of them. */
export function encode(state: SessionState, data: SessionData, previous = state.payload): Payload {
  const payload = state.host.serializer.encode(data, previous)
  const { maxBytes } = state.settings
  if (payload.length > maxBytes) {
    throw new EncodeError(state.host.serializer.name, `larger than maxBytes, ${maxBytes} bytes`)
  }
  return payload
}

/** Remembers when the session began, where nothing says so yet. */
export function stampCreation(state: SessionState): void {
  const created = state.metadata?.created ?? seconds(state.settings.now())
  state.metadata = { ...state.metadata, created }
}

/** Writes a record under a new id; an id that is taken already is replaced by another. */
export function* insert(state: SessionState, payload: Payload): Flow<void> {
  for (let attempt = 0; attempt < ID_ATTEMPTS; attempt += 1) {
    if (attempt > 0 || state.id === '') {
      state.id = yield* call(state, 'createId', () => state.host.newId(state.context))
      state.announce = true
    }
    if (yield* insertUnder(state, state.id, payload)) return
  }
  throw new StoreError('chain', 'write', 'every new id was taken already')
}

function* insertUnder(state: SessionState, id: string, payload: Payload): Flow<boolean> {
  if (state.opened && state.context.id === id)
    return yield* lastWrite(state, state.context, payload)
  const context = activation(state.settings, state.request, {
    id,
    isNew: true,
    lock: lockOf(state),
  })
  return yield* within(state, context, () => lastWrite(state, context, payload))
}

/** Writes as the last operation of a context; one that is refused may be followed by others. */
function* lastWrite(state: SessionState, context: Activation, payload: Payload): Flow<boolean> {
  const id = context.id as string
  context.closing = true
  context.ownership = ownershipOfNew(state)
  const written = yield* call(state, 'write', () => state.host.chain.write(id, payload, context))
  if (!written) context.closing = false
  return written
}

function lockOf(state: SessionState): 'none' | 'exclusive' {
  return state.settings.concurrency === 'none' ? 'none' : 'exclusive'
}

/**
 * Moves the record to its new id: the new one is written before the old one goes, so that a crash
 * between the two loses nothing; and it goes again if the old one turns out to be destroyed.
 */
export function* moveRecord(state: SessionState, payload: Payload): Flow<void> {
  yield* insert(state, payload)
  if (yield* retire(state)) {
    const { settings, grace } = state
    publish('sessionz:regenerate', () => ({ name: settings.name, grace }))
    state.storedId = state.id
    return
  }
  const { settings, request, id } = state
  const ownership = givenUp(state.metadata?.owner)
  const context = activation(settings, request, { id, lock: lockOf(state), ownership })
  yield* within(state, context, function* () {
    context.closing = true
    return yield* call(state, 'destroy', () => state.host.chain.destroy(id, context))
  })
  interrupted(state)
}

/** Destroys the old record, or leaves one that forwards for a while. */
function* retire(state: SessionState): Flow<boolean> {
  const { context, host } = state
  const { chain, serializer } = host
  const old = state.storedId as string
  context.closing = true
  context.ownership = givenUp(state.formerOwner)
  if (state.grace === 0) return yield* call(state, 'destroy', () => chain.destroy(old, context))
  const until = seconds(state.settings.now()) + state.grace
  const stub = serializer.encode(forwarding(state.id, until))
  return yield* call(state, 'write', () => chain.write(old, stub, context))
}
