/** A request of Node's, in the words of the manager. */
import type { SessionRequest } from '../http/propagation.js'
import type { ResolvedNodeOptions } from './node-options.js'
import type { NodeRequest } from './node-response.js'

/** What is asked of the visit that a request belongs to. */
export interface Visitor {
  readonly request: NodeRequest
  readonly options: ResolvedNodeOptions
  /** Ends the wait for the session; made when something waits. */
  controller: AbortController | undefined
  /** Whether a session is being waited for. */
  readonly waiting: boolean
  /** Whether the connection is gone. */
  readonly gone: boolean
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
  readonly #visitor: Visitor

  constructor(visitor: Visitor) {
    const { request, options } = visitor
    const { headers } = request
    const { originalUrl = request.url } = request as { readonly originalUrl?: string }
    this.cookieHeader = headers.cookie
    this.url = originalUrl
    this.secure = options.secure(request)
    this.host = (headers[':authority'] as string | undefined) ?? headers.host
    this.referer = headers.referer
    this.#visitor = visitor
  }

  /** Aborted when the connection is gone before the session is there; later there is none. */
  get signal(): AbortSignal | undefined {
    const visitor = this.#visitor
    if (!visitor.waiting) return undefined
    visitor.controller ??= new AbortController()
    if (visitor.gone) visitor.controller.abort()
    return visitor.controller.signal
  }
}
