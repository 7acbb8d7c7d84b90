/**
 * The response headers a session asks for.
 *
 * @module
 */
import { cacheHeaders } from './http/cache-limiter.js'
import { formatCookie, formatRemoval, formatStaleRemovals } from './http/cookie.js'
import type { Header, HeaderList } from './http/headers.js'
import type { CacheLimiter } from './options/cache-limiters.js'
import { transSidOf } from './session-sid.js'
import type { SessionState } from './session-state.js'

const VARY_COOKIE: Header = ['Vary', 'Cookie']
/** No cache gives the response to anybody else, whatever else it is told. */
const VARY_ALL: Header = ['Vary', '*']
/** Links to other sites would tell them the id that is in the address. */
const SAME_ORIGIN: Header = ['Referrer-Policy', 'same-origin']
const NONE: HeaderList = []

/** Limiters after which a shared cache may keep the response. */
const SHARED: ReadonlySet<CacheLimiter> = new Set(['public', 'none', ''])

/**
 * Cookie lines first, then cache headers, in PHP's order.
 *
 * A session that nobody touched and that changes nothing for the visitor asks for nothing, unless its
 * id is in the page. PHP differs: it lets shared caches keep a `public` page with the cookie, which
 * they may give to the next visitor; `Vary` keeps them from it.
 *
 * @param touched Whether the application looked at the session at all.
 */
export function responseHeaders(state: SessionState, touched: boolean): HeaderList {
  const cookies = cookieHeaders(state, touched)
  const links = transSidOf(state) !== undefined
  const used = touched && (known(state) || state.degraded !== undefined)
  if (cookies.length === 0 && !used && !links) return NONE
  const { cacheLimiter, cacheExpire, now } = state.settings
  const lastModifiedMs = timeOf(state.request.lastModified)
  const cache = cacheHeaders(cacheLimiter, cacheExpire, { nowMs: now(), lastModifiedMs })
  if (links) return [...cookies, ...cache, SAME_ORIGIN, VARY_ALL]
  return [
    ...cookies,
    ...cache,
    cookies.length > 0 && SHARED.has(cacheLimiter) ? VARY_ALL : VARY_COOKIE,
  ]
}

function timeOf(date: Date | undefined): number | undefined {
  const time = date?.getTime()
  return Number.isNaN(time) ? undefined : time
}

function cookieHeaders(state: SessionState, touched: boolean): Header[] {
  const { settings, request } = state
  // While storage is down nobody can say whether the visitor's cookie is still good.
  if (state.degraded !== undefined || !settings.useCookies) return []
  const { name, cookie } = settings
  const secure = request.secure ?? false
  const several = state.cookies > 1 && known(state)
  const lines: string[] = []
  if (isRemoved(state)) lines.push(formatRemoval(name, cookie, { secure }))
  else if (isGiven(state) && (state.announce || several || (touched && isRefreshed(state)))) {
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

function isGiven(state: SessionState): boolean {
  return state.status === 'committed' && known(state)
}

/** Whether the cookie would run out one day, and is to live on as long as the session is used. */
function isRefreshed({ settings, cookies }: SessionState): boolean {
  const { refresh, lifetime } = settings.cookie
  return refresh && lifetime > 0 && cookies > 0
}

/** Whether there is a record, of before or of now. */
function known({ storedId }: SessionState): boolean {
  return storedId !== undefined
}
