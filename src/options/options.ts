/**
 * Every option of the manager in one table: default and check. Nothing is checked again later.
 *
 * @module
 */
import type { SessionHandler } from '../handler.js'
import type { IdGenerator, IdOptions } from '../id/generate.js'
import {
  assertBoolean,
  assertFunction,
  assertInteger,
  assertKnownKeys,
  assertNumber,
  assertOneOf,
  assertString,
} from '../lib/check.js'
import type { Serializer } from '../serializer.js'
import { CACHE_LIMITERS, type CacheLimiter } from './cache-limiters.js'
import { assertConflict, assertHandlers, assertObject, assertSerializer } from './option-checks.js'
import {
  assertBreaker,
  resolveBreaker,
  type BreakerOptions,
  type ResolvedBreaker,
} from './breaker-options.js'
import { resolveCookieOptions, type CookieOptions, type ResolvedCookie } from './cookie-options.js'

/** How parallel requests of one session get along. */
export type Concurrency = 'exclusive' | 'merge' | 'none'

/** A variable changed here and elsewhere since it was read. `undefined` is: not there. */
export interface Conflict {
  readonly key: string
  readonly base: unknown
  readonly mine: unknown
  readonly theirs: unknown
}

/** Which side wins a conflict, an error, or a function that answers the value to store. */
export type ConflictPolicy = 'mine' | 'theirs' | 'error' | ((conflict: Conflict) => unknown)

/** What a start does when storage fails. */
export type StoreErrorPolicy = 'fail' | 'anonymous' | 'stale'

/** When garbage is collected, and what garbage is. */
export interface GcOptions {
  /** Idle lifetime in seconds; enforced on read too. @default 1440 */
  maxLifetime?: number | undefined
  /** Chance that a start collects garbage: probability / divisor. 0 is never. @default 1 */
  probability?: number | undefined
  /** @default 100 */
  divisor?: number | undefined
  /** Seconds between collections on a timer that keeps no process alive; 0 is off. @default 0 */
  interval?: number | undefined
}

/** What `createSessionManager` takes. `undefined` means the default; unknown names are refused. */
export interface SessionOptions {
  /** The chain, outermost first. @default [memoryHandler()] */
  handlers?: readonly SessionHandler[] | undefined
  /** A serializer, or PHP's `session.serialize_handler` name of one. @default 'php' */
  serializer?: Serializer | string | undefined
  /** Options of the id generator, or a generator. @default 32 characters of 4 bits, as PHP */
  id?: IdOptions | IdGenerator | undefined
  /** Name of the cookie. @default 'PHPSESSID' */
  name?: string | undefined
  /** Handed to the handlers as PHP's `session.save_path`. @default '' */
  savePath?: string | undefined
  /** @default 'exclusive' */
  concurrency?: Concurrency | undefined
  /** In `merge`: what to do with a variable changed on both sides. @default 'mine' */
  conflict?: ConflictPolicy | undefined
  /** Longest wait for a session's lock, seconds. @default 10 */
  lockWait?: number | undefined
  /** Longest time a session stays locked, seconds; then it is read-only. 0 is no limit. @default 30 */
  holdLimit?: number | undefined
  /** How long a lock lives without renewal, seconds, where locks are leases. @default 30 */
  lockLease?: number | undefined
  /** Longest wait for one call to storage, seconds. @default 1 */
  storeTimeout?: number | undefined
  /** When calls to storage that keeps failing are left out; `false` is never. @default {} */
  breaker?: BreakerOptions | false | undefined
  /**
   * What `start` does when storage fails: throw, go on without a session, or go on with what this
   * process saw last. @default 'fail'
   */
  onStoreError?: StoreErrorPolicy | undefined
  /** Adopt no id that storage does not know. PHP differs: off by default. @default true */
  useStrictMode?: boolean | undefined
  /** Only touch a session whose data did not change. @default true */
  lazyWrite?: boolean | undefined
  /** Largest payload in bytes that is written. @default 1048576 */
  maxBytes?: number | undefined
  gc?: GcOptions | undefined
  /** Seconds since its creation after which a session ends, used or not; 0 is never. @default 0 */
  absoluteLifetime?: number | undefined
  cookie?: CookieOptions | undefined
  /** Cache headers of a response that used the session. @default 'nocache' */
  cacheLimiter?: CacheLimiter | undefined
  /** `max-age` of the cache limiters, in minutes as in PHP. @default 180 */
  cacheExpire?: number | undefined
  /** A stored session that cannot be decoded: start a new one, or throw. @default 'new' */
  onUnreadable?: 'new' | 'error' | undefined
  /** Milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined
}

/** What a single `start` may say differently. */
export interface StartOverrides extends Pick<
  SessionOptions,
  | 'concurrency'
  | 'conflict'
  | 'lockWait'
  | 'holdLimit'
  | 'useStrictMode'
  | 'lazyWrite'
  | 'name'
  | 'onStoreError'
> {
  /** Read and release at once: PHP's `read_and_close`. @default false */
  readOnly?: boolean | undefined
}

/** Options with every default filled in; waits in milliseconds. */
export interface Settings {
  readonly name: string
  readonly savePath: string
  readonly concurrency: Concurrency
  readonly conflict: ConflictPolicy
  readonly lockWaitMs: number
  readonly holdLimitMs: number
  readonly lockLeaseMs: number
  readonly storeTimeoutMs: number
  readonly breaker: ResolvedBreaker
  readonly onStoreError: StoreErrorPolicy
  readonly useStrictMode: boolean
  readonly lazyWrite: boolean
  readonly maxBytes: number
  readonly gc: { readonly [K in keyof Required<GcOptions>]: number }
  readonly absoluteLifetime: number
  readonly cookie: ResolvedCookie
  readonly cacheLimiter: CacheLimiter
  readonly cacheExpire: number
  readonly onUnreadable: 'new' | 'error'
  readonly now: () => number
  readonly readOnly: boolean
}

/** One row: what stands when nothing is said, and what may be said. */
interface Row {
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

const GC_TABLE: { readonly [K in keyof Required<GcOptions>]: Row } = {
  maxLifetime: row(1440, integer(1, MAX_LIFETIME)),
  probability: row(1, integer(0, MAX_LIFETIME)),
  divisor: row(100, integer(1, MAX_LIFETIME)),
  interval: row(0, integer(0, 2_000_000)),
}

const TABLE: { readonly [K in keyof Required<SessionOptions>]: Row } = {
  handlers: row(undefined, assertHandlers),
  serializer: row('php', assertSerializer),
  id: row(undefined, assertObject),
  name: row('PHPSESSID', assertString),
  savePath: row('', assertString),
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
  maxBytes: row(1_048_576, integer(1, 1_073_741_824)),
  gc: row({}, assertObject),
  absoluteLifetime: row(0, integer(0, MAX_LIFETIME)),
  cookie: row(undefined, assertObject),
  cacheLimiter: row('nocache', oneOf(CACHE_LIMITERS)),
  cacheExpire: row(180, integer(0, MAX_LIFETIME)),
  onUnreadable: row('new', oneOf(['new', 'error'])),
  now: row(Date.now, assertFunction),
}

const OVERRIDE_TABLE: { readonly [K in keyof Required<StartOverrides>]: Row } = {
  concurrency: TABLE.concurrency,
  conflict: TABLE.conflict,
  lockWait: TABLE.lockWait,
  holdLimit: TABLE.holdLimit,
  useStrictMode: TABLE.useStrictMode,
  lazyWrite: TABLE.lazyWrite,
  name: TABLE.name,
  onStoreError: TABLE.onStoreError,
  readOnly: row(false, assertBoolean),
}

/** What the manager itself makes something of; the rest are settings of each start. */
export interface ResolvedOptions {
  readonly settings: Settings
  readonly handlers: readonly SessionHandler[] | undefined
  readonly serializer: Serializer | string
  readonly id: IdOptions | IdGenerator | undefined
}

/**
 * Checks all options and fills in the defaults.
 *
 * @throws {TypeError | RangeError} Naming the option and its valid range.
 */
export function resolveOptions(options: SessionOptions): ResolvedOptions {
  const resolved = resolve('createSessionManager', options, TABLE) as Required<SessionOptions>
  const { handlers, serializer, id, lockWait, holdLimit, lockLease, storeTimeout, ...rest } =
    resolved as Filled
  const settings: Settings = {
    ...rest,
    lockWaitMs: lockWait * 1000,
    holdLimitMs: holdLimit * 1000,
    lockLeaseMs: lockLease * 1000,
    storeTimeoutMs: storeTimeout * 1000,
    breaker: resolveBreaker(rest.breaker),
    gc: resolve('gc', rest.gc, GC_TABLE, 'gc.') as Settings['gc'],
    cookie: resolveCookieOptions(resolved.cookie ?? {}, rest.name),
    readOnly: false,
  }
  return { settings, handlers, serializer, id }
}

/** All options present, those of a plain type with it. */
type Filled = { [K in keyof SessionOptions]-?: NonNullable<SessionOptions[K]> }

/**
 * The settings of one start.
 *
 * @throws {TypeError | RangeError} As `resolveOptions`.
 */
export function overrideSettings(settings: Settings, overrides: StartOverrides): Settings {
  assertKnownKeys('start', overrides, OVERRIDE_TABLE)
  const given: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue
    OVERRIDE_TABLE[key as keyof StartOverrides].check(key, value)
    if (key === 'lockWait' || key === 'holdLimit') given[`${key}Ms`] = (value as number) * 1000
    else given[key] = value
  }
  const { name } = given
  assertCopies(settings, overrides)
  if (name !== undefined) given['cookie'] = resolveCookieOptions(settings.cookie, name as string)
  return { ...settings, ...given }
}

/** One start cannot have what nobody kept for it. */
function assertCopies(settings: Settings, { onStoreError }: StartOverrides): void {
  if (onStoreError !== 'stale' || settings.onStoreError === 'stale') return
  throw new TypeError('"onStoreError" can be "stale" only where the manager has it too')
}

function resolve(
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
