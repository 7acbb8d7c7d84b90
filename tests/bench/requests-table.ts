/** What sessions add to a request, as tables of docs/explanation/performance.md; see table.mjs. */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startRedis } from '../helpers/redis-server.js'
import { MEMORY, REDIS, type Contender } from './requests-contenders.js'

interface Plan {
  readonly turns: number
  /** Path of the bundled requests-server.ts. */
  readonly server: string
}

/** One turn of one server. */
const REQUESTS = 1000
const WARM_UPS = 5

const interop = createRequire(new URL('../interop/package.json', import.meta.url))

interface Work {
  readonly name: string
  readonly path: string
  /** Whether the browser has been there before, and has a session. */
  readonly known: boolean
}

const WORKS: readonly Work[] = [
  { name: 'no session', path: '/plain', known: false },
  { name: 'not looked at', path: '/plain', known: true },
  { name: 'read', path: '/read', known: true },
  { name: 'write', path: '/write', known: true },
  { name: 'new', path: '/write', known: false },
]

interface Store {
  readonly name: 'memory' | 'redis'
  readonly contenders: readonly Contender[]
  readonly goals: readonly string[]
}

const STORES: readonly Store[] = [
  { name: 'memory', contenders: MEMORY, goals: ['2', '', '20', '25', '25'] },
  { name: 'redis', contenders: REDIS, goals: ['2', '', '30', '32', '28'] },
]

/** @returns Markdown. */
export async function report(plan: Plan): Promise<string> {
  const redis = await startRedis()
  const browser = startBrowser()
  try {
    const parts = [conditions(plan)]
    for (const store of STORES)
      parts.push(await tableOf(store, { plan, browser, port: redis.port }))
    return parts.join('\n\n')
  } finally {
    browser.close()
    await redis.stop()
  }
}

function conditions({ turns }: Plan): string {
  const processors = cpus()
  const machine = `${processors.length} cores, ${processors[0]?.model.trim() ?? 'unknown'}`
  const date = new Date().toISOString().slice(0, 10)
  return `Measured on ${date}; ${machine}; Node ${process.versions.node}; medians of ${turns} turns of ${REQUESTS} requests.`
}

interface Surroundings {
  readonly plan: Plan
  readonly browser: Browser
  /** Of Redis. */
  readonly port: number
}

async function tableOf(store: Store, around: Surroundings): Promise<string> {
  const able = store.contenders.filter(({ needs }) => needs.every(isInstalled))
  const lanes = await Promise.all(able.map((each) => startServer(store.name, each, around)))
  try {
    for (let turn = 0; turn < WARM_UPS; turn += 1) await everybody(lanes, around.browser)
    const turns: Turn[] = []
    for (let turn = 0; turn < around.plan.turns; turn += 1) {
      turns.push(await everybody(turn % 2 === 0 ? lanes : lanes.toReversed(), around.browser))
    }
    return formatted(store, able, turns)
  } finally {
    for (const { child } of lanes) child.kill()
  }
}

function isInstalled(name: string): boolean {
  try {
    return interop.resolve(name) !== ''
  } catch {
    return false
  }
}

interface Lane {
  readonly contender: Contender
  readonly child: ChildProcess
  readonly port: number
}

async function startServer(
  store: string,
  contender: Contender,
  { plan, port }: Surroundings,
): Promise<Lane> {
  const child = fork(plan.server, [store, contender.name, String(port)], { execArgv: [] })
  const [own] = (await once(child, 'message')) as [number]
  return { contender, child, port: own }
}

/** Microseconds a request, by names of servers and of works. */
type Turn = ReadonlyMap<string, ReadonlyMap<string, number>>

async function everybody(lanes: readonly Lane[], browser: Browser): Promise<Turn> {
  const turn = new Map(lanes.map(({ contender }) => [contender.name, new Map<string, number>()]))
  for (const work of WORKS) {
    for (const lane of lanes) {
      turn.get(lane.contender.name)?.set(work.name, await timed(lane, work, browser))
    }
  }
  return turn
}

async function timed({ child, port }: Lane, work: Work, browser: Browser): Promise<number> {
  await browser.ask(JSON.stringify({ port, count: REQUESTS, ...work }))
  const before = await used(child)
  await browser.ask('start')
  return ((await used(child)) - before) / REQUESTS
}

async function used(child: ChildProcess): Promise<number> {
  const answer = once(child, 'message') as Promise<[number]>
  child.send('cpu')
  return (await answer)[0]
}

interface Browser {
  /** Says a line and waits for the answer. */
  ask(line: string): Promise<void>
  close(): void
}

function startBrowser(): Browser {
  const script = fileURLToPath(new URL('requests-client.mjs', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`)
      if ((await lines.next()).done === true) throw new Error('the browser is gone')
    },
    close: () => void child.kill(),
  }
}

function formatted(
  { name, goals }: Store,
  contenders: readonly Contender[],
  turns: readonly Turn[],
): string {
  const head = [`CPU µs added, ${name}`, ...WORKS.map((work) => work.name)]
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'))
  const rows = contenders.map(({ name: server, base }) => {
    const cells = WORKS.map((work) => {
      const costs = turns.map((turn) => cost(turn, server, work))
      if (server === base) return `(${median(costs).toFixed(0)})`
      return median(costs.map((each, at) => each - cost(turns[at] as Turn, base, work))).toFixed(1)
    })
    return [server, ...cells]
  })
  return [head, rule, ['goal', ...goals], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function cost(turn: Turn, server: string, work: Work): number {
  return turn.get(server)?.get(work.name) ?? NaN
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN
}
