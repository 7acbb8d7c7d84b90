/** Database servers that run as long as the block of tests which asks for them. */
import { afterAll, beforeAll } from 'vitest'
import { mysql, postgres } from '../../src/handlers/database.js'
import type { Daemon } from './daemon.js'
import { freshTable } from './database-fixture.js'
import type { DatabasePlace } from './database-places.js'
import { CLIENTS } from './database-workers.js'
import { DATABASE, mariadbPool, startMariadb, type TestPool } from './mariadb-server.js'
import {
  startPostgres,
  type PostgresServer,
  type TestPool as PostgresTestPool,
} from './postgres-server.js'

/** A server with a pool of connections to it; both are there while the tests of a block run. */
interface Used<Server, Pool> {
  readonly server: Server
  readonly pool: Pool
  /** A table of its own, for this process and for others. */
  readonly place: () => DatabasePlace
}

/** Starts a MariaDB before the tests of this block, and ends it after them. */
export function useMariadb(): Used<Daemon, TestPool> {
  const used = useServer(startMariadb, mariadbPool)
  const place = (): DatabasePlace => {
    const { port } = used.server
    const settings = { host: '127.0.0.1', port, user: 'root', database: DATABASE }
    const where = { clients: CLIENTS, dialect: 'mysql', table: freshTable() } as const
    const pool = { ...settings, connectionLimit: 5 }
    return { database: mysql(used.pool), where: { ...where, pool } }
  }
  return Object.assign(used, { place })
}

/** Starts a PostgreSQL before the tests of this block, and ends it after them. */
export function usePostgres(): Used<PostgresServer, PostgresTestPool> {
  const used = useServer(startPostgres, async (server) => server.pool({ max: 10 }))
  const place = (): DatabasePlace => {
    const { port } = used.server
    const settings = { host: '127.0.0.1', port, user: 'test', database: 'postgres' }
    const where = { clients: CLIENTS, dialect: 'postgres', table: freshTable() } as const
    return { database: postgres(used.pool), where: { ...where, pool: { ...settings, max: 5 } } }
  }
  return Object.assign(used, { place })
}

function useServer<Server extends Daemon, Pool extends { end(): Promise<void> }>(
  start: () => Promise<Server>,
  connect: (server: Server) => Promise<Pool>,
): { server: Server; pool: Pool } {
  const used = {} as { server: Server; pool: Pool }
  beforeAll(async () => {
    used.server = await start()
    used.pool = await connect(used.server)
  }, 60_000)
  afterAll(async () => {
    await used.pool.end()
    await used.server.stop()
  })
  return used
}
