/**
 * When garbage is collected: by PHP's lottery, on a timer, or when asked to.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { createContext } from './context.js'
import { publish } from './events.js'
import { deadline } from './lib/deadline.js'
import { inBackground } from './session-life.js'
import type { Settings } from './options/options.js'
import type { SessionHost } from './session-calls.js'

export interface Collector {
  /** Collects now, or joins the collection under way. @returns How many sessions were removed. */
  collect(): Promise<number>
  /** Collects in the background when the lottery says so. */
  draw(gc: Settings['gc']): void
  /** Stops the timer, and a collection under way after its batch. */
  stop(): Promise<void>
}

/** A clock that is set by more than that is not to be trusted before the next round. */
const JUMP_MS = 300_000

/**
 * A collector; its timer keeps no process alive. In the background, storage that is down is left
 * alone, and so is a round before which the clock was set: who is live would look long gone.
 */
export function createCollector(
  { chain, breaker }: Pick<SessionHost, 'chain' | 'breaker'>,
  settings: Settings,
): Collector {
  const { interval, maxLifetime } = settings.gc
  const { savePath, name, now } = settings
  const stopping = new AbortController()
  const { signal } = stopping
  let underWay: Promise<number> | undefined
  let timer: NodeJS.Timeout | undefined
  const hasJumped = now === Date.now ? clockWatch(now) : () => false // who sets another one means it

  async function sweep(): Promise<number> {
    const context = createContext({ savePath, name, maxLifetime, now, signal, lock: 'none' })
    const started = performance.now()
    try {
      const removed = await chain.gc(maxLifetime, context)
      publish('sessionz:gc', () => ({ name, removed, tookMs: performance.now() - started }))
      return removed
    } finally {
      underWay = undefined
    }
  }

  const collect = () => (underWay ??= sweep())

  /** Up to a tenth later each time, so that processes started together drift apart. */
  function schedule(): void {
    timer = setTimeout(tick, interval * (1000 + randomInt(100)))
    timer.unref()
  }

  const inTheBackground = () => {
    if (breaker.state === 'closed' && !hasJumped()) inBackground('gc', collect)
  }

  function tick(): void {
    inTheBackground()
    schedule()
  }

  if (interval > 0) schedule()

  return {
    collect,
    draw({ probability, divisor }) {
      // PHP: floor(divisor * U) < probability
      if (probability > 0 && randomInt(divisor) < probability) inTheBackground()
    },
    async stop() {
      clearTimeout(timer)
      stopping.abort()
      if (underWay === undefined) return
      // Who asked for it is told what became of it; storage that hangs is not waited for.
      await deadline(underWay, 'gc', settings.storeTimeoutMs).catch(() => undefined)
    },
  }
}

/** Tells, and warns, whether the clock was set since it was asked last. */
function clockWatch(now: () => number): () => boolean {
  /** How far the clock is ahead of the one that nobody sets. */
  const ahead = () => now() - performance.now()
  let aheadMs = ahead()
  return () => {
    const byMs = ahead() - aheadMs
    aheadMs += byMs
    if (Math.abs(byMs) <= JUMP_MS) return false
    publish('sessionz:warning', () => ({
      code: 'CLOCK_JUMP',
      message: `gc: left out, as the clock was set by ${Math.round(byMs / 1000)} seconds`,
    }))
    return true
  }
}
