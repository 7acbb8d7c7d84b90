/** The middleware that gives requests their session as express-session does. */
import type { ServerResponse } from 'node:http'
import type { Callback, Secret, SessionRequest } from './express-contract.js'
import { cookieText, type CookieAttributes } from './express-cookie-text.js'
import { delayEnd } from './express-end.js'
import { beforeHeaders } from './express-headers.js'
import { holdHeaders } from './express-hold.js'
import { takeLock } from './express-lock.js'
import type { ResolvedOptions } from './express-options.js'
import { readSessionId, signedId } from './express-signature.js'
import {
  begin,
  generate,
  newVisit,
  pendingWork,
  resume,
  shouldSetCookie,
  touch,
} from './express-visit.js'
import type { Visit } from './express-visit.js'
import type { AnyResponse } from './node-response.js'

export type Middleware = (request: SessionRequest, response: AnyResponse, next: Callback) => void

/** Makes the middleware and prepares the store. */
export function createMiddleware(options: ResolvedOptions): Middleware {
  const { store } = options
  const isReady = readiness(options)
  store.generate = (request) => generate(request, options)

  return (request, response, next) => {
    if (request.session || !isReady()) return next()
    if (!pathOf(request).startsWith(options.cookie(request).path || '/')) return next()
    const { secret } = request
    const secrets = options.secrets ?? (secret ? [secret] : undefined)
    if (secrets === undefined) return next(new Error('secret option required for sessions'))

    request.sessionStore = store
    const sentId = readSessionId(request, options.name, secrets)
    request.sessionID = sentId
    const visit = newVisit(request, options, sentId)
    attach(visit, response, { next, secret: secrets[0] as Secret })
    if (sentId && options.exclusive && canEnd(response)) {
      takeLock(visit, response).then(() => process.nextTick(start, visit, next), next)
    } else start(visit, next)
  }
}

interface Attachment {
  readonly next: Callback
  readonly secret: Secret
}

/** Makes the response end, or begin, with the session stored. */
function attach(visit: Visit, response: AnyResponse, { next, secret }: Attachment): void {
  const failed = (error: unknown) => void setImmediate(next, error)
  const cookie = () => cookieOf(visit, secret)
  if (visit.options.holdHeaders) {
    delayEnd(response, { ...holdHeaders(visit, response, cookie), failed })
    return
  }
  beforeHeaders(response, () => {
    try {
      sendCookie(response, cookie())
    } catch (error) {
      failed(error)
    }
  })
  delayEnd(response, {
    before: () => pendingWork(visit),
    failed,
    over: () => visit.release?.(),
  })
}

/** An upgrade comes with no response, or a pretended one, whose end would never give the lock back. */
function canEnd(response: AnyResponse): boolean {
  return typeof (response as Partial<ServerResponse>).on === 'function'
}

/** A store that is cut off says so; requests go on without a session meanwhile. */
function readiness({ store }: ResolvedOptions): () => boolean {
  let ready = true
  store.on?.('disconnect', () => (ready = false))
  store.on?.('connect', () => (ready = true))
  return () => ready
}

/** The path that the client asked for, wherever the application is mounted. */
function pathOf({ originalUrl, url = '/' }: SessionRequest): string {
  const asked = typeof originalUrl === 'string' ? originalUrl : url
  const isWhole = !asked.startsWith('/') && URL.canParse(asked)
  return isWhole ? new URL(asked).pathname : asked.split(/[?#]/, 1)[0] || '/'
}

/** Finds the session, or begins one. A throwing handler must not look like a store that failed. */
function start(visit: Visit, next: Callback): void {
  const { sentId, options } = visit
  if (!sentId) return next(attempt(() => begin(visit)))
  let answered = false
  try {
    options.store.get(sentId, (error, record) => {
      answered = true
      const isMissing = error && (error as { code?: unknown }).code === 'ENOENT'
      if (error && !isMissing) return next(error)
      next(attempt(() => (isMissing || !record ? begin(visit) : resume(visit, record))))
    })
  } catch (error) {
    if (answered) throw error
    next(error)
  }
}

function attempt(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

/** What tells the visitor the id, where the response should. */
function cookieOf(visit: Visit, secret: Secret): string | undefined {
  const { request, options, broken } = visit
  const { session, sessionID } = request
  if (!session || broken || !shouldSetCookie(visit, session)) return undefined
  touch(visit, session)
  const { data = {} } = session.cookie as { data?: CookieAttributes }
  return cookieText(options.name, signedId(sessionID as string, secret), data)
}

function sendCookie(response: AnyResponse, text: string | undefined): void {
  if (text === undefined) return
  const present = response.getHeader('Set-Cookie') ?? []
  response.setHeader('Set-Cookie', [present, text].flat() as string[])
}
