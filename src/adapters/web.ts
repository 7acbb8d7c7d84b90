/**
 * Sessions for servers of the web's `Request` and `Response`: Hono, Next-style route handlers, Remix,
 * Bun, Deno, service workers of Node.
 *
 * @module
 */
import type { HeaderList } from '../http/headers.js'
import { tellWithheld } from '../http/withheld.js'
import { assertFunction } from '../lib/check.js'
import type { SessionManager } from '../manager.js'
import type { StartOverrides } from '../options/options.js'
import type { SessionData } from '../serializer.js'
import { transSidOf } from '../session-sid.js'
import { settle, stateFor, type Session } from '../session.js'
import { describe, resolveWebOptions, type WebOptions } from './web-options.js'
import { rewrittenPage, withHeaders } from './web-response.js'

export type { PageRewriting } from './page.js'
export type { WebOptions } from './web-options.js'

/** Answers a request that has a session. What else the framework passes comes behind. */
export type SessionRoute<Data extends object, Rest extends unknown[]> = (
  request: Request,
  session: Session<Data>,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Makes a handler of requests whose session is started before and committed after it, before the
 * first byte of its response leaves. A handler that throws leaves the session as it was.
 *
 * A response may stream. By then the session has ended: a change is a `StateError`.
 *
 * @returns Rejects with what the handler, the start or the commit threw.
 * @throws {TypeError} Naming the option.
 */
export function withSession<Data extends object = SessionData, Rest extends unknown[] = []>(
  manager: SessionManager<Data>,
  route: SessionRoute<Data, Rest>,
  options: WebOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  assertFunction('route', route)
  const { rewriter, overrides, ...seen } = resolveWebOptions(options)
  return async (request, ...rest) => {
    const session = await manager.start(await describe(request, seen), overrides)
    try {
      const answer = () => route(request, session, ...rest)
      const answered = await (manager.ambient ? manager.run(session, answer) : answer())
      const headers = await settle(session)
      const response = withHeaders(answered, headers)
      if (response === answered) tellWithheld(manager.name, headers, 'no-headers')
      const links = transSidOf(stateFor(session))
      return links === undefined ? response : rewrittenPage(response, { ...links, ...rewriter })
    } finally {
      // Whatever was thrown: nothing of it is stored, and the lock is free.
      if (session.status === 'active') await session.abort()
    }
  }
}

/** The three functions of Remix and React Router. */
export interface SessionStorage<Data extends object> {
  /** Starts the session that the `Cookie` header of a request names, or a new one. */
  getSession(cookieHeader?: string | null): Promise<Session<Data>>
  /**
   * Stores the session.
   *
   * @returns The value of a `Set-Cookie` header, empty where there is nothing to keep.
   */
  commitSession(session: Session<Data>): Promise<string>
  /** Destroys the session. @returns The value of a `Set-Cookie` header that removes the cookie. */
  destroySession(session: Session<Data>): Promise<string>
}

/** What `createSessionStorage` takes. `undefined` means the default. */
export interface SessionStorageOptions extends StartOverrides {
  /** Whether the site speaks https, for `cookie.secure: 'auto'`. @default false */
  secure?: boolean | undefined
}

/**
 * Makes the three functions that Remix and React Router ask for.
 *
 * Loaders get sessions and never give them back, and run side by side. So `concurrency` is `merge`
 * here unless it is said otherwise: nothing stays locked between `getSession` and `commitSession`.
 */
export function createSessionStorage<Data extends object = SessionData>(
  manager: SessionManager<Data>,
  options: SessionStorageOptions = {},
): SessionStorage<Data> {
  const { secure = false, concurrency = 'merge', ...rest } = options
  return {
    getSession(cookieHeader) {
      const request = { cookieHeader: cookieHeader ?? undefined, secure }
      return manager.start(request, { ...rest, concurrency })
    },
    commitSession: async (session) => cookieOf(await settle(session, ANNOUNCED)),
    destroySession: async (session) => cookieOf(await session.destroy()),
  }
}

const ANNOUNCED = { touched: true, announce: true }

function cookieOf(headers: HeaderList): string {
  return headers.find(([name]) => name === 'Set-Cookie')?.[1] ?? ''
}
