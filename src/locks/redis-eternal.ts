/**
 * Locks without an end: phpredis makes them where `redis.session.lock_expire` and
 * `max_execution_time` are 0, and a PHP process that is killed leaves them behind.
 *
 * @module
 */

/** What is known of a lock that somebody else holds. */
export interface ForeignLock {
  readonly token: string
  /** Whether nothing but its holder will ever end it. */
  readonly eternal: boolean
}

export interface EternalLocksOptions {
  readonly look: (key: string) => Promise<ForeignLock | undefined>
  /** Gives the lock an end, where it is still the same and has none. */
  readonly limit: (key: string, token: string, leaseMs: number) => Promise<unknown>
}

/** Unchanged for so long, a lock is taken to be left behind. */
const UNCHANGED_MS = 60_000
/** How often one lock is looked at. */
const EVERY_MS = 1000
/** How many locks are remembered; beyond that the one that was met first is forgotten. */
const MOST_LOCKS = 1000

interface Memory {
  readonly token: string | undefined
  readonly sinceMs: number
  readonly lookedMs: number
}

/**
 * Watches locks across the waits for them: each of those is shorter than what it takes to be sure.
 *
 * @returns What to call whenever a lock was found taken, with the lease it is to have.
 */
export function eternalLocks({
  look,
  limit,
}: EternalLocksOptions): (key: string, leaseMs: number) => Promise<void> {
  const memories = new Map<string, Memory>()

  function remember(key: string, memory: Memory): void {
    memories.set(key, memory)
    const [first] = memories.keys()
    if (memories.size > MOST_LOCKS && first !== undefined) memories.delete(first)
  }

  return async (key, leaseMs) => {
    const known = memories.get(key)
    const lookedMs = performance.now()
    if (known !== undefined && lookedMs - known.lookedMs < EVERY_MS) return
    const found = await look(key)
    const token = found?.eternal === true ? found.token : undefined
    const same = token !== undefined && known?.token === token
    const sinceMs = same ? known.sinceMs : lookedMs
    remember(key, { token, sinceMs, lookedMs })
    if (token === undefined || lookedMs - sinceMs < UNCHANGED_MS) return
    memories.delete(key)
    await limit(key, token, leaseMs)
  }
}
