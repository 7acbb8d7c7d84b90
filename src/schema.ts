/**
 * Whether stored data have the shape that the application knows, and how older shapes become it.
 *
 * @module
 */
import { SchemaError } from './errors.js'
import { publish } from './events.js'
import type { Payload } from './handler.js'
import { wait, type Flow } from './lib/flow.js'
import { keysOf } from './lib/standard-schema.js'
import { META_KEY, takeMetadata, type Metadata } from './metadata.js'
import type { Settings } from './options/options.js'
import type { Serializer, SessionData } from './serializer.js'
import type { SessionState } from './session-state.js'

/** The application's variables, and ours. */
interface Shaped {
  readonly data: SessionData
  readonly metadata: Metadata | undefined
}

/** Whether anything is asked of stored data. */
export function hasShape({ schema, version }: Settings): boolean {
  return schema !== undefined || version !== undefined
}

/**
 * Brings stored data to the current version and asks the schema.
 *
 * What the schema answers is laid over the data, so that a variable it does not know is not lost.
 *
 * @throws {SchemaError} When they do not fit.
 */
export function* shaped(settings: Settings, stored: Shaped): Flow<Shaped> {
  const { data, metadata } = yield* upgraded(settings, stored)
  const { schema } = settings
  if (schema === undefined) return { data, metadata }
  const result = yield* wait(schema['~standard'].validate(data))
  if (result.issues !== undefined) throw new SchemaError(keysOf(result.issues))
  return { data: Object.assign(data, result.value), metadata }
}

function* upgraded({ version, upgrade }: Settings, { data, metadata }: Shaped): Flow<Shaped> {
  if (version === undefined || metadata?.version === version) return { data, metadata }
  const stamped = { ...metadata, version }
  if (upgrade === undefined) return { data, metadata: stamped }
  try {
    const made = yield* wait(upgrade(data, metadata?.version))
    return { data: Object.assign(Object.create(null) as SessionData, made), metadata: stamped }
  } catch (error) {
    publish('sessionz:error', () => ({ operation: 'upgrade', error }))
    throw new SchemaError([], { cause: error })
  }
}

/**
 * What counts as read: where nothing is written, or only what was changed here, that is what the
 * schema and the upgrade have made of it.
 */
export function baseOf(
  { readOnly, concurrency }: Settings,
  made: Shaped,
  { serializer, read }: { serializer: Serializer; read: Payload },
): Payload {
  return readOnly || concurrency === 'merge' ? encodeShaped(serializer, made, read) : read
}

/** Shapes the data of a session that was read anew. @throws {SchemaError} */
export function* reshape(state: SessionState): Flow<void> {
  const { settings, host, payload } = state
  if (!hasShape(settings)) return
  const made = yield* shaped(settings, state)
  state.data = made.data
  state.metadata = made.metadata
  state.payload = baseOf(settings, made, {
    serializer: host.serializer,
    read: payload as Payload,
  })
}

/** The record that a merge lays changes over, in the current version. */
export function* upToDate({ settings, host }: SessionState, newest: Payload): Flow<Payload> {
  if (settings.upgrade === undefined) return newest
  const data = host.serializer.decode(newest)
  const metadata = takeMetadata(data)
  if (metadata?.version === settings.version) return newest
  return encodeShaped(host.serializer, yield* upgraded(settings, { data, metadata }), newest)
}

/** A new session has the shape of today. */
export function stampVersion(state: SessionState): void {
  const { version } = state.settings
  if (version !== undefined) state.metadata = { ...state.metadata, version }
}

function encodeShaped(serializer: Serializer, made: Shaped, previous: Payload): Payload {
  const { data, metadata } = made
  const whole = Object.assign(Object.create(null) as SessionData, data)
  if (metadata !== undefined) whole[META_KEY] = metadata
  return serializer.encode(whole, previous)
}
