/**
 * A million sessions of about 200 bytes: bytes a session, and the longest stop of the event loop while
 * 1 % and then all the rest of them are collected. Too long for every run of the benches; by hand:
 *
 *     npx esbuild tests/bench/memory-million.ts --bundle --platform=node --format=esm \
 *       --external:lru-cache --outfile=node_modules/.cache/memory-million.mjs
 *     node node_modules/.cache/memory-million.mjs [rounds] [sessions]
 *
 * Contenders take turns, each in a process of its own. Of each number the smallest is printed: what the
 * machine was busy with meanwhile is not theirs.
 */
import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { memoryHandler } from '../../src/handlers/memory.js'

interface Contender {
  write(id: string, payload: Uint8Array): unknown
  /** Removes what was not written within the last `seconds`. */
  collect(seconds: number): unknown
  readonly size: () => unknown
}

interface LruCache {
  set(id: string, payload: Uint8Array): unknown
  purgeStale(): unknown
  readonly size: number
}

let clock = 1_000_000

const CONTENDERS: Record<string, (sessions: number) => Contender> = {
  sessionz(sessions) {
    const chain = composeChain([memoryHandler({ maxEntries: sessions * 2, maxBytes: 2 ** 40 })])
    const context = createContext({ now: () => clock, maxLifetime: 2 ** 31, isNew: true })
    return {
      write: (id, payload) => chain.write(id, payload, context),
      collect: (seconds) => chain.gc(seconds, context),
      size: () => chain.count?.(context),
    }
  },
  'Map of Uint8Array'() {
    const map = new Map<string, { payload: Uint8Array; at: number }>()
    return {
      write: (id, payload) => map.set(id, { payload: payload.slice(), at: clock }),
      collect(seconds) {
        for (const [id, { at }] of map) if (clock - at > seconds * 1000) map.delete(id)
      },
      size: () => map.size,
    }
  },
  'lru-cache'(sessions) {
    const { LRUCache } = createRequire(import.meta.url)('lru-cache') as {
      LRUCache: new (options: object) => LruCache
    }
    const perf = { now: () => clock }
    const cache = new LRUCache({ max: sessions * 2, ttl: 10_000, ttlResolution: 0, perf })
    return {
      write: (id, payload) => cache.set(id, payload.slice()),
      collect: () => cache.purgeStale(),
      size: () => cache.size,
    }
  },
}

interface Measured {
  readonly bytes: number
  readonly fillMs: number
  readonly fillStopMs: number
  readonly onePercentStopMs: number
  readonly restStopMs: number
  readonly restMs: number
}

async function measure(name: string, sessions: number): Promise<Measured> {
  const contender = CONTENDERS[name]?.(sessions) as Contender
  const stops = watchLoop()
  const before = usedBytes()
  const started = performance.now()
  await fill(contender, sessions)
  const fillMs = performance.now() - started
  const fillStopMs = stops.longest()
  const bytes = (usedBytes() - before) / sessions

  clock += 5000 // the first 1 % was written 10 s before the rest
  const onePercentStopMs = await longestStop(stops, () => contender.collect(10))
  clock += 100_000
  const restStarted = performance.now()
  const restStopMs = await longestStop(stops, () => contender.collect(10))
  const restMs = performance.now() - restStarted
  if ((await contender.size()) !== 0) throw new Error(`${name}: something is left`)
  stops.end()
  return { bytes, fillMs, fillStopMs, onePercentStopMs, restStopMs, restMs }
}

async function fill(contender: Contender, sessions: number): Promise<void> {
  const random = Buffer.alloc(16)
  for (let index = 0; index < sessions; index += 1) {
    if (index === Math.floor(sessions / 100)) clock += 10_000
    const id = randomFillSync(random).toString('hex')
    const text = `user_id|i:${index};csrf|s:32:"${id}";last|s:100:"${id}${id}${id}abcd";`.padEnd(
      195,
    )
    contender.write(id, Buffer.from(text))
    if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function longestStop(stops: ReturnType<typeof watchLoop>, work: () => unknown) {
  collectHeap()
  await new Promise((resolve) => setTimeout(resolve, 500)) // V8 sweeps on
  stops.longest()
  await work()
  await new Promise((resolve) => setTimeout(resolve, 20))
  return stops.longest()
}

/** The longest time between two turns of the event loop since it was asked last. */
function watchLoop() {
  let longest = 0
  let last = performance.now()
  let on = true
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (on) setImmediate(look)
  }
  look()
  return {
    longest() {
      const result = longest
      longest = 0
      last = performance.now()
      return result
    },
    end() {
      on = false
    },
  }
}

function usedBytes(): number {
  collectHeap()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function collectHeap(): void {
  const collect = (globalThis as { gc?: () => void }).gc
  collect?.()
  collect?.()
}

function report(rounds: number, sessions: number): void {
  const results = new Map<string, Measured[]>()
  const script = fileURLToPath(import.meta.url)
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(CONTENDERS)) {
      const args = [
        '--expose-gc',
        '--max-old-space-size=4096',
        script,
        'measure',
        name,
        `${sessions}`,
      ]
      const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      if (status === 0)
        results.set(name, [...(results.get(name) ?? []), JSON.parse(stdout) as Measured])
    }
  }
  for (const [name, runs] of results) {
    const row = Object.keys(runs[0] as Measured).map((key) => {
      const value = Math.min(...runs.map((run) => run[key as keyof Measured]))
      return `${key} ${value.toFixed(1)}`
    })
    process.stdout.write(`${name}: ${row.join(', ')}\n`)
  }
}

const [mode = '3', name = '1000000', count = '0'] = process.argv.slice(2)
if (mode === 'measure') process.stdout.write(JSON.stringify(await measure(name, Number(count))))
else report(Number(mode), Number(name))
