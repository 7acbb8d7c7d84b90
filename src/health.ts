/**
 * Whether storage answers.
 *
 * @module
 */
import { createIdGenerator } from './id/generate.js'
import type { BreakerState } from './lib/breaker.js'
import { run } from './lib/flow.js'
import { outageCode } from './lib/outage.js'
import type { Start } from './load.js'
import { call } from './session-calls.js'
import { activation } from './session-context.js'

/** What `manager.health()` found out. */
export interface SessionHealth {
  /**
   * `up`: storage answers. `degraded`: it answered now, but slowly, or calls have failed lately.
   * `down`: it failed, gave no answer in time, or was not asked because the calls before failed.
   */
  readonly status: 'up' | 'degraded' | 'down'
  readonly breaker: BreakerState
  /** How long it took, in milliseconds. */
  readonly tookMs: number
  /** Why it is down: an error's code. */
  readonly code?: string
}

/** Calls that failed in this time make storage that answers `degraded`, in milliseconds. */
const LATELY_MS = 10_000

/** Reads a session that nobody has. Never throws. */
export async function askHealth(start: Start): Promise<SessionHealth> {
  const { breaker } = start.host
  const started = performance.now()
  const took = () => performance.now() - started
  try {
    await readNothing(start)
  } catch (error) {
    return down(start, outageCode(error), took())
  }
  const tookMs = took()
  const slow = tookMs > start.settings.storeTimeoutMs / 2
  const well = !slow && breaker.state === 'closed' && !breaker.failedWithin(LATELY_MS)
  return { status: well ? 'up' : 'degraded', breaker: breaker.state, tookMs }
}

/** The report on storage that did not answer. */
export function down({ host }: Start, code: string, tookMs = 0): SessionHealth {
  return { status: 'down', breaker: host.breaker.state, tookMs, code }
}

async function readNothing(start: Start): Promise<void> {
  const { settings, request, host } = start
  const id = createIdGenerator().generate()
  const context = activation(settings, request, { id, lock: 'none' })
  await run(call(start, 'read', () => host.chain.read(id, context)))
}
