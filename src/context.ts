/**
 * One activation of one session.
 *
 * @module
 */
import type { LockMode, SessionContext } from './handler.js'

/**
 * A signal nobody aborts. It keeps no listeners, who would never hear of it: to add one takes Node a
 * walk through those that are there, and whatever waits without a visitor listens here.
 */
export const NEVER: AbortSignal = new AbortController().signal
NEVER.addEventListener = () => undefined

/** A context whose id the manager may still settle; handlers see it read-only. */
export type Activation = { -readonly [K in keyof SessionContext]: SessionContext[K] }

const DEFAULTS = {
  savePath: '',
  name: 'PHPSESSID',
  id: undefined,
  isNew: false,
  readOnly: false,
  strict: true,
  lock: 'exclusive' as LockMode,
  lockWaitMs: 10_000,
  lockLeaseMs: 30_000,
  closing: false,
  maxLifetime: 1440,
  ownership: undefined,
  listed: false,
  signal: NEVER,
  now: Date.now,
  touchedMs: undefined,
  entered: 0,
} satisfies SessionContext

/**
 * Makes a context, for authors of handlers and their tests; the manager makes its own.
 *
 * @param fields What differs from the defaults: an exclusive activation of no particular session.
 */
export function createContext(fields: Partial<SessionContext> = {}): Activation {
  return { ...DEFAULTS, ...fields }
}
