/** The cookie of a session, as express-session keeps it in `req.session.cookie` and in records. */
import { deprecate } from 'node:util'
import { cookieText } from './express-cookie-text.js'

/** Attributes of the session cookie. */
export interface CookieOptions {
  /** Lifetime in milliseconds; as long as the browser runs where it is not set. */
  maxAge?: number | null | undefined
  /** When the cookie expires; what is set last of this and `maxAge` holds. */
  expires?: Date | null | undefined
  /** Only requests below this path have a session. @default '/' */
  path?: string | undefined
  /** @default The host of the request alone */
  domain?: string | undefined
  /** Whether scripts of the page cannot read it. @default true */
  httpOnly?: boolean | undefined
  /** Only over secure connections; `auto` follows the connection. @default false */
  secure?: boolean | 'auto' | undefined
  /** `true` is `strict`; `auto` is `none` on secure connections, else `lax`. @default false */
  sameSite?: boolean | 'lax' | 'strict' | 'none' | 'auto' | undefined
  priority?: 'low' | 'medium' | 'high' | undefined
  /** One cookie for each site that embeds this one (CHIPS). @default false */
  partitioned?: boolean | undefined
  /** Lifetime to return to with each use, in milliseconds. @default maxAge */
  originalMaxAge?: number | null | undefined
  /** Taken for the sake of shared option objects; the session's cookie is always signed. */
  signed?: boolean | undefined
  /** Taken for the sake of shared option objects, and not called, as in express-session. */
  encode?: ((value: string) => string) | undefined
}

/** What a record keeps of a cookie; the order of the names is that of express-session. */
export interface CookieData {
  originalMaxAge: number | null
  partitioned: boolean | undefined
  priority: 'low' | 'medium' | 'high' | undefined
  expires: Date | null
  secure: boolean | 'auto' | undefined
  httpOnly: boolean
  domain: string | undefined
  path: string
  sameSite: CookieOptions['sameSite']
}

const warnOfDate = deprecate(
  () => undefined,
  'cookie.maxAge as a Date: give it milliseconds, or set cookie.expires',
  'SESSIONZ_MAX_AGE_DATE',
)

type Words = Record<string, unknown>

/**
 * A session's cookie.
 *
 * Its clock is `Date`, as it has to be where stores and applications compare it with their own.
 */
export class Cookie {
  path = '/'
  httpOnly = true
  /** What `expires` was set to. */
  declare _expires: Date | null
  /** Lifetime to return to with each use, in milliseconds. */
  declare originalMaxAge: number | null
  declare domain?: string | undefined
  declare secure?: boolean | 'auto' | undefined
  declare sameSite?: CookieOptions['sameSite']
  declare priority?: 'low' | 'medium' | 'high' | undefined
  declare partitioned?: boolean | undefined

  /** @throws {TypeError} For what is no object, and a `maxAge` that is no number. */
  constructor(options?: CookieOptions) {
    this.maxAge = null
    if (options) {
      if (typeof options !== 'object') throw new TypeError('argument options must be a object')
      for (const name in options) {
        if (name !== 'data') (this as Words)[name] = (options as Words)[name]
      }
    }
    this.originalMaxAge ??= this.maxAge
  }

  get expires(): Date | null {
    return this._expires
  }

  set expires(date: Date | null) {
    this._expires = date
    this.originalMaxAge = this.maxAge
  }

  /** Milliseconds until it expires; `null` for as long as the browser runs. */
  get maxAge(): number | null {
    const { expires } = this
    return expires instanceof Date ? expires.getTime() - new Date().getTime() : expires
  }

  set maxAge(ms: number | Date | null | undefined) {
    if (ms && typeof ms !== 'number' && !(ms instanceof Date)) {
      throw new TypeError('maxAge must be a number or Date')
    }
    if (ms instanceof Date) warnOfDate()
    const date = typeof ms === 'number' ? new Date(new Date().getTime() + ms) : ms
    this.expires = date as Date | null
    if (typeof ms === 'number') this.originalMaxAge = ms // not less by what the clock went on since
  }

  /** What a record keeps of it. */
  get data(): CookieData {
    return {
      originalMaxAge: this.originalMaxAge,
      partitioned: this.partitioned,
      priority: this.priority,
      expires: this._expires,
      secure: this.secure,
      httpOnly: this.httpOnly,
      domain: this.domain,
      path: this.path,
      sameSite: this.sameSite,
    }
  }

  /** The value of a `Set-Cookie` header. @throws {TypeError} For what no cookie can be. */
  serialize(name: string, value: string): string {
    return cookieText(name, value, this.data as Parameters<typeof cookieText>[2])
  }

  toJSON(): CookieData {
    return this.data
  }
}
