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
import type { SessionContext } from '../handler.js'
import { timerMs } from './held-lock.js'

/** How long to ask, and who asks. */
export interface PollLimits {
  readonly waitMs: number
  /** Looked at only when there is something to wait for: some contexts make it when it is read. */
  readonly signal?: AbortSignal | undefined
  /** Who waits, for the error message. */
  readonly handler: string
}

/** What a session's context says of its wait, less what was waited already. */
export function pollLimits(
  handler: string,
  waitMs: number,
  context: Pick<SessionContext, 'signal'>,
): PollLimits {
  return new ContextLimits(handler, waitMs, context)
}

/** A class for its getter: in a literal of its own it costs V8 30 times as much. */
class ContextLimits implements PollLimits {
  constructor(
    readonly handler: string,
    readonly waitMs: number,
    private readonly context: Pick<SessionContext, 'signal'>,
  ) {}

  get signal(): AbortSignal {
    return this.context.signal
  }
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
export function keepLease(terms: LeaseTerms): Lease {
  return new RenewedLease(terms)
}

/** A class for its getter: in a literal of its own it costs V8 30 times as much. */
class RenewedLease implements Lease {
  private isLost = false
  private isRunning = true
  private isRenewing = false
  private renewedMs = performance.now()
  private readonly timer: NodeJS.Timeout

  constructor(private readonly terms: LeaseTerms) {
    this.timer = setInterval(() => this.tick(), timerMs(Math.max(1, terms.leaseMs / 3)))
    this.timer.unref()
  }

  get lost(): boolean {
    if (this.isRunning && this.isOverdue()) this.lose()
    return this.isLost
  }

  stop(): void {
    this.isRunning = false
    clearInterval(this.timer)
  }

  private isOverdue(): boolean {
    return performance.now() - this.renewedMs >= this.terms.leaseMs
  }

  private lose(): void {
    if (this.isRunning) this.isLost = true
    this.stop()
  }

  private tick(): void {
    if (this.isOverdue()) return this.lose()
    if (this.isRenewing) return
    this.isRenewing = true
    const settled = () => {
      this.isRenewing = false
    }
    this.renew().then(settled, settled)
  }

  private async renew(): Promise<void> {
    // The lease counts from when the server may have heard of it at the earliest.
    const sentMs = performance.now()
    if (await this.terms.renew()) this.renewedMs = sentMs
    else this.lose()
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
