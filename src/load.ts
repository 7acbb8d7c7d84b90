/**
 * Looks for the session of one id: opens the chain, reads, decodes.
 *
 * @module
 */
import type { Activation } from './context.js'
import type { Payload } from './handler.js'
import type { Flow } from './lib/flow.js'
import { takeMetadata, type Metadata } from './metadata.js'
import type { SessionData } from './serializer.js'
import { lockMode } from './session-life.js'
import { activation, call, open, type SessionHost } from './session-state.js'
import type { Settings } from './options/options.js'
import type { SessionRequest } from './http/propagation.js'

/** One start: who asks, and how. */
export interface Start {
  readonly host: SessionHost
  readonly settings: Settings
  readonly request: SessionRequest
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
  const { settings } = start
  const lock = lockMode(settings)
  const context = activation(settings, start.request, { id, lock, strict })
  let keep = false
  try {
    yield* open(start, context)
    const payload = yield* read(start, context, strict)
    if (payload === undefined && strict) return undefined
    const data = decode(start, payload)
    keep = lock !== 'read'
    context.isNew = payload === undefined
    return { id, context, opened: keep, payload, data, metadata: takeMetadata(data) }
  } finally {
    if (!keep) yield* close(start, context)
  }
}

function* read(start: Start, context: Activation, strict: boolean): Flow<Payload | undefined> {
  const { chain } = start.host
  const id = context.id as string
  if (strict && chain.validateId !== undefined) {
    if (!(yield* call(start, 'validateId', chain.validateId(id, context)))) return undefined
  }
  return yield* call(start, 'read', chain.read(id, context))
}

function decode({ host }: Start, payload: Payload | undefined): SessionData {
  if (payload === undefined) return Object.create(null) as SessionData
  return host.serializer.decode(payload)
}

/** Gives back what a loaded session holds. */
export function close(start: Start, context: Activation): Flow<void> {
  return call(start, 'close', start.host.chain.close(context))
}

/** Removes a record in an activation of its own. @returns Whether there was one. */
export function* remove(start: Start, id: string): Flow<boolean> {
  const context = activation(start.settings, start.request, { id, lock: 'exclusive' })
  try {
    yield* open(start, context)
    context.closing = true
    return yield* call(start, 'destroy', start.host.chain.destroy(id, context))
  } finally {
    yield* close(start, context)
  }
}
