/**
 * Every option of the manager, and the settings they become.
 *
 * @module
 */
import type { MaybePromise, SessionHandler } from '../handler.js'
import type { IdGenerator, IdOptions } from '../id/generate.js'
import type { StandardSchema } from '../lib/standard-schema.js'
import type { Serializer, SessionData } from '../serializer.js'
import type { BreakerOptions, ResolvedBreaker } from './breaker-options.js'
import type { CacheLimiter } from './cache-limiters.js'
import type { CookieOptions, ResolvedCookie } from './cookie-options.js'

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
  /** Refuse, at construction, a chain that cannot find sessions by owner. @default false */
  owners?: boolean | undefined
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
  /**
   * Seconds after its last use before an unchanged session is touched again; 0 touches it every time.
   * Less than `gc.maxLifetime`, which gets shorter by as much. @default 0
   */
  touchInterval?: number | undefined
  /** Largest payload in bytes that is written. @default 1048576 */
  maxBytes?: number | undefined
  /** How long sessions live without a visit, and who collects them: PHP's `session.gc_*`. */
  gc?: GcOptions | undefined
  /** Seconds since its creation after which a session ends, used or not; 0 is never. @default 0 */
  absoluteLifetime?: number | undefined
  /** Attributes of the cookie: PHP's `session.cookie_*`. */
  cookie?: CookieOptions | undefined
  /** Read the id from the cookie, and send it in one. @default true */
  useCookies?: boolean | undefined
  /** Take no id from a URL or a form. Off, links that are passed on pass sessions on. @default true */
  useOnlyCookies?: boolean | undefined
  /**
   * Put the id into links and forms of pages, for visitors without a cookie; needs `useOnlyCookies`
   * to be off. An id in a URL leaks. @default false
   */
  useTransSid?: boolean | undefined
  /** Tags and attributes that get it, separated by commas. @default 'a=href,area=href,frame=src,form=' */
  transSidTags?: string | readonly string[] | undefined
  /** Hosts that may learn the id beside this one, separated by commas. @default '' */
  transSidHosts?: string | readonly string[] | undefined
  /** A text that a `Referer` must contain, or the id is ignored; needs `useOnlyCookies` off. @default '' */
  refererCheck?: string | undefined
  /** Cache headers of a response that used the session. @default 'nocache' */
  cacheLimiter?: CacheLimiter | Uppercase<CacheLimiter> | undefined
  /** `max-age` of the cache limiters, in minutes as in PHP. @default 180 */
  cacheExpire?: number | undefined
  /** A stored session that cannot be decoded: start a new one, or throw. @default 'new' */
  onUnreadable?: 'new' | 'error' | undefined
  /**
   * Validates stored data: any validator of Standard Schema v1 (zod, valibot, ArkType), synchronous
   * or not. Its output is laid over the data and has to be something that can be stored.
   */
  schema?: StandardSchema | undefined
  /** Version of the data's shape, stored with them; an integer. */
  version?: number | undefined
  /**
   * Makes data of another version those of this one. `from` is `undefined` for data without a
   * version: from before, or from PHP.
   */
  upgrade?: ((data: SessionData, from: number | undefined) => MaybePromise<object>) | undefined
  /** Stored data that do not fit: start a new session, or throw. @default 'new' */
  onInvalid?: 'new' | 'error' | undefined
  /** Whether `manager.current()` answers the session of the request under way. @default false */
  ambient?: boolean | undefined
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
  | 'savePath'
  | 'onStoreError'
  | 'cookie'
  | 'cacheLimiter'
  | 'cacheExpire'
> {
  /** Of the manager's, what is named here is another. The timer is the manager's only. */
  gc?: Omit<GcOptions, 'interval'> | undefined
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
  readonly touchIntervalMs: number
  readonly maxBytes: number
  readonly gc: { readonly [K in keyof Required<GcOptions>]: number }
  readonly absoluteLifetime: number
  readonly cookie: ResolvedCookie
  readonly useCookies: boolean
  readonly useOnlyCookies: boolean
  readonly useTransSid: boolean
  readonly transSidTags: string
  readonly transSidHosts: string
  readonly refererCheck: string
  readonly cacheLimiter: CacheLimiter
  readonly cacheExpire: number
  readonly onUnreadable: 'new' | 'error'
  readonly schema: StandardSchema | undefined
  readonly version: number | undefined
  readonly upgrade: SessionOptions['upgrade']
  readonly onInvalid: 'new' | 'error'
  readonly ambient: boolean
  readonly now: () => number
  readonly readOnly: boolean
}
