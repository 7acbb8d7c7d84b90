/**
 * What PHP's lock costs from Node: take and release of a free one, by provider, beside starting the
 * `flock` program for each lock. Goal: at most 0.2 ms, and the event loop never stopped for 1 ms.
 *
 * Then PHP and Node over one session, both busy: who gets how many, and who waits how long.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, bench, describe } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { filesHandler } from '../../src/handlers/files.js'
import { helperFlock, helperPrograms, type FlockProvider } from '../../src/locks/flock.js'

const folder = mkdtempSync(join(tmpdir(), 'sessionz-bench-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'sess_abc')
writeFileSync(path, 'n|i:0;', { mode: 0o600 })
const options = { time: 2000, warmupTime: 300 }
const limits = { waitMs: 10_000 }

describe('take and release', () => {
  for (const provider of ['perl', 'php', 'python3', 'node'] satisfies FlockProvider[]) {
    if (helperPrograms(provider).length === 0) continue
    const flock = helperFlock(provider)
    afterAll(() => flock.dispose())
    bench(
      provider,
      async () => {
        const lock = await flock.lock(openSync(path, 'r+'), path, limits)
        lock.release()
      },
      options,
    )
  }

  bench.skipIf(spawnSync('flock', ['--version']).status !== 0)(
    'flock, started for each lock',
    async () => {
      const fd = openSync(path, 'r+')
      await once(spawn('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] }), 'exit')
      closeSync(fd)
    },
    options,
  )
})

const SINGLE = { iterations: 1, time: 0, warmupTime: 0, warmupIterations: 0 }

/** How late a 1 ms timer is while something runs: median, p99, p99.9 and most, in milliseconds. */
async function lateness(work: () => Promise<unknown>): Promise<string> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await work()
  delay.disable()
  return [50, 99, 99.9, 100]
    .map((share) => (delay.percentile(share) / 1e6 - 1).toFixed(2))
    .join(' / ')
}

/** Repeats work for two seconds. @returns How often. */
async function repeated(work: () => Promise<unknown>): Promise<number> {
  const until = performance.now() + 2000
  let times = 0
  for (; performance.now() < until; times += 1) await work()
  return times
}

describe('the event loop meanwhile', () => {
  const flock = helperFlock('auto')
  afterAll(() => flock.dispose())
  bench(
    'two seconds of locks, ten files at once; two seconds of nothing',
    async () => {
      const take = async (name: string) => {
        const file = join(folder, name)
        const lock = await flock.lock(openSync(file, 'a+'), file, limits)
        lock.release()
      }
      await take('f0')
      let locks = 0
      const lane = async (_: unknown, name: number) => {
        locks += await repeated(() => take(`f${name}`))
      }
      const late = await lateness(() => Promise.all(Array.from({ length: 10 }, lane)))
      const idle = await lateness(() => repeated(() => new Promise((next) => setImmediate(next))))
      process.stdout.write(`${locks} locks: late by ${late} ms; without any: ${idle} ms\n`)
    },
    SINGLE,
  )
})

/** PHP workers that hold the session for 5 ms, again and again, and then tell how it went. */
const PHP_WORKER = `session_id('abc'); $end = hrtime(true) + 4e9; $longest = 0; $turns = 0;
while (hrtime(true) < $end) {
  $started = hrtime(true); session_start(); $longest = max($longest, hrtime(true) - $started);
  usleep(5000); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; session_write_close(); $turns++;
}
echo "$turns turns, longest wait ", round($longest / 1e6), " ms";`

async function phpWorker(): Promise<string> {
  const settings = ['save_path=' + folder, 'use_cookies=0', 'use_only_cookies=0', 'cache_limiter=']
  const flags = settings.flatMap((setting) => ['-d', `session.${setting}`])
  const child = spawn('php', ['-n', ...flags, '-r', PHP_WORKER])
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  await once(child, 'close')
  return said
}

describe('one session, four busy PHP workers and twenty requests of Node at a time', () => {
  bench.skipIf(spawnSync('php', ['-v']).status !== 0)(
    'four seconds',
    async () => {
      const handler = filesHandler({ savePath: folder })
      const chain = composeChain([handler])
      const until = performance.now() + 4000
      let turns = 0
      let longest = 0
      const lane = async () => {
        while (performance.now() < until) {
          const context = createContext({ id: 'abc', lockWaitMs: 30_000, maxLifetime: 1e9 })
          const started = performance.now()
          await chain.open(context)
          longest = Math.max(longest, performance.now() - started)
          await chain.read('abc', context)
          await new Promise((resolve) => setTimeout(resolve, 5))
          await chain.close(context)
          turns += 1
        }
      }
      const lanes = Array.from({ length: 20 }, lane)
      const [php] = await Promise.all([Promise.all(Array.from({ length: 4 }, phpWorker)), ...lanes])
      await handler.dispose?.()
      process.stdout.write(
        `PHP: ${php.join(' | ')}\nNode: ${turns} turns, longest wait ${Math.round(longest)} ms\n`,
      )
    },
    SINGLE,
  )
})
