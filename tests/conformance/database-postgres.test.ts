/** The published kit over a real PostgreSQL, with both kinds of locks. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { ownLayout, postgres, type Layout, type SqlDatabase } from '../../src/handlers/database.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import {
  databaseFixture,
  hashedName,
  type DatabaseFixtureOptions,
} from '../helpers/database-fixture.js'
import { startPostgres, type PostgresServer, type TestPool } from '../helpers/postgres-server.js'
import { describeWith } from '../helpers/services.js'

const LAYERED = {
  owners: true,
  shared: true,
  breaks: true,
  strangers: true,
  closes: true,
  precise: true,
}
const ALL = { ...LAYERED, kills: true, counts: true, migrates: true, configures: true }
const keys = generateKey()

/** One cache for all processes of a fixture. */
function cacheOfAll(): () => SessionHandler {
  const store = lruCache()
  return () => cacheHandler({ store })
}

/** The own table, locked as PHP's software locks: by row and by name. */
const named: Layout = {
  ...ownLayout(),
  lockName: (id) => String(Buffer.from(id.padEnd(8)).readBigInt64LE(0)),
}

describeWith('postgres', 'PostgreSQL', () => {
  let server: PostgresServer
  let pools: TestPool[] = []
  let databases: [SqlDatabase, SqlDatabase]

  beforeAll(async () => {
    server = await startPostgres()
    pools = [await server.pool({ max: 10 }), await server.pool({ max: 10 })]
    databases = pools.map(postgres) as typeof databases
  }, 60_000)

  afterAll(async () => {
    for (const pool of pools) await pool.end()
    await server.stop()
  })

  const rows: Record<string, () => Promise<HandlerFixture>> = {
    leases: () => fixture(),
    'locks of rows': () => fixture({ lock: 'connection' }),
    'locks of rows and by name': () => fixture({ lock: 'connection', layout: named }),
    'hashed ids above': async () => ({
      ...(await fixture({ layers: [hashedIdHandler] })),
      listedAs: hashedName,
    }),
    'a cache above': () => fixture({ layers: [cacheOfAll()] }),
    'encryption above': () => fixture({ layers: [() => encryptionHandler({ keys })] }),
  }
  const fixture = (options?: DatabaseFixtureOptions) => {
    const pool = { host: '127.0.0.1', port: server.port, user: 'test', database: 'postgres' }
    return databaseFixture(databases, { ...options, where: { dialect: 'postgres', pool } })
  }

  for (const [row, create] of Object.entries(rows)) {
    describe(`handler contract: ${row}`, () => {
      for (const { name, run } of handlerCases(create, capabilitiesOf(row))) it(name, run)
    })
  }
})

/** A cache answers while the store is down. */
function capabilitiesOf(row: string): HandlerCapabilities {
  if (row === 'a cache above') return { ...LAYERED, breaks: false }
  return row.endsWith(' above') ? LAYERED : ALL
}
