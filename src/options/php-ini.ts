/**
 * A php.ini's `session.*` settings as options of the manager.
 *
 * @module
 * @see https://www.php.net/session.configuration
 */
import type { IdOptions } from '../id/rules.js'
import {
  isPhpNumeric,
  phpFlag as flag,
  phpInteger,
  phpQuantity as quantity,
  phpStrictInteger,
} from '../lib/php-ini-values.js'
import type { CookieOptions } from './cookie-options.js'
import type { SessionOptions } from './options.js'

/** What a php.ini says, and what of it has no counterpart here. */
export interface IniReading {
  readonly options: SessionOptions
  /** PHP's `session.save_handler`; `undefined` where the file does not say. */
  readonly saveHandler: string | undefined
  /** Settings of PHP that have no effect here, though the file sets them to one. */
  readonly ignored: readonly string[]
  /** Settings whose value PHP refuses, so that its default stands. */
  readonly refused: readonly string[]
  /** Names that begin with `session.` and are no setting of PHP. */
  readonly unknown: readonly string[]
}

type Draft = { -readonly [K in keyof SessionOptions]: SessionOptions[K] } & {
  gc: NonNullable<SessionOptions['gc']>
  cookie: CookieOptions
  id: IdOptions
}
type Setter = (draft: Draft, value: string) => void

/** PHP's name to what it sets here. */
const SETTERS: Readonly<Record<string, Setter>> = {
  name: (draft, value) => void (draft.name = value),
  save_path: (draft, value) => void (draft.savePath = value),
  serialize_handler: (draft, value) => void (draft.serializer = value),
  gc_probability: ({ gc }, value) => void (gc.probability = quantity(value)),
  gc_divisor: ({ gc }, value) => void (gc.divisor = quantity(value)),
  gc_maxlifetime: ({ gc }, value) => void (gc.maxLifetime = quantity(value)),
  cookie_lifetime: ({ cookie }, value) => void (cookie.lifetime = quantity(value)),
  cookie_path: ({ cookie }, value) => void (cookie.path = value),
  cookie_domain: ({ cookie }, value) => void (cookie.domain = value),
  cookie_secure: ({ cookie }, value) => void (cookie.secure = flag(value)),
  cookie_httponly: ({ cookie }, value) => void (cookie.httpOnly = flag(value)),
  cookie_samesite: ({ cookie }, value) =>
    void (cookie.sameSite = value as NonNullable<CookieOptions['sameSite']>),
  cookie_partitioned: ({ cookie }, value) => void (cookie.partitioned = flag(value)),
  use_cookies: (draft, value) => void (draft.useCookies = flag(value)),
  use_only_cookies: (draft, value) => void (draft.useOnlyCookies = flag(value)),
  use_trans_sid: (draft, value) => void (draft.useTransSid = flag(value)),
  trans_sid_tags: (draft, value) => void (draft.transSidTags = value),
  trans_sid_hosts: (draft, value) => void (draft.transSidHosts = value),
  referer_check: (draft, value) => void (draft.refererCheck = value),
  use_strict_mode: (draft, value) => void (draft.useStrictMode = flag(value)),
  cache_limiter: (draft, value) =>
    void (draft.cacheLimiter = value.toLowerCase() as NonNullable<SessionOptions['cacheLimiter']>),
  cache_expire: (draft, value) => void (draft.cacheExpire = quantity(value)),
  lazy_write: (draft, value) => void (draft.lazyWrite = flag(value)),
  sid_length: ({ id }, value) => void (id.length = phpInteger(value)),
  sid_bits_per_character: ({ id }, value) => void (id.bitsPerCharacter = phpInteger(value) as 4),
  hash_function: ({ id }, value) =>
    void (id.hashFunction = /^\d+$/.test(value) ? phpInteger(value) : value),
  hash_bits_per_character: ({ id }, value) =>
    void (id.hashBitsPerCharacter = phpInteger(value) as 4),
}

const isWithin = (value: string, min: number, max: number): boolean => {
  const given = phpStrictInteger(value)
  return given !== undefined && given >= min && given <= max
}

/** Where PHP takes no other value. */
const TAKEN: Readonly<Record<string, (value: string) => boolean>> = {
  name: (value) => value !== '' && !isPhpNumeric(value),
  cookie_lifetime: (value) => phpInteger(value) >= 0 && quantity(value) >= 0,
  sid_length: (value) => isWithin(value, 22, 256),
  sid_bits_per_character: (value) => isWithin(value, 4, 6),
}

/** Settings without a counterpart, and the values at which that makes no difference. */
const WITHOUT_EFFECT: Readonly<Record<string, RegExp>> = {
  auto_start: /^0?$/,
  entropy_file: /^/,
  entropy_length: /^/,
  bug_compat_42: /^0?$/,
  bug_compat_warn: /^/,
  'upload_progress.enabled': /^/,
  'upload_progress.cleanup': /^/,
  'upload_progress.prefix': /^/,
  'upload_progress.name': /^/,
  'upload_progress.freq': /^/,
  'upload_progress.min_freq': /^/,
}

/** Sorts settings: what they mean here, and what means nothing. */
export function readSessionSettings(settings: ReadonlyMap<string, string>): IniReading {
  const draft: Draft = { gc: {}, cookie: {}, id: {} }
  const ignored: string[] = []
  const refused: string[] = []
  const unknown: string[] = []
  for (const [name, value] of settings) {
    if (!name.startsWith('session.') || name === 'session.save_handler') continue
    const short = name.slice('session.'.length)
    const harmless = own(WITHOUT_EFFECT, short)
    const setter = own(SETTERS, short)
    if (own(TAKEN, short)?.(value) === false) refused.push(name)
    else if (setter !== undefined) setter(draft, value)
    else if (harmless === undefined) unknown.push(name)
    else if (!harmless.test(value)) ignored.push(name)
  }
  return {
    options: withoutEmpty(draft),
    saveHandler: settings.get('session.save_handler'),
    ignored,
    refused,
    unknown,
  }
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function withoutEmpty(draft: Draft): SessionOptions {
  const entries = Object.entries(draft)
  return Object.fromEntries(
    entries.filter(([, value]) => typeof value !== 'object' || Object.keys(value).length > 0),
  )
}
