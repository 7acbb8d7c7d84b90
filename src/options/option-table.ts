/**
 * The table of options: what each is when nothing is said, and what may be said.
 *
 * @module
 */
import {
  assertBoolean,
  assertFunction,
  assertInteger,
  assertKnownKeys,
  assertNumber,
  assertOneOf,
  assertString,
} from '../lib/check.js'
import { assertBreaker } from './breaker-options.js'
import { resolveCacheLimiter } from './cache-limiters.js'
import {
  assertConflict,
  assertHandlers,
  assertList,
  assertObject,
  assertSchema,
  assertSerializer,
} from './option-checks.js'
import type { GcOptions, SessionOptions, StartOverrides } from './options.js'

/** One row: what stands when nothing is said, and what may be said. */
export interface Row {
  readonly fallback: unknown
  readonly check: (label: string, value: unknown) => void
}

const row = (fallback: unknown, check: Row['check']): Row => ({ fallback, check })
const integer = (min: number, max: number) => (label: string, value: unknown) =>
  assertInteger(label, value, min, max)
const waiting = (min: number) => (label: string, value: unknown) =>
  assertNumber(label, value, min, 86_400)
const oneOf = (words: readonly string[]) => (label: string, value: unknown) =>
  assertOneOf(label, value, words)

const MAX_LIFETIME = 2_147_483_647

export const GC_TABLE: { readonly [K in keyof Required<GcOptions>]: Row } = {
  maxLifetime: row(1440, integer(1, MAX_LIFETIME)),
  probability: row(1, integer(0, MAX_LIFETIME)),
  divisor: row(100, integer(1, MAX_LIFETIME)),
  interval: row(0, integer(0, 2_000_000)),
}

export const TABLE: { readonly [K in keyof Required<SessionOptions>]: Row } = {
  handlers: row(undefined, assertHandlers),
  serializer: row('php', assertSerializer),
  id: row(undefined, assertObject),
  name: row('PHPSESSID', assertString),
  savePath: row('', assertString),
  owners: row(false, assertBoolean),
  concurrency: row('exclusive', oneOf(['exclusive', 'merge', 'none'])),
  conflict: row('mine', assertConflict),
  lockWait: row(10, waiting(0)),
  holdLimit: row(30, waiting(0)),
  lockLease: row(30, waiting(1)),
  storeTimeout: row(1, waiting(0.001)),
  breaker: row({}, assertBreaker),
  onStoreError: row('fail', oneOf(['fail', 'anonymous', 'stale'])),
  useStrictMode: row(true, assertBoolean),
  lazyWrite: row(true, assertBoolean),
  touchInterval: row(0, waiting(0)),
  maxBytes: row(1_048_576, integer(1, 1_073_741_824)),
  gc: row({}, assertObject),
  absoluteLifetime: row(0, integer(0, MAX_LIFETIME)),
  cookie: row(undefined, assertObject),
  useCookies: row(true, assertBoolean),
  useOnlyCookies: row(true, assertBoolean),
  useTransSid: row(false, assertBoolean),
  transSidTags: row('a=href,area=href,frame=src,form=', assertList),
  transSidHosts: row('', assertList),
  refererCheck: row('', assertString),
  cacheLimiter: row('nocache', (label, value) => void resolveCacheLimiter(value, label)),
  cacheExpire: row(180, integer(0, MAX_LIFETIME)),
  onUnreadable: row('new', oneOf(['new', 'error'])),
  schema: row(undefined, assertSchema),
  version: row(undefined, integer(0, MAX_LIFETIME)),
  upgrade: row(undefined, assertFunction),
  onInvalid: row('new', oneOf(['new', 'error'])),
  ambient: row(false, assertBoolean),
  now: row(Date.now, assertFunction),
}

export const OVERRIDE_TABLE: { readonly [K in keyof Required<StartOverrides>]: Row } = {
  concurrency: TABLE.concurrency,
  conflict: TABLE.conflict,
  lockWait: TABLE.lockWait,
  holdLimit: TABLE.holdLimit,
  useStrictMode: TABLE.useStrictMode,
  lazyWrite: TABLE.lazyWrite,
  name: TABLE.name,
  savePath: TABLE.savePath,
  onStoreError: TABLE.onStoreError,
  cookie: TABLE.cookie,
  cacheLimiter: TABLE.cacheLimiter,
  cacheExpire: TABLE.cacheExpire,
  gc: TABLE.gc,
  readOnly: row(false, assertBoolean),
}

/** What was given, checked, with the defaults filled in. @throws {TypeError | RangeError} */
export function resolve(
  owner: string,
  options: object,
  table: Readonly<Record<string, Row>>,
  prefix = '',
): Record<string, unknown> {
  assertKnownKeys(owner, options, table)
  const resolved: Record<string, unknown> = {}
  for (const [key, { fallback, check }] of Object.entries(table)) {
    const value = (options as Record<string, unknown>)[key]
    if (value !== undefined) check(`${prefix}${key}`, value)
    resolved[key] = value ?? fallback
  }
  return resolved
}
