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

/** Times all lanes, in another order each turn. */
export async function compare(lanes: readonly Lane[], plan: Plan): Promise<Result[]> {
  const times = new Map<Lane, number[]>(lanes.map((each) => [each, []]))
  for (const each of lanes) await each.time(plan.milliseconds * 5)
  for (let turn = 0; turn < plan.turns; turn += 1) {
    const from = turn % lanes.length
    for (const each of [...lanes.slice(from), ...lanes.slice(0, from)]) {
      const own = times.get(each) as number[]
      if (turn >= SLOW_TURNS && median(own) > SLOW_NS) continue
      own.push(await each.time(plan.milliseconds))
    }
  }
  const base = times.get(lanes[0] as Lane) as number[]
  return lanes.map((each) => {
    const own = times.get(each) as number[]
    const ratio = median(own.map((time, turn) => (base[turn] as number) / time))
    return { name: each.name, nanoseconds: median(own), ratio }
  })
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other)
  return ((sorted[sorted.length >> 1] ?? NaN) + (sorted[(sorted.length - 1) >> 1] ?? NaN)) / 2
}
