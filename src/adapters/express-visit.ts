/**
 * One request and its session: what was found, what has become of it, what is to be stored and sent.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { publish } from '../events.js'
import {
  answer,
  type ActiveSession,
  type Callback,
  type SessionData,
  type SessionRequest,
} from './express-contract.js'
import { Cookie, type CookieOptions } from './express-cookie.js'
import type { Work } from './express-end.js'
import type { ResolvedOptions } from './express-options.js'
import { Session } from './express-session.js'

/** What is known of one request. */
export interface Visit {
  readonly request: SessionRequest
  readonly options: ResolvedOptions
  /** The id that the request came with, signed by us. */
  readonly sentId: string | undefined
  /** Id and variables as they were found; both empty until then. */
  foundId: string | undefined
  found: string | undefined
  /** The variables as the store has them, where that is known. */
  stored: string | undefined
  /** Whether the cookie's lifetime has begun anew. */
  touched: boolean
  /** Whether nothing of it is stored or sent any more, since it cannot be written as JSON. */
  broken: boolean
  /** Gives the session to the next request, where one at a time has it. */
  release: (() => void) | undefined
}

/** A visit of which nothing but the id is known. */
export function newVisit(
  request: SessionRequest,
  options: ResolvedOptions,
  sentId: string | undefined,
): Visit {
  return {
    request,
    options,
    sentId,
    foundId: undefined,
    found: undefined,
    stored: undefined,
    touched: false,
    broken: false,
    release: undefined,
  }
}

/** Whether the request came over a secure connection. */
export function isSecure({ headers, secure, socket }: SessionRequest, proxy?: boolean): boolean {
  if (socket?.encrypted) return true
  if (proxy === false) return false
  if (proxy !== true) return secure === true
  const [first = ''] = String(headers['x-forwarded-proto'] ?? '').split(',')
  return first.trim().toLowerCase() === 'https'
}

/** Gives a request a new session. */
export function generate(request: SessionRequest, options: ResolvedOptions): void {
  const id = options.genid ? options.genid(request) : randomBytes(24).toString('base64url')
  request.sessionID = id
  const session = new Session(request)
  session.cookie = new Cookie(settled(options.cookie(request), isSecure(request, options.proxy)))
  request.session = session
}

/** The cookie for this connection. */
function settled(cookie: CookieOptions, secure: boolean): CookieOptions {
  if (cookie.secure !== 'auto' && cookie.sameSite !== 'auto') return cookie
  return {
    ...cookie,
    ...(cookie.secure === 'auto' && { secure }),
    ...(cookie.sameSite === 'auto' && { sameSite: secure ? 'none' : 'lax' }),
  }
}

/** Begins a visit with a new session. */
export function begin(visit: Visit): void {
  const { request, options } = visit
  options.store.generate(request)
  remember(visit)
}

/** Goes on with a record. @throws {TypeError} When it is no record of a session. */
export function resume(visit: Visit, record: SessionData): void {
  const { request, options } = visit
  options.store.createSession(request, record)
  remember(visit, record)
  if (!options.resave) visit.stored = visit.found
}

/** What a record has and its session cannot, such as a variable `save`, counts as changed. */
function remember(visit: Visit, record?: SessionData): void {
  const session = visit.request.session as ActiveSession
  visit.foundId = visit.request.sessionID
  visit.found = variablesOf(record ?? session)
  watch(visit, session)
}

/** The variables as text, for comparing; the cookie is none of them. */
function variablesOf({ cookie: _, ...variables }: SessionData): string {
  return JSON.stringify(variables)
}

/**
 * Notices when the application stores the session by itself. The session may be of a class that a
 * store brings along; it learns to answer by promises, too.
 */
function watch(visit: Visit, session: ActiveSession): void {
  const { save, reload, destroy, regenerate } = session as unknown as Record<string, Work>
  const method = (name: string, work: (call: Work | undefined, done: Callback) => void) => {
    const call = { save, reload, destroy, regenerate }[name]
    const value = (callback?: Callback) => answer(session, callback, (done) => work(call, done))
    Object.defineProperty(session, name, { value, configurable: true, writable: true })
  }
  method('save', (call, done) => {
    visit.stored = variablesOf(session)
    call?.call(session, done)
  })
  method('reload', (call, done) =>
    call?.call(session, (error) => {
      const { request } = visit
      if (request.session && request.session !== session) watch(visit, request.session)
      done(error)
    }),
  )
  if (session instanceof Session) return
  for (const name of ['destroy', 'regenerate']) {
    method(name, (call, done) => call?.call(session, done))
  }
}

function isModified({ foundId, found }: Visit, session: ActiveSession): boolean {
  return foundId !== session.id || found !== variablesOf(session)
}

function isStored({ foundId, stored }: Visit, session: ActiveSession): boolean {
  return foundId === session.id && stored === variablesOf(session)
}

function shouldSave(visit: Visit, session: ActiveSession): boolean {
  const { request, options, sentId, stored } = visit
  const isNew = stored === undefined && sentId !== request.sessionID
  return !options.saveUninitialized && isNew
    ? isModified(visit, session)
    : !isStored(visit, session)
}

/** Whether the response tells the visitor the id. */
export function shouldSetCookie(visit: Visit, session: ActiveSession): boolean {
  const { request, options } = visit
  if (typeof request.sessionID !== 'string' || !isAnnounced(visit, session)) return false
  if (!session.cookie.secure || isSecure(request, options.proxy)) return true
  publish('sessionz:cookie-withheld', () => ({ name: options.name, reason: 'insecure' }))
  return false
}

function isAnnounced(visit: Visit, session: ActiveSession): boolean {
  const { request, options, sentId } = visit
  if (sentId !== request.sessionID) {
    return options.saveUninitialized || isModified(visit, session)
  }
  return options.rolling || (session.cookie.expires != null && isModified(visit, session))
}

/** Begins the cookie's lifetime anew, once. */
export function touch(visit: Visit, session: ActiveSession): void {
  if (!visit.touched) session.touch()
  visit.touched = true
}

/**
 * What has to be done in the store now.
 *
 * @param touches Whether a session that nobody changed is renewed.
 * @returns `undefined` for nothing.
 */
export function pendingWork(visit: Visit, touches = visit.options.touches): Work | undefined {
  const { request, options } = visit
  const { session, sessionID: id } = request
  const { store } = options
  if (visit.broken) return undefined
  if (!session) {
    const isUnset = session === undefined || session === null
    return id && isUnset && options.destroyUnset
      ? (done) => void store.destroy(id, done)
      : undefined
  }
  touch(visit, session)
  if (typeof id !== 'string') return undefined
  if (mustSave(visit, session)) return (done) => void session.save(done)
  if (visit.sentId !== id || !touches) return undefined
  return (done) => void store.touch?.(id, session as unknown as SessionData, done)
}

/** @throws {TypeError} Once, for a session that is no JSON: whoever answers that is not told again. */
function mustSave(visit: Visit, session: ActiveSession): boolean {
  try {
    return shouldSave(visit, session)
  } catch (error) {
    visit.broken = true
    throw error
  }
}
