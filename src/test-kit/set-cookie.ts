/**
 * Reads a `Set-Cookie` line as a browser does.
 *
 * @module
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-5.2
 */

/** One cookie, as a browser keeps it. */
export interface KeptCookie {
  readonly name: string
  readonly value: string
  /** Lower-case; the host that sent it where the line names none. */
  readonly domain: string
  /** True where only that host gets it, no host below it. */
  readonly hostOnly: boolean
  readonly path: string
  /** Milliseconds since the epoch; `undefined` until the browser is closed. */
  readonly expiresMs: number | undefined
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: string | undefined
  readonly partitioned: boolean
}

/**
 * The cookie that a line sets.
 *
 * @param url Where the response came from.
 * @returns `undefined` where a browser refuses the line.
 */
export function parseSetCookie(line: string, url: URL, nowMs: number): KeptCookie | undefined {
  const [pair = '', ...parts] = line.split(';')
  const equals = pair.indexOf('=')
  if (equals < 1) return undefined
  const attributes = new Map(parts.map(attribute))
  const host = url.hostname.toLowerCase()
  const domain = (attributes.get('domain') ?? '').replace(/^\./, '').toLowerCase()
  const path = attributes.get('path') ?? ''
  const cookie: KeptCookie = {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim(),
    domain: domain === '' ? host : domain,
    hostOnly: domain === '',
    path: path.startsWith('/') ? path : defaultPath(url),
    expiresMs: expiry(attributes, nowMs),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: attributes.get('samesite'),
    partitioned: attributes.has('partitioned'),
  }
  return isAccepted(cookie, url) ? cookie : undefined
}

/** Whether a browser sends the cookie with a request for the address. */
export function isSentTo(cookie: KeptCookie, url: URL): boolean {
  if (cookie.secure && url.protocol !== 'https:') return false
  const host = url.hostname.toLowerCase()
  const hostFits = cookie.hostOnly ? host === cookie.domain : isBelow(host, cookie.domain)
  return hostFits && isUnder(url.pathname, cookie.path)
}

function attribute(part: string): [string, string] {
  const [name = '', ...value] = part.split('=')
  return [name.trim().toLowerCase(), value.join('=').trim()]
}

/** `Max-Age` goes before `Expires`; what is neither a number nor a date says nothing. */
function expiry(attributes: ReadonlyMap<string, string>, nowMs: number): number | undefined {
  const maxAge = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(maxAge)) return nowMs + Number(maxAge) * 1000
  const ms = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

function isAccepted(cookie: KeptCookie, url: URL): boolean {
  const isSecure = url.protocol === 'https:'
  if (!cookie.hostOnly && !isBelow(url.hostname.toLowerCase(), cookie.domain)) return false
  if (cookie.secure && !isSecure) return false
  if (!cookie.secure && needsSecure(cookie)) return false
  return !cookie.name.startsWith('__Host-') || (cookie.hostOnly && cookie.path === '/')
}

function needsSecure({ name, sameSite, partitioned }: KeptCookie): boolean {
  return /^__(Secure|Host)-/.test(name) || sameSite?.toLowerCase() === 'none' || partitioned
}

/** Everything up to the last slash of the page's path. */
function defaultPath({ pathname }: URL): string {
  const end = pathname.lastIndexOf('/')
  return end < 1 ? '/' : pathname.slice(0, end)
}

function isBelow(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !/^[\d.]+$|:/.test(host))
}

function isUnder(path: string, cookiePath: string): boolean {
  if (!path.startsWith(cookiePath)) return false
  return (
    path.length === cookiePath.length || cookiePath.endsWith('/') || path[cookiePath.length] === '/'
  )
}
