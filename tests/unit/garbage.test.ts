/** Garbage collection while the clock of the machine is set: THREATS T48. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { databaseHandler } from '../../src/handlers/database.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import { SQLITE_DRIVER, sqlitePlace } from '../helpers/database-places.js'
import { temporaryFolder } from '../helpers/folders.js'
import { eventsOf, seen, stored } from '../helpers/sessions.js'

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS
const START_MS = Date.UTC(2026, 5, 1)
const ROUND_MS = 66_000
const SESSIONS = 20

const STORES: Readonly<Record<string, () => Promise<SessionHandler>>> = {
  memory: () => Promise.resolve(memoryHandler()),
  files: () => Promise.resolve(filesHandler({ savePath: temporaryFolder(), lock: 'process' })),
  ...(SQLITE_DRIVER !== undefined && {
    SQLite: async () => {
      const { database, where } = sqlitePlace()
      const handler = databaseHandler({ database, table: where.table })
      await handler.migrate()
      return handler
    },
  }),
}

const JUMPS: readonly (readonly [to: string, nowMs: number])[] = [
  ['an hour later', START_MS + HOUR_MS],
  ['an hour earlier', START_MS - HOUR_MS],
  ['a year later', START_MS + YEAR_MS],
  ['a year earlier', START_MS - YEAR_MS],
  ['1970', 1000],
  ['2038', 2 ** 31 * 1000],
  ['2106', 2 ** 32 * 1000],
]

describe.each(Object.entries(STORES))('the clock over %s', (_, store) => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  /** A wall clock that goes on with the timers, and can be set. */
  async function setUp(gc = {}, own = false) {
    let offsetMs = START_MS - performance.now()
    const now = vi.spyOn(Date, 'now').mockImplementation(() => offsetMs + performance.now())
    const collections: Promise<number>[] = []
    const watch = defineHandler({
      name: 'watch',
      gc(maxLifetime, context, next) {
        const removed = Promise.resolve(next(maxLifetime, context))
        collections.push(removed)
        return removed
      },
    })
    const manager = createSessionManager({
      handlers: [watch, await store()],
      now: own ? () => now() : Date.now,
      gc: { probability: 0, interval: 60, maxLifetime: 1200, ...gc },
    })
    onTestFinished(() => manager.close())

    /** What each collection removed meanwhile. */
    const collected = async (work: () => Promise<unknown>) => {
      await work()
      return await Promise.all(collections.splice(0))
    }
    return {
      manager,
      now,
      set: (nowMs: number) => void (offsetMs = nowMs - performance.now()),
      collected,
      round: () => collected(() => vi.advanceTimersByTimeAsync(ROUND_MS)),
    }
  }

  it.each(JUMPS)('set to %s and back costs no live session', async (_to, nowMs) => {
    const delays = vi.spyOn(globalThis, 'setTimeout')
    const { manager, now, set, round } = await setUp()
    const cookies = await Promise.all(
      Array.from({ length: SESSIONS }, (_, n) => stored(manager, { n })),
    )

    set(nowMs)
    const warnings = await eventsOf('sessionz:warning', async () => {
      expect(await round()).toEqual([])
    })
    expect(warnings.map(({ code }) => code)).toEqual(['CLOCK_JUMP'])
    expect(warnings[0]?.message).toMatch(/^gc: left out, as the clock was set by -?\d+ seconds$/)
    const visit = await stored(manager, { new: true })
    expect(await seen(manager, visit)).toEqual({ new: true })
    await manager.destroy(visit.slice('PHPSESSID='.length))
    set(START_MS + ROUND_MS)
    expect(await round()).toEqual([])

    expect(now()).toBe(START_MS + 2 * ROUND_MS)
    expect(await manager.count()).toBe(SESSIONS)
    for (const [n, cookie] of cookies.entries()) expect(await seen(manager, cookie)).toEqual({ n })
    const waits = delays.mock.calls.map(([, ms]) => ms ?? 0)
    expect(waits.filter((ms) => !(ms >= 0 && ms < 2 ** 31))).toEqual([])

    // Time that really passes ends them.
    const removed: number[] = []
    for (let n = 0; n < 25; n += 1) removed.push(...(await round()))
    expect(removed.reduce((sum, each) => sum + each)).toBe(SESSIONS)
  })

  it('left as it is, or set by minutes, is trusted', async () => {
    const { manager, now, set, round } = await setUp()
    await stored(manager, { n: 1 })

    expect(await round()).toEqual([0])
    set(now() + 4 * 60_000)
    expect(await round()).toEqual([0])
    set(now() - 4 * 60_000)
    expect(await round()).toEqual([0])
  })

  it('is believed where the application has its own, in every round', async () => {
    const { manager, now, set, round, collected } = await setUp(
      { probability: 1, divisor: 1 },
      true,
    )
    expect(await collected(() => stored(manager, { n: 1 }))).toEqual([0])
    set(now() + HOUR_MS)
    expect(await collected(() => manager.start())).toEqual([1])

    expect(await collected(() => stored(manager, { n: 2 }))).toEqual([0])
    set(now() + HOUR_MS)
    expect(await round()).toEqual([1])
  })

  it('set by an hour loses one lottery, and gc that is asked for asks nothing', async () => {
    const { manager, now, set, collected } = await setUp({
      probability: 1,
      divisor: 1,
      interval: 0,
    })
    expect(await collected(() => stored(manager, { n: 1 }))).toEqual([0])
    set(now() + HOUR_MS)

    expect(await collected(() => manager.start())).toEqual([])
    expect(await collected(() => manager.gc())).toEqual([1])
    expect(await collected(() => manager.start())).toEqual([0])
  })
})
