/**
 * What happens to a session at the end of its request.
 *
 * @module
 */
import { StateError } from './errors.js'
import { publish } from './events.js'
import type { Payload } from './handler.js'
import { sameBytes } from './lib/bytes.js'
import { wait, type Flow } from './lib/flow.js'
import { merge, type Merged } from './merge.js'
import { takeMetadata } from './metadata.js'
import { encode, insert, moveRecord, stampCreation } from './records.js'
import { stampVersion, upToDate } from './schema.js'
import type { SessionData } from './serializer.js'
import { call, letGo, open } from './session-calls.js'
import { activation } from './session-context.js'
import { mergeFlash, withoutFlash } from './session-flash.js'
import { givenUp, ownershipOf } from './session-owner.js'
import { close, interrupted, storedData, type SessionState } from './session-state.js'

/** Ends the session: stores what there is to store, and closes the chain in every outcome. */
export function* commit(state: SessionState): Flow<void> {
  clearTimeout(state.holdTimer)
  state.status = 'committed'
  Object.freeze(state.data)
  try {
    yield* store(state)
  } catch (error) {
    state.status = 'aborted'
    yield* letGo(state, close(state))
    throw error
  }
  yield* close(state)
}

/** Stores what there is to store; the chain stays as it is. */
export function store(state: SessionState): Flow<void> {
  if (state.readOnly) return wait(assertUnchanged(state))
  if (state.storedId === undefined) return storeNew(state)
  if (state.settings.absoluteLifetime > 0 && isChanged(state)) stampCreation(state)
  if (state.settings.concurrency === 'merge') return storeMerged(state)
  return storeExisting(state, encode(state, storedData(state)))
}

/** Nothing may be lost in silence: what cannot be written must not have been changed. */
function assertUnchanged(state: SessionState): void {
  if (!isChanged(state)) return
  if (state.degraded !== undefined) throw state.degraded.cause
  throw new StateError(
    state.expelled
      ? 'session: changed, but its lock was held longer than holdLimit and was freed; nothing was written'
      : 'session: changed, but it was started with readOnly; nothing was written',
  )
}

function isChanged(state: SessionState): boolean {
  if (state.payload === undefined) return !isVacant(state)
  return !sameBytes(encode(state, storedData(state), state.payload), state.payload)
}

/** A new session is stored when there is something in it, and not before. */
function* storeNew(state: SessionState): Flow<void> {
  if (isVacant(state)) return
  if (state.settings.absoluteLifetime > 0) stampCreation(state)
  stampVersion(state)
  yield* insert(state, encode(state, storedData(state)))
  state.storedId = state.id
  noteUse(state)
}

/** PHP writes what is empty every time; without the lock that could undo what others wrote. */
function isUnchanged({ settings, payload: read }: SessionState, payload: Payload): boolean {
  if (!settings.lazyWrite || !sameBytes(payload, read as Payload)) return false
  return payload.length > 0 || settings.concurrency !== 'exclusive'
}

/** For storage that does not tell when a session was used. */
function noteUse({ host, settings, storedId }: SessionState): void {
  host.touched?.set(storedId as string, settings.now())
}

/** A record that was read under the lock that is still held, or in mode `none`. */
function* storeExisting(state: SessionState, payload: Payload): Flow<void> {
  const { host, context } = state
  const storedId = state.storedId as string
  if (isVacant(state) && !isEmptyPayload(state)) return yield* storeEmptied(state)
  if (storedId !== state.id) return yield* moveRecord(state, payload)
  const unchanged = isUnchanged(state, payload)
  const operation = unchanged ? 'updateTimestamp' : 'write'
  if (unchanged && wasTouched(state)) return
  context.closing = true
  context.ownership = ownershipOf(state)
  const { chain } = host
  const stored = yield* call(state, operation, () =>
    unchanged
      ? chain.updateTimestamp(storedId, payload, context)
      : chain.write(storedId, payload, context),
  )
  if (stored) noteUse(state)
  else interrupted(state)
}

/**
 * Whether an unchanged session was used so recently that nothing needs to be told of it. Storage tells
 * when, or else what this process remembers.
 */
function wasTouched({ host, settings, context, storedId }: SessionState): boolean {
  const { touchIntervalMs, now } = settings
  if (host.touched === undefined) return false
  const lastMs = context.touchedMs ?? host.touched.get(storedId as string) ?? -Infinity
  const ageMs = now() - lastMs
  return ageMs >= 0 && ageMs < touchIntervalMs
}

/** Nothing is left in it: the record goes, as in WP Session Manager 2.0.2. */
function* storeEmptied(state: SessionState): Flow<void> {
  const { host, context } = state
  const storedId = state.storedId as string
  context.closing = true
  context.ownership = givenUp(state.formerOwner)
  yield* call(state, 'destroy', () => host.chain.destroy(storedId, context))
  state.status = 'destroyed'
  state.announce = true
}

/** Reads the newest record under a short lock and lays this side's changes over it. */
function* storeMerged(state: SessionState): Flow<void> {
  const touchOnly = isSame(state) && !isChanged(state)
  if (touchOnly && state.settings.lazyWrite && wasTouched(state)) return
  const context = activation(state.settings, state.request, {
    id: state.storedId,
    lock: touchOnly ? 'none' : 'exclusive',
  })
  state.context = context
  yield* open(state, context)
  state.opened = true
  if (touchOnly) return yield* storeExisting(state, state.payload as Payload)
  const storedId = state.storedId as string
  const newest = yield* call(state, 'read', () => state.host.chain.read(storedId, context))
  if (newest === undefined) return interrupted(state)
  mergeInto(state, yield* upToDate(state, newest))
  yield* storeExisting(state, encode(state, storedData(state)))
}

/** Whether nothing is to change but maybe the data. */
function isSame({ updates, flash, storedId, id }: SessionState): boolean {
  return updates === undefined && flash?.aging !== true && storedId === id
}

function mergeInto(state: SessionState, newest: Payload): void {
  const { serializer } = state.host
  const base = serializer.decode(state.payload as Payload)
  const mine = Object.assign(Object.create(null) as SessionData, storedData(state))
  withoutFlash(state, mine, base)
  const { data, conflicts }: Merged = merge({
    serializer,
    base: state.payload as Payload,
    mine,
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
  if (state.metadata?.owner !== state.formerOwner) {
    state.formerOwner = takeMetadata(state.host.serializer.decode(newest))?.owner
  }
  mergeFlash(state, mine, base)
}

/** Whether nothing is worth a record: no variable, and nobody whom the session belongs to. */
function isVacant({ data, metadata }: SessionState): boolean {
  return metadata?.owner === undefined && isEmpty(data)
}

function isEmpty(data: SessionData): boolean {
  for (const _ in data) return false
  return true
}

/** Whether nothing was in the record either: PHP leaves such files for visitors it only greeted. */
function isEmptyPayload(state: SessionState): boolean {
  return isEmpty(state.host.serializer.decode(state.payload as Payload))
}
