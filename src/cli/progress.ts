/**
 * A bar that tells how far long work is: on the standard error, and only where that is a terminal.
 *
 * @module
 */
import type { Io } from './io.js'
import { count, duration } from './units.js'

export interface Progress {
  /** So much more is done. */
  step(done?: number): void
  /** Makes room for another line; the bar comes back by itself. */
  clear(): void
  /** Removes the bar. */
  end(): void
}

const nothing = () => undefined
const NONE: Progress = { step: nothing, clear: nothing, end: nothing }

const EVERY_MS = 100
const ERASE = '\r\x1b[K'
const BAR = 24

/** How much there is; `undefined` where nobody knows. */
export type Total = () => number | undefined | Promise<number | undefined>

/** @param total Asked only where there is a bar; one without it counts only. */
export async function progress(
  { stderr }: Io,
  label: string,
  total: Total = nothing,
): Promise<Progress> {
  if (stderr.isTTY !== true) return NONE
  const startedMs = performance.now()
  let done = 0
  let expected: number | undefined
  let isDrawn = false
  let drawnMs = startedMs

  function draw(): void {
    drawnMs = performance.now()
    isDrawn = true
    const state = { done, total: expected, ms: drawnMs - startedMs }
    stderr.write(ERASE + barText(label, state).slice(0, (stderr.columns || 80) - 1))
  }

  function clear(): void {
    if (isDrawn) stderr.write(ERASE)
    isDrawn = false
  }

  // Work that waits for one long call shows that it is alive; work that never waits draws by itself.
  const timer = setInterval(draw, EVERY_MS)
  timer.unref()
  expected = await total()
  return {
    step(more = 1) {
      done += more
      if (performance.now() - drawnMs >= EVERY_MS) draw()
    },
    clear,
    end() {
      clearInterval(timer)
      clear()
    },
  }
}

/** How far work is. */
export interface State {
  readonly done: number
  readonly total: number | undefined
  readonly ms: number
}

/** `destroy [####....]  50 %  5 of 10  2 s left` */
export function barText(label: string, { done, total, ms }: State): string {
  if (total === undefined || total === 0) {
    return `${label}  ${done > 0 ? `${count(done)}  ` : ''}${duration(ms / 1000)}`
  }
  const share = Math.min(1, done / total)
  const filled = Math.floor(share * BAR)
  const bar = '#'.repeat(filled).padEnd(BAR, '.')
  const percent = String(Math.floor(share * 100)).padStart(3)
  const left = share > 0 ? `  ${duration((ms / share - ms) / 1000)} left` : ''
  return `${label} [${bar}] ${percent} %  ${count(done)} of ${count(total)}${left}`
}
