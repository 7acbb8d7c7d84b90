/**
 * Where a request says which session it belongs to.
 *
 * @module
 */
import { assertValidId, isValidId } from '../id/validate.js'
import { readCookies } from './cookie-reader.js'

/** What a session needs to know of a request, in no framework's words. */
export interface SessionRequest {
  /** The `Cookie` header; several joined by `; `. */
  readonly cookieHeader?: string | undefined
  /** Path and query of the URL. */
  readonly url?: string | undefined
  /** Whether it came over a secure connection; decides for `cookie.secure: 'auto'`. @default false */
  readonly secure?: boolean | undefined
  /** The `Host` header. */
  readonly host?: string | undefined
  /** The `Referer` header. */
  readonly referer?: string | undefined
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

export interface CandidateOptions {
  /** Name of the cookie. */
  readonly name: string
  /** Shorter values are no candidates: cheap refusal of ids nobody can have made. @default 1 */
  readonly minIdLength?: number | undefined
}

const NONE: Candidates = { ids: [], received: 0 }

/**
 * The ids that a request names: the one the application chose, or else those of its cookies in
 * order. Values that cannot be ids are no candidates; cookies are tried in turn because a browser
 * sends every one that fits, set for other paths or domains too.
 *
 * PHP differs: it looks at the first cookie only.
 *
 * @throws {InvalidIdError} When the id that the application chose is none.
 */
export function candidates(
  { id, cookieHeader }: SessionRequest,
  { name, minIdLength: min = 1 }: CandidateOptions,
): Candidates {
  if (id !== undefined) return chosen(id)
  if (cookieHeader === undefined || cookieHeader === '') return NONE
  const values = readCookies(cookieHeader, name, Infinity)
  if (values.length === 0) return NONE
  const ids = values.filter((value) => isValidId(value, { min }))
  return {
    ids: ids.length < 2 ? ids : [...new Set(ids)].slice(0, MAX_IDS),
    received: values.length,
  }
}

function chosen(id: string): Candidates {
  assertValidId(id)
  return { ids: [id], received: 0 }
}
