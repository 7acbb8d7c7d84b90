/**
 * What the express-store handler does with one record: such a store can neither create nor update
 * on a condition, so it is asked first, and nobody else in this process comes between.
 *
 * @module
 */
import type { Payload, SessionContext, SessionInfo } from '../handler.js'
import { keyedMutex } from '../locks/keyed-mutex.js'
import {
  NAME,
  whileWanted,
  type ExpressSession,
  type ExpressSessions,
  type StoreCalls,
} from './express-store-calls.js'
import { isOld, touchedMs, usedNow, type RecordFormat } from './express-store-records.js'

export interface WorkOptions {
  readonly calls: StoreCalls
  readonly format: RecordFormat
  /** The store alone decides what has expired, and `touch` is enough to keep a record. */
  readonly trusted: boolean
  readonly touches: boolean
}

/** Operations on records. Ids were checked before. */
export interface StoreWork {
  find(id: string, context: SessionContext): Promise<ExpressSession | undefined>
  write(id: string, payload: Payload, context: SessionContext): Promise<boolean>
  touch(id: string, context: SessionContext): Promise<boolean>
  destroy(id: string, context: SessionContext): Promise<boolean>
  /** Removes the record where it is still old. @returns Whether it was. */
  collect(id: string, maxLifetime: number, context: SessionContext): Promise<boolean>
  /** The live records with their ids; `undefined` as the id where the store does not tell it. */
  all(context: SessionContext): Promise<(readonly [string | undefined, ExpressSession])[]>
  readonly isLive: (session: ExpressSession | undefined, context: SessionContext) => boolean
}

export function storeWork({ calls, format, trusted, touches }: WorkOptions): StoreWork {
  const inTurn = turns()

  const isLive: StoreWork['isLive'] = (session, { now, maxLifetime }) =>
    session !== undefined && (trusted || !isOld(session, maxLifetime, now()))

  async function write(id: string, payload: Payload, context: SessionContext): Promise<boolean> {
    const found = await calls.get(id)
    if (context.isNew ? isLive(found, context) : found === undefined) return false
    const previous = context.isNew ? undefined : found
    const cookie = usedNow(previous?.cookie, context)
    await calls.set(id, format.encode(payload, cookie, previous))
    return true
  }

  async function touch(id: string, context: SessionContext): Promise<boolean> {
    const found = await calls.get(id)
    if (found === undefined) return false
    const used = { ...found, cookie: usedNow(found.cookie, context) }
    if (trusted && touches) await calls.touch(id, used)
    else await calls.set(id, used)
    return true
  }

  async function destroy(id: string, context: SessionContext): Promise<boolean> {
    // What cannot be read must still go.
    const found = await calls.get(id).catch(() => UNREADABLE)
    if (found !== undefined) await calls.destroy(id)
    return isLive(found, context)
  }

  async function collect(
    id: string,
    maxLifetime: number,
    { now }: SessionContext,
  ): Promise<boolean> {
    const found = await calls.get(id)
    if (found === undefined || !isOld(found, maxLifetime, now())) return false
    await calls.destroy(id)
    return true
  }

  return {
    isLive,
    async find(id, context) {
      const session = await whileWanted('read', context.signal, calls.get(id))
      return isLive(session, context) ? session : undefined
    },
    write: (id, payload, context) => inTurn(id, context, () => write(id, payload, context)),
    touch: (id, context) => inTurn(id, context, () => touch(id, context)),
    destroy: (id, context) => inTurn(id, context, () => destroy(id, context)),
    collect: (id, maxLifetime, context) =>
      inTurn(id, context, () => collect(id, maxLifetime, context)),
    all: async (context) => entriesOf(await whileWanted('list', context.signal, calls.all())),
  }
}

type InTurn = <T>(id: string, context: SessionContext, work: () => Promise<T>) => Promise<T>

/** A turn lasts until the store has answered, also when nobody waits for it any more. */
function turns(): InTurn {
  const mutex = keyedMutex({ handler: NAME, maxWaiters: Infinity })
  return async (id, { lockWaitMs, signal }, work) => {
    const release = await mutex.acquire(id, { waitMs: lockWaitMs })
    return whileWanted('write', signal, work().finally(release))
  }
}

const UNREADABLE: ExpressSession = { cookie: { originalMaxAge: null } }

/** Stores answer an object by id, or a list whose members may have an `id` beside the cookie. */
function entriesOf(sessions: ExpressSessions): (readonly [string | undefined, ExpressSession])[] {
  if (!Array.isArray(sessions)) return Object.entries(sessions)
  return (sessions as readonly ExpressSession[]).map((session) => {
    const { id } = session as { id?: unknown }
    return [typeof id === 'string' ? id : undefined, session]
  })
}

/** What is known of a record without its payload. */
export function infoOf(id: string, session: ExpressSession): SessionInfo {
  const bytes = Buffer.byteLength(JSON.stringify(session))
  return { id, touchedMs: touchedMs(session) ?? 0, bytes }
}
