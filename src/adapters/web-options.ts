/** Options of the adapter for `Request` and `Response`, and requests in the words of the manager. */
import type { MaybePromise } from '../handler.js'
import type { SessionRequest } from '../http/propagation.js'
import { assertFunction, assertKnownKeys } from '../lib/check.js'
import { OVERRIDE_TABLE } from '../options/option-table.js'
import type { StartOverrides } from '../options/options.js'
import { assertPageRewriting, type PageRewriting } from './page.js'
import { forwarded, resolveTrust } from './trust-proxy.js'

/** What the adapter cannot see for itself. `undefined` means the default. */
export interface WebOptions extends StartOverrides {
  /**
   * Whether a request came over a secure connection, for `cookie.secure: 'auto'`.
   *
   * @default What trusted proxies say, or the protocol of the request's URL
   */
  secure?: ((request: Request) => boolean) | undefined
  /**
   * Proxies whose `X-Forwarded-Proto`, `X-Forwarded-Host` or `Forwarded` are believed: `true` for all,
   * or a number of them. A `Request` does not know who connected, so addresses are no choice.
   *
   * @default false
   */
  trustProxy?: boolean | number | undefined
  /** Fields of a form that was sent, which may name the id where `useOnlyCookies` is off. */
  body?: ((request: Request) => MaybePromise<object | null | undefined>) | undefined
  /** When the page last changed, for cache limiters that tell it. @default not told */
  lastModified?: ((request: Request) => Date | undefined) | undefined
  /** How pages get the id where the manager says `useTransSid`. @default PHP's way */
  rewriter?: PageRewriting | undefined
}

const KNOWN: Readonly<Record<keyof WebOptions, unknown>> = {
  secure: true,
  trustProxy: true,
  body: true,
  lastModified: true,
  rewriter: true,
  ...OVERRIDE_TABLE,
}

type Told = Pick<SessionRequest, 'secure' | 'host'>

/** How a request is seen. */
export interface Sight {
  readonly told: (request: Request) => Told
  readonly body: WebOptions['body']
  readonly lastModified: WebOptions['lastModified']
}

/** Options with every default filled in. */
export interface ResolvedWebOptions extends Sight {
  readonly rewriter: PageRewriting
  readonly overrides: StartOverrides
}

/** @throws {TypeError | RangeError} Naming the option. */
export function resolveWebOptions(options: WebOptions): ResolvedWebOptions {
  assertKnownKeys('withSession', options, KNOWN)
  const { secure, trustProxy = false, body, lastModified, rewriter = {}, ...overrides } = options
  for (const [label, value] of Object.entries({ secure, body, lastModified })) {
    if (value !== undefined) assertFunction(label, value)
  }
  assertPageRewriting(rewriter)
  return { told: teller(trustProxy, secure), body, lastModified, rewriter, overrides }
}

function teller(trustProxy: boolean | number, secure: WebOptions['secure']): Sight['told'] {
  if (typeof trustProxy !== 'boolean' && typeof trustProxy !== 'number') {
    throw new TypeError('"trustProxy" must be true, false or a number of proxies')
  }
  const trust = resolveTrust(trustProxy)
  return (request) => {
    const { url, headers } = request
    const seen = {
      secure: url.startsWith('https:'),
      host: headers.get('host') ?? new URL(url).host,
    }
    const said = trust && forwarded((name) => headers.get(name) ?? undefined, '', trust)
    return {
      secure: secure === undefined ? (said?.secure ?? seen.secure) : secure(request),
      host: said?.host ?? seen.host,
    }
  }
}

/** A request in the words of the manager. */
export async function describe(request: Request, sight: Sight): Promise<SessionRequest> {
  const { headers, url, signal } = request
  const { pathname, search } = new URL(url)
  return {
    cookieHeader: headers.get('cookie') ?? undefined,
    url: pathname + search,
    body: await sight.body?.(request),
    ...sight.told(request),
    referer: headers.get('referer') ?? undefined,
    lastModified: sight.lastModified?.(request),
    signal,
  }
}
