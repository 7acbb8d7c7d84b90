/**
 * What locks on servers have in common: they are asked for again and again, live for a while only,
 * and are renewed as long as they are held.
 *
 * Waits are measured by the monotonic clock, so that a wall clock set back or forth changes nothing.
 *
 * @module
 */
import { randomInt, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { LockTimeoutError, StateError } from '../errors.js'
import { timerMs } from './held-lock.js'

/** How long to ask, and who asks. */
export interface PollLimits {
  readonly waitMs: number
  /** Looked at only when there is something to wait for: some contexts make it when it is read. */
  readonly signal?: AbortSignal | undefined
  /** Who waits, for the error message. */
  readonly handler: string
}

const FIRST_DELAY_MS = 2
const DELAY_GROWTH = 1.5
const LONGEST_DELAY_MS = 50

/**
 * Asks until there is an answer: at once, then after 2 ms, then less and less often, up to every
 * 50 ms, each time up to a half sooner or later so that those who wait do not march in step.
 *
 * @param attempt Its `undefined` means: not yet. What it throws ends the wait.
 * @throws {LockTimeoutError} After `waitMs`, with a last attempt at its end.
 * @throws {StateError} When the signal aborts the wait, or had before it began.
 */
export async function pollFor<T>(
  attempt: () => Promise<T | undefined>,
  limits: PollLimits,
): Promise<T> {
  const startedMs = performance.now()
  let delayMs = FIRST_DELAY_MS
  for (;;) {
    const answer = await attempt()
    if (answer !== undefined) return answer
    const waitedMs = performance.now() - startedMs
    if (waitedMs >= limits.waitMs) throw new LockTimeoutError(limits.handler, waitedMs)
    await pause(Math.min(jittered(delayMs), limits.waitMs - waitedMs), limits)
    delayMs = Math.min(delayMs * DELAY_GROWTH, LONGEST_DELAY_MS)
  }
}

function jittered(delayMs: number): number {
  return delayMs * (0.5 + randomInt(1000) / 1000)
}

function pause(delayMs: number, { signal, handler }: PollLimits): Promise<void> {
  return new Promise((resolve, reject) => {
    const gaveUp = () => reject(new StateError(`${handler}: gave up waiting for the lock`))
    if (signal?.aborted) return gaveUp()
    const onAbort = () => {
      clearTimeout(timer)
      gaveUp()
    }
    // Up to a whole millisecond: a timer that fires early would ask once more before the end.
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, Math.ceil(delayMs))
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** What a lease needs to stay. */
export interface LeaseTerms {
  readonly leaseMs: number
  /**
   * Asks the server for another `leaseMs`; `false` when the lock is somebody else's by now. What it
   * throws counts as no answer: the next third of the lease brings another try.
   */
  readonly renew: () => Promise<boolean>
}

/** A lock that lives on a server for as long as it is renewed. */
export interface Lease {
  /** Whether the lock may be somebody else's. Once true it stays so. */
  readonly lost: boolean
  /** Ends the renewal; afterwards `lost` does not change. Stopping twice does nothing. */
  stop(): void
}

/**
 * Renews a lock that was granted just now, every third of its lease.
 *
 * It is lost when the server says so, and when no renewal has succeeded for a whole lease: then the
 * server has given it up, or will before anything sent now arrives. The timer keeps no process alive.
 */
export function keepLease({ leaseMs, renew }: LeaseTerms): Lease {
  let lost = false
  let running = true
  let renewing = false
  let renewedMs = performance.now()

  const overdue = () => performance.now() - renewedMs >= leaseMs
  const stop = () => {
    running = false
    clearInterval(timer)
  }
  const lose = () => {
    if (running) lost = true
    stop()
  }
  const renewOnce = async () => {
    // The lease counts from when the server may have heard of it at the earliest.
    const sentMs = performance.now()
    if (await renew()) renewedMs = sentMs
    else lose()
  }
  const tick = () => {
    if (overdue()) return lose()
    if (renewing) return
    renewing = true
    const settled = () => {
      renewing = false
    }
    renewOnce().then(settled, settled)
  }
  const timer = setInterval(tick, timerMs(Math.max(1, leaseMs / 3)))
  timer.unref()

  return {
    get lost() {
      if (running && overdue()) lose()
      return lost
    },
    stop,
  }
}

const HOST = /* @__PURE__ */ hostname()

/**
 * A value for a lock that nobody else writes: `hostname|pid|random`. phpredis writes the first two;
 * what is random here tells apart those who wait in one process.
 */
export function lockToken(): string {
  return `${HOST}|${process.pid}|${randomUUID()}`
}
