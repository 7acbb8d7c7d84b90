/**
 * Sessions for servers of the web's `Request` and `Response`: Hono, Next-style route handlers, Remix,
 * Bun, Deno, service workers of Node.
 *
 * @module
 */
import type { HeaderList } from '../http/headers.js'
import type { SessionRequest } from '../http/propagation.js'
import { assertFunction, assertKnownKeys } from '../lib/check.js'
import type { SessionManager } from '../manager.js'
import type { StartOverrides } from '../options/options.js'
import type { SessionData } from '../serializer.js'
import { settle, type Session } from '../session.js'
import { mergeHeaders } from './response-headers.js'

/** What the adapter cannot see for itself. `undefined` means the default. */
export interface WebOptions extends StartOverrides {
  /**
   * Whether a request came over a secure connection, for `cookie.secure: 'auto'`. Behind a proxy that
   * speaks https this is yours to say.
   *
   * @default The protocol of the request's URL
   */
  secure?: ((request: Request) => boolean) | undefined
}

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
  const { secure, overrides } = resolve(options)
  return async (request, ...rest) => {
    const session = await manager.start(describe(request, secure(request)), overrides)
    try {
      const answer = () => route(request, session, ...rest)
      const response = await (manager.ambient ? manager.run(session, answer) : answer())
      return withHeaders(response, await settle(session))
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

const KNOWN: Readonly<Record<keyof WebOptions, true>> = {
  secure: true,
  concurrency: true,
  conflict: true,
  lockWait: true,
  holdLimit: true,
  useStrictMode: true,
  lazyWrite: true,
  name: true,
  readOnly: true,
  onStoreError: true,
}

function resolve(options: WebOptions) {
  assertKnownKeys('withSession', options, KNOWN)
  const { secure = isSecure, ...overrides } = options
  assertFunction('secure', secure)
  return { secure, overrides }
}

function isSecure({ url }: Request): boolean {
  return url.startsWith('https:')
}

/** A request in the words of the manager. */
function describe({ headers, url, signal }: Request, secure: boolean): SessionRequest {
  const { pathname, search, host } = new URL(url)
  return {
    cookieHeader: headers.get('cookie') ?? undefined,
    url: pathname + search,
    secure,
    host: headers.get('host') ?? host,
    referer: headers.get('referer') ?? undefined,
    signal,
  }
}

/**
 * The response with more headers, a copy: those of `Response.redirect()` and `fetch()` cannot be changed.
 * What is no answer of its own (`Response.error()`, an upgrade) cannot be copied and passes.
 */
function withHeaders(response: Response, added: HeaderList): Response {
  if (added.length === 0 || response.status < 200) return response
  const headers = new Headers(response.headers)
  mergeHeaders(added, {
    get: (name) => presentIn(headers, name),
    set: (name, value) => {
      headers.delete(name)
      for (const line of [value].flat()) headers.append(name, String(line))
    },
  })
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}

function presentIn(headers: Headers, name: string): string | string[] | undefined {
  if (name === 'Set-Cookie') return headers.getSetCookie()
  return headers.get(name) ?? undefined
}
