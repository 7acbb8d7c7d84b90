/** The drop-in beside the original: servers whose every case both have to pass. */
import { createHmac } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import ours, {
  type ActiveSession,
  type RequestStore,
  type SessionData,
  type SessionOptions,
} from '../../src/adapters/express.js'
import {
  serve,
  sessionCookie,
  valuesOf,
  type Answer,
  type Question,
  type TestServer,
} from './exchange.js'
import { peer } from './peer.js'

export type Factory = Pick<typeof ours, 'Cookie' | 'MemoryStore' | 'Session' | 'Store'> &
  ((options?: SessionOptions) => ReturnType<typeof ours>)

const original = (await peer<{ default: Factory }>('express-session')).default

/** Every case of these files runs with both; so the cases prove themselves. */
export const IMPLEMENTATIONS: readonly (readonly [string, Factory])[] = [
  ['sessionz/express', ours],
  ['express-session', original],
]

/** The request that a handler sees. */
export type Visited = Omit<IncomingMessage, 'session'> & {
  session: (ActiveSession & Partial<SessionData> & Record<string, unknown>) | null
  sessionID: string
  sessionStore: RequestStore
  secret?: string
  secure?: boolean
  cookies?: Record<string, string>
  signedCookies?: Record<string, string | false>
  originalUrl?: string
}

/** The same, where a session is certain. */
export type WithSession = Visited & { session: NonNullable<Visited['session']> }

export type Handler = (request: WithSession, response: ServerResponse) => unknown

export const SECRET = 'keyboard cat'

/** A server with sessions. What the middleware passes to `next` is a 500, and remembered. */
export interface SessionServer extends TestServer {
  readonly errors: unknown[]
  /** A visitor who keeps the session cookie. */
  visitor(): (question?: Question | string) => Promise<Answer>
}

export interface Setting extends SessionOptions {
  /** Runs before the middleware. */
  before?: (request: Visited, response: ServerResponse) => void
}

export async function serveSessions(
  session: Factory,
  { before, ...options }: Setting,
  handler: Handler,
): Promise<SessionServer> {
  const middleware = session({
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    ...options,
  })
  const errors: unknown[] = []
  const server = await serve(((request: Visited & IncomingMessage, response: ServerResponse) => {
    before?.(request, response)
    const fail = (error: unknown) => {
      errors.push(error)
      if (response.headersSent) return
      response.statusCode = 500
      response.end((error as Error).message)
    }
    middleware(request, response, (error) => {
      if (error) return fail(error)
      void (async () => await handler(request as WithSession, response))().catch(fail)
    })
  }) as unknown as RequestListener)
  return { ...server, errors, visitor: () => visitorOf(server) }
}

/** Follows what the server says about its cookie. */
export function visitorOf(server: TestServer, name = 'connect.sid') {
  let cookie: string | undefined
  return async (question: Question | string = {}): Promise<Answer> => {
    const { headers, ...rest } = typeof question === 'string' ? { path: question } : question
    const answer = await server.ask({
      ...rest,
      headers: { ...(headers as object), ...(cookie !== undefined && { cookie }) },
    })
    cookie = sessionCookie(answer, name) ?? cookie
    return answer
  }
}

/** The one `Set-Cookie` line of the session. */
export function lineOf(answer: Answer, name = 'connect.sid'): string | undefined {
  return valuesOf(answer, 'set-cookie').find((line) => line.startsWith(`${name}=`))
}

/** The attributes of that line in lower case; those without a value are `true`. */
export function attributesOf(answer: Answer, name?: string): Record<string, string | true> {
  const [, ...attributes] = (lineOf(answer, name) ?? '').split('; ')
  return Object.fromEntries(
    attributes.map((each) => {
      const [key = '', ...value] = each.split('=')
      return [key.toLowerCase(), value.length === 0 ? true : value.join('=')]
    }),
  )
}

/** The id in a cookie line. */
export function idOf(answer: Answer, name?: string): string | undefined {
  const value = lineOf(answer, name)?.split(';')[0]?.split('=').slice(1).join('=')
  return value === undefined
    ? undefined
    : decodeURIComponent(value)
        .slice(2)
        .replace(/\.[^.]*$/, '')
}

/** A `Cookie` header for an id, as a secret signs it. */
export function cookieFor(id: string, secret: string = SECRET, name = 'connect.sid'): string {
  const mac = createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '')
  return `${name}=${encodeURIComponent(`s:${id}.${mac}`)}`
}
