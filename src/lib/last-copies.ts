/**
 * The last payloads this process read or wrote, for the time when storage is down.
 *
 * @module
 */
import { defineHandler, type Payload, type SessionHandler } from '../handler.js'
import { run, wait } from './flow.js'
import { freshCopies } from './fresh-copies.js'

/** Like a small cache: some thousand sessions of usual size. */
const BOUNDS = { handler: 'stale', maxEntries: 10_000, maxBytes: 16 * 1024 * 1024 }

export interface LastCopies {
  /** The layer that keeps them, outermost of all: it sees what the session sees. */
  readonly layer: SessionHandler
  /** The copy, where it is no older than the idle lifetime. */
  get(id: string, nowMs: number): Payload | undefined
  /** Drops the copy of a session that turned out to be over. */
  forget(id: string): void
}

/**
 * Copies of what is read and written; none of what was destroyed, found absent or changed with an
 * unknown outcome.
 */
export function lastCopies(maxAgeMs: number): LastCopies {
  const copies = freshCopies({ ...BOUNDS, maxAgeMs })
  return {
    get: (id, nowMs) => copies.get(id, nowMs, maxAgeMs),
    forget: copies.forget,
    layer: defineHandler({
      name: 'stale',
      read: (id, context, next) => run(copies.fill(id, context.now(), () => next(id, context))),
      write: (id, payload, context, next) =>
        run(
          copies.change(id, {
            nowMs: context.now(),
            below: () => next(id, payload, context),
            payload,
          }),
        ),
      destroy: (id, context, next) =>
        run(copies.change(id, { nowMs: context.now(), below: () => next(id, context) })),
      updateTimestamp: (id, payload, context, next) =>
        run(
          (function* () {
            const known = yield* wait(next(id, payload, context))
            if (!known) copies.forget(id)
            return known
          })(),
        ),
    }),
  }
}
