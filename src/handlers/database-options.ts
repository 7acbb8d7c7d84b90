/**
 * What `databaseHandler` takes, and how it is checked.
 *
 * @module
 */
import { assertFunction, assertInteger, assertKnownKeys, assertNumber, assertOneOf } from '../lib/check.js' // prettier-ignore
import type { SqlDialect } from '../lib/sql-names.js'
import type { SqlDatabase } from '../lib/sql.js'
import { ownLayout, type Layout, type SqlLockKind } from '../stores/layouts.js'
import { NAME } from './database-holders.js'

/** What `databaseHandler` takes. `undefined` means the default; unknown names are refused. */
export interface DatabaseOptions {
  /** `sqlite(connection)`, `postgres(pool)` or `mysql(pool)`. */
  database: SqlDatabase
  /** Which columns hold what. @default ownLayout() */
  layout?: Layout | undefined
  /** Name of the table, `schema.table` too. @default the name that the layout has for it */
  table?: string | undefined
  /**
   * How a session is locked.
   *
   * - `lease`: a row in the table `<table>_locks`, renewed while it is held. No connection is held
   * - `connection`: a transaction on a connection of its own, for PHP's software that locks so
   *
   * @default what the layout locks with
   */
  lock?: SqlLockKind | undefined
  /**
   * Where connections for locks come from, so that those who hold one never keep others from the
   * connection they need. For `connection` only.
   *
   * @default database
   */
  lockDatabase?: SqlDatabase | undefined
  /** Seconds after which a call to the database has failed; fractions are allowed. @default 1 */
  timeout?: number | undefined
  /** Most rows that one statement of gc removes. @default 250 */
  batch?: number | undefined
  /** Most requests that wait for one session; a further one fails at once. @default 1000 */
  maxWaiters?: number | undefined
}

const DEFAULTS = {
  database: undefined,
  layout: undefined,
  table: undefined,
  lock: undefined,
  lockDatabase: undefined,
  timeout: 1,
  batch: 250,
  maxWaiters: 1000,
}

/** The options, complete. */
export interface Settings {
  readonly database: SqlDatabase
  readonly dialect: SqlDialect
  readonly layout: Layout
  readonly table: string
  readonly lock: SqlLockKind
  readonly lockDatabase: SqlDatabase
  readonly timeoutMs: number
  readonly batch: number
  readonly maxWaiters: number
}

/** @throws {TypeError | RangeError} Naming an option that is unknown or out of range. */
export function resolveOptions(options: DatabaseOptions): Settings {
  assertKnownKeys(NAME, options, DEFAULTS)
  const { database, layout = ownLayout(), table = layout.table } = options
  assertDatabase('database', database)
  const { lock = layout.lock(database.dialect), lockDatabase = database } = options
  assertLock(lock, database, lockDatabase)
  const {
    timeout = DEFAULTS.timeout,
    batch = DEFAULTS.batch,
    maxWaiters = DEFAULTS.maxWaiters,
  } = options
  assertNumber('timeout', timeout, 0.001, 86_400)
  assertInteger('batch', batch, 1, 1_000_000)
  assertInteger('maxWaiters', maxWaiters, 0)
  const { dialect } = database
  const timeoutMs = timeout * 1000
  return { database, dialect, layout, table, lock, lockDatabase, timeoutMs, batch, maxWaiters }
}

function assertDatabase(label: string, database: SqlDatabase): void {
  assertFunction(`${label}.query`, (database as Partial<SqlDatabase> | undefined)?.query)
  assertOneOf(`${label}.dialect`, database.dialect, ['sqlite', 'postgres', 'mysql'])
}

function assertLock(lock: SqlLockKind, database: SqlDatabase, lockDatabase: SqlDatabase): void {
  assertOneOf('lock', lock, ['lease', 'connection'])
  assertDatabase('lockDatabase', lockDatabase)
  if (lock === 'connection' && database.dialect === 'sqlite') {
    throw new RangeError('"lock" must be "lease": a transaction of SQLite locks all sessions')
  }
  if (lockDatabase.dialect !== database.dialect) {
    throw new RangeError('"lockDatabase" must be of the dialect of "database"')
  }
}
