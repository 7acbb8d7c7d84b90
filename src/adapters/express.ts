/**
 * A drop-in for express-session: its options, its cookies, its stores, its behaviour.
 *
 *     import session from 'sessionz/express'
 *     app.use(session({ secret, resave: false, saveUninitialized: false }))
 *
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ActiveSession, SessionData, RequestStore } from './express-contract.js'
import { toExpressStore } from './express-chain-store.js'
import { Cookie } from './express-cookie.js'
import { MemoryStore } from './express-memory-store.js'
import { createMiddleware } from './express-middleware.js'
import { resolveOptions, type SessionOptions } from './express-options.js'
import { Session } from './express-session.js'
import { Store } from './express-store.js'

export type {
  ActiveSession,
  Secret,
  SessionData,
  RequestStore,
  StoreLike,
} from './express-contract.js'
export type { CookieData, CookieOptions } from './express-cookie.js'
export type { SessionOptions } from './express-options.js'
export type { ChainStore, ToExpressStoreOptions } from './express-chain-store.js'
export { Cookie, MemoryStore, Session, Store, toExpressStore }

declare global {
  namespace Express {
    interface Request {
      /** The visitor's session, where the middleware of `sessionz/express` ran. */
      session: ActiveSession & Partial<SessionData>
      /** Its id. */
      sessionID: string
      /** Where it is kept. */
      sessionStore: RequestStore
    }
  }
}

/** A middleware of Connect and Express, and for requests of `node:http`. */
export type SessionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** What `sessionz/express` is: the function, and beside it what stores and applications extend. */
export interface SessionFactory {
  (options?: SessionOptions): SessionMiddleware
  readonly Cookie: typeof Cookie
  readonly MemoryStore: typeof MemoryStore
  readonly Session: typeof Session
  readonly Store: typeof Store
  readonly toExpressStore: typeof toExpressStore
}

function createSession(options?: SessionOptions | null): SessionMiddleware {
  return createMiddleware(resolveOptions(options ?? {})) as unknown as SessionMiddleware
}

/**
 * Makes the middleware that gives requests `req.session`, `req.sessionID` and `req.sessionStore`.
 *
 * @throws {TypeError | RangeError} Naming the option.
 * @see https://github.com/expressjs/session#api
 */
const session: SessionFactory = Object.assign(createSession, {
  Cookie,
  MemoryStore,
  Session,
  Store,
  toExpressStore,
})

export { session as default }
