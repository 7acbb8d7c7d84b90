/**
 * The cookies of one visitor, kept and sent as a browser does.
 *
 * @module
 */
import { isSentTo, parseSetCookie, type KeptCookie } from './set-cookie.js'

/** Where `Set-Cookie` lines come from: a response, its headers, what a commit answered, or the lines. */
export type CookieSource =
  | Response
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | readonly string[]
  | string
  | undefined

/** What a `CookieJar` is made with. */
export interface CookieJarOptions {
  /** Milliseconds since the epoch, for cookies that expire. @default Date.now */
  now?: (() => number) | undefined
}

/** The cookies of one visitor. Addresses are taken relative to the one the jar was made for. */
export interface CookieJar {
  /** Where the visitor is. */
  readonly url: string
  /** What is kept and has not expired. */
  readonly cookies: readonly KeptCookie[]
  /** Keeps the cookies of a response as far as a browser would. */
  store(source: CookieSource, url?: string): void
  /** The `Cookie` header of a request; empty where nothing is sent. */
  header(url?: string): string
  /**
   * `fetch` with these cookies: sends them and keeps those of the answer. A redirect is answered, not
   * followed, unless `init.redirect` says so; then the cookies of the steps between are lost.
   */
  fetch(url: string, init?: RequestInit): Promise<Response>
  /** Forgets everything. */
  clear(): void
}

/**
 * A visitor without cookies.
 *
 * @param base Where the visitor is, such as `http://127.0.0.1:3000`.
 * @throws {TypeError} When that is no address.
 */
export function cookieJar(base: string, { now = Date.now }: CookieJarOptions = {}): CookieJar {
  const home = new URL(base)
  const kept = new Map<string, KeptCookie>()
  const at = (url = ''): URL => new URL(url, home)
  const live = (): KeptCookie[] => [...kept.values()].filter((cookie) => !isOver(cookie, now()))

  const jar: CookieJar = {
    url: home.href,
    get cookies() {
      return live()
    },
    store(source, url) {
      for (const line of linesOf(source)) {
        const cookie = parseSetCookie(line, at(url), now())
        if (cookie !== undefined) keep(kept, cookie, now())
      }
    },
    header(url) {
      const target = at(url)
      const sent = live().filter((cookie) => isSentTo(cookie, target))
      // Longer paths first, then the older cookie: the order in which browsers send them.
      sent.sort((one, other) => other.path.length - one.path.length)
      return sent.map(({ name, value }) => `${name}=${value}`).join('; ')
    },
    async fetch(url, init = {}) {
      const headers = new Headers(init.headers)
      const cookies = jar.header(url)
      if (cookies !== '') headers.set('Cookie', cookies)
      const response = await fetch(at(url), { redirect: 'manual', ...init, headers })
      jar.store(response, url)
      return response
    },
    clear: () => kept.clear(),
  }
  return jar
}

function isOver({ expiresMs }: KeptCookie, nowMs: number): boolean {
  return expiresMs !== undefined && expiresMs <= nowMs
}

/** One that is over already removes the one before it. */
function keep(kept: Map<string, KeptCookie>, cookie: KeptCookie, nowMs: number): void {
  const key = JSON.stringify([cookie.name, cookie.domain, cookie.hostOnly, cookie.path])
  if (isOver(cookie, nowMs)) kept.delete(key)
  else kept.set(key, cookie)
}

function linesOf(source: CookieSource): readonly string[] {
  if (source === undefined) return []
  if (typeof source === 'string') return [source]
  if (source instanceof Response) return source.headers.getSetCookie()
  if (source instanceof Headers) return source.getSetCookie()
  return [...source].flatMap(lineOf)
}

function lineOf(entry: string | readonly [string, string]): string[] {
  if (typeof entry === 'string') return [entry]
  return entry[0].toLowerCase() === 'set-cookie' ? [entry[1]] : []
}
