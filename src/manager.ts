/**
 * The one long-lived root: builds the chain, starts sessions, and cares for storage.
 *
 * @module
 */
import { ambience, type Ambience } from './ambient.js'
import { fresh } from './begin.js'
import { composeChain, ownersFault } from './chain.js'
import { tracedChain } from './chain-traces.js'
import { administration, disposeAll, type Administration } from './administration.js'
import { StateError } from './errors.js'
import { publish } from './events.js'
import { isTraced, traced, type SessionTraces } from './events-traces.js'
import { createCollector, type Collector } from './garbage.js'
import type { MaybePromise, SessionHandler } from './handler.js'
import { memoryHandler } from './handlers/memory.js'
import { askHealth, down, type SessionHealth } from './health.js'
import type { SessionRequest } from './http/propagation.js'
import { createBreaker, type BreakerState } from './lib/breaker.js'
import { run, type Flow } from './lib/flow.js'
import type { StandardSchema } from './lib/standard-schema.js'
import { lastCopies } from './lib/last-copies.js'
import { touchTimes } from './lib/touch-times.js'
import { drawGc, newStart, type Start } from './load.js'
import { idSource } from './new-id.js'
import type { SessionOptions, Settings, StartOverrides } from './options/options.js'
import {
  overrideSettings,
  resolveOptions,
  type ResolvedOptions,
} from './options/resolve-options.js'
import type { SessionData } from './serializer.js'
import { serializerFor } from './serializers/registry.js'
import type { Session } from './session.js'
import type { SessionHost } from './session-calls.js'
import { standIn, starting } from './starting.js'
import { offerStart } from './starting-now.js'

/** The long-lived root of all sessions of one name. */
export interface SessionManager<Data extends object = SessionData>
  extends Administration, Ambience<Data>, AsyncDisposable {
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
export function createSessionManager<Data extends object>(
  options: SessionOptions & { readonly schema: StandardSchema<Data> },
): SessionManager<Data>
export function createSessionManager<Data extends object = SessionData>(
  options?: SessionOptions,
): SessionManager<Data>
export function createSessionManager<Data extends object = SessionData>(
  options: SessionOptions = {},
): SessionManager<Data> {
  const { settings, handlers = [memoryHandler()], ...made } = resolveOptions(options)
  const host = createHost(settings, handlers, made)
  const { collector } = host
  let closed = false

  function begin(request: SessionRequest, chosen: Settings): Start {
    if (closed) throw new StateError('manager: closed')
    return newStart(host, chosen, request)
  }

  function prepare(request: SessionRequest, overrides: StartOverrides | undefined): Start {
    return begin(
      request,
      overrides === undefined ? settings : overrideSettings(settings, overrides),
    )
  }

  const manager: SessionManager<Data> = {
    name: settings.name,
    async start(request = {}, overrides) {
      const begun = prepare(request, overrides)
      return await tracedStart(begun.settings, async () => run(started<Data>(begun)))
    },
    startNew(request = {}) {
      return fresh<Data>(begin(request, settings), 0)
    },
    ...administration(() => begin({}, settings)),
    ...ambience<Data>(settings.ambient),
    async gc() {
      begin({}, settings)
      return await collector.collect()
    },
    async health() {
      const start = newStart(host, settings, {})
      return closed ? down(start, 'ERR_SESSION_STATE') : await askHealth(start)
    },
    async close() {
      if (closed) return
      closed = true
      await collector.stop()
      await disposeAll(handlers)
    },
    async [Symbol.asyncDispose]() {
      await manager.close()
    },
  }
  offerStart(manager, (request, overrides) => {
    const begun = prepare(request, overrides)
    return tracedStart(begun.settings, () => run(started<Data>(begun)))
  })
  return manager
}

function tracedStart<Data extends object>(
  { name, readOnly }: Settings,
  work: () => MaybePromise<Session<Data>>,
): MaybePromise<Session<Data>> {
  if (!isTraced('sessionz:start')) return work()
  const message: SessionTraces['sessionz:start'] = { name, readOnly }
  return traced('sessionz:start', message, {
    work,
    done: ({ isNew }) => void (message.isNew = isNew),
  })
}

function* started<Data extends object>(begun: Start): Flow<Session<Data>> {
  try {
    const session = yield* starting<Data>(begun)
    drawGc(begun)
    return session
  } catch (error) {
    return yield* standIn<Data>(begun, error)
  }
}

interface Host extends SessionHost {
  readonly collector: Collector
}

function createHost(
  settings: Settings,
  handlers: readonly SessionHandler[],
  { serializer, id, owners }: Pick<ResolvedOptions, 'serializer' | 'id' | 'owners'>,
): Host {
  const { name, onStoreError, gc } = settings
  const copies = onStoreError === 'stale' ? lastCopies(gc.maxLifetime * 1000) : undefined
  const given = composeChain(handlers) // errors count the handlers as they were given
  const innermost = handlers.at(-1)
  if (innermost?.stores === false) {
    throw new TypeError(`handler "${innermost.name}" stores nothing: end the chain with a store`)
  }
  const fault = owners ? ownersFault(handlers) : undefined
  if (fault !== undefined) throw new TypeError(`"owners": ${fault}`)
  const whole = copies === undefined ? given : composeChain([copies.layer, ...handlers])
  const chain = tracedChain(whole)
  const changed = (state: BreakerState) => publish('sessionz:breaker', () => ({ name, state }))
  const breaker = createBreaker({ ...settings.breaker, changed })
  const collector = createCollector({ chain, breaker }, settings)
  return {
    chain,
    collector,
    drawGc: collector.draw,
    serializer: typeof serializer === 'string' ? serializerFor(serializer) : serializer,
    newId: idSource(chain, id),
    breaker,
    touched: settings.touchIntervalMs > 0 ? touchTimes() : undefined,
    copies,
  }
}
