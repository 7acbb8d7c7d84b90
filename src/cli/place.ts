/**
 * Where a command finds sessions: a chain of handlers and how to work with it.
 *
 * @module
 */
import { disposeAll } from '../administration.js'
import { composeChain } from '../chain.js'
import { createContext, type Activation } from '../context.js'
import type { Chain, SessionContext } from '../handler.js'
import { createSessionManager, type SessionManager } from '../manager.js'
import type { SessionOptions } from '../options/options.js'
import { resolveOptions } from '../options/resolve-options.js'
import type { Serializer } from '../serializer.js'
import { serializerFor } from '../serializers/registry.js'
import { UsageError } from './problems.js'

/** Open until `close`. */
export interface Place {
  readonly chain: Chain
  readonly serializer: Serializer
  /** Whether a layer changes ids, so that lists name sessions otherwise than their users do. */
  readonly renames: boolean
  /** Idle lifetime in seconds. */
  readonly maxLifetime: number
  readonly now: () => number
  /** An activation; without a lock, and of no session, unless the fields say so. */
  context(fields?: Partial<SessionContext>): Activation
  /**
   * A manager that does nothing by itself: it collects no garbage, and what it cannot read is an
   * error.
   */
  manager(options?: SessionOptions): SessionManager
  close(): Promise<void>
}

/** What a place is made of. */
export interface Plan {
  readonly options: SessionOptions
  /** Ends what the handlers stand on. */
  readonly end: () => unknown
}

/** @throws {UsageError | TypeError | RangeError} For options that cannot be, or without handlers. */
export function placeOf({ options, end }: Plan): Place {
  const { settings, serializer, handlers = [] } = resolveOptions(options)
  if (handlers.length === 0) throw new UsageError('the options of this place have no "handlers"')
  const { savePath, name, now, lockWaitMs, lockLeaseMs, gc } = settings
  const { maxLifetime } = gc
  const common = { savePath, name, now, maxLifetime, lockWaitMs, lockLeaseMs }
  return {
    chain: composeChain(handlers),
    renames: handlers.some(({ renames }) => renames === true),
    serializer: typeof serializer === 'string' ? serializerFor(serializer) : serializer,
    maxLifetime,
    now,
    context: (fields) => createContext({ ...common, lock: 'none', ...fields }),
    manager: (more = {}) =>
      createSessionManager({ ...options, ...QUIET, ...more, gc: { maxLifetime, probability: 0 } }),
    async close() {
      try {
        await disposeAll(handlers)
      } finally {
        await end()
      }
    },
  }
}

const QUIET: SessionOptions = {
  concurrency: 'exclusive',
  onStoreError: 'fail',
  onUnreadable: 'error',
  holdLimit: 0,
}
