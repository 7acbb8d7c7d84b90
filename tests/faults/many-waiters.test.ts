/**
 * A client that opens thousands of requests with one cookie: THREATS T31, in the memory it costs.
 *
 * Its bound holds by `maxWaiters`: a waiter takes several kilobytes, so the default lets 1,000 wait.
 */
import { afterEach, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { Session } from '../../src/session.js'
import { temporaryFolder } from '../helpers/folders.js'
import { usedBytes } from '../helpers/heap.js'
import { ioRedisClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith, type Service } from '../helpers/services.js'
import { seen, stored } from '../helpers/sessions.js'

const isLong = process.env['SESSIONZ_LONG'] === '1'
/** Ten thousand with `SESSIONZ_LONG=1`. */
const REQUESTS = isLong ? 10_000 : 2_000
const OTHERS = isLong ? 100 : 20
const MOST_BYTES = 20_000_000
const MOST_BYTES_EACH = 10_000

interface Place {
  readonly service?: Service
  open(maxWaiters?: number): Promise<readonly [SessionHandler, end: () => Promise<unknown>]>
}

const PLACES: Readonly<Record<string, Place>> = {
  memory: {
    open: async (maxWaiters) => [memoryHandler({ maxWaiters }), () => Promise.resolve()],
  },
  'files under flock': {
    service: 'perl',
    async open(maxWaiters) {
      const handler = filesHandler({ savePath: temporaryFolder(), maxWaiters })
      return [handler, async () => handler.dispose?.()]
    },
  },
  Redis: {
    service: 'redis-server',
    async open(maxWaiters) {
      const server = await startRedis()
      const { client, end } = await ioRedisClient(server.port)
      const handler = redisHandler({ client, maxWaiters, timeout: 20 })
      return [handler, async () => (await end(), await server.stop())]
    },
  },
}

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function setUp(place: Place, maxWaiters?: number) {
  const [handler, end] = await place.open(maxWaiters)
  ends.push(end)
  const manager = createSessionManager({
    handlers: [handler],
    lockWait: 600,
    holdLimit: 0,
    storeTimeout: 20,
    gc: { probability: 0 },
  })
  ends.push(() => manager.close())
  const cookieHeader = await stored(manager, { n: 0 })
  const held = await manager.start({ cookieHeader })
  return { manager, cookieHeader, held }
}

/** Other visitors come, count and go. */
async function serveOthers(manager: SessionManager): Promise<void> {
  for (let n = 0; n < OTHERS; n += 1) {
    const cookie = await stored(manager, { n })
    const visit = await manager.start({ cookieHeader: cookie })
    visit.data['n'] = n + 1
    await visit.commit()
    expect(await seen(manager, cookie)).toEqual({ n: n + 1 })
  }
}

for (const [name, place] of Object.entries(PLACES)) {
  const tests = () => {
    it(`those beyond maxWaiters of ${REQUESTS} are refused at once, so all cost less than 20 MB`, async () => {
      const { manager, cookieHeader, held } = await setUp(place)
      await serveOthers(manager)
      const outcomes = { served: 0, refused: 0 }
      const visit = async () => {
        const session = await manager.start({ cookieHeader })
        outcomes.served += 1
        await session.abort()
      }
      const refused = (error: unknown) => {
        expect(error).toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT', waitedMs: 0 })
        outcomes.refused += 1
      }
      const before = usedBytes()
      const visits = Array.from({ length: REQUESTS }, () => visit().catch(refused))
      await serveOthers(manager)

      expect(usedBytes() - before).toBeLessThan(MOST_BYTES)
      expect(outcomes).toEqual({ served: 0, refused: REQUESTS - 1000 })

      await held.abort()
      await Promise.all(visits)
      expect(outcomes).toEqual({ served: 1000, refused: REQUESTS - 1000 })
    }, 120_000)

    it(`${REQUESTS} that may wait all get their turn, and nobody else notices`, async () => {
      const { manager, cookieHeader, held } = await setUp(place, REQUESTS)
      await serveOthers(manager)
      let turns = 0
      const count = async (session: Session) => {
        session.data['n'] = (session.data['n'] as number) + 1
        turns += 1
        await session.commit()
      }
      const before = usedBytes()
      const start = () => manager.start({ cookieHeader }).then(count)
      const waiters = Array.from({ length: REQUESTS }, start)
      await serveOthers(manager)
      const each = (usedBytes() - before) / REQUESTS
      console.log(`${name}: ${Math.round(each)} bytes for each of ${REQUESTS} that wait`)

      expect(turns).toBe(0)
      expect(each).toBeLessThan(MOST_BYTES_EACH)

      await held.abort()
      await Promise.all(waiters)
      expect(turns).toBe(REQUESTS)
      expect(await seen(manager, cookieHeader)).toEqual({ n: REQUESTS })
    }, 120_000)
  }
  const title = `requests that wait for one session in ${name}`
  if (place.service === undefined) describe(title, tests)
  else describeWith(place.service, title, tests)
}
