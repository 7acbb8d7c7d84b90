/** A request of Node's, in the words of the manager. */
import type { SessionRequest } from '../http/propagation.js'
import type { NodeRequest } from './node-response.js'

/** A wait for a session, and what may end it. Small: sessions keep it (see `Held`). */
export class Patience {
  /** Ends the wait; made when something waits. */
  controller: AbortController | undefined
  /** Whether a session is being waited for. */
  waiting = false
  /** Whether the connection is gone. */
  gone = false
}

/**
 * What the manager wants to know of a request.
 *
 * A class for its getter: an AbortSignal costs 10 µs and only who has to wait needs one, and a
 * getter in an object literal costs V8 as much again (tests/bench/http.bench.ts).
 */
export class VisitorRequest implements SessionRequest {
  readonly cookieHeader: string | undefined
  readonly url: string | undefined
  readonly secure: boolean
  readonly host: string | undefined
  readonly referer: string | undefined
  readonly #patience: Patience

  constructor(request: NodeRequest, secure: boolean, patience: Patience) {
    const { headers } = request
    const { originalUrl = request.url } = request as { readonly originalUrl?: string }
    this.cookieHeader = headers.cookie
    this.url = originalUrl
    this.secure = secure
    this.host = (headers[':authority'] as string | undefined) ?? headers.host
    this.referer = headers.referer
    this.#patience = patience
  }

  /** Aborted when the connection is gone before the session is there; later there is none. */
  get signal(): AbortSignal | undefined {
    const patience = this.#patience
    if (!patience.waiting) return undefined
    patience.controller ??= new AbortController()
    if (patience.gone) patience.controller.abort()
    return patience.controller.signal
  }
}
