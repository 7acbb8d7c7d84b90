/**
 * What we have to remember of a session inside its record, because a record shared with PHP has no
 * other place: one reserved variable, an ordinary array for PHP, never seen by the application.
 *
 * It exists only where an option asks for it (docs/decisions).
 *
 * @module
 */
import { isOwner } from './lib/owner.js'
import type { SessionData } from './serializer.js'

/** Name of the reserved variable. */
export const META_KEY = '__sessionz'

/** Times are whole seconds since the epoch, as PHP's `time()`. */
export interface Metadata {
  /** When the session was created; kept where `absoluteLifetime` is on. */
  readonly created?: number
  /** Whom the session belongs to; kept where `session.owner` was set. */
  readonly owner?: string
  /** The id that replaced this one, in a record that only forwards. */
  readonly movedTo?: string
  /** Until when it forwards. */
  readonly until?: number
  /** Version of the data's shape; kept where `version` is set. */
  readonly version?: number
  /** Names of the variables that the next request is to see last. */
  readonly flash?: readonly string[]
}

/** Takes the reserved variable out of decoded data. */
export function takeMetadata(data: SessionData): Metadata | undefined {
  const value = data[META_KEY]
  if (value === undefined) return undefined
  delete data[META_KEY]
  return typeof value === 'object' && value !== null ? parse(value as SessionData) : undefined
}

/** Only what has the right type: the record may come from anybody who can write to storage. */
function parse({ created, owner, movedTo, until, flash, version }: SessionData): Metadata {
  return {
    ...(typeof created === 'number' ? { created } : {}),
    ...(isOwner(owner) ? { owner } : {}),
    ...(typeof movedTo === 'string' && typeof until === 'number' ? { movedTo, until } : {}),
    ...(isNames(flash) ? { flash } : {}),
    ...(typeof version === 'number' ? { version } : {}),
  }
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string')
}

/** The data of a record that only says where the session went. */
export function forwarding(movedTo: string, until: number): SessionData {
  const data = Object.create(null) as SessionData
  data[META_KEY] = { movedTo, until } satisfies Metadata
  return data
}

/** Milliseconds to whole seconds. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
