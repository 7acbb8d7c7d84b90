/** A PostgreSQL that goes away and comes back while it is used. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { databaseHandler, postgres, type SqlLockKind } from '../../src/handlers/database.js'
import { freshTable } from '../helpers/database-fixture.js'
import { startPostgres, type PostgresServer } from '../helpers/postgres-server.js'
import { until } from '../helpers/processes.js'
import { describeWith } from '../helpers/services.js'

const LANES = 8
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

interface Tally {
  done: number
  failed: number
  readonly codes: Set<string>
  longestMs: number
}

describeWith('postgres', 'PostgreSQL, stopped and started', () => {
  let server: PostgresServer

  beforeAll(async () => {
    server = await startPostgres()
  }, 60_000)
  afterAll(() => server.stop())

  /** Increments of several sessions, until they are told to end; failures are counted. */
  async function load(lock: SqlLockKind) {
    const pool = await server.pool({ max: 10, connectionTimeoutMillis: 500 })
    const handler = databaseHandler({ database: postgres(pool), table: freshTable(), lock })
    await handler.migrate()
    const chain = composeChain([handler])
    const tally: Tally = { done: 0, failed: 0, codes: new Set(), longestMs: 0 }
    let running = true
    const increment = async (id: string) => {
      const context = createContext({ id, lockWaitMs: 2000, lockLeaseMs: 3000 })
      try {
        await chain.open(context)
        const count = Number(Buffer.from((await chain.read(id, context)) ?? bytes('0')).toString())
        context.closing = true
        await chain.write(id, bytes(String(count + 1)), context)
      } finally {
        await chain.close(context)
      }
    }
    const lane = async (id: string) => {
      while (running) {
        const started = performance.now()
        await increment(id).then(
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
      const counts = ids.map(async (id) => {
        const payload = await chain.read(id, createContext({ lock: 'none' }))
        return Number(Buffer.from(payload ?? '').toString())
      })
      const stored = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0)
      await pool.end()
      return stored
    }
    return { tally, end }
  }

  it.each<SqlLockKind>(['lease', 'connection'])(
    'fails with typed errors in time and serves again by itself: locks by %s',
    { timeout: 60_000 },
    async (lock) => {
      const unhandled: unknown[] = []
      const onUnhandled = (reason: unknown) => void unhandled.push(reason)
      process.on('unhandledRejection', onUnhandled)
      const { tally, end } = await load(lock)
      await until(() => tally.done > 100, 'work before')
      await server.halt('SIGINT')
      const failedBefore = tally.failed
      await until(() => tally.failed > failedBefore + LANES, 'failures')
      await server.start()
      const doneBefore = tally.done
      await until(() => tally.done > doneBefore + 100, 'work after', 20_000)
      const stored = await end()
      process.off('unhandledRejection', onUnhandled)

      for (const code of tally.codes) expect(code).toMatch(/^ERR_SESSION_(STORE|LOCK_)/)
      expect(unhandled).toEqual([])
      // What was confirmed is stored; of what failed, some was stored before its answer was lost.
      expect(stored).toBeGreaterThanOrEqual(tally.done)
      expect(stored).toBeLessThanOrEqual(tally.done + tally.failed)
      expect(tally.longestMs).toBeLessThan(10_000)
    },
  )

  it(
    'fails within its timeout while the server hangs, and serves again',
    { timeout: 60_000 },
    async () => {
      const pool = await server.pool({ max: 4 })
      const handler = databaseHandler({
        database: postgres(pool),
        table: freshTable(),
        timeout: 0.3,
      })
      await handler.migrate()
      const chain = composeChain([handler])
      const created = createContext({ isNew: true, lock: 'none' })
      await chain.write('session', bytes('data'), created)
      const resume = server.pause()
      const started = performance.now()
      const reading = Promise.resolve(chain.read('session', createContext({ lock: 'none' })))
      const told = await reading.then(String, (error: { code?: string }) => error.code)
      const waitedMs = performance.now() - started
      resume()

      expect(told).toBe('ERR_SESSION_STORE')
      expect(waitedMs).toBeLessThan(1500)
      expect(await chain.read('session', createContext({ lock: 'none' }))).toEqual(bytes('data'))
      await pool.end()
    },
  )
})
