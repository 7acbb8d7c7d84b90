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

/** A collector; its timer keeps no process alive. Storage that is down is left alone. */
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

  async function sweep(): Promise<number> {
    const context = createContext({ savePath, name, maxLifetime, now, signal, lock: 'none' })
    const started = now()
    try {
      const removed = await chain.gc(maxLifetime, context)
      publish('sessionz:gc', () => ({ name, removed, tookMs: now() - started }))
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
    if (breaker.state === 'closed') inBackground('gc', collect)
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
