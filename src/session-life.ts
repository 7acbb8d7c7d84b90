/**
 * The moves of a session between its start and its end: lock, reload, lend, destroy.
 *
 * @module
 */
import { store } from './commit.js'
import { publish } from './events.js'
import type { LockMode, Payload } from './handler.js'
import { run, type Flow } from './lib/flow.js'
import { takeMetadata } from './metadata.js'
import type { Settings } from './options/options.js'
import { reshape } from './schema.js'
import type { SessionData } from './serializer.js'
import { call, letGo, open } from './session-calls.js'
import { activation } from './session-context.js'
import { lendFlash, renewFlash } from './session-flash.js'
import { givenUp } from './session-owner.js'
import { close, interrupted, type SessionState } from './session-state.js'

/** How a session's own activation locks, by its mode. */
export function lockMode({ concurrency, readOnly }: Settings): LockMode {
  if (readOnly || concurrency === 'merge') return 'read'
  return concurrency
}

/** Starts the clock of the hold limit, where a lock is held. */
export function limitHold(state: SessionState): void {
  const { holdLimitMs, concurrency } = state.settings
  if (!state.opened || holdLimitMs === 0 || concurrency !== 'exclusive') return
  state.holdTimer = setTimeout(expel, holdLimitMs, state)
  state.holdTimer.unref()
}

/** Frees a lock that was held too long; the session can only be read from here on. */
function expel(state: SessionState): void {
  state.expelled = true
  state.readOnly = true
  const { name, holdLimitMs } = state.settings
  publish('sessionz:hold-limit', () => ({ name, heldMs: holdLimitMs }))
  inBackground('close', () => run(close(state)))
}

/** Runs work that no request waits for; its failure becomes an event. */
export function inBackground(operation: string, work: () => unknown): void {
  void (async () => {
    try {
      await work()
    } catch (error) {
      publish('sessionz:error', () => ({ operation, error }))
    }
  })()
}

/** Puts decoded data in place; references to the old data can no longer be written through. */
export function adopt(state: SessionState, payload: Payload): void {
  const data = state.host.serializer.decode(payload)
  Object.freeze(state.data)
  state.metadata = takeMetadata(data)
  state.formerOwner = state.metadata?.owner
  state.payload = payload
  state.data = data
  state.updates = undefined
  renewFlash(state)
}

/** Drops the changes and reads the record anew. */
export function* reload(state: SessionState): Flow<void> {
  state.id = state.storedId ?? state.id
  if (state.storedId === undefined) return forget(state)
  yield* orOver(state, reloadStored(state))
  state.host.drawGc(state.settings.gc) // as PHP
}

/** Without the lock, or what it held, nothing may be stored any more. */
function* orOver(state: SessionState, work: Flow<void>): Flow<void> {
  try {
    yield* work
  } catch (error) {
    state.status = 'aborted'
    yield* letGo(state, close(state))
    throw error
  }
}

function* reloadStored(state: SessionState): Flow<void> {
  if (state.opened) return yield* reloadLocked(state)
  yield* openAnew(state, lockMode(state.settings))
  yield* readAnew(state)
  yield* close(state)
}

/** No lock is taken away in the middle of a call to storage: the hold limit counts anew after it. */
function* reloadLocked(state: SessionState): Flow<void> {
  clearTimeout(state.holdTimer)
  yield* readAnew(state)
  limitHold(state)
}

function forget(state: SessionState): void {
  Object.freeze(state.data)
  state.data = Object.create(null) as SessionData
  state.updates = undefined
  state.flash = undefined
}

function* readAnew(state: SessionState): Flow<void> {
  const id = state.storedId as string
  const payload = yield* call(state, 'read', () => state.host.chain.read(id, state.context))
  if (payload !== undefined) {
    adopt(state, payload)
    return yield* reshape(state)
  }
  forget(state)
  interrupted(state)
}

function* openAnew(state: SessionState, lock: LockMode): Flow<void> {
  state.context = activation(state.settings, state.request, { id: state.storedId, lock })
  state.opened = true
  yield* open(state, state.context)
}

/** Stores the session as it is and gives its lock away. */
export function* suspend(state: SessionState): Flow<void> {
  clearTimeout(state.holdTimer)
  lendFlash(state)
  yield* orOver(state, store(state))
  Object.freeze(state.data)
  yield* close(state)
}

/** Takes the lock back and reads what the others left. */
export function* resume(state: SessionState): Flow<void> {
  if (state.storedId === undefined || state.status !== 'active') return
  const lock = lockMode(state.settings)
  if (lock === 'read') return yield* reload(state)
  yield* orOver(state, takeBack(state, lock))
}

function* takeBack(state: SessionState, lock: LockMode): Flow<void> {
  yield* openAnew(state, lock)
  limitHold(state)
  yield* readAnew(state)
}

/** Removes the record, under the lock. */
export function* destroy(state: SessionState): Flow<void> {
  const { storedId } = state
  clearTimeout(state.holdTimer)
  if (storedId !== undefined) yield* orOver(state, remove(state, storedId))
  state.status = 'destroyed'
  state.announce = storedId !== undefined || state.cookies > 0
  forget(state)
  yield* close(state)
}

function* remove(state: SessionState, id: string): Flow<void> {
  const { settings, host } = state
  if (!state.opened) {
    yield* openAnew(state, settings.concurrency === 'none' ? 'none' : 'exclusive')
  }
  state.context.closing = true
  state.context.ownership = givenUp(state.formerOwner)
  yield* call(state, 'destroy', () => host.chain.destroy(id, state.context))
}
