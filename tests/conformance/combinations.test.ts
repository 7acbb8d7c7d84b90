/** The published kit over caches above servers' stores, and over moves between such stores. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler, redisCache } from '../../src/handlers/cache.js'
import { databaseHandler, sqlite } from '../../src/handlers/database.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { migratingHandler, type MigratingOptions } from '../../src/handlers/migrating.js'
import { redisHandler } from '../../src/handlers/redis.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import { bornOld } from '../helpers/born-old.js'
import type { Daemon } from '../helpers/daemon.js'
import { hashedName } from '../helpers/database-fixture.js'
import { temporaryFolder } from '../helpers/folders.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { redisClock } from '../helpers/redis-clock.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'
import { SQLITE_DRIVERS } from '../helpers/sqlite-clients.js'

type Make = () => SessionHandler[]

const keys = generateKey()
const [driver, openSqlite] =
  Object.entries(SQLITE_DRIVERS).find(([, open]) => open !== undefined) ?? []
const describeSqlite = (name: string, tests: () => void) =>
  openSqlite === undefined
    ? describe.skip(`${name} (skipped: this Node has no SQLite)`, tests)
    : describe(name, tests)

/** Stores in one file, each process with a connection of its own. */
async function databases(...tables: string[]): Promise<(() => SessionHandler[])[]> {
  const path = join(temporaryFolder(), 'sessions.sqlite')
  const connect = () => {
    const database = openSqlite?.(path)
    if (database === undefined) throw new Error('no driver')
    onTestFinished(() => database.close())
    return sqlite(database)
  }
  const setUp = connect()
  for (const table of tables) await databaseHandler({ database: setUp, table }).migrate()
  return tables.map((table) => () => [databaseHandler({ database: connect(), table, timeout: 5 })])
}

/** Handlers that read no clock but the contexts'. */
function onGivenTime(another: Make): HandlerFixture {
  let nowMs = 1_700_000_000_000
  const advance = (seconds: number) => void (nowMs += seconds * 1000)
  return { handlers: another(), another, now: () => nowMs, advance }
}

const MODES = ['lazy', 'dual', 'read-old'] as const

interface Move {
  readonly from: Make
  readonly to: Make
  readonly mode: MigratingOptions['mode']
  readonly old: boolean
}

function moving({ from, to, mode, old }: Move): Make {
  return () => {
    const handler = migratingHandler({ from: from(), to: to(), mode })
    return old ? [bornOld(from(), handler), handler] : [handler]
  }
}

function moves(
  create: (mode: MigratingOptions['mode'], old: boolean) => Promise<HandlerFixture>,
  capabilities: HandlerCapabilities,
): void {
  for (const mode of MODES) {
    for (const old of [false, true]) {
      describe(`mode ${mode}, begun on the ${old ? 'old' : 'new'} side`, () => {
        const collects = capabilities.collects ?? !(old && mode === 'read-old')
        const able = { shared: true, lists: false, ...capabilities, collects }
        for (const { name, run } of handlerCases(() => create(mode, old), able)) it(name, run)
      })
    }
  }
}

describeSqlite(`a move from one table to another, with hashed ids (SQLite by ${driver})`, () => {
  moves(async (mode, old) => {
    const [from, table] = (await databases('old_sessions', 'new_sessions')) as [Make, Make]
    const to = () => [hashedIdHandler(), ...table()]
    return onGivenTime(moving({ from, to, mode, old }))
  }, {})
})

describeWith('redis-server', 'beside Redis', () => {
  let server: Daemon
  let connected: TestClient
  let made = 0
  beforeAll(async () => {
    server = await startRedis()
    connected = await ioRedisClient(server.port)
  })
  afterAll(async () => {
    await connected.end()
    await server.stop()
  })
  const cache = () => {
    const store = redisCache(connected.client, { prefix: `cache:${(made += 1)}:` })
    return () => cacheHandler({ store })
  }

  /** Redis lives by its own clock. */
  async function onRedisTime(another: Make): Promise<HandlerFixture> {
    const clock = redisClock(connected.client)
    await clock.wipe()
    return { handlers: another(), another, now: Date.now, advance: clock.advance }
  }
  const BY_REDIS = { ages: false, collects: false, shared: true } as const

  describeSqlite('encryption, hashed ids and a cache, above SQLite', () => {
    const create = async () => {
      const [store] = (await databases('sessions')) as [Make]
      const layer = cache()
      const another = () => [encryptionHandler({ keys }), hashedIdHandler(), layer(), ...store()]
      return { ...onGivenTime(another), listedAs: hashedName }
    }
    for (const { name, run } of handlerCases(create, { shared: true })) it(name, run)
  })

  describe('encryption and a cache, above Redis', () => {
    const create = () => {
      const layer = cache()
      const { client } = connected
      return onRedisTime(() => [encryptionHandler({ keys }), layer(), redisHandler({ client })])
    }
    for (const { name, run } of handlerCases(create, BY_REDIS)) it(name, run)
  })

  describe('a move from one prefix to another, with hashed ids', () => {
    moves(async (mode, old) => {
      const { client } = connected
      const from = () => [redisHandler({ client, prefix: 'old:' })]
      const to = () => [hashedIdHandler(), redisHandler({ client, prefix: 'new:' })]
      return onRedisTime(moving({ from, to, mode, old }))
    }, BY_REDIS)
  })
})
