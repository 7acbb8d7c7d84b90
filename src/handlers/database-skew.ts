/**
 * Whether this machine and the database tell the same time: records end by the clock of who wrote
 * them, so a clock that is wrong ends the sessions of others.
 *
 * @module
 */
import { publish } from '../events.js'
import type { SessionContext } from '../handler.js'
import type { SqlRunner } from '../lib/sql-run.js'
import type { SqlDatabase } from '../lib/sql.js'
import { CLOCK } from '../locks/sql-lease.js'

/** More than that is no matter of seconds on the way. */
const MOST_MS = 60_000

/**
 * Asks the database for its time, once. SQLite has no clock but this machine's.
 *
 * @returns Publishes a `sessionz:warning` where the clocks differ by more than a minute.
 */
export function skewWatch(
  run: SqlRunner,
  { dialect, query }: SqlDatabase,
): (context: SessionContext) => Promise<void> {
  let isKnown = dialect === 'sqlite'
  return async ({ now }) => {
    if (isKnown) return
    isKnown = true
    const { rows } = await run('gc', () => query(`SELECT ${CLOCK[dialect]} AS now`))
    const aheadMs = now() - Number(rows[0]?.['now'])
    if (Math.abs(aheadMs) > MOST_MS) warn(aheadMs)
  }
}

function warn(aheadMs: number): void {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const side = aheadMs > 0 ? 'ahead of' : 'behind'
  publish('sessionz:warning', () => ({
    code: 'CLOCK_SKEW',
    message: `database: the clock here is ${seconds} seconds ${side} the database's; sessions end too early or too late`,
  }))
}
