/** Options of the breaker between a manager and its storage. */
import { assertInteger, assertKnownKeys, assertNumber } from '../lib/check.js'

/** When calls to a failing store are left out. */
export interface BreakerOptions {
  /** Calls that fail in a row before no more are made. @default 5 */
  failures?: number | undefined
  /** Seconds until the next one is tried, fractions allowed. @default 1 */
  retryAfter?: number | undefined
}

/** The same with every default filled in. */
export interface ResolvedBreaker {
  readonly failures: number
  readonly retryAfterMs: number
}

const DEFAULTS = { failures: 5, retryAfter: 1 }

/** @throws {TypeError | RangeError} Naming the option and its valid range. */
export function assertBreaker(label: string, value: unknown): void {
  if (value === false) return
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`"${label}" must be an object or false`)
  }
  assertKnownKeys(label, value, DEFAULTS)
  const { failures = DEFAULTS.failures, retryAfter = DEFAULTS.retryAfter } = value as BreakerOptions
  assertInteger(`${label}.failures`, failures, 1, 1_000_000)
  assertNumber(`${label}.retryAfter`, retryAfter, 0.001, 86_400)
}

/** Fills in the defaults; `false` is a breaker that no number of failures opens. */
export function resolveBreaker(options: BreakerOptions | false): ResolvedBreaker {
  if (options === false) return { failures: Infinity, retryAfterMs: 0 }
  const { failures = DEFAULTS.failures, retryAfter = DEFAULTS.retryAfter } = options
  return { failures, retryAfterMs: retryAfter * 1000 }
}
