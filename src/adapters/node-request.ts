/** A request of Node's, in the words of the manager. */
import type { SessionRequest } from '../http/propagation.js'
import type { ResolvedNodeOptions } from './node-options.js'
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

/** What Express and parsers of bodies leave in a request. */
export interface Parsed {
  readonly originalUrl?: string
  readonly body?: object | null
}

/**
 * What the manager wants to know of a request.
 *
 * A class for its getter: an AbortSignal costs 10 µs and only who has to wait needs one, and a
 * getter in an object literal costs V8 as much again (tests/bench/requests-table.ts).
 */
export class VisitorRequest implements SessionRequest {
  readonly cookieHeader: string | undefined
  readonly url: string | undefined
  readonly body: object | null | undefined
  readonly secure: boolean
  readonly host: string | undefined
  readonly referer: string | undefined
  readonly lastModified: Date | undefined
  readonly #patience: Patience

  constructor(request: NodeRequest, options: ResolvedNodeOptions, patience: Patience) {
    const { headers } = request
    const { originalUrl = request.url, body } = request as Parsed
    this.cookieHeader = headers.cookie
    this.url = originalUrl
    this.body = body
    this.secure = options.secure(request)
    this.host = options.host(request)
    this.referer = headers.referer
    this.lastModified = options.lastModified?.(request)
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
