/**
 * A place in a file of SQLite, over the driver of this Node or of the user's project.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { databaseHandler } from '../handlers/database.js'
import type { SessionOptions } from '../options/options.js'
import { sqlite, type SqliteClient } from '../stores/sqlite.js'
import type { Io } from './io.js'
import type { Plan } from './place.js'
import { Problem } from './problems.js'

/** Both drivers, as far as they are used here. */
interface Connection extends SqliteClient {
  exec(statements: string): unknown
  close(): void
}

type Open = (file: string) => Connection

export interface SqlitePlace {
  readonly file: string
  readonly table: string | undefined
  readonly options: SessionOptions
  /** Whether the file and the table may be made. */
  readonly create: boolean
}

/** @throws {Problem} Without a driver, or without the file. */
export async function openSqlite(place: SqlitePlace, { cwd }: Io): Promise<Plan> {
  const { file, table, options, create } = place
  const path = resolve(cwd, file)
  const isThere = existsSync(path)
  if (!isThere && !create) throw new Problem(`there is no file ${file}`)
  const connection = driver(cwd)(path)
  // The mode of a file is its owner's choice; a new one gets what the documentation recommends.
  if (!isThere) connection.exec('PRAGMA journal_mode = WAL')
  connection.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 0')
  const handler = databaseHandler({ database: sqlite(connection), table })
  if (create) await handler.migrate()
  return { options: { ...options, handlers: [handler] }, end: () => connection.close() }
}

/** `node:sqlite`, which Node has from 22.13 on, else `better-sqlite3`. */
function driver(cwd: string): Open {
  const builtIn = process.getBuiltinModule?.('node:sqlite') as BuiltIn | undefined
  if (builtIn !== undefined) return (file) => new builtIn.DatabaseSync(file)
  const Database = betterSqlite(cwd)
  return (file) => new Database(file, { timeout: 0 })
}

interface BuiltIn {
  readonly DatabaseSync: new (file: string) => Connection
}

type BetterSqlite = new (file: string, options: { timeout: number }) => Connection

function betterSqlite(cwd: string): BetterSqlite {
  try {
    return createRequire(join(cwd, 'package.json'))('better-sqlite3') as BetterSqlite
  } catch {
    throw new Problem(
      'SQLite needs Node 22.13 or later, or better-sqlite3: run `npm install better-sqlite3` in this folder',
    )
  }
}
