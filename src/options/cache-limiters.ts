/** Names of the cache limiters. */
import { assertOneOf, assertString } from '../lib/check.js'

/** PHP's names; `none` and the empty text send nothing. */
export const CACHE_LIMITERS = [
  'nocache',
  'private',
  'private_no_expire',
  'public',
  'none',
  '',
] as const

/** A name of PHP's `session.cache_limiter`; the empty one sends nothing. */
export type CacheLimiter = (typeof CACHE_LIMITERS)[number]

/**
 * The limiter of a name in any letter case, as PHP compares it.
 *
 * PHP differs: an unknown name silently sends nothing there.
 *
 * @throws {TypeError | RangeError} For anything that is not the name of a limiter.
 */
export function resolveCacheLimiter(value: unknown, label = 'cacheLimiter'): CacheLimiter {
  assertString(label, value)
  const limiter = value.toLowerCase()
  assertOneOf(label, limiter, CACHE_LIMITERS)
  return limiter
}
