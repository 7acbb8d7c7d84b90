/**
 * Sessions made of what was found, or of nothing.
 *
 * @module
 */
import { limitHold } from './session-life.js'
import type { Loaded, Start } from './load.js'
import { Session } from './session.js'
import { activation, createState } from './session-state.js'

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
  { host, settings, request }: Start,
  received: number,
): Session<Data> {
  const context = activation(settings, request, { isNew: true, lock: 'none' })
  const id = host.newId(context)
  const state = createState(host, settings, request, {
    id: typeof id === 'string' ? id : '',
    context,
    cookies: received,
  })
  return new Session<Data>(state)
}
