/** PHP's software on a table of sessions, and Node beside it. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { CounterSettings } from '../interop/live/database-counter.js'
import { talkTo, talkToNode, type Talker } from './children.js'

const SCRIPT = fileURLToPath(new URL('../interop/database-session.php', import.meta.url))
const CLIENTS = fileURLToPath(new URL('../interop/package.json', import.meta.url))
const COUNTER = 'tests/interop/live/database-counter.ts'

/** What PHP is told: see `database-session.php`. */
export interface PhpSettings {
  readonly software: 'WordPress' | 'Symfony' | 'Laravel'
  readonly dsn: string
  readonly user?: string
  readonly table: string
  readonly id: string
  readonly key?: string
  /** Symfony's `lock_mode`. */
  readonly lock?: 0 | 1 | 2
}

/** One request of PHP; what its code prints. */
export function phpRequest(settings: PhpSettings, code: string): string {
  const whole = `request(function () { ${code} });`
  return execFileSync('php', [SCRIPT, JSON.stringify(settings), whole], {
    encoding: 'utf8',
    stdio: 'pipe',
    timeout: 30_000,
  })
}

/** PHP that increments `n` so often, when it is told to. */
export function phpCounter(settings: PhpSettings, times: number): Talker {
  const work = '$n = $_SESSION["n"]; usleep(1000); $_SESSION["n"] = $n + 1;'
  const loop = `for ($i = 0; $i < ${times}; $i++) { request(function () { ${work} }); }`
  return talkTo('php', [SCRIPT, JSON.stringify(settings), `wait(); ${loop} echo "done\\n";`])
}

/** Node that does the same. */
export function nodeCounter(settings: Omit<CounterSettings, 'clients'>): Promise<Talker> {
  return talkToNode(COUNTER, [JSON.stringify({ clients: CLIENTS, ...settings })])
}

/** Lets them all begin when all are there, and waits for the last. */
export async function race(counters: readonly Talker[]): Promise<void> {
  for (const counter of counters) expect(await counter.line()).toBe('ready')
  for (const counter of counters) counter.say('go')
  for (const counter of counters) expect(await counter.line()).toBe('done')
}
