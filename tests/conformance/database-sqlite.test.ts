/** The published kit over SQLite, with both drivers. */
import { join } from 'node:path'
import { describe, it, onTestFinished } from 'vitest'
import { sqlite, type SqlDatabase } from '../../src/handlers/database.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { handlerCases, type HandlerFixture } from '../../src/testing/index.js'
import {
  databaseFixture,
  hashedName,
  type DatabaseFixtureOptions,
} from '../helpers/database-fixture.js'
import { temporaryFolder } from '../helpers/folders.js'
import { SQLITE_DRIVERS, type TestSqlite } from '../helpers/sqlite-clients.js'

/** Two connections to one file: what two processes have. */
async function fixture(driver: string, options?: DatabaseFixtureOptions): Promise<HandlerFixture> {
  const open = SQLITE_DRIVERS[driver] as (path: string) => TestSqlite
  const path = join(temporaryFolder(), 'sessions.sqlite')
  const connections = [open(path), open(path)] as const
  onTestFinished(() => connections.forEach((connection) => connection.close()))
  const [first, second] = connections.map(sqlite) as [SqlDatabase, SqlDatabase]
  const table = 'sessions'
  const made = await databaseFixture([first, second], {
    ...options,
    where: { dialect: 'sqlite', path, driver },
    table,
  })
  const spoil = (id: string) =>
    void first.query(`UPDATE ${table} SET payload = 'no bytes' WHERE id = ?`, [id])
  return { ...made, spoil }
}

const LAYERED = {
  owners: true,
  shared: true,
  breaks: true,
  strangers: true,
  closes: true,
  precise: true,
}
const ALL = {
  ...LAYERED,
  spoils: true,
  kills: true,
  counts: true,
  migrates: true,
  configures: true,
}
const keys = generateKey()
const encryption = () => encryptionHandler({ keys })

for (const [name, open] of Object.entries(SQLITE_DRIVERS)) {
  const suite = (what: string, tests: () => void) =>
    open === undefined
      ? describe.skip(`${what} (skipped: this Node has no ${name})`, tests)
      : describe(what, tests)

  suite(`handler contract: SQLite by ${name}`, () => {
    const create = () => fixture(name)
    for (const { name, run } of handlerCases(create, ALL)) it(name, run)
  })

  suite(`handler contract: hashed ids, above SQLite by ${name}`, () => {
    const create = async () => ({
      ...(await fixture(name, { layers: [hashedIdHandler] })),
      listedAs: hashedName,
    })
    for (const { name, run } of handlerCases(create, LAYERED)) it(name, run)
  })

  suite(`handler contract: encryption, above SQLite by ${name}`, () => {
    const create = () => fixture(name, { layers: [encryption] })
    for (const { name, run } of handlerCases(create, LAYERED)) it(name, run)
  })
}
