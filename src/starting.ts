/**
 * Which session a request gets: what is decided about unknown, expired, moved and unreadable ones.
 *
 * @module
 */
import { degraded, fresh, resumed } from './begin.js'
import { SchemaError } from './errors.js'
import { publish } from './events.js'
import { candidates } from './http/propagation.js'
import { isValidId } from './id/validate.js'
import type { Flow } from './lib/flow.js'
import { close, isOver, load, reject, remove, type Loaded, type Start } from './load.js'
import { seconds, type Metadata } from './metadata.js'
import { baseOf, hasShape, shaped } from './schema.js'
import type { Session } from './session.js'
import { givenUp } from './session-owner.js'

/** How many replaced ids in a row are followed. */
const MAX_FORWARDS = 3

/** A session for the first id that leads to one; else a new one. */
export function* starting<Data extends object>(start: Start): Flow<Session<Data>> {
  const { ids, received } = candidates(start.request, start.settings)
  const { useStrictMode, name } = start.settings
  const adoptAtOnce = !useStrictMode && ids.length === 1
  for (const id of ids) {
    const found = yield* find(start, id, !adoptAtOnce)
    if (found !== undefined) return resumed<Data>(start, found, { asked: id, received })
  }
  const first = ids[0]
  if (!useStrictMode && !adoptAtOnce && first !== undefined) {
    const adopted = yield* find(start, first, false)
    if (adopted !== undefined) return resumed<Data>(start, adopted, { asked: first, received })
  }
  if (first === undefined && received > 0) reject(start, 'malformed')
  const reason = start.rejected
  if (reason !== undefined) publish('sessionz:rejected', () => ({ name, reason }))
  return fresh<Data>(start, received)
}

/** What stands in for a session while storage is down. @throws What the start failed of, otherwise. */
export function standIn<Data extends object>(start: Start, error: unknown): Flow<Session<Data>> {
  if (start.outage !== error) throw error
  return degraded<Data>(start, candidates(start.request, start.settings).ids, error)
}

/** What an id leads to, through the ids that replaced it; nothing when it is over. */
function* find(start: Start, asked: string, strict: boolean): Flow<Loaded | undefined> {
  let id = asked
  for (let forwards = 0; forwards <= MAX_FORWARDS; forwards += 1) {
    const loaded = yield* load(start, id, strict)
    const next = loaded?.metadata?.movedTo
    if (loaded === undefined) return undefined
    if (next === undefined) {
      if (isOver(start.settings, loaded.metadata)) return yield* endOver(start, loaded)
      return hasShape(start.settings) ? yield* fitting(start, loaded) : loaded
    }
    if (loaded.opened) yield* close(start, loaded.context)
    if (isObsolete(start, loaded.metadata as Metadata)) return undefined
    if (!isValidId(next)) break
    id = next
  }
  reject(start, 'unknown')
  return undefined
}

/** Data that do not fit are no excuse either: the record stays, the visitor gets a new session. */
function* fitting(start: Start, loaded: Loaded): Flow<Loaded | undefined> {
  const { settings, host } = start
  const { payload: read } = loaded
  if (read === undefined) return loaded
  try {
    const made = yield* shaped(settings, loaded)
    const payload = baseOf(settings, made, { serializer: host.serializer, read })
    return { ...loaded, ...made, payload }
  } catch (error) {
    if (loaded.opened) yield* close(start, loaded.context)
    if (!(error instanceof SchemaError)) throw error
    const { name, onInvalid } = settings
    publish('sessionz:invalid', () => ({ name, keys: error.keys }))
    if (onInvalid === 'error') throw error
    reject(start, 'invalid')
    return undefined
  }
}

/** An id that was replaced is good for its grace period only; later use is worth an alarm. */
function isObsolete(start: Start, { until = 0 }: Metadata): boolean {
  const { name, now } = start.settings
  if (seconds(now()) <= until) return false
  publish('sessionz:obsolete', () => ({ name }))
  reject(start, 'obsolete')
  return true
}

/** Removes a session whose absolute lifetime is over. */
function* endOver(start: Start, { id, context, opened, metadata }: Loaded): Flow<undefined> {
  reject(start, 'expired')
  if (opened) yield* close(start, context)
  yield* remove(start, id, { ownership: givenUp(metadata?.owner) })
}
