/** The tables of docs/explanation/performance.md; table.mjs prints them. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { serialize, serializerFor, unserialize } from 'sessionz/php'
import { contenders, type Contender } from './php-codec-contenders.js'
import { compare, lane, type Lane, type Plan, type Result } from './php-codec-lanes.js'
import { startPhp, type PhpTimer } from './php-codec-php.js'
import { SAMPLES, type Sample } from './php-codec-values.js'

type Operation = 'write' | 'read'

interface Bench {
  readonly plan: Plan
  readonly all: readonly Contender[]
  readonly php: PhpTimer | undefined
}

/** Who writes other bytes than PHP, or reads another value. */
const WRONG = '\u2020'
const WRONG_MEANS = `${WRONG} Writes other bytes than PHP for this value, or reads another value.`

/** @returns Markdown. */
export async function report(plan: Plan): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-bench-'))
  const phpVersion = spawnSync('php', ['-n', '-r', 'echo PHP_VERSION;']).stdout?.toString() ?? ''
  const tasks = SAMPLES.map(({ value }) => ({ value, bytes: serialize(value) }))
  const php = phpVersion === '' ? undefined : startPhp(folder, tasks)
  try {
    const bench = { plan, all: await contenders({ serialize, unserialize }), php }
    await warmUp(bench)
    const values = [await valuesTable(bench, 'write'), await valuesTable(bench, 'read')]
    const note = values.join().includes(WRONG) ? [WRONG_MEANS] : []
    const parts = [conditions(plan, phpVersion), ...values, ...note, await sessionsTable(plan)]
    return parts.join('\n\n')
  } finally {
    php?.close()
    rmSync(folder, { recursive: true })
  }
}

/** A server meets all kinds of values: nobody's code is compiled for the first of them alone. */
async function warmUp(bench: Bench): Promise<void> {
  const scripts = { ...bench, php: undefined }
  for (const operation of ['write', 'read'] as const) {
    for (const index of SAMPLES.keys()) {
      for (const each of lanesOf(scripts, operation, index))
        await each.time(bench.plan.milliseconds)
    }
  }
}

function conditions({ turns, milliseconds }: Plan, phpVersion: string): string {
  const processors = cpus()
  const machine = `${processors.length} cores, ${processors[0]?.model.trim() ?? 'unknown'}`
  const peers = ['php-serialize', 'locutus', 'phpunserialize'].map(
    (name) => `${name} ${versionOf(name)}`,
  )
  const software = [`Node ${process.versions.node}`, `PHP ${phpVersion || 'absent'}`, ...peers]
  const date = new Date().toISOString().slice(0, 10)
  return `Measured on ${date}; ${machine}; ${software.join(', ')}; medians of ${turns} turns of ${milliseconds} ms.`
}

function versionOf(name: string): string {
  try {
    const interop = createRequire(new URL('../interop/package.json', import.meta.url))
    const main = interop.resolve(name)
    const top = main.slice(0, main.lastIndexOf(`node_modules/${name}/`))
    const text = readFileSync(`${top}node_modules/${name}/package.json`, 'utf8')
    return (JSON.parse(text) as { version: string }).version
  } catch {
    return 'absent'
  }
}

/** One row a value, one column a contender. */
async function valuesTable(bench: Bench, operation: Operation): Promise<string> {
  const rows: string[][] = []
  for (const [index, sample] of SAMPLES.entries()) {
    const lanes = lanesOf(bench, operation, index)
    const results = await compare(lanes, bench.plan)
    rows.push(valueRow(bench, { operation, sample, results }))
  }
  const names = columnsOf(bench, operation).slice(1)
  return table([`${operation}, ratio to JSON`, 'JSON, µs', 'goal', ...names], rows)
}

function columnsOf({ all, php }: Bench, operation: Operation): string[] {
  const able = all.filter(({ write }) => operation === 'read' || write !== undefined)
  return [...able.map(({ name }) => name), ...(php === undefined ? [] : ['PHP'])]
}

function lanesOf({ all, php }: Bench, operation: Operation, index: number): Lane[] {
  const { value } = SAMPLES[index] as Sample
  const bytes = serialize(value)
  const lanes = all.flatMap(({ name, write, reader }) => {
    if (operation === 'read') return [lane(name, reader(value, bytes))]
    return write === undefined ? [] : [lane(name, () => write(value))]
  })
  return php === undefined ? lanes : [...lanes, php.lane(operation, index)]
}

interface Row {
  readonly operation: Operation
  readonly sample: Sample
  readonly results: readonly Result[]
}

function valueRow({ all }: Bench, { operation, sample, results }: Row): string[] {
  const [json, ...others] = results as [Result, ...Result[]]
  const cells = others.map(({ name, ratio }) => {
    const contender = all.find((each) => each.name === name)
    const right = contender === undefined || isRight(contender, operation, sample)
    return `${ratio.toFixed(2)}${right ? '' : ` ${WRONG}`}`
  })
  return [sample.name, microseconds(json), sample.goals[operation].toFixed(2), ...cells]
}

/** Whether it does with this value what PHP does. */
function isRight({ php, write, reader }: Contender, operation: Operation, sample: Sample): boolean {
  const { value } = sample
  const bytes = serialize(value)
  if (!php) return true
  if (operation === 'write') return write !== undefined && Buffer.from(write(value)).equals(bytes)
  return JSON.stringify(reader(value, bytes)()) === JSON.stringify(value)
}

/** What a request costs: reading its session, and writing it with the bytes that were read. */
async function sessionsTable(plan: Plan): Promise<string> {
  const rows: string[][] = []
  for (const sample of SAMPLES) {
    if (sample.counter === undefined) continue
    const [json, ...others] = await compare(sessionLanes(sample, sample.counter), plan)
    const cells = others.map((each) => `${microseconds(each)} (${each.ratio.toFixed(2)})`)
    rows.push([sample.name, microseconds(json as Result), ...cells])
  }
  const head = ['session, µs (ratio to JSON)', 'JSON.parse, JSON.stringify', 'decode']
  return table([...head, 'decode, encode unchanged', 'decode, change one, encode'], rows)
}

function sessionLanes({ value }: Sample, counter: string): Lane[] {
  const { decode, encode } = serializerFor('php')
  const text = JSON.stringify(value)
  const payload = encode(value as Record<string, unknown>)
  let count = 0
  return [
    lane('JSON', () => JSON.stringify(JSON.parse(text))),
    lane('decode', () => decode(payload)),
    lane('unchanged', () => encode(decode(payload), payload)),
    lane('changed', () => {
      const data = decode(payload)
      data[counter] = count++ % 1000
      return encode(data, payload)
    }),
  ]
}

function microseconds({ nanoseconds }: Result): string {
  return String(Number((nanoseconds / 1000).toPrecision(3)))
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'))
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
