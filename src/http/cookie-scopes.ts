/**
 * Where cookies that a browser sends with a request may have been set.
 *
 * @module
 * @see RFC 6265bis sections 5.1.3 (domains), 5.1.4 (paths)
 */

/** Where a request went. Both come from the visitor and are used only where they are harmless. */
export interface RequestPlace {
  /** Path of the URL, without query. */
  readonly path?: string | undefined
  /** The `Host` header. */
  readonly host?: string | undefined
}

/** Where a cookie is set. No domain is the answering host alone. */
export interface CookieScope {
  readonly path: string
  readonly domain: string
}

/** How many scopes are named at most; each is one response header. */
const MAX_SCOPES = 12

/** A longer path is not looked into: browsers ignore an attribute over 1,024 bytes. */
const MAX_PATH = 1024

/** What may stand in a path without harm; the rest of the path is not looked at. */
const HARMLESS = /^\/[!#-:<-[\]-~]*/

const HOST = /^[0-9a-z_-]+(?:\.[0-9a-z_-]+)*$/
const IPV4 = /^[\d.]+$/

/** The scopes a cookie sent with this request may have, but `own`; shortest paths first. */
export function cookieScopes(own: CookieScope, place: RequestPlace): CookieScope[] {
  const full = place.path ?? '/'
  const domains = ['', ...domainsOf(place.host ?? '')]
  const ownPath = own.path.startsWith('/') ? own.path : defaultPath(full)
  const scopes: CookieScope[] = []
  for (const path of pathsOf(full)) {
    for (const domain of domains) {
      if (scopes.length === MAX_SCOPES) return scopes
      const scope = { path, domain }
      if (!isSame({ path: ownPath, domain: own.domain }, scope)) scopes.push(scope)
    }
  }
  return scopes
}

/** A leading dot and the letter case of a domain mean nothing. */
function isSame(own: CookieScope, { path, domain }: CookieScope): boolean {
  return own.path === path && own.domain.replace(/^\./, '').toLowerCase() === domain
}

/** The host and its parents of two labels and more; none for an address. */
function domainsOf(header: string): string[] {
  const host = header.replace(/:\d*$/, '').toLowerCase()
  if (host.length > 253 || !HOST.test(host) || IPV4.test(host)) return []
  const labels = host.split('.')
  const parents = labels.slice(0, -1).map((_, from) => labels.slice(from).join('.'))
  return parents.slice(0, MAX_SCOPES)
}

/** `/`, then each part of the path without and with its slash, as far as cookies match it. */
function pathsOf(full: string): Set<string> {
  const harmless = HARMLESS.exec(full.slice(0, MAX_PATH))?.[0] ?? '/'
  const paths = new Set(['/'])
  for (let at = harmless.indexOf('/', 1); at > 0 && paths.size < MAX_SCOPES;) {
    paths.add(harmless.slice(0, at)).add(harmless.slice(0, at + 1))
    at = harmless.indexOf('/', at + 1)
  }
  return harmless === full ? paths.add(full) : paths
}

/** Where a cookie without a path goes: the folder of the request. */
function defaultPath(full: string): string {
  const slash = full.lastIndexOf('/')
  return full.startsWith('/') && slash > 0 ? full.slice(0, slash) : '/'
}
