/** Options of the adapter for Node's own servers. */
import { assertFunction, assertKnownKeys, assertNumber } from '../lib/check.js'
import type { NodeRequest, NodeResponse } from './node-response.js'
import { assertPageRewriting, type PageRewriting } from './page.js'
import { forwarded, resolveTrust, type TrustProxy } from './trust-proxy.js'

/** What the adapter cannot see for itself. `undefined` means the default. */
export interface NodeOptions {
  /**
   * Whether a request came over a secure connection, for `cookie.secure: 'auto'`.
   *
   * @default What trusted proxies say, the connection's own encryption, or Express's `req.secure` (its
   *   `trust proxy` setting)
   */
  secure?: ((request: NodeRequest) => boolean) | undefined
  /**
   * Proxies whose `X-Forwarded-Proto`, `X-Forwarded-Host` or `Forwarded` are believed: `true` for all,
   * a number of them, addresses (`10.0.0.0/8`, `loopback`), or a function of address and distance.
   * They have to set or drop these headers themselves, whatever the visitor sent.
   *
   * @default false
   */
  trustProxy?: TrustProxy | undefined
  /** When the page last changed, for cache limiters that tell it. @default not told */
  lastModified?: ((request: NodeRequest) => Date | undefined) | undefined
  /** How pages get the id where the manager says `useTransSid`. @default PHP's way */
  rewriter?: PageRewriting | undefined
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
  readonly host: (request: NodeRequest) => string | undefined
  readonly lastModified: NodeOptions['lastModified']
  readonly rewriter: PageRewriting
  readonly onCommitError: NodeOptions['onCommitError']
  readonly abandonAfterMs: number
}

const KNOWN = {
  secure: true,
  trustProxy: true,
  lastModified: true,
  rewriter: true,
  onCommitError: true,
  abandonAfter: true,
} satisfies Record<keyof NodeOptions, true>

/** @throws {TypeError | RangeError} Naming the option. */
export function resolveNodeOptions(options: NodeOptions): ResolvedNodeOptions {
  assertKnownKeys('sessionMiddleware', options, KNOWN)
  const { onCommitError, abandonAfter = 5, lastModified, rewriter = {} } = options
  if (onCommitError !== undefined) assertFunction('onCommitError', onCommitError)
  if (lastModified !== undefined) assertFunction('lastModified', lastModified)
  assertNumber('abandonAfter', abandonAfter, 0, 86_400)
  assertPageRewriting(rewriter)
  const seen = whatIsSeen(options)
  return { ...seen, onCommitError, lastModified, rewriter, abandonAfterMs: abandonAfter * 1000 }
}

/** How scheme and host are known. */
function whatIsSeen(options: NodeOptions): Pick<ResolvedNodeOptions, 'secure' | 'host'> {
  const { secure, trustProxy = false } = options
  if (secure !== undefined) assertFunction('secure', secure)
  const trust = resolveTrust(trustProxy)
  if (trust === undefined) return { secure: secure ?? isSecure, host: hostOf }
  const told = (request: NodeRequest) =>
    forwarded((name) => textOf(request, name), request.socket?.remoteAddress ?? '', trust)
  return {
    secure: secure ?? ((request) => told(request).secure ?? isSecure(request)),
    host: (request) => told(request).host ?? hostOf(request),
  }
}

function textOf({ headers }: NodeRequest, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

function hostOf({ headers }: NodeRequest): string | undefined {
  return (headers[':authority'] as string | undefined) ?? headers.host
}

/** The options of the adapter apart from those of something else. */
export function splitNodeOptions<T extends NodeOptions>(
  options: T,
): [NodeOptions, Omit<T, keyof NodeOptions>] {
  const { secure, trustProxy, lastModified, rewriter, onCommitError, abandonAfter, ...rest } =
    options
  return [{ secure, trustProxy, lastModified, rewriter, onCommitError, abandonAfter }, rest]
}

function isSecure(request: NodeRequest): boolean {
  const { secure } = request as { readonly secure?: unknown }
  const socket = request.socket as { readonly encrypted?: unknown } | null | undefined
  return secure === true || socket?.encrypted === true
}
