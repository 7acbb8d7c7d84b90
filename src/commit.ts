/**
 * What happens to a session at the end of its request.
 *
 * @module
 */
import { EncodeError, StateError, StoreError } from './errors.js'
import { publish } from './events.js'
import type { Payload } from './handler.js'
import { sameBytes } from './lib/bytes.js'
import type { Flow } from './lib/flow.js'
import { merge, type Merged } from './merge.js'
import { forwarding, seconds, takeMetadata } from './metadata.js'
import type { SessionData } from './serializer.js'
import {
  activation,
  call,
  close,
  interrupted,
  open,
  storedData,
  type SessionState,
} from './session-state.js'
import type { Activation } from './context.js'

/** How often a new id is tried before storage is called broken; PHP's files handler tries as often. */
const ID_ATTEMPTS = 4

/** Ends the session: stores what there is to store, and closes the chain in every outcome. */
export function* commit(state: SessionState): Flow<void> {
  clearTimeout(state.holdTimer)
  state.status = 'committed'
  try {
    yield* store(state)
  } catch (error) {
    state.status = 'aborted'
    throw error
  } finally {
    Object.freeze(state.data)
    yield* close(state)
  }
}

/** Stores what there is to store; the chain stays as it is. */
export function* store(state: SessionState): Flow<void> {
  if (state.readOnly) return assertUnchanged(state)
  if (state.storedId === undefined) return yield* storeNew(state)
  if (state.settings.concurrency === 'merge') return yield* storeMerged(state)
  const payload = encode(state, storedData(state))
  yield* storeExisting(state, payload)
}

/** Nothing may be lost in silence: what cannot be written must not have been changed. */
function assertUnchanged(state: SessionState): void {
  if (!isChanged(state)) return
  throw new StateError(
    state.expelled
      ? 'session: changed, but its lock was held longer than holdLimit and was freed; nothing was written'
      : 'session: changed, but it was started with readOnly; nothing was written',
  )
}

function isChanged(state: SessionState): boolean {
  if (state.payload === undefined) return !isEmpty(state.data)
  return !sameBytes(encode(state, storedData(state), state.payload), state.payload)
}

/** A new session is stored when there is something in it, and not before. */
function* storeNew(state: SessionState): Flow<void> {
  if (isEmpty(state.data)) return
  stampCreation(state)
  yield* insert(state, encode(state, storedData(state)))
  state.storedId = state.id
}

/** Writes a record under a new id; an id that is taken already is replaced by another. */
function* insert(state: SessionState, payload: Payload): Flow<void> {
  for (let attempt = 0; attempt < ID_ATTEMPTS; attempt += 1) {
    if (attempt > 0 || state.id === '') {
      state.id = yield* call(state, 'createId', state.host.newId(state.context))
      state.announce = true
    }
    if (yield* insertUnder(state, state.id, payload)) return
  }
  throw new StoreError('chain', 'write', 'every new id was taken already')
}

function* insertUnder(state: SessionState, id: string, payload: Payload): Flow<boolean> {
  if (state.opened && state.context.id === id) {
    return yield* call(state, 'write', state.host.chain.write(id, payload, state.context))
  }
  const context = activation(state.settings, state.request, {
    id,
    isNew: true,
    lock: lockOf(state),
  })
  return yield* within(state, context, function* () {
    return yield* call(state, 'write', state.host.chain.write(id, payload, context))
  })
}

function lockOf(state: SessionState): 'none' | 'exclusive' {
  return state.settings.concurrency === 'none' ? 'none' : 'exclusive'
}

/** Runs a body between `open` and `close` of an activation of its own. */
function* within<T>(state: SessionState, context: Activation, body: () => Flow<T>): Flow<T> {
  try {
    yield* open(state, context)
    return yield* body()
  } finally {
    yield* call(state, 'close', state.host.chain.close(context))
  }
}

/** A record that was read under the lock that is still held, or in mode `none`. */
function* storeExisting(state: SessionState, payload: Payload): Flow<void> {
  const { chain } = state.host
  const storedId = state.storedId as string
  if (isEmpty(state.data) && !isEmptyPayload(state)) return yield* storeEmptied(state)
  if (storedId !== state.id) return yield* replaceId(state, payload)
  const unchanged = state.settings.lazyWrite && sameBytes(payload, state.payload as Payload)
  const stored = unchanged
    ? yield* call(state, 'updateTimestamp', chain.updateTimestamp(storedId, payload, state.context))
    : yield* call(state, 'write', chain.write(storedId, payload, state.context))
  if (!stored) interrupted(state)
}

/** Nothing is left in it: the record goes, as in WP Session Manager 2.0.2. */
function* storeEmptied(state: SessionState): Flow<void> {
  yield* call(state, 'destroy', state.host.chain.destroy(state.storedId as string, state.context))
  state.status = 'destroyed'
  state.announce = true
}

/**
 * Moves the record to its new id: the new one is written before the old one goes, so that a crash
 * between the two loses nothing; and it goes again if the old one turns out to be destroyed.
 */
function* replaceId(state: SessionState, payload: Payload): Flow<void> {
  yield* insert(state, payload)
  if (yield* retire(state)) {
    state.storedId = state.id
    return
  }
  const context = activation(state.settings, state.request, { id: state.id, lock: lockOf(state) })
  yield* within(state, context, function* () {
    return yield* call(state, 'destroy', state.host.chain.destroy(state.id, context))
  })
  interrupted(state)
}

/** Destroys the old record, or leaves one that forwards for a while. */
function* retire(state: SessionState): Flow<boolean> {
  const { chain, serializer } = state.host
  const old = state.storedId as string
  if (state.grace === 0) return yield* call(state, 'destroy', chain.destroy(old, state.context))
  const until = seconds(state.settings.now()) + state.grace
  const stub = serializer.encode(forwarding(state.id, until))
  return yield* call(state, 'write', chain.write(old, stub, state.context))
}

/** Reads the newest record under a short lock and lays this side's changes over it. */
function* storeMerged(state: SessionState): Flow<void> {
  const touchOnly = state.updates.size === 0 && state.storedId === state.id && !isChanged(state)
  const context = activation(state.settings, state.request, {
    id: state.storedId,
    lock: touchOnly ? 'none' : 'exclusive',
  })
  state.context = context
  yield* open(state, context)
  state.opened = true
  if (touchOnly) return yield* storeExisting(state, state.payload as Payload)
  const newest = yield* call(
    state,
    'read',
    state.host.chain.read(state.storedId as string, context),
  )
  if (newest === undefined) return interrupted(state)
  mergeInto(state, newest)
  yield* storeExisting(state, encode(state, storedData(state)))
}

function mergeInto(state: SessionState, newest: Payload): void {
  const { data, conflicts }: Merged = merge({
    serializer: state.host.serializer,
    base: state.payload as Payload,
    mine: storedData(state),
    newest,
    updates: state.updates,
    conflict: state.settings.conflict,
  })
  if (conflicts.length > 0) {
    publish('sessionz:conflict', () => ({ name: state.settings.name, keys: conflicts }))
  }
  state.metadata = takeMetadata(data)
  state.data = data
  state.payload = newest
}

function stampCreation(state: SessionState): void {
  const { absoluteLifetime, now } = state.settings
  if (absoluteLifetime > 0) state.metadata ??= { created: seconds(now()) }
}

function encode(state: SessionState, data: SessionData, previous = state.payload): Payload {
  const payload = state.host.serializer.encode(data, previous)
  const { maxBytes } = state.settings
  if (payload.length > maxBytes) {
    throw new EncodeError(state.host.serializer.name, `larger than maxBytes, ${maxBytes} bytes`)
  }
  return payload
}

function isEmpty(data: SessionData): boolean {
  for (const _ in data) return false
  return true
}

/** Whether nothing was in the record either: PHP leaves such files for visitors it only greeted. */
function isEmptyPayload(state: SessionState): boolean {
  return isEmpty(state.host.serializer.decode(state.payload as Payload))
}
