/**
 * One request and its session, from the first look at it until the response is over.
 *
 * @module
 */
import { StateError } from '../errors.js'
import { publish } from '../events.js'
import type { MaybePromise } from '../handler.js'
import type { HeaderList } from '../http/headers.js'
import { tellWithheld } from '../http/withheld.js'
import { isPromise } from '../lib/flow.js'
import type { SessionManager } from '../manager.js'
import type { StartOverrides } from '../options/options.js'
import { transSidOf } from '../session-sid.js'
import { settle, stateFor, type Session } from '../session.js'
import { startNow } from '../starting-now.js'
import { holdResponse } from './held-response.js'
import type { Holder } from './held.js'
import type { ResolvedNodeOptions } from './node-options.js'
import { rewritePage } from './node-page.js'
import { Patience, VisitorRequest } from './node-request.js'
import type { AnyResponse, NodeRequest, NodeResponse } from './node-response.js'
import { answerPlainly } from './plain-failure.js'

/** What is known of one request. A class for the reason that `Held` is one. */
export class Visit<Data extends object> {
  session: Session<Data> | undefined
  starting: Promise<Session<Data>> | undefined
  /** Why there is no session; touching it must not look like a new visitor. */
  error: unknown
  /** Whether the application looked at the session. */
  touched = false
  settled = false
  timer: NodeJS.Timeout | undefined
  readonly patience = new Patience()

  constructor(
    readonly manager: SessionManager<Data>,
    readonly request: NodeRequest,
    readonly response: NodeResponse,
    readonly options: ResolvedNodeOptions,
  ) {}
}

const HOLDER: Holder<Visit<object>> = {
  settle: (visit) => (visit.session === undefined ? undefined : settleVisit(visit)),
  opened: ({ session, options }, held) => {
    const links = session && transSidOf(stateFor(session))
    if (links !== undefined) rewritePage(held, { ...links, ...options.rewriter })
  },
  answer: answerFailure,
}

/** From here on the response waits for the session of its request, when there is one. */
export function hold<Data extends object>(visit: Visit<Data>): Visit<Data> {
  holdResponse(visit.response as unknown as AnyResponse, visit as unknown as Visit<object>, HOLDER)
  return visit
}

/**
 * The session, at once: the one that was started, or a new one for a visitor who has none.
 *
 * @throws What the start threw; a `StateError` while it is still going on.
 */
export function touch<Data extends object>(visit: Visit<Data>): Session<Data> {
  visit.touched = true
  if (visit.starting !== undefined) {
    throw new StateError('req.session: still starting; wait for startSession() or the middleware')
  }
  if (visit.session !== undefined) return visit.session
  if (visit.error !== undefined) throw visit.error
  return adopt(visit, visit.manager.startNew(requestOf(visit)))
}

/**
 * Starts the session that the request names, once: at once where the chain is synchronous. A start
 * that fails always rejects.
 */
export function start<Data extends object>(
  visit: Visit<Data>,
  overrides?: StartOverrides,
): MaybePromise<Session<Data>> {
  return visit.session ?? visit.starting ?? starting(visit, overrides)
}

/** The same, but never at once: who forgets to wait is told so with every store. */
export async function startLater<Data extends object>(
  visit: Visit<Data>,
  overrides: StartOverrides,
): Promise<Session<Data>> {
  if (visit.session !== undefined) return visit.session
  visit.starting = Promise.resolve(start(visit, overrides))
  try {
    return await visit.starting
  } finally {
    visit.starting = undefined
  }
}

function starting<Data extends object>(
  visit: Visit<Data>,
  overrides?: StartOverrides,
): MaybePromise<Session<Data>> {
  visit.error = undefined
  visit.patience.waiting = true
  visit.response.on('close', () => leave(visit))
  try {
    const started = startNow(visit.manager, requestOf(visit), overrides)
    if (!isPromise(started)) return arrive(visit, started)
    visit.starting = started.then(
      (session) => arrive(visit, session),
      (error: unknown) => {
        refuse(visit, error)
        throw error
      },
    )
    return visit.starting
  } catch (error) {
    refuse(visit, error)
    return Promise.reject(error as Error)
  }
}

function arrive<Data extends object>(visit: Visit<Data>, session: Session<Data>): Session<Data> {
  stopWaiting(visit)
  return adopt(visit, session)
}

function refuse(visit: Visit<object>, error: unknown): void {
  stopWaiting(visit)
  visit.error = error
}

function stopWaiting(visit: Visit<object>): void {
  visit.patience.waiting = false
  visit.starting = undefined
}

function requestOf({ request, options, patience }: Visit<object>): VisitorRequest {
  return new VisitorRequest(request, options, patience)
}

/** The connection is gone: nobody waits for the lock any more, or for what the handler makes. */
function leave(visit: Visit<object>): void {
  const { patience, session } = visit
  patience.gone = true
  if (patience.waiting) patience.controller?.abort()
  else if (session !== undefined) abandon(visit)
}

function adopt<Data extends object>(visit: Visit<Data>, session: Session<Data>): Session<Data> {
  visit.session = session
  // Too late to send anything: the session can be read, a change is a StateError.
  if (visit.response.headersSent) inBackground(() => settleUnsent(visit))
  if (visit.patience.gone) abandon(visit)
  return session
}

function settleVisit(visit: Visit<object>): MaybePromise<HeaderList> {
  visit.settled = true
  clearTimeout(visit.timer)
  return settle(visit.session as object, { touched: visit.touched })
}

/** Ends a session whose headers nobody gets. */
async function settleUnsent(visit: Visit<object>): Promise<void> {
  const headers = await settleVisit(visit)
  if (visit.response.headersSent) tellWithheld(visit.manager.name, headers, 'headers-sent')
}

/**
 * The connection is gone and the session is still open. Nobody looked at it, or headers left past
 * us (`stream.respond()` of HTTP/2): it ends now. The application broke the response off: its
 * changes are half done and dropped. The client went away: whatever the handler does it may finish,
 * for a while.
 */
function abandon(visit: Visit<object>): void {
  if (visit.settled) return
  const { touched, response, options } = visit
  const { errored = null } = response as { readonly errored?: unknown }
  if (!touched || response.headersSent) return inBackground(() => settleUnsent(visit))
  if (errored !== null) return inBackground(() => visit.session?.abort())
  visit.timer = setTimeout(() => inBackground(() => visit.session?.abort()), options.abandonAfterMs)
  visit.timer.unref()
}

/** The answer when the session could not be stored: never the application's. */
function answerFailure({ request, response, options }: Visit<object>, error: unknown): void {
  publish('sessionz:error', () => ({ operation: 'commit', error }))
  answerPlainly(response as unknown as AnyResponse, () => {
    try {
      options.onCommitError?.(error, request, response)
    } catch (thrown) {
      publish('sessionz:error', () => ({ operation: 'onCommitError', error: thrown }))
    }
  })
}

/** Work that nobody waits for; its failure becomes an event. */
function inBackground(work: () => unknown): void {
  void (async () => {
    try {
      await work()
    } catch (error) {
      publish('sessionz:error', () => ({ operation: 'abandon', error }))
    }
  })()
}
