/**
 * The one long-lived root: builds the chain, starts sessions, and decides what is done about
 * unknown, expired, moved and unreadable ones.
 *
 * @module
 */
import { degraded, fresh, resumed } from './begin.js'
import { composeChain } from './chain.js'
import { administration, disposeAll, type Administration } from './administration.js'
import { StateError, type SessionError } from './errors.js'
import { publish } from './events.js'
import { createCollector } from './garbage.js'
import type { SessionHandler } from './handler.js'
import { memoryHandler } from './handlers/memory.js'
import { askHealth, down, type SessionHealth } from './health.js'
import { candidates, type SessionRequest } from './http/propagation.js'
import { isValidId } from './id/validate.js'
import { createBreaker, type BreakerState } from './lib/breaker.js'
import { run, type Flow } from './lib/flow.js'
import { lastCopies } from './lib/last-copies.js'
import { close, isOver, load, remove, type Loaded, type Start } from './load.js'
import { seconds, type Metadata } from './metadata.js'
import { idSource } from './new-id.js'
import {
  overrideSettings,
  resolveOptions,
  type ResolvedOptions,
  type SessionOptions,
  type Settings,
  type StartOverrides,
} from './options/options.js'
import type { SessionData } from './serializer.js'
import { serializerFor } from './serializers/registry.js'
import type { Session } from './session.js'
import type { SessionHost } from './session-calls.js'

/** How many replaced ids in a row are followed. */
const MAX_FORWARDS = 3

/** The long-lived root of all sessions of one name. */
export interface SessionManager<Data extends object = SessionData>
  extends Administration, AsyncDisposable {
  /** Name of the cookie. */
  readonly name: string
  /**
   * Starts the visitor's session: loads the one that the request names, or begins a new one.
   *
   * A new one costs nothing until it is committed with data.
   *
   * @throws {LockTimeoutError} Before any data is handed out.
   * @throws {StoreError} When storage fails; never a new session instead. `onStoreError` has other
   *   choices.
   */
  start(request?: SessionRequest, overrides?: StartOverrides): Promise<Session<Data>>
  /** Begins a new session at once, whatever the request names. For adapters. */
  startNew(request?: SessionRequest): Session<Data>
  /** Removes all expired sessions. @returns How many. */
  gc(): Promise<number>
  /**
   * Asks storage for a session that nobody has, within `storeTimeout`. Never throws.
   *
   * It counts for the breaker, as any call does, and asks nothing while that is open.
   */
  health(): Promise<SessionHealth>
  /** Ends timers and helpers. Sessions cannot be started afterwards. */
  close(): Promise<void>
}

/**
 * Builds a session manager.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or out of range.
 */
export function createSessionManager<Data extends object = SessionData>(
  options: SessionOptions = {},
): SessionManager<Data> {
  const { settings, serializer, id, handlers = [memoryHandler()] } = resolveOptions(options)
  const host = createHost(settings, handlers, { serializer, id })
  const collector = createCollector(host, settings)
  let closed = false

  function begin(request: SessionRequest, chosen: Settings): Start {
    if (closed) throw new StateError('manager: closed')
    return { host, settings: chosen, request, outage: undefined }
  }

  const manager: SessionManager<Data> = {
    name: settings.name,
    async start(request = {}, overrides) {
      const chosen = overrides === undefined ? settings : overrideSettings(settings, overrides)
      const begun = begin(request, chosen)
      let session: Session<Data>
      try {
        session = await run(starting<Data>(begun))
      } catch (error) {
        session = standIn<Data>(begun, error)
      }
      collector.draw()
      return session
    },
    startNew(request = {}) {
      return fresh<Data>(begin(request, settings), 0)
    },
    ...administration(() => begin({}, settings)),
    async gc() {
      begin({}, settings)
      return await collector.collect()
    },
    async health() {
      const start = { host, settings, request: {}, outage: undefined }
      return closed ? down(start, 'ERR_SESSION_STATE') : await askHealth(start)
    },
    async close() {
      if (closed) return
      closed = true
      collector.stop()
      await disposeAll(handlers)
    },
    async [Symbol.asyncDispose]() {
      await manager.close()
    },
  }
  return manager
}

function createHost(
  settings: Settings,
  handlers: readonly SessionHandler[],
  { serializer, id }: Pick<ResolvedOptions, 'serializer' | 'id'>,
): SessionHost {
  const { name, onStoreError, gc } = settings
  const copies = onStoreError === 'stale' ? lastCopies(gc.maxLifetime * 1000) : undefined
  const given = composeChain(handlers) // errors count the handlers as they were given
  const chain = copies === undefined ? given : composeChain([copies.layer, ...handlers])
  const changed = (state: BreakerState) => publish('sessionz:breaker', () => ({ name, state }))
  return {
    chain,
    serializer: typeof serializer === 'string' ? serializerFor(serializer) : serializer,
    newId: idSource(chain, id),
    breaker: createBreaker({ ...settings.breaker, changed }),
    copies,
  }
}

/** A session for the first id that leads to one; else a new one. */
function* starting<Data extends object>(start: Start): Flow<Session<Data>> {
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
  if (first !== undefined) publish('sessionz:unknown', () => ({ name }))
  return fresh<Data>(start, received)
}

/** What stands in for a session while storage is down. @throws What the start failed of, otherwise. */
function standIn<Data extends object>(start: Start, error: unknown): Session<Data> {
  if (start.outage !== error) throw error
  return degraded<Data>(start, candidates(start.request, start.settings).ids, error)
}

/** What an id leads to, through the ids that replaced it; nothing when it is over. */
function* find(start: Start, asked: string, strict: boolean): Flow<Loaded | undefined> {
  let id = asked
  for (let forwards = 0; forwards <= MAX_FORWARDS; forwards += 1) {
    const loaded = yield* loadReadable(start, id, strict)
    const next = loaded?.metadata?.movedTo
    if (loaded === undefined) return undefined
    if (next === undefined) return (yield* endIfOver(start, loaded)) ? undefined : loaded
    if (loaded.opened) yield* close(start, loaded.context)
    if (isObsolete(start.settings, loaded.metadata as Metadata) || !isValidId(next))
      return undefined
    id = next
  }
  return undefined
}

/** Unreadable is not an excuse to destroy: the record stays, the visitor gets a new session. */
function* loadReadable(start: Start, id: string, strict: boolean): Flow<Loaded | undefined> {
  const { name, onUnreadable } = start.settings
  try {
    return yield* load(start, id, strict)
  } catch (error) {
    if (onUnreadable === 'error' || !isUnreadable(error)) throw error
    publish('sessionz:unreadable', () => ({ name, code: error.code }))
    return undefined
  }
}

/** By code: the serializer may come from another copy of this library. */
function isUnreadable(error: unknown): error is SessionError {
  const { code } = error as Partial<SessionError>
  return code === 'ERR_SESSION_DECODE' || code === 'ERR_SESSION_DECRYPT'
}

/** An id that was replaced is good for its grace period only; later use is worth an alarm. */
function isObsolete({ name, now }: Settings, { until = 0 }: Metadata): boolean {
  if (seconds(now()) <= until) return false
  publish('sessionz:obsolete', () => ({ name }))
  return true
}

/** Removes a session whose absolute lifetime is over. @returns Whether it was. */
function* endIfOver(start: Start, { id, context, opened, metadata }: Loaded): Flow<boolean> {
  if (!isOver(start.settings, metadata)) return false
  if (opened) yield* close(start, context)
  yield* remove(start, id)
  return true
}
