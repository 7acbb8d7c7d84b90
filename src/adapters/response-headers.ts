/**
 * Adds the session's headers to those of the application, wherever it put them.
 *
 * @module
 */
import type { HeaderList } from '../http/headers.js'

/** A header's value as Node takes and gives it. */
export type HeaderValue = string | number | readonly string[]

/** What `writeHead` takes as headers: an object, or a flat array, or an array of pairs. */
export type HeadersArgument =
  Readonly<Record<string, HeaderValue | undefined>> | readonly unknown[] | null | undefined

/** The part of a response that knows headers; the same in HTTP/1 and HTTP/2. */
export interface HeaderStore {
  getHeader(name: string): HeaderValue | undefined
  setHeader(name: string, value: HeaderValue): unknown
  getHeaderNames(): string[]
}

/** Name, value, name, value, ... */
type FlatHeaders = unknown[]

/**
 * Adds headers to a response whose headers are about to be sent. Doing it twice changes nothing.
 *
 * Cookies are added to the application's, replacing earlier ones of the same name; `Vary` grows, to
 * `*` where the application would let a shared cache keep our cookie; any other header is left as the
 * application set it. Node ignores `setHeader` for a name that
 * `writeHead` is given too, and does not validate alike in both; so a header goes where its name
 * already is, and into the argument when nothing but the argument has headers.
 *
 * @param given The headers `writeHead` was called with.
 * @returns The headers to call it with.
 */
export function addHeaders(
  response: HeaderStore,
  headers: HeaderList,
  given: HeadersArgument,
): HeadersArgument {
  if (headers.length === 0) return given
  if (given === undefined || given === null) {
    mergeHeaders(headers, {
      get: (name) => response.getHeader(name),
      set: (name, value) => response.setHeader(name, value),
    })
    return given
  }
  return addBeside(response, headers, given)
}

function addBeside(
  response: HeaderStore,
  headers: HeaderList,
  given: NonNullable<HeadersArgument>,
): HeadersArgument {
  const flat = flatten(given)
  // Half a pair: Node refuses it as it was given.
  if (flat.length % 2 !== 0) return given
  const alone = response.getHeaderNames().length === 0
  let changed = false
  mergeHeaders(headers, {
    get: (name) => valueIn(flat, name) ?? response.getHeader(name),
    set: (name, value) => {
      if (!alone && valueIn(flat, name) === undefined) return response.setHeader(name, value)
      changed = true
      return replaceIn(flat, name, value)
    },
  })
  return changed ? flat : given
}

/** Where headers are, whatever holds them. */
export interface Place {
  get(name: string): HeaderValue | undefined
  set(name: string, value: HeaderValue): unknown
}

/** Adds headers by the rules of `addHeaders`. */
export function mergeHeaders(headers: HeaderList, place: Place): void {
  const cookies = headers.filter(([name]) => name === 'Set-Cookie').map(([, line]) => line)
  if (cookies.length > 0) {
    place.set('Set-Cookie', addCookies(linesOf(place.get('Set-Cookie')), cookies))
  }
  for (const [name, value] of headers) {
    if (name === 'Set-Cookie') continue
    const present = place.get(name)
    if (present === undefined) place.set(name, value)
    else if (name === 'Vary') addToken(place, linesOf(present), value)
  }
  if (cookies.length > 0 && mayBeShared(place.get('Cache-Control'))) {
    place.set('Vary', '*')
  }
}

/** Whether caches may keep a response for more than one visitor. */
function mayBeShared(control: HeaderValue | undefined): boolean {
  return control !== undefined && !/\b(?:private|no-store)\b/i.test(linesOf(control).join())
}

/** The cookies of the response, those of our name replaced by ours. */
function addCookies(present: readonly string[], cookies: readonly string[]): string[] {
  const ours = new Set(cookies.map(cookieName))
  return [...present.filter((line) => !ours.has(cookieName(line))), ...cookies]
}

function cookieName(line: string): string {
  return line.slice(0, line.indexOf('='))
}

function addToken(place: Place, present: readonly string[], token: string): void {
  const text = present.join(', ')
  const tokens = text.split(',').map((each) => each.trim().toLowerCase())
  if (tokens.includes('*') || tokens.includes(token.toLowerCase())) return
  place.set('Vary', text.trim() === '' || token === '*' ? token : `${text}, ${token}`)
}

function linesOf(value: HeaderValue | undefined): string[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as string[]) : [String(value)]
}

/** What a header will be: what `writeHead` was given goes before what was set. */
export function headerOf(
  response: HeaderStore,
  given: HeadersArgument,
  name: string,
): string | undefined {
  const value = valueIn(flatten(given ?? {}), name) ?? response.getHeader(name)
  return value === undefined ? undefined : linesOf(value).join(', ')
}

/** The headers without those of some names, in lower case. */
export function withoutHeaders(given: HeadersArgument, names: readonly string[]): HeadersArgument {
  const flat = flatten(given ?? {})
  if (flat.length === 0 || flat.length % 2 !== 0) return given
  const isKept = (at: number) => !names.includes(String(flat[at - (at % 2)]).toLowerCase())
  return flat.filter((_, at) => isKept(at))
}

function flatten(given: NonNullable<HeadersArgument>): FlatHeaders {
  if (!Array.isArray(given)) return Object.entries(given).flat(1)
  return Array.isArray(given[0]) ? (given as unknown[][]).flat(1) : [...(given as unknown[])]
}

/** All values of a name in one, as if they had been given so. */
function valueIn(flat: FlatHeaders, name: string): HeaderValue | undefined {
  const values: HeaderValue[] = []
  for (let at = 0; at < flat.length; at += 2) {
    if (isName(flat[at], name)) values.push(flat[at + 1] as HeaderValue)
  }
  return values.length < 2 ? values[0] : values.flatMap(linesOf)
}

function replaceIn(flat: FlatHeaders, name: string, value: HeaderValue): void {
  const first = flat.findIndex((each, at) => at % 2 === 0 && isName(each, name))
  if (first < 0) {
    flat.push(name, value)
    return
  }
  flat[first + 1] = value
  for (let at = flat.length - 2; at > first; at -= 2) {
    if (isName(flat[at], name)) flat.splice(at, 2)
  }
}

function isName(candidate: unknown, name: string): boolean {
  return typeof candidate === 'string' && candidate.toLowerCase() === name.toLowerCase()
}
