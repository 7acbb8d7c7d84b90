/** The published kit over the tables of PHP's software, on PostgreSQL and SQLite. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest'
import {
  laravelLayout,
  postgres,
  sqlite,
  symfonyLayout,
  wpSessionManagerLayout,
  type Layout,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import { handlerCases, type HandlerCapabilities } from '../../src/testing/index.js'
import { databaseFixture } from '../helpers/database-fixture.js'
import { openSqlite } from '../helpers/database-places.js'
import { temporaryFolder } from '../helpers/folders.js'
import { startPostgres, type PostgresServer, type TestPool } from '../helpers/postgres-server.js'
import { describeWith } from '../helpers/services.js'

interface Row {
  readonly layout: Layout
  readonly capabilities: HandlerCapabilities
}

const ENDS = { empty: false, ages: false }
const SHARED = { shared: true, breaks: true, strangers: true, migrates: true, configures: true }

const SYMFONY: Row = { layout: symfonyLayout(), capabilities: { ...ENDS, longestId: 128 } }
const LARAVEL: Row = {
  layout: laravelLayout(),
  capabilities: { longestId: 255, owners: true, namedOwners: false },
}
const WORDPRESS: Row = {
  layout: wpSessionManagerLayout({ keys: 'wide' }),
  capabilities: { ...ENDS, binary: false },
}

type Databases = readonly [SqlDatabase, SqlDatabase]

function contract(name: string, { layout, capabilities }: Row, databases: () => Databases): void {
  describe(`handler contract: ${name}`, () => {
    const create = () => databaseFixture(databases(), { layout })
    for (const { name, run } of handlerCases(create, { ...SHARED, ...capabilities })) {
      it(name, run, 30_000)
    }
  })
}

describeWith('postgres', 'tables of others on PostgreSQL', () => {
  let server: PostgresServer
  const pools: TestPool[] = []
  const databases = () => pools.map(postgres) as unknown as Databases

  beforeAll(async () => {
    server = await startPostgres()
    for (let index = 0; index < 2; index += 1) pools.push(await server.pool({ max: 10 }))
  }, 60_000)
  afterAll(async () => {
    for (const pool of pools) await pool.end()
    await server.stop()
  })

  contract("Symfony's", { ...SYMFONY, capabilities: { ...SYMFONY.capabilities, closes: true } }, databases) // prettier-ignore
  contract("Laravel's", LARAVEL, databases)
})

describe.skipIf(openSqlite === undefined)('tables of others on SQLite', () => {
  const databases = (): Databases => {
    const path = join(temporaryFolder(), 'sessions.sqlite')
    const connections = [openSqlite?.(path), openSqlite?.(path)]
    return connections.map((connection) => {
      if (connection === undefined) throw new Error('this Node has no SQLite')
      onTestFinished(() => connection.close())
      return sqlite(connection)
    }) as unknown as Databases
  }

  contract("Symfony's", SYMFONY, databases)
  contract("Laravel's", LARAVEL, databases)
  contract("WP Session Manager's", WORDPRESS, databases)
})
