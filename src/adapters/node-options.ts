/** Options of the adapter for Node's own servers. */
import { assertFunction, assertKnownKeys, assertNumber } from '../lib/check.js'
import type { NodeRequest, NodeResponse } from './node-response.js'

/** What the adapter cannot see for itself. `undefined` means the default. */
export interface NodeOptions {
  /**
   * Whether a request came over a secure connection, for `cookie.secure: 'auto'`.
   *
   * Behind a proxy that speaks https this is yours to say, from headers which that proxy sets and
   * nobody else can. `X-Forwarded-Proto` is not believed by itself.
   *
   * @default The connection's own encryption, or Express's `req.secure` (its `trust proxy` setting)
   */
  secure?: ((request: NodeRequest) => boolean) | undefined
  /**
   * Answers when the session could not be stored, instead of what the application wanted to say.
   * No header was sent, none is set, the status is 500. It has to answer at once: what it has not
   * sent when it returns is not sent at all, and without an answer of its own the visitor gets a
   * plain 500.
   */
  onCommitError?:
    ((error: unknown, request: NodeRequest, response: NodeResponse) => void) | undefined
  /**
   * Seconds a handler may go on after its client has gone, with its session locked. When it answers
   * in time its changes are stored, else they are dropped.
   *
   * @default 5
   */
  abandonAfter?: number | undefined
}

/** Options with every default filled in. */
export interface ResolvedNodeOptions {
  readonly secure: (request: NodeRequest) => boolean
  readonly onCommitError: NodeOptions['onCommitError']
  readonly abandonAfterMs: number
}

const KNOWN = {
  secure: true,
  onCommitError: true,
  abandonAfter: true,
} satisfies Record<keyof NodeOptions, true>

/** @throws {TypeError | RangeError} Naming the option. */
export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  assertKnownKeys('sessionMiddleware', options, KNOWN)
  const { secure = isSecure, onCommitError, abandonAfter = 5 } = options
  assertFunction('secure', secure)
  if (onCommitError !== undefined) assertFunction('onCommitError', onCommitError)
  assertNumber('abandonAfter', abandonAfter, 0, 86_400)
  return { secure, onCommitError, abandonAfterMs: abandonAfter * 1000 }
}

/** The options of the adapter apart from those of something else. */
export function splitNodeOptions<T extends NodeOptions>(
  options: T,
): [NodeOptions, Omit<T, keyof NodeOptions>] {
  const { secure, onCommitError, abandonAfter, ...rest } = options
  return [{ secure, onCommitError, abandonAfter }, rest]
}

function isSecure(request: NodeRequest): boolean {
  const { secure } = request as { readonly secure?: unknown }
  const socket = request.socket as { readonly encrypted?: unknown } | null | undefined
  return secure === true || socket?.encrypted === true
}
