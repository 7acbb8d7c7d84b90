/**
 * Sessions made of what was found, of nothing, or of what is left while storage is down.
 *
 * @module
 */
import type { Activation } from './context.js'
import { publish } from './events.js'
import type { Flow } from './lib/flow.js'
import { isOver, type Loaded, type Start } from './load.js'
import { takeMetadata } from './metadata.js'
import { shaped } from './schema.js'
import { Session } from './session.js'
import type { SessionHost } from './session-calls.js'
import { limitHold } from './session-life.js'
import { activation } from './session-context.js'
import { createState, type SessionState } from './session-state.js'

/** A session with a record, or one that adopts the id that was asked for. */
export function resumed<Data extends object>(
  { host, settings, request }: Start,
  { id, context, opened, payload, data, metadata }: Loaded,
  { asked, received }: { asked: string; received: number },
): Session<Data> {
  const state = createState(host, settings, request, {
    id,
    context,
    opened,
    payload,
    data,
    metadata,
    storedId: payload === undefined ? undefined : id,
    // PHP tells the visitor an id that the application chose, too.
    announce: id !== asked || request.id !== undefined,
    cookies: received,
  })
  limitHold(state)
  return new Session<Data>(state)
}

/** A session without a record. Storage learns of it when it is committed with data. */
export function fresh<Data extends object>(
  { host, settings, request, rejected }: Start,
  received: number,
): Session<Data> {
  const context = activation(settings, request, { isNew: true, lock: 'none' })
  const state = createState(host, settings, request, {
    id: idAtOnce(host, context),
    context,
    cookies: received,
    rejected,
  })
  return new Session<Data>(state)
}

/** An id, where one can be had without waiting; else it is made at commit. */
function idAtOnce({ newId }: SessionHost, context: Activation): string {
  const id = newId(context)
  if (typeof id === 'string') return id
  id.catch(() => undefined) // made again at commit, where its failure is told
  return ''
}

/**
 * What the policy of the start has instead of the session. It can only be read, no cookie comes of it,
 * and to change it is the error that made it so.
 *
 * @throws The cause, where there is no substitute.
 */
export function* degraded<Data extends object>(
  start: Start,
  ids: readonly string[],
  cause: unknown,
): Flow<Session<Data>> {
  const { host, settings, request } = start
  const { onStoreError: as, name } = settings
  const found = yield* lastSeen(start, as === 'stale' ? ids : [])
  if (as === 'fail' || (as === 'stale' && found === undefined)) throw cause
  publish('sessionz:degraded', () => ({ name, as }))
  const context = activation(settings, request, { id: found?.id, lock: 'none' })
  const state = createState(host, settings, request, {
    id: found?.id ?? ownId(host, context),
    storedId: found?.id,
    context,
    ...found,
    readOnly: true,
    announce: false,
    degraded: { as, cause },
  })
  return new Session<Data>(state)
}

/** No handler is asked for an id now. */
function ownId(host: SessionHost, context: Activation): string {
  return host.chain.createId === undefined ? idAtOnce(host, context) : ''
}

type LastSeen = Pick<SessionState, 'id' | 'payload' | 'data' | 'metadata'>

/** What this process read or wrote last of the first id it knows, where that is still good. */
function* lastSeen({ host, settings }: Start, ids: readonly string[]): Flow<LastSeen | undefined> {
  for (const id of ids) {
    const payload = host.copies?.get(id, settings.now())
    if (payload === undefined) continue
    try {
      const data = host.serializer.decode(payload)
      const metadata = takeMetadata(data)
      if (metadata?.movedTo !== undefined || isOver(settings, metadata)) continue
      const made = yield* shaped(settings, { data, metadata })
      return { id, payload, ...made }
    } catch {
      // What nobody can read, or the schema refuses, is nothing to go on with.
    }
  }
  return undefined
}
