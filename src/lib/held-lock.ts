/** What every lock between processes has in common. */

/** How long a lock is waited for. */
export interface LockLimits {
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
}

/** A lock that was granted. */
export interface HeldLock {
  /** Whether it was lost without being given back: whoever held it for us has died. */
  readonly lost: boolean
  /** Gives it back. Called once. */
  release(): void
}

/** A longer timer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A wait as a timer can have it. */
export function timerMs(waitMs: number): number {
  return Math.min(waitMs, LONGEST_TIMER_MS)
}
