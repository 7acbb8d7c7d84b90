/**
 * Cache headers of responses that used a session: PHP's cache limiters, byte for byte.
 *
 * @module
 * @see ext/session/session.c, php_session_cache_limiters
 */
import type { CacheLimiter } from '../options/cache-limiters.js'
import type { Header, HeaderList } from './headers.js'

/** In the past: the hour Sascha Schumann, who wrote PHP's module, chose for it. */
const EXPIRED: Header = ['Expires', 'Thu, 19 Nov 1981 08:52:00 GMT']

const NONE: HeaderList = []

const NO_CACHE: HeaderList = [
  EXPIRED,
  ['Cache-Control', 'no-store, no-cache, must-revalidate'],
  ['Pragma', 'no-cache'],
]

export interface CacheMoment {
  readonly nowMs: number
  /** When the page last changed; PHP sends the script file's time. Left out when not known. */
  readonly lastModifiedMs?: number | undefined
}

/**
 * The headers of a limiter.
 *
 * @param expireMinutes `max-age` of the limiters that have one, in minutes as in PHP.
 */
export function cacheHeaders(
  limiter: CacheLimiter,
  expireMinutes: number,
  moment: CacheMoment,
): HeaderList {
  if (limiter === 'nocache') return NO_CACHE
  if (limiter === '' || limiter === 'none') return NONE
  const maxAge = expireMinutes * 60
  const control = limiter === 'public' ? 'public' : 'private'
  const headers: Header[] = [['Cache-Control', `${control}, max-age=${maxAge}`]]
  if (limiter === 'public') headers.unshift(['Expires', date(moment.nowMs + maxAge * 1000)])
  else if (limiter === 'private') headers.unshift(EXPIRED)
  if (moment.lastModifiedMs !== undefined) {
    headers.push(['Last-Modified', date(moment.lastModifiedMs)])
  }
  return headers
}

function date(ms: number): string {
  return new Date(ms).toUTCString()
}
