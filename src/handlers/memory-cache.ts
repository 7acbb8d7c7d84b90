/**
 * The memory handler above another store: it keeps copies of what the store answered.
 *
 * @module
 */
import type { MaybePromise, SessionContext, SessionHandler } from '../handler.js'
import { run, wait, type Flow } from '../lib/flow.js'
import { freshCopies, type Change, type FreshCopiesOptions } from '../lib/fresh-copies.js'
import { announcer, type InvalidationChannel } from '../lib/invalidation.js'

export interface MemoryCacheOptions extends FreshCopiesOptions {
  readonly invalidation: InvalidationChannel | undefined
}

/** The operations that a cache takes part in. All others pass through. */
type Operation = 'read' | 'write' | 'destroy' | 'updateTimestamp' | 'validateId'

export interface MemoryCache extends Required<Pick<SessionHandler, Operation>> {
  dispose(): void
}

/**
 * PHP's rule that a locked session is read from storage stands where other processes write too: with
 * a channel, an activation that holds the lock and may write is never answered from a copy. The copy
 * of a message that is still on its way would cost another process's update.
 */
export function memoryCache({ invalidation, ...options }: MemoryCacheOptions): MemoryCache {
  const copies = freshCopies(options)
  const announce = announcer(invalidation)
  let stop = invalidation?.subscribe(copies.forget)
  let disposed = false

  const copyFor = (id: string, context: SessionContext) => {
    if (disposed || (invalidation !== undefined && isWriter(context))) return undefined
    return copies.get(id, context.now(), context.maxLifetime * 1000)
  }

  function* change(id: string, what: Change): Flow<boolean> {
    try {
      return yield* copies.change(id, what)
    } finally {
      yield* wait(announce(id))
    }
  }

  function* touch(id: string, below: MaybePromise<boolean>): Flow<boolean> {
    const known = yield* wait(below)
    if (!known) copies.forget(id)
    return known
  }

  return {
    read(id, context, next) {
      const below = () => next(id, context)
      return copyFor(id, context) ?? run(copies.fill(id, context.now(), below))
    },
    write(id, payload, context, next) {
      const below = () => next(id, payload, context)
      return run(change(id, { nowMs: context.now(), below, payload }))
    },
    destroy(id, context, next) {
      return run(change(id, { nowMs: context.now(), below: () => next(id, context) }))
    },
    updateTimestamp(id, payload, context, next) {
      return run(touch(id, next(id, payload, context)))
    },
    validateId(id, context, next) {
      return copyFor(id, context) !== undefined || next(id, context)
    },
    dispose() {
      disposed = true
      stop?.()
      stop = undefined
    },
  }
}

function isWriter({ lock, readOnly }: SessionContext): boolean {
  return lock === 'exclusive' && !readOnly
}
