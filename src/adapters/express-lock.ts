/** One request of a session after the other. */
import type { ServerResponse } from 'node:http'
import { publish } from '../events.js'
import { keyedMutex, type KeyedMutex } from '../locks/keyed-mutex.js'
import type { RequestStore } from './express-contract.js'
import type { Visit } from './express-visit.js'
import type { AnyResponse } from './node-response.js'

/** How long a handler may go on after its client has gone, with its session locked. */
const ABANDON_AFTER_MS = 5000

/** Requests of all middlewares on one store queue up together. */
const queues = new WeakMap<RequestStore, KeyedMutex>()

/**
 * Waits until no other request has the session that this one names.
 *
 * The store's own lock holds wherever the store is shared; without one the queue is in this process.
 *
 * @throws {LockTimeoutError} When that takes too long.
 */
export async function takeLock(visit: Visit, response: AnyResponse): Promise<void> {
  const { sentId, options } = visit
  const { store, lockWaitMs } = options
  const id = sentId as string
  const release =
    store.lock === undefined
      ? await queueOf(store).acquire(id, { waitMs: lockWaitMs })
      : await store.lock(id, lockWaitMs)
  visit.release = () => {
    visit.release = undefined
    void giveBack(release)
  }
  const { destroyed } = response as unknown as ServerResponse
  if (destroyed) abandon(visit)
  else (response as unknown as ServerResponse).on('close', () => abandon(visit))
}

/** The request is over; nobody is left to be told. */
async function giveBack(release: () => void | Promise<void>): Promise<void> {
  try {
    await release()
  } catch (error) {
    publish('sessionz:error', () => ({ operation: 'unlock', error }))
  }
}

function queueOf(store: RequestStore): KeyedMutex {
  let queue = queues.get(store)
  if (queue === undefined) {
    queue = keyedMutex({ handler: 'express', maxWaiters: 1000 })
    queues.set(store, queue)
  }
  return queue
}

/** The client is gone. A handler that is not over soon stores nothing: others have the session. */
function abandon(visit: Visit): void {
  if (visit.release === undefined) return
  setTimeout(() => {
    if (visit.release === undefined) return
    visit.broken = true
    visit.release()
  }, ABANDON_AFTER_MS).unref()
}
