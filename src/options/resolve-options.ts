/**
 * Checks the options of a manager and of a start, once, and fills in the defaults.
 *
 * @module
 */
import { publish } from '../events.js'
import type { SessionHandler } from '../handler.js'
import type { IdGenerator, IdOptions } from '../id/generate.js'
import { assertKnownKeys } from '../lib/check.js'
import type { Serializer } from '../serializer.js'
import { resolveBreaker } from './breaker-options.js'
import { resolveCacheLimiter } from './cache-limiters.js'
import { resolveCookieOptions } from './cookie-options.js'
import { GC_TABLE, OVERRIDE_TABLE, resolve, TABLE } from './option-table.js'
import type { GcOptions, SessionOptions, Settings, StartOverrides } from './options.js'

/** What the manager itself makes something of; the rest are settings of each start. */
export interface ResolvedOptions {
  readonly settings: Settings
  readonly handlers: readonly SessionHandler[] | undefined
  readonly serializer: Serializer | string
  readonly id: IdOptions | IdGenerator | undefined
  readonly owners: boolean
}

/**
 * Checks all options and fills in the defaults.
 *
 * @throws {TypeError | RangeError} Naming the option and its valid range.
 */
export function resolveOptions(options: SessionOptions): ResolvedOptions {
  const resolved = resolve('createSessionManager', options, TABLE) as Required<SessionOptions>
  const {
    handlers,
    serializer,
    id,
    owners,
    lockWait,
    holdLimit,
    lockLease,
    storeTimeout,
    ...more
  } = resolved as Filled
  const { touchInterval, ...rest } = more
  warnOfLinks(rest)
  const settings: Settings = {
    ...rest,
    lockWaitMs: lockWait * 1000,
    holdLimitMs: holdLimit * 1000,
    lockLeaseMs: lockLease * 1000,
    storeTimeoutMs: storeTimeout * 1000,
    touchIntervalMs: touchInterval * 1000,
    breaker: resolveBreaker(rest.breaker),
    gc: resolveGc(rest.gc),
    cookie: resolveCookieOptions(resolved.cookie ?? {}, rest.name),
    transSidTags: String(rest.transSidTags),
    transSidHosts: String(rest.transSidHosts),
    cacheLimiter: resolveCacheLimiter(rest.cacheLimiter),
    readOnly: false,
  }
  assertTouched(settings)
  assertVersioned(settings)
  return { settings, handlers, serializer, id, owners }
}

type Links = Pick<Settings, 'useOnlyCookies' | 'useTransSid' | 'refererCheck'>

/** What has no effect alone is worth a word. */
function warnOfLinks({ useOnlyCookies, useTransSid, refererCheck }: Links): void {
  if (!useOnlyCookies || (!useTransSid && refererCheck === '')) return
  const named = useTransSid ? 'useTransSid' : 'refererCheck'
  publish('sessionz:warning', () => ({
    code: 'ONLY_COOKIES',
    message: `"${named}" has no effect while "useOnlyCookies" is on`,
  }))
}

/** A session in use would end between two touches. */
function assertTouched({ touchIntervalMs, gc }: Settings): void {
  if (touchIntervalMs < gc.maxLifetime * 1000) return
  throw new RangeError(
    `"touchInterval" must be less than "gc.maxLifetime", ${gc.maxLifetime}, got ${touchIntervalMs / 1000}`,
  )
}

/** Nothing would ever be upgraded. */
function assertVersioned({ upgrade, version }: Settings): void {
  if (upgrade === undefined || version !== undefined) return
  throw new TypeError('"upgrade" needs "version"')
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
  assertCopies(settings, overrides)
  const chosen: Settings = { ...settings, ...given, ...groups(settings, overrides) }
  if (overrides.gc !== undefined) assertTouched(chosen)
  return chosen
}

/** What is more than a plain value; members that are not named stay the manager's. */
function groups(
  settings: Settings,
  { name, cookie, gc, cacheLimiter }: StartOverrides,
): Partial<Settings> {
  const isNamed = name !== undefined || cookie !== undefined
  const cookieName = name ?? settings.name
  if (gc !== undefined) assertKnownKeys('gc', gc, START_GC)
  return {
    ...(isNamed && { cookie: resolveCookieOptions({ ...settings.cookie, ...cookie }, cookieName) }),
    ...(cacheLimiter !== undefined && { cacheLimiter: resolveCacheLimiter(cacheLimiter) }),
    ...(gc !== undefined && { gc: resolveGc({ ...settings.gc, ...gc }) }),
  }
}

const { interval: _, ...START_GC } = GC_TABLE

function resolveGc(gc: GcOptions): Settings['gc'] {
  return resolve('gc', gc, GC_TABLE, 'gc.') as Settings['gc']
}

/** One start cannot have what nobody kept for it. */
function assertCopies(settings: Settings, { onStoreError }: StartOverrides): void {
  if (onStoreError !== 'stale' || settings.onStoreError === 'stale') return
  throw new TypeError('"onStoreError" can be "stale" only where the manager has it too')
}
