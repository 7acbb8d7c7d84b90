/**
 * The one long-lived root: builds the chain, starts sessions, and decides what is done about
 * unknown, expired, moved and unreadable ones.
 *
 * @module
 */
import { fresh, resumed } from './begin.js'
import { composeChain } from './chain.js'
import { administration, disposeAll, type Administration } from './administration.js'
import { StateError, type SessionError } from './errors.js'
import { publish } from './events.js'
import { createCollector } from './garbage.js'
import { memoryHandler } from './handlers/memory.js'
import { candidates, type SessionRequest } from './http/propagation.js'
import { isValidId } from './id/validate.js'
import { run, type Flow } from './lib/flow.js'
import { close, load, remove, type Loaded, type Start } from './load.js'
import { seconds, type Metadata } from './metadata.js'
import { idSource } from './new-id.js'
import {
  overrideSettings,
  resolveOptions,
  type SessionOptions,
  type Settings,
  type StartOverrides,
} from './options/options.js'
import type { SessionData } from './serializer.js'
import { serializerFor } from './serializers/registry.js'
import type { Session } from './session.js'
import type { SessionHost } from './session-state.js'

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
   * @throws {StoreError} When storage fails; never a new session instead.
   */
  start(request?: SessionRequest, overrides?: StartOverrides): Promise<Session<Data>>
  /** Begins a new session at once, whatever the request names. For adapters. */
  startNew(request?: SessionRequest): Session<Data>
  /** Removes all expired sessions. @returns How many. */
  gc(): Promise<number>
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
  const chain = composeChain(handlers)
  const host: SessionHost = {
    chain,
    serializer: typeof serializer === 'string' ? serializerFor(serializer) : serializer,
    newId: idSource(chain, id),
  }
  const collector = createCollector(chain, settings)
  let closed = false

  function begin(request: SessionRequest, chosen: Settings): Start {
    if (closed) throw new StateError('manager: closed')
    return { host, settings: chosen, request }
  }

  const manager: SessionManager<Data> = {
    name: settings.name,
    async start(request = {}, overrides) {
      const chosen = overrides === undefined ? settings : overrideSettings(settings, overrides)
      const session = await run(starting<Data>(begin(request, chosen)))
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

/** A session for the first id that leads to one; else a new one. */
function* starting<Data extends object>(start: Start): Flow<Session<Data>> {
  const { ids, received } = candidates(start.request, start.settings)
  const { useStrictMode } = start.settings
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
  return fresh<Data>(start, received)
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
  const { absoluteLifetime, now } = start.settings
  const age = seconds(now()) - (metadata?.created ?? Infinity)
  if (absoluteLifetime === 0 || age <= absoluteLifetime) return false
  if (opened) yield* close(start, context)
  yield* remove(start, id)
  return true
}
