/**
 * One activation of one session.
 *
 * @module
 */
import { setMaxListeners } from 'node:events'
import type { LockMode, SessionContext } from './handler.js'

/** A signal nobody aborts; any number of waits may listen to it. */
export const NEVER: AbortSignal = new AbortController().signal
setMaxListeners(0, NEVER)

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
