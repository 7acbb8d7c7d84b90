/** A MariaDB that goes away and comes back while it is used. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { Chain } from '../../src/handler.js'
import { databaseHandler, mysql, symfonyLayout } from '../../src/handlers/database.js'
import { optionsTableHandler } from '../../src/handlers/options-table.js'
import type { Daemon } from '../helpers/daemon.js'
import { freshTable } from '../helpers/database-fixture.js'
import { mariadbPool, rowsOf, startMariadb, type TestPool } from '../helpers/mariadb-server.js'
import { until } from '../helpers/processes.js'
import { describeWith } from '../helpers/services.js'
import { optionsTable } from '../helpers/wordpress.js'

const LANES = 8
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const textOf = (payload: Uint8Array | undefined) => Buffer.from(payload ?? '').toString()

/** Handlers with their tables. */
const MAKERS: Readonly<Record<string, (pool: TestPool) => Promise<Chain>>> = {
  'locks by lease': async (pool) => {
    const handler = databaseHandler({ database: mysql(pool), table: freshTable() })
    await handler.migrate()
    return composeChain([handler])
  },
  "Symfony's locks": async (pool) => {
    const layout = symfonyLayout()
    const handler = databaseHandler({ database: mysql(pool), layout, table: freshTable() })
    await handler.migrate()
    return composeChain([handler])
  },
  "WordPress' options": async (pool) => {
    const prefix = `${freshTable()}_`
    await rowsOf(pool, optionsTable(prefix))
    return composeChain([optionsTableHandler({ database: mysql(pool), prefix })])
  },
}

/** One increment, as a request does it. */
async function increment(chain: Chain, id: string): Promise<void> {
  const context = createContext({ id, lockWaitMs: 2000, lockLeaseMs: 3000 })
  try {
    await chain.open(context)
    const count = Number(textOf(await chain.read(id, context)))
    context.closing = true
    await chain.write(id, bytes(String(count + 1)), context)
  } finally {
    await chain.close(context)
  }
}

/** Increments of several sessions, until they are told to end; failures are counted. */
async function load(chain: Chain) {
  const tally = { done: 0, failed: 0, codes: new Set<string>(), longestMs: 0 }
  let running = true
  const lane = async (id: string) => {
    while (running) {
      const started = performance.now()
      await increment(chain, id).then(
        () => (tally.done += 1),
        (error: { code?: string }) => {
          tally.failed += 1
          tally.codes.add(String(error.code))
        },
      )
      tally.longestMs = Math.max(tally.longestMs, performance.now() - started)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const ids = Array.from({ length: LANES }, (_, index) => `session-${index}`)
  const start = { isNew: true, lock: 'none' } as const
  for (const id of ids) await chain.write(id, bytes('0'), createContext(start))
  const lanes = ids.map(lane)
  const end = async () => {
    running = false
    await Promise.all(lanes)
    const context = createContext({ lock: 'none' })
    const counts = ids.map(async (id) => Number(textOf(await chain.read(id, context))))
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
  }
  return { tally, end }
}

describeWith('mariadbd', 'MariaDB, stopped and started', () => {
  let server: Daemon

  beforeAll(async () => {
    server = await startMariadb()
  }, 60_000)
  afterAll(() => server.stop())

  it.each(Object.entries(MAKERS))(
    'fails with typed errors in time and serves again by itself: %s',
    { timeout: 60_000 },
    async (_, make) => {
      const unhandled: unknown[] = []
      const onUnhandled = (reason: unknown) => void unhandled.push(reason)
      process.on('unhandledRejection', onUnhandled)
      const pool = await mariadbPool(server, { connectionLimit: 20 })
      const { tally, end } = await load(await make(pool))
      await until(() => tally.done > 100, 'work before')
      await server.halt('SIGKILL')
      const failedBefore = tally.failed
      await until(() => tally.failed > failedBefore + LANES, 'failures')
      await server.start()
      const doneBefore = tally.done
      await until(() => tally.done > doneBefore + 100, 'work after', 20_000)
      const stored = await end()
      process.off('unhandledRejection', onUnhandled)
      await pool.end()

      for (const code of tally.codes) expect(code).toMatch(/^ERR_SESSION_(STORE|LOCK_)/)
      expect(unhandled).toEqual([])
      // What was confirmed is stored; of what failed, some was stored before its answer was lost.
      expect(stored).toBeGreaterThanOrEqual(tally.done)
      expect(stored).toBeLessThanOrEqual(tally.done + tally.failed)
      expect(tally.longestMs).toBeLessThan(10_000)
    },
  )

  it.each(Object.entries(MAKERS))(
    'fails within its timeout while the server hangs, and serves again: %s',
    { timeout: 60_000 },
    async (_, make) => {
      const pool = await mariadbPool(server)
      const chain = await make(pool)
      const id = 'a'.repeat(32)
      await chain.write(id, bytes('data'), createContext({ isNew: true, lock: 'none' }))
      const resume = server.pause()
      const started = performance.now()
      const told = await increment(chain, id).then(String, (error: { code?: string }) => error.code)
      const waitedMs = performance.now() - started
      resume()

      expect(told).toMatch(/^ERR_SESSION_(STORE|LOCK_TIMEOUT)$/)
      expect(waitedMs).toBeLessThan(9000)
      expect(textOf(await chain.read(id, createContext({ lock: 'none' })))).toBe('data')
      await pool.end()
    },
  )
})
