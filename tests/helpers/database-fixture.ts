/** Tables of their own for the published kit. */
import { createHash } from 'node:crypto'
import type { SessionHandler } from '../../src/handler.js'
import {
  databaseHandler,
  type DatabaseOptions,
  type SqlDatabase,
  type SqlQuery,
} from '../../src/handlers/database.js'
import type { HandlerFixture } from '../../src/testing/index.js'
import type { Whereabouts } from './children/database-worker.js'
import { CLIENTS, databaseWorker } from './database-workers.js'

/** How a fixture differs. */
export interface DatabaseFixtureOptions extends Partial<DatabaseOptions> {
  /** Layers above, made for each process. */
  readonly layers?: readonly (() => SessionHandler)[] | undefined
  /** How another process finds the database. */
  readonly where?: Omit<Whereabouts, 'clients' | 'table'> | undefined
}

let tables = 0

/** A name that no other table of this test file has. */
export function freshTable(): string {
  tables += 1
  return `sessions_${tables}`
}

/**
 * A fixture over a new table. The store is down when the table is not where it was.
 *
 * @param databases One for each process.
 */
export async function databaseFixture(
  databases: readonly [SqlDatabase, ...SqlDatabase[]],
  { layers = [], where, ...options }: DatabaseFixtureOptions = {},
): Promise<HandlerFixture> {
  const table = options.table ?? freshTable()
  const [database] = databases
  let processes = 0
  let calls = 0
  const counting =
    (query: SqlQuery): SqlQuery =>
    (...words) => ((calls += 1), query(...words))
  const counted = (place: SqlDatabase): SqlDatabase => ({
    ...place,
    query: counting(place.query),
    async connect() {
      const connection = await place.connect()
      return { ...connection, query: counting(connection.query) }
    },
  })
  const make = (more: Partial<DatabaseOptions> = {}) => {
    const place = counted(databases[processes % databases.length] ?? database)
    processes += 1
    const store = databaseHandler({ database: place, timeout: 5, ...options, table, ...more })
    return { handlers: [...layers.map((layer) => layer()), store], store }
  }
  const { handlers, store } = make()
  await store.migrate()
  let nowMs = 1_700_000_000_000
  const ask = async (statement: string) => database.query(statement)
  return {
    handlers,
    now: () => nowMs,
    advance: (seconds) => void (nowMs += seconds * 1000),
    another: () => make().handlers,
    calls: () => calls,
    make: (more) => make(more).store,
    unprepared() {
      const fresh = make({ table: freshTable() })
      return { handlers: fresh.handlers, migrate: () => fresh.store.migrate() }
    },
    async hold(id) {
      if (where === undefined) throw new TypeError('the fixture has no "where"')
      const place = { ...where, clients: CLIENTS, table, lock: options.lock, nowMs, leaseMs: 1000 }
      const holder = await databaseWorker(place, id, 'hold')
      await holder.line()
      return async () => {
        holder.kill()
        await holder.ended
      }
    },
    async breakDown() {
      await ask(`ALTER TABLE ${table} RENAME TO ${table}_away`)
      return async () => void (await ask(`ALTER TABLE ${table}_away RENAME TO ${table}`))
    },
    async settleStranger() {
      await ask(`CREATE TABLE ${table}_other (id VARCHAR(64), expires BIGINT)`)
      await ask(`INSERT INTO ${table}_other VALUES ('${'a'.repeat(32)}', 1)`)
      return async () => (await ask(`SELECT id FROM ${table}_other`)).rows.length === 1
    },
  }
}

/** What a table below `hashedIdHandler` calls a session. */
export function hashedName(id: string): string {
  return createHash('sha256').update(id).digest('hex')
}
