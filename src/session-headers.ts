/**
 * The response headers a session asks for.
 *
 * @module
 */
import { cacheHeaders } from './http/cache-limiter.js'
import { formatCookie, formatRemoval, formatStaleRemovals } from './http/cookie.js'
import type { Header, HeaderList } from './http/headers.js'
import type { SessionState } from './session-state.js'

const VARY: Header = ['Vary', 'Cookie']
const NONE: HeaderList = []

/**
 * Cookie lines first, then cache headers, in PHP's order.
 *
 * A session that nobody touched and that changes nothing for the visitor asks for nothing.
 *
 * @param touched Whether the application looked at the session at all.
 */
export function responseHeaders(state: SessionState, touched: boolean): HeaderList {
  const cookies = cookieHeaders(state)
  const used = touched && (known(state) || state.degraded !== undefined)
  if (cookies.length === 0 && !used) return NONE
  const { cacheLimiter, cacheExpire, now } = state.settings
  return [...cookies, ...cacheHeaders(cacheLimiter, cacheExpire, { nowMs: now() }), VARY]
}

function cookieHeaders(state: SessionState): Header[] {
  const { settings, request } = state
  // While storage is down nobody can say whether the visitor's cookie is still good.
  if (state.degraded !== undefined) return []
  const { name, cookie } = settings
  const secure = request.secure ?? false
  const several = state.cookies > 1 && known(state)
  const lines: string[] = []
  if (isRemoved(state)) lines.push(formatRemoval(name, cookie, { secure }))
  else if (state.status === 'committed' && known(state) && (state.announce || several)) {
    lines.push(formatCookie(name, state.id, cookie, { secure, nowMs: settings.now() }))
  }
  if (several && lines.length > 0) {
    const path = request.url?.replace(/[?#].*$/s, '')
    lines.push(...formatStaleRemovals(name, cookie, { path, host: request.host, secure }))
  }
  return lines.map((line) => ['Set-Cookie', line])
}

/** Destroyed by this request, and the visitor's browser holds a cookie for it. */
function isRemoved({ status, announce }: SessionState): boolean {
  return status === 'destroyed' && announce
}

/** Whether there is a record, of before or of now. */
function known({ storedId }: SessionState): boolean {
  return storedId !== undefined
}
