/**
 * Sessions in any store made for express-session.
 *
 * @module
 */
import { StoreError } from '../errors.js'
import type { SessionContext, SessionHandler, SessionInfo } from '../handler.js'
import { assertValidId, isValidId } from '../id/validate.js'
import {
  assertFunction,
  assertInteger,
  assertKnownKeys,
  assertNumber,
  assertOneOf,
} from '../lib/check.js'
import { contextLocks, type ContextLocks } from '../locks/keyed-mutex-contexts.js'
import { NAME, storeCalls, type ExpressSession, type ExpressStore } from './express-store-calls.js'
import { FORMATS, isOld } from './express-store-records.js'
import { infoOf, storeWork, type StoreWork } from './express-store-work.js'

export type { ExpressCookie, ExpressSession, ExpressSessions } from './express-store-calls.js'
export type { ExpressStore }

/** What `expressStoreHandler` takes. `undefined` means the default; unknown names are refused. */
export interface ExpressStoreOptions {
  /**
   * How a payload is kept in a record.
   *
   * - `bytes`: in base64 as `sessionz`: every byte of every serializer
   * - `variables`: each variable under its own name, as express-session does. The manager's
   *   serializer has to be `json`, and no variable may be called `cookie`
   *
   * @default 'bytes'
   */
  format?: 'bytes' | 'variables' | undefined
  /**
   * Who says what has expired.
   *
   * - `cookie`: the age that the cookie in the record tells; a touch writes the record again
   * - `store`: the store alone; its `touch` is called, where it has one
   *
   * @default 'cookie'
   */
  expiry?: 'cookie' | 'store' | undefined
  /** Seconds after which a store that does not call back has failed; fractions are allowed. @default 10 */
  timeout?: number | undefined
  /** Most requests that wait for one session; a further one fails at once. @default 1000 */
  maxWaiters?: number | undefined
}

const DEFAULTS = {
  format: 'bytes',
  expiry: 'cookie',
  timeout: 10,
  maxWaiters: 1000,
} satisfies ExpressStoreOptions

/**
 * Makes a handler that keeps sessions in a store for express-session. It stands innermost.
 *
 * Locks, and the promise that a destroyed session stays destroyed, hold within this process: such
 * stores offer nothing to build them on across processes.
 *
 * @throws {TypeError | RangeError} For what is no such store, and naming an option that is unknown
 *   or out of range.
 */
export function expressStoreHandler(
  store: ExpressStore,
  options: ExpressStoreOptions = {},
): SessionHandler {
  const { format, expiry, timeout, maxWaiters } = resolve(store, options)
  const calls = storeCalls(store, timeout * 1000)
  const trusted = expiry === 'store'
  const touches = typeof store.touch === 'function'
  const work = storeWork({ calls, format: FORMATS[format], trusted, touches })
  const locks = contextLocks({ handler: NAME, maxWaiters })
  const visits = visitsOf(work)
  const enter = entrance(locks, visits)

  return {
    name: NAME,
    open(context) {
      const { id, isNew, lock, strict } = context
      visits.forget(context)
      if (lock !== 'exclusive' || !isValidId(id) || (isNew && strict)) return undefined
      return enter(id, context)
    },
    close(context) {
      visits.forget(context)
      locks.close(context)
    },
    async read(id, context) {
      if (!isValidId(id)) return undefined
      const session = await visits.take(id, context)
      return session && FORMATS[format].decode(session)
    },
    async write(id, payload, context) {
      assertValidId(id)
      visits.forget(context)
      return work.write(id, payload, context)
    },
    async destroy(id, context) {
      visits.forget(context)
      return isValidId(id) && work.destroy(id, context)
    },
    async updateTimestamp(id, _payload, context) {
      visits.forget(context)
      return isValidId(id) && work.touch(id, context)
    },
    validateId: async (id, context) => isValidId(id) && visits.look(id, context),
    async gc(maxLifetime, context) {
      if (trusted || store.all === undefined) return 0
      return sweep(work, locks.isHeld, { maxLifetime, context })
    },
    ...administration(store, work, () => calls.length()),
  }
}

/** Takes the lock, and looks whether there is anything to lock. */
function entrance(locks: ContextLocks, visits: ReturnType<typeof visitsOf>) {
  return async (id: string, context: SessionContext): Promise<void> => {
    await locks.open(id, context)
    try {
      if (!(await visits.look(id, context)) && context.strict) locks.close(context)
    } catch (error) {
      locks.close(context)
      throw error
    }
  }
}

/** What was found in an activation, for the read that follows: the store is asked once. */
function visitsOf(work: StoreWork) {
  type Visit = { readonly id: string; readonly session: ExpressSession | undefined }
  const visits = new WeakMap<SessionContext, Visit>()
  return {
    forget: (context: SessionContext): void => void visits.delete(context),
    async look(id: string, context: SessionContext): Promise<boolean> {
      const known = visits.get(context)
      if (known?.id === id) return known.session !== undefined
      const session = await work.find(id, context)
      visits.set(context, { id, session })
      return session !== undefined
    },
    async take(id: string, context: SessionContext): Promise<ExpressSession | undefined> {
      const known = visits.get(context)
      visits.delete(context)
      return known?.id === id ? known.session : work.find(id, context)
    },
  }
}

interface Sweep {
  readonly maxLifetime: number
  readonly context: SessionContext
}

/** Removes what is old, one record after the other; what is open is left for the next time. */
async function sweep(
  work: StoreWork,
  isHeld: (id: string) => boolean,
  { maxLifetime, context }: Sweep,
): Promise<number> {
  let removed = 0
  for (const [id, session] of await work.all(context)) {
    if (id === undefined || isHeld(id) || !isOld(session, maxLifetime, context.now())) continue
    if (await work.collect(id, maxLifetime, context)) removed += 1
  }
  return removed
}

/** `list` and `count`, as far as the store can answer them. */
function administration(
  store: ExpressStore,
  work: StoreWork,
  length: () => Promise<number>,
): Pick<SessionHandler, 'list' | 'count'> {
  if (store.all !== undefined) {
    return {
      list: (context) => listed(work, context),
      async count(context) {
        const sessions = await work.all(context)
        return sessions.filter(([, session]) => work.isLive(session, context)).length
      },
    }
  }
  return store.length === undefined ? {} : { count: length }
}

async function* listed(work: StoreWork, context: SessionContext): AsyncIterable<SessionInfo> {
  for (const [id, session] of await work.all(context)) {
    if (id === undefined) throw new StoreError(NAME, 'list', 'the store does not tell the ids')
    if (work.isLive(session, context)) yield infoOf(id, session)
  }
}

function resolve(store: ExpressStore, options: ExpressStoreOptions) {
  for (const name of ['get', 'set', 'destroy'] as const) {
    assertFunction(`store.${name}`, store?.[name])
  }
  assertKnownKeys(NAME, options, DEFAULTS)
  const {
    format = DEFAULTS.format,
    expiry = DEFAULTS.expiry,
    timeout = DEFAULTS.timeout,
    maxWaiters = DEFAULTS.maxWaiters,
  } = options
  assertOneOf('format', format, ['bytes', 'variables'])
  assertOneOf('expiry', expiry, ['cookie', 'store'])
  assertNumber('timeout', timeout, 0.001, 86_400)
  assertInteger('maxWaiters', maxWaiters, 0)
  return { format, expiry, timeout, maxWaiters }
}
