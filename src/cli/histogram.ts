/**
 * Histograms of a few steps, so that any number of values takes no memory.
 *
 * @module
 */
import { count } from './units.js'

/** One step: what is below a bound and not below the one before. The last step has none. */
export interface Step {
  readonly below: number
  readonly text: string
}

const step = (below: number, text: string): Step => ({ below, text })

/** Sizes in bytes. */
export const STEPS: readonly Step[] = [
  step(1, 'empty'),
  step(64, 'below 64 B'),
  step(256, 'below 256 B'),
  step(1024, 'below 1 KB'),
  step(4096, 'below 4 KB'),
  step(16_384, 'below 16 KB'),
  step(65_536, 'below 64 KB'),
  step(1_048_576, 'below 1 MB'),
  step(Infinity, 'larger'),
]

/** Ages in seconds. */
export const SPANS: readonly Step[] = [
  step(60, 'below 1 min'),
  step(300, 'below 5 min'),
  step(900, 'below 15 min'),
  step(1440, 'below 24 min'),
  step(3600, 'below 1 h'),
  step(21_600, 'below 6 h'),
  step(86_400, 'below 1 d'),
  step(604_800, 'below 7 d'),
  step(Infinity, 'older'),
]

export function emptyBuckets(steps: readonly Step[]): number[] {
  return steps.map(() => 0)
}

export function bucketOf(steps: readonly Step[], value: number): number {
  return steps.findIndex(({ below }) => value < below)
}

/**
 * A line for each step between the first and the last one that holds anything.
 *
 * @param width Characters of a line.
 */
export function barsText(
  steps: readonly Step[],
  counts: readonly number[],
  width: number,
): string[] {
  const first = counts.findIndex((value) => value > 0)
  if (first < 0) return []
  const last = counts.findLastIndex((value) => value > 0)
  const most = Math.max(...counts)
  const digits = count(most).length
  const label = Math.max(...steps.map(({ text }) => text.length))
  const room = Math.max(10, width - label - digits - 6)
  return steps.slice(first, last + 1).map(({ text }, index) => {
    const value = counts[first + index] ?? 0
    const bar = '#'.repeat(value === 0 ? 0 : Math.max(1, Math.round((value / most) * room)))
    return `  ${text.padEnd(label)}  ${count(value).padStart(digits)}  ${bar}`.trimEnd()
  })
}
