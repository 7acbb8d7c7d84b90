/** Options of the drop-in for express-session, their defaults and checks. */
import type { IncomingMessage } from 'node:http'
import { assertNumber, assertOneOf } from '../lib/check.js'
import type { Secret, RequestStore, StoreLike } from './express-contract.js'
import type { CookieOptions } from './express-cookie.js'
import { MemoryStore } from './express-memory-store.js'

/** A request that has no session yet. */
type BareRequest = Omit<IncomingMessage, 'session'> & Omit<Express.Request, 'session'>

/** A function of a request. A method, so that one of Express' own requests is one, too. */
type OfRequest<T> = { of(request: BareRequest): T }['of']

/** What `session` takes: all of express-session, and what this library adds. */
export interface SessionOptions {
  /**
   * Signs the cookie. Of several the first one signs, the others are still known.
   *
   * @default What cookie-parser was given (`req.secret`)
   */
  secret?: Secret | readonly Secret[] | undefined
  /** Where sessions are. @default new MemoryStore() */
  store?: StoreLike | undefined
  /** Attributes of the cookie, for all requests or for each. @default { path: '/', httpOnly: true } */
  cookie?: CookieOptions | OfRequest<CookieOptions> | undefined
  /** Name of the cookie. @default 'connect.sid' */
  name?: string | undefined
  /** Earlier word for `name`. */
  key?: string | undefined
  /** Makes an id. @default 24 random bytes in base64url */
  genid?: OfRequest<string> | undefined
  /** Store sessions that nobody changed, too. Say which: the default warns. @default true */
  resave?: boolean | undefined
  /** Store new sessions that nobody changed, too. Say which: the default warns. @default true */
  saveUninitialized?: boolean | undefined
  /** Send the cookie, and so renew its lifetime, with every response. @default false */
  rolling?: boolean | undefined
  /** What becomes of the record when `req.session` is deleted or set to `null`. @default 'keep' */
  unset?: 'destroy' | 'keep' | undefined
  /**
   * Whether to believe `X-Forwarded-Proto`.
   *
   * @default Express's `trust proxy` decides
   */
  proxy?: boolean | undefined
  /**
   * `exclusive`: one request of a session after the other, so that none loses what another one has
   * written. express-session does not know it. @default 'none'
   */
  concurrency?: 'exclusive' | 'none' | undefined
  /** Longest wait for a session that another request has, seconds. @default 10 */
  lockWait?: number | undefined
  /**
   * Headers wait until the session is stored; a session that cannot be stored is a 500. Otherwise
   * only the end of the body waits, as in express-session. @default false
   */
  holdHeaders?: boolean | undefined
}

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly secrets: readonly Secret[] | undefined
  readonly store: RequestStore
  /** Whether the store renews a record without writing it. */
  readonly touches: boolean
  readonly cookie: (request: object) => CookieOptions
  readonly name: string
  readonly genid: ((request: object) => string) | undefined
  readonly resave: boolean
  readonly saveUninitialized: boolean
  readonly rolling: boolean
  readonly destroyUnset: boolean
  readonly proxy: boolean | undefined
  readonly exclusive: boolean
  readonly lockWaitMs: number
  readonly holdHeaders: boolean
}

const KNOWN = {
  secret: true,
  store: true,
  cookie: true,
  name: true,
  key: true,
  genid: true,
  resave: true,
  saveUninitialized: true,
  rolling: true,
  unset: true,
  proxy: true,
  concurrency: true,
  lockWait: true,
  holdHeaders: true,
} satisfies Record<keyof SessionOptions, true>

/** @throws {TypeError | RangeError} Naming the option. */
export function resolveOptions(options: SessionOptions): ResolvedOptions {
  warnOfUnknown(options)
  const { genid, unset, concurrency = 'none', lockWait = 10 } = options
  if (genid && typeof genid !== 'function') throw new TypeError('genid option must be a function')
  if (unset && unset !== 'destroy' && unset !== 'keep') {
    throw new TypeError('unset option must be "destroy" or "keep"')
  }
  const cookie = options.cookie || {}
  assertOneOf('concurrency', concurrency, ['exclusive', 'none'])
  assertNumber('lockWait', lockWait, 0, 86_400)
  const store = storeOf(options)
  return {
    secrets: secretsOf(options),
    store,
    touches: typeof store.touch === 'function',
    cookie: (typeof cookie === 'function' ? cookie : () => cookie) as ResolvedOptions['cookie'],
    name: options.name || options.key || 'connect.sid',
    genid: (genid || undefined) as ResolvedOptions['genid'],
    resave: spoken(options, 'resave'),
    saveUninitialized: spoken(options, 'saveUninitialized'),
    rolling: Boolean(options.rolling),
    destroyUnset: unset === 'destroy',
    proxy: options.proxy,
    exclusive: concurrency === 'exclusive',
    lockWaitMs: lockWait * 1000,
    holdHeaders: Boolean(options.holdHeaders),
  }
}

function secretsOf({ secret }: SessionOptions): readonly Secret[] | undefined {
  if (Array.isArray(secret) && secret.length === 0) {
    throw new TypeError('secret option array must contain one or more strings')
  }
  if (secret) return (Array.isArray(secret) ? [...secret] : [secret]) as Secret[]
  warn('no secret option: req.secret of cookie-parser signs', 'SESSIONZ_NO_SECRET')
  return undefined
}

function storeOf({ store }: SessionOptions): RequestStore {
  if (store) return store as RequestStore
  if (process.env['NODE_ENV'] === 'production') {
    process.emitWarning('sessions are kept by MemoryStore, which is for development only', {
      code: 'SESSIONZ_MEMORY_STORE',
    })
  }
  return new MemoryStore() as unknown as RequestStore
}

/** An option whose default is not what most want, so that it has to be said. */
function spoken(options: SessionOptions, name: 'resave' | 'saveUninitialized'): boolean {
  const value = options[name]
  if (value !== undefined) return Boolean(value)
  warn(`undefined ${name} option: say true or false`, `SESSIONZ_${name.toUpperCase()}`)
  return true
}

/** express-session takes any name, so what it does not know stands in many applications. */
function warnOfUnknown(options: SessionOptions): void {
  for (const name of Object.keys(options).filter((each) => !Object.hasOwn(KNOWN, each))) {
    process.emitWarning(`unknown option "${name}" of the session`, { code: 'SESSIONZ_OPTION' })
  }
}

function warn(message: string, code: string): void {
  process.emitWarning(message, { type: 'DeprecationWarning', code })
}
