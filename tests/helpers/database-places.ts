/** Databases that several processes can use: each as a place with a way in. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { sqlite, type SqlDatabase } from '../../src/handlers/database.js'
import type { Whereabouts } from './children/database-worker.js'
import { freshTable } from './database-fixture.js'
import { CLIENTS } from './database-workers.js'
import { temporaryFolder } from './folders.js'
import { SQLITE_DRIVERS } from './sqlite-clients.js'

/** A database of one test, seen from this process and from others. */
export interface DatabasePlace {
  readonly database: SqlDatabase
  readonly where: Whereabouts
}

export { CLIENTS, databaseWorker } from './database-workers.js'

/** The first driver of SQLite that is here. */
export const [SQLITE_DRIVER, openSqlite] =
  Object.entries(SQLITE_DRIVERS).find(([, open]) => open !== undefined) ?? []

/** A file of SQLite, closed when the test is over. */
export function sqlitePlace(): DatabasePlace {
  const path = join(temporaryFolder(), 'sessions.sqlite')
  const connection = openSqlite?.(path)
  if (connection === undefined) throw new Error('this Node has no SQLite')
  onTestFinished(() => connection.close())
  const where = { clients: CLIENTS, dialect: 'sqlite', table: freshTable(), path } as const
  return { database: sqlite(connection), where: { ...where, driver: SQLITE_DRIVER } }
}
