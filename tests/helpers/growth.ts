/** How time grows with size: the exponent `e` of `time = c * size ** e`, measured. */
import { collectGarbage } from './heap.js'

/** Work for a size, ready to run again and again. Only the run is timed. */
export type Prepare = (size: number) => () => unknown

export interface GrowthOptions {
  /** Sizes to measure, each a few times the one before. */
  readonly sizes: readonly number[]
  /** Runs of each size in one try. */
  readonly runs: number
  /** Exponent that is good enough: no further try is made. */
  readonly bound: number
  /** Most tries; the fastest run over all of them counts, as a machine is only ever too slow. */
  readonly tries: number
}

/** What was measured: the exponent, and for each size the milliseconds of the fastest run. */
export interface Growth {
  readonly exponent: number
  readonly fastestMs: readonly number[]
}

/** Slope of a straight line through points, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const products = points.map(([x, y]) => (x - meanX) * (y - meanY))
  const squares = points.map(([x]) => (x - meanX) ** 2)
  return mean(products) / mean(squares)
}

/** Milliseconds of processor time: what other processes do meanwhile does not count. */
function processorMs(work: () => unknown): number {
  // What the run before left behind is collected on its account.
  collectGarbage()
  const started = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

/** Measures the growth of some work; the sizes take turns, so that a slow moment meets all of them. */
export function measureGrowth(prepare: Prepare, options: GrowthOptions): Growth {
  const { sizes, runs, bound, tries } = options
  const works = sizes.map(prepare)
  const fastestMs = sizes.map(() => Infinity)
  // The engine compiles what it will run before anything counts.
  works[0]?.()
  for (let attempt = 0; attempt < tries; attempt += 1) {
    for (let run = 0; run < runs; run += 1) {
      works.forEach((work, index) => {
        fastestMs[index] = Math.min(fastestMs[index] as number, processorMs(work))
      })
    }
    if (exponentOf(sizes, fastestMs) <= bound) break
  }
  return { exponent: exponentOf(sizes, fastestMs), fastestMs }
}

/** Less than this says more about the caches of the processor than about the work. */
const FLOOR_MS = 10

function exponentOf(sizes: readonly number[], times: readonly number[]): number {
  return slope(sizes.map((size, index) => [Math.log(size), Math.log(Math.max(times[index] as number, FLOOR_MS))])) // prettier-ignore
}
