/**
 * Sessions for `node:http`, `node:https`, `node:http2` (compatibility API), Connect and Express.
 *
 * Response headers wait until the session is stored, so an answer never promises what storage does
 * not hold. Nothing else about the response changes.
 *
 * @module
 */
import { StateError } from '../errors.js'
import { isPromise } from '../lib/flow.js'
import type { SessionManager } from '../manager.js'
import type { Settings, StartOverrides } from '../options/options.js'
import type { SessionData } from '../serializer.js'
import { stateFor, type Session } from '../session.js'
import { inSession } from './node-ambient.js'
import { resolveNodeOptions, splitNodeOptions, type NodeOptions } from './node-options.js'
import type { Parsed } from './node-request.js'
import type { NodeRequest, NodeResponse } from './node-response.js'
import { hold, start, startLater, touch, Visit } from './node-visit.js'

export type { NodeOptions } from './node-options.js'
export type { NodeRequest, NodeResponse } from './node-response.js'
export type { PageRewriting } from './page.js'
export type { TrustProxy } from './trust-proxy.js'

/**
 * Types the variables of `req.session`. Augment it:
 *
 *     declare module 'sessionz/node' {
 *       interface RequestSessionData { views: number }
 *     }
 */
export interface RequestSessionData extends SessionData {}

declare module 'http' {
  interface IncomingMessage {
    /** The visitor's session, where `sessionMiddleware` ran. */
    readonly session: Session<RequestSessionData>
  }
}

declare module 'http2' {
  interface Http2ServerRequest {
    /** The visitor's session, where `sessionMiddleware` ran. */
    readonly session: Session<RequestSessionData>
  }
}

/** A middleware of Connect and Express; with `node:http` await it, or give it a callback. */
export interface SessionMiddleware {
  (request: NodeRequest, response: NodeResponse, next: (error?: unknown) => void): void
  (request: NodeRequest, response: NodeResponse): Promise<void>
}

/** What `startSession` may say: the options of one start, and those of the adapter. */
export interface StartSessionOptions extends StartOverrides, NodeOptions {}

/**
 * Makes the middleware that gives requests `req.session`.
 *
 * A request with a session cookie waits for its session; any other goes on at once and gets a
 * session when it looks at `req.session`. The session is committed with the first header that
 * leaves; later changes are a `StateError`.
 *
 * @returns Calls `next(error)`, or rejects, when the session cannot be started.
 */
export function sessionMiddleware<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options: NodeOptions = {},
): SessionMiddleware {
  const resolved = resolveNodeOptions(options)
  const key = keyOf(manager)
  const { settings } = stateFor(manager.startNew())
  // The same getter for all requests: one of its own for each costs V8 14 µs (requests-table.ts).
  const property: PropertyDescriptor = {
    configurable: true,
    get(this: Visited) {
      return touch(this[key] as Visit<object>)
    },
  }

  function session(
    request: NodeRequest,
    response: NodeResponse,
    next?: (error?: unknown) => void,
  ): Promise<void> | void {
    const visited = request as unknown as Visited
    const visit = (visited[key] ??= hold(new Visit(manager, request, response, resolved)))
    if (visit.manager !== manager) throw sameName(manager)
    Object.defineProperty(request, 'session', property)
    const started = mayName(request, settings) ? start(visit) : undefined
    if (next === undefined) return ready(started)
    const go = manager.ambient ? inSession(visit, next) : next
    if (!isPromise(started)) return go()
    // A throwing handler must not look like a session that did not start.
    started.then(
      () => process.nextTick(go),
      (error: unknown) => process.nextTick(go, error),
    )
  }
  return session as SessionMiddleware
}

/**
 * Starts the session of a request: the same one however often it is called, and the same as
 * `req.session` of the middleware. It is committed with the first header that leaves.
 *
 * @param options Those of the first call for a request hold.
 * @throws {LockTimeoutError | StoreError} And what else `manager.start` throws.
 */
export async function startSession<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  request: NodeRequest,
  response: NodeResponse,
  options: StartSessionOptions = {},
): Promise<Session<Data>> {
  const [nodeOptions, overrides] = splitNodeOptions(options)
  const key = keyOf(manager)
  const visited = request as unknown as Visited
  const visit = (visited[key] ??= hold(
    new Visit(manager, request, response, resolveNodeOptions(nodeOptions)),
  )) as unknown as Visit<Data>
  if (visit.manager !== manager) throw sameName(manager)
  visit.touched = true
  return await startLater(visit, overrides)
}

/** A request that keeps its visits, one for each name of a session; a `WeakMap` costs 6 µs a request. */
interface Visited {
  [key: symbol]: Visit<object> | undefined
}

const keys = new WeakMap<object, symbol>()

/** Where requests keep their visit of this manager. @throws {TypeError} For what is none. */
function keyOf(manager: Pick<SessionManager, 'name' | 'startNew'>): symbol {
  let key = keys.get(manager)
  if (key === undefined) {
    if (typeof manager?.startNew !== 'function') {
      throw new TypeError('"manager" must be what createSessionManager() makes')
    }
    key = Symbol.for(`sessionz.visit.${manager.name}`)
    keys.set(manager, key)
  }
  return key
}

/** Each of the two would send its cookie over the other's. */
function sameName({ name }: { readonly name: string }): StateError {
  return new StateError(
    `req.session: two managers of one request are named "${name}"; give one of them another "name", or use one manager`,
  )
}

/** Whether the request may name a session; the manager looks closer. */
function mayName(
  request: NodeRequest,
  { name, useCookies, useOnlyCookies }: Pick<Settings, 'name' | 'useCookies' | 'useOnlyCookies'>,
): boolean {
  if (useCookies && (request.headers.cookie?.includes(name) ?? false)) return true
  if (useOnlyCookies) return false
  const { originalUrl = request.url ?? '', body } = request as Parsed
  return originalUrl.includes('?') || (typeof body === 'object' && body !== null)
}

async function ready(started: unknown): Promise<void> {
  await started
}
