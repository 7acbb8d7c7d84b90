/**
 * What the parts of the drop-in for express-session know of each other.
 *
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Cookie } from './express-cookie.js'

/** Called once, with what went wrong, if anything. */
export type Callback = (error?: unknown) => void

/**
 * The variables of a session. Augment it:
 *
 *     declare module 'sessionz/express' {
 *       interface SessionData { user: string }
 *     }
 */
export interface SessionData {
  cookie: Cookie
}

/** A session of a request, from whichever class. Without a callback its methods return promises. */
export interface ActiveSession {
  readonly id: string
  cookie: Cookie
  /** Stores the session now; at the end of the response it happens by itself. */
  save(callback: Callback): this
  save(): Promise<void>
  /** Reads the session again: `req.session` is a new object afterwards. */
  reload(callback: Callback): this
  reload(): Promise<void>
  /** Removes the session, and `req.session` with it. */
  destroy(callback: Callback): this
  destroy(): Promise<void>
  /** Removes the session; `req.session` is a new and empty one, of another id, afterwards. */
  regenerate(callback: Callback): this
  regenerate(): Promise<void>
  /** Sets the cookie's lifetime back to its original one. */
  touch(): this
  resetMaxAge(): this
}

/**
 * What is asked of a store: those of express-session all do. Their types say `SessionData` of
 * another package, so nothing is said of it here.
 */
export interface StoreLike {
  get(id: string, callback: (error: unknown, session?: object | null) => void): unknown
  set(id: string, session: object, callback?: Callback): unknown
  destroy(id: string, callback?: Callback): unknown
  touch?(id: string, session: object, callback?: Callback): unknown
}

/** A store as the middleware has prepared it. */
export interface RequestStore extends StoreLike {
  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): unknown
  set(id: string, session: SessionData, callback?: Callback): unknown
  touch?(id: string, session: SessionData, callback?: Callback): unknown
  /** Gives a request a new session; set by the middleware. */
  generate(request: SessionRequest): void
  regenerate(request: SessionRequest, callback: Callback): void
  createSession(request: SessionRequest, session: SessionData): ActiveSession
  on?(event: 'connect' | 'disconnect', listener: () => void): unknown
  /** Waits until nobody else has the session; the answer gives it back. */
  lock?(id: string, waitMs: number): Promise<() => void | Promise<void>>
}

/** The part of a request that sessions are about. */
export interface SessionRequest {
  readonly headers: IncomingHttpHeaders
  readonly url?: string | undefined
  readonly originalUrl?: string | undefined
  readonly socket?: { readonly encrypted?: boolean } | null
  /** Express's word on whether the connection is secure, by its `trust proxy`. */
  readonly secure?: boolean | undefined
  /** What cookie-parser leaves. */
  readonly secret?: Secret | undefined
  readonly cookies?: Readonly<Record<string, unknown>> | undefined
  readonly signedCookies?: Readonly<Record<string, unknown>> | undefined
  session?: ActiveSession | null | undefined
  sessionID?: string | undefined
  sessionStore?: RequestStore | undefined
}

/** A key for signatures, as `createHmac` takes it. */
export type Secret = string | NodeJS.ArrayBufferView | import('node:crypto').KeyObject

/** Calls back, or answers by a promise. A rejection that nobody awaits ends no process. */
export function answer<T>(
  self: T,
  callback: Callback | undefined,
  work: (done: Callback) => void,
): T | Promise<void> {
  if (callback !== undefined) {
    work(callback)
    return self
  }
  const promise = new Promise<void>((resolve, reject) => {
    work((error) => (error ? reject(error) : resolve()))
  })
  promise.catch(() => undefined)
  return promise
}
