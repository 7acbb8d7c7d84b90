/** Sessions of a user ended while two other processes serve that user's requests. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { databaseHandler } from '../../src/handlers/database.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { OwnerPlace, Visitors } from '../helpers/children/owner-worker.js'
import { talkToNode } from '../helpers/children.js'
import type { Daemon } from '../helpers/daemon.js'
import { SQLITE_DRIVER, sqlitePlace, type DatabasePlace } from '../helpers/database-places.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'
import { useMariadb, usePostgres } from '../helpers/use-databases.js'
import type { IoRedisClient } from '../../src/stores/redis.js'

const IOREDIS = pathToFileURL(createRequire(import.meta.url).resolve('ioredis')).href

const SESSIONS = 1000
const USERS = 100
/** Users whose sessions end while they are used. */
const ENDING = ['0', '1', '2', '3', '4']
const PATIENT = { timeout: 120_000 }

interface Place {
  readonly handler: SessionHandler
  readonly where: OwnerPlace
}

/** Sessions of all users. @returns The ids of each. */
async function populate(manager: SessionManager): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>()
  for (let from = 0; from < SESSIONS; from += 50) {
    const sessions = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const owner = String((from + index) % USERS)
        const session = await manager.start()
        session.set('user', owner)
        session.owner = owner
        await session.commit()
        return { owner, id: session.id }
      }),
    )
    for (const { owner, id } of sessions) users.set(owner, [...(users.get(owner) ?? []), id])
  }
  return users
}

async function idsOf(manager: SessionManager, owner: string): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of manager.listByOwner(owner)) ids.push(id)
  return ids.sort()
}

function ends(create: () => Place | Promise<Place>): void {
  it(
    'ends exactly the sessions of the users, whatever requests are under way',
    PATIENT,
    async () => {
      const { handler, where } = await create()
      const manager = createSessionManager({
        handlers: [handler],
        owners: true,
        gc: { probability: 0 },
        storeTimeout: 20,
        lockWait: 60,
      })
      const users = await populate(manager)
      const ids = ENDING.flatMap((owner) => users.get(owner) ?? [])
      const start = (first: number) => {
        const visitors: Visitors = {
          shared: ids.filter((_, index) => index % 4 > 1),
          moving: ids.filter((_, index) => index % 4 === first),
        }
        const args = [JSON.stringify(where), JSON.stringify(visitors)]
        return talkToNode('tests/helpers/children/owner-worker.ts', args)
      }
      const workers = await Promise.all([start(0), start(1)])
      for (const worker of workers) expect(await worker.line()).toBe('serving')
      const ended = await Promise.all(ENDING.map((owner) => manager.destroyByOwner(owner)))
      for (const worker of workers) worker.say('stop')
      const held = await Promise.all(
        workers.map(async (worker) => JSON.parse(await worker.line()) as string[]),
      )

      expect(ended.every((count) => count > 0)).toBe(true)
      for (const owner of ENDING) expect(await idsOf(manager, owner)).toEqual([])
      for (const id of new Set(held.flat())) expect((await manager.start({ id })).isNew).toBe(true)
      for (const [owner, theirs] of users) {
        if (!ENDING.includes(owner)) expect(await idsOf(manager, owner)).toEqual(theirs.sort())
      }
      expect(await manager.count()).toBe(SESSIONS - ENDING.length * (SESSIONS / USERS))
    },
  )
}

async function inDatabase({ database, where }: DatabasePlace): Promise<Place> {
  const handler = databaseHandler({ database, table: where.table, timeout: 20 })
  await handler.migrate()
  return { handler, where }
}

describeWith('redis-server', 'Redis', () => {
  let daemon: Daemon
  let open: TestClient<IoRedisClient>
  beforeAll(async () => {
    daemon = await startRedis()
    open = await ioRedisClient(daemon.port)
  })
  afterAll(async () => {
    await open.end()
    await daemon.stop()
  })

  ends(() => ({
    handler: redisHandler({ client: open.client, timeout: 20 }),
    where: { port: daemon.port, url: IOREDIS },
  }))
})

describe.skipIf(SQLITE_DRIVER === undefined)('SQLite', () => {
  ends(() => inDatabase(sqlitePlace()))
})

describeWith('postgres', 'PostgreSQL', () => {
  const { place } = usePostgres()

  ends(() => inDatabase(place()))
})

describeWith('mariadbd', 'MariaDB', () => {
  const { place } = useMariadb()

  ends(() => inDatabase(place()))
})
