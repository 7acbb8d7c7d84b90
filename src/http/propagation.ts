/**
 * Where a request says which session it belongs to.
 *
 * @module
 */
import { assertValidId, isValidId } from '../id/validate.js'
import { hasArrayCookie, readCookies } from './cookie-reader.js'
import { readQuery } from './query-reader.js'

/** What a session needs to know of a request, in no framework's words. */
export interface SessionRequest {
  /** The `Cookie` header; several joined by `; `. */
  readonly cookieHeader?: string | undefined
  /** Path and query of the URL. The query may name the id where `useOnlyCookies` is off. */
  readonly url?: string | undefined
  /** Fields of a form that was sent, PHP's `$_POST`; read where `useOnlyCookies` is off. */
  readonly body?: object | null | undefined
  /** Whether it came over a secure connection; decides for `cookie.secure: 'auto'`. @default false */
  readonly secure?: boolean | undefined
  /** The `Host` header. */
  readonly host?: string | undefined
  /** The `Referer` header; `refererCheck` looks at it. */
  readonly referer?: string | undefined
  /** When the page last changed, for the cache limiters that say so. */
  readonly lastModified?: Date | undefined
  /** An id the application chose: PHP's `session_id($id)` before `session_start()`. */
  readonly id?: string | undefined
  /** Aborted when nobody waits for the answer any more; ends the wait for the lock. */
  readonly signal?: AbortSignal | undefined
}

/** The ids a request names, best first, and how many cookies of the name it carries. */
export interface Candidates {
  readonly ids: readonly string[]
  readonly received: number
}

/** How many different ids are looked up; each costs one call to storage. */
const MAX_IDS = 4

/** What is to be known of the settings. */
export interface CandidateOptions {
  /** Name of the cookie, the query argument and the form field. */
  readonly name: string
  readonly useCookies: boolean
  readonly useOnlyCookies: boolean
  readonly refererCheck: string
}

const NONE: Candidates = { ids: [], received: 0 }

/**
 * The ids that a request names: the one the application chose, or else those of its cookies in
 * order, or else, where `useOnlyCookies` is off, the one of its query or of its form. Values that
 * cannot be ids are no candidates; cookies are tried in turn because a browser sends every one that
 * fits, set for other paths or domains too.
 *
 * PHP differs: it looks at the first cookie only.
 *
 * @throws {InvalidIdError} When the id that the application chose is none.
 */
export function candidates(request: SessionRequest, options: CandidateOptions): Candidates {
  if (request.id !== undefined) return chosen(request.id)
  const values = cookieValues(request, options)
  if (options.useOnlyCookies) return values.length === 0 ? NONE : among(values)
  const found = values.length === 0 ? fromUrlOrForm(request, options.name) : among(values)
  return isForeign(request, options) ? { ...found, ids: [] } : found
}

function chosen(id: string): Candidates {
  assertValidId(id)
  return { ids: [id], received: 0 }
}

function cookieValues(
  { cookieHeader }: SessionRequest,
  { name, useCookies }: CandidateOptions,
): string[] {
  if (!useCookies || cookieHeader === undefined || cookieHeader === '') return []
  return readCookies(cookieHeader, name, Infinity)
}

function among(values: readonly string[]): Candidates {
  const ids = values.filter((value) => isValidId(value))
  return {
    ids: ids.length < 2 ? ids : [...new Set(ids)].slice(0, MAX_IDS),
    received: values.length,
  }
}

/** A query that has the name, be it empty, goes before the form. */
function fromUrlOrForm({ url = '', body }: SessionRequest, name: string): Candidates {
  const id = readQuery(url, name) ?? fieldOf(body, name)
  return isValidId(id) ? { ids: [id], received: 0 } : NONE
}

function fieldOf(body: object | null | undefined, name: string): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined
  return (body as Readonly<Record<string, unknown>>)[name]
}

/** PHP looks for the text anywhere in the header, and lets requests without one pass. */
function isForeign({ referer = '' }: SessionRequest, { refererCheck }: CandidateOptions): boolean {
  return refererCheck !== '' && referer !== '' && !referer.includes(refererCheck)
}

/**
 * Whether a request has to be told the id by other means than a cookie: PHP's rule for its constant
 * `SID`.
 */
export function needsSid(request: SessionRequest, options: CandidateOptions): boolean {
  if (options.useOnlyCookies) return false
  return request.id !== undefined || !carriesCookie(request, options)
}

/** Whether links of the page get the id: PHP's rule for `session.use_trans_sid`. */
export function needsTransSid(
  request: SessionRequest,
  options: CandidateOptions & { readonly useTransSid: boolean },
): boolean {
  return options.useTransSid && !options.useOnlyCookies && !carriesCookie(request, options)
}

/** An array (`NAME[]=`) names no id, but it is a cookie. */
function carriesCookie(request: SessionRequest, options: CandidateOptions): boolean {
  if (cookieValues(request, options).length > 0) return true
  const { cookieHeader = '' } = request
  return options.useCookies && hasArrayCookie(cookieHeader, options.name)
}
