/** Both drivers of SQLite, as far as this Node has them. */
import { createRequire } from 'node:module'
import type { SqliteClient } from '../../src/stores/sqlite.js'

/** A connection as tests use it. */
export interface TestSqlite extends SqliteClient {
  exec(statements: string): unknown
  close(): void
}

type Opener = (path: string) => TestSqlite
type Class = new (path: string, options?: object) => TestSqlite

const load = createRequire(new URL('../interop/package.json', import.meta.url))

function loaded(name: string): unknown {
  try {
    return load(name)
  } catch {
    return undefined
  }
}

/** WAL, so that readers and the writer do not wait for each other; nobody waits within the driver. */
function prepared(connection: TestSqlite): TestSqlite {
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 0')
  return connection
}

function betterSqlite(): Opener | undefined {
  const Database = loaded('better-sqlite3') as Class | undefined
  if (Database === undefined) return undefined
  const open: Opener = (path) => new Database(path, { timeout: 0 })
  try {
    open(':memory:').close() // compiled for another Node it fails here
  } catch {
    return undefined
  }
  return (path) => prepared(open(path))
}

function nodeSqlite(): Opener | undefined {
  const module = loaded('node:sqlite') as { DatabaseSync: Class } | undefined
  return module && ((path) => prepared(new module.DatabaseSync(path)))
}

/** By name; `undefined` for what this Node does not have. */
export const SQLITE_DRIVERS: Readonly<Record<string, Opener | undefined>> = {
  'better-sqlite3': betterSqlite(),
  'node:sqlite': nodeSqlite(),
}
