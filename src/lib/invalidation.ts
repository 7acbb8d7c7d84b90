/**
 * How copies in the memory of several processes hear of changes.
 *
 * @module
 */
import { publish } from '../events.js'
import type { MaybePromise } from '../handler.js'
import { assertFunction } from './check.js'
import { isPromise } from './flow.js'

/**
 * Tells the other processes that a session changed, so that none answers from an older copy.
 *
 * Any transport that reaches every process will do: Redis pub/sub, IPC of a cluster, PostgreSQL's
 * NOTIFY. It carries session ids: protect it as you protect the store.
 */
export interface InvalidationChannel {
  /** Tells the others. A failure fails no request: it is published as `sessionz:error`. */
  publish(id: string): void | Promise<void>
  /** Calls `listener` for every id that another process publishes. @returns How to stop. */
  subscribe(listener: (id: string) => void): () => void
}

/** @throws {TypeError} For what is no channel; none is fine. */
export function assertChannel(invalidation: InvalidationChannel | undefined): void {
  if (invalidation === undefined) return
  assertFunction('invalidation.publish', invalidation.publish)
  assertFunction('invalidation.subscribe', invalidation.subscribe)
}

/** The change stands whether the others hear of it or not, so a failure is an event. */
export function announcer(
  channel: InvalidationChannel | undefined,
): (id: string) => MaybePromise<void> {
  const failed = (error: unknown) => {
    publish('sessionz:error', () => ({ operation: 'invalidation', error }))
  }
  return (id) => {
    try {
      const told = channel?.publish(id)
      return isPromise(told) ? told.catch(failed) : undefined
    } catch (error) {
      return failed(error)
    }
  }
}
