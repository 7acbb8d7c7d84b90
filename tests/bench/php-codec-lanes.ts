/**
 * Takes turns in timing, so that a busy moment of the machine meets everybody alike.
 *
 * Times are of the processor: waiting for one while others have it is nobody's work. Threads that
 * collect garbage count, too.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** One thing that is timed. */
export interface Lane {
  readonly name: string
  /** Runs for about that long. @returns Nanoseconds of the processor an operation. */
  time(milliseconds: number): number | Promise<number>
}

/** Medians over all turns. */
export interface Result {
  readonly name: string
  readonly nanoseconds: number
  /** Operations a second, as a ratio to those of the first lane in the same turn. */
  readonly ratio: number
}

export interface Plan {
  readonly turns: number
  readonly milliseconds: number
}

/** A lane whose single operation takes longer than this is not asked again and again. */
const SLOW_NS = 100e6
const SLOW_TURNS = 3

// Who has to wait for a turn stays compiled, as in a server that has something to do.
setFlagsFromString('--no-flush-bytecode')
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void

/** Keeps the results, so that the engine cannot leave the work out. */
let consumed: unknown
export const last = (): unknown => consumed

/** A lane of JavaScript. */
export function lane(name: string, run: () => unknown): Lane {
  return {
    name,
    time(milliseconds) {
      // What the one before left behind. All of it would take the compiled code of the others along.
      collect({ type: 'minor' })
      const batch = Math.max(1, Math.floor(1e6 / elapsed(run, 1)))
      const used = process.cpuUsage()
      let count = 0
      for (let left = milliseconds * 1e6; left > 0; left -= elapsed(run, batch)) count += batch
      const { user, system } = process.cpuUsage(used)
      return ((user + system) * 1000) / count
    },
  }
}

/** Nanoseconds that passed. */
function elapsed(run: () => unknown, count: number): number {
  const started = process.hrtime.bigint()
  for (let left = count; left > 0; left -= 1) consumed = run()
  return Number(process.hrtime.bigint() - started) || 1
}

/**
 * Times all lanes, in another order each turn; the first one again right before each of the others.
 */
export async function compare(lanes: readonly Lane[], plan: Plan): Promise<Result[]> {
  const [base, ...others] = lanes.map((each) => ({ ...each, times: [], ratios: [] }) as Timed)
  if (base === undefined) return []
  for (const each of lanes) await each.time(plan.milliseconds * 5)
  for (let turn = 0; turn < plan.turns; turn += 1) {
    const from = turn % others.length
    for (const each of [...others.slice(from), ...others.slice(0, from)]) {
      if (turn >= SLOW_TURNS && median(each.times) > SLOW_NS) continue
      const ofBase = await base.time(plan.milliseconds)
      const own = await each.time(plan.milliseconds)
      base.times.push(ofBase)
      each.times.push(own)
      each.ratios.push(ofBase / own)
    }
  }
  base.ratios.push(1)
  return [base, ...others].map(({ name, times, ratios }) => {
    return { name, nanoseconds: median(times), ratio: median(ratios) }
  })
}

interface Timed extends Lane {
  readonly times: number[]
  readonly ratios: number[]
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other)
  return ((sorted[sorted.length >> 1] ?? NaN) + (sorted[(sorted.length - 1) >> 1] ?? NaN)) / 2
}
