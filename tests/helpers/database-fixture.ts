/** Tables of their own for the published kit. */
import { createHash } from 'node:crypto'
import type { SessionHandler } from '../../src/handler.js'
import {
  databaseHandler,
  type DatabaseOptions,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import type { HandlerFixture } from '../../src/testing/index.js'

/** How a fixture differs. */
export interface DatabaseFixtureOptions extends Partial<DatabaseOptions> {
  /** Layers above, made for each process. */
  readonly layers?: readonly (() => SessionHandler)[] | undefined
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
  { layers = [], ...options }: DatabaseFixtureOptions = {},
): Promise<HandlerFixture> {
  const table = options.table ?? freshTable()
  const [database] = databases
  let processes = 0
  const make = () => {
    const place = databases[processes % databases.length] ?? database
    processes += 1
    const store = databaseHandler({ database: place, timeout: 5, ...options, table })
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
