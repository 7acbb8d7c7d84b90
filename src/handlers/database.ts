/**
 * Sessions in a table of SQLite, PostgreSQL, MySQL or MariaDB.
 *
 * @module
 */
import type { SessionHandler } from '../handler.js'
import { assertValidId, isValidId } from '../id/validate.js'
import { quoteName } from '../lib/sql-names.js'
import { sqlRunner } from '../lib/sql-run.js'
import { contextLocks } from '../locks/keyed-mutex-contexts.js'
import { leaseStatements, type LeaseStatements } from '../locks/sql-lease.js'
import { asLeader } from '../locks/sql-leader.js'
import { mysqlLock } from '../locks/sql-mysql.js'
import { postgresLock } from '../locks/sql-postgres.js'
import { capacityOf } from './database-capacity.js'
import { connectionLocking } from './database-connections.js'
import { localEngine, remoteEngine } from './database-engine.js'
import { NAME, leaseLocking, type IsLive, type Locking } from './database-holders.js'
import { resolveOptions, type DatabaseOptions, type Settings } from './database-options.js'
import { databaseSchema, locksTable, migrate, schemaText } from './database-schema.js'
import { skewWatch } from './database-skew.js'
import { statements } from './database-statements.js'
import { sweepsOf, type SweepParts } from './database-sweep.js'
import { visitsOf } from './database-visits.js'

export type { SqlDialect } from '../lib/sql-names.js'
export type {
  SqlConnection,
  SqlDatabase,
  SqlQuery,
  SqlResult,
  SqlRow,
  SqlValue,
} from '../lib/sql.js'
export { laravelLayout } from '../stores/layouts-laravel.js'
export { symfonyLayout } from '../stores/layouts-symfony.js'
export { wpSessionManagerLayout, type WpSessionManagerOptions } from '../stores/layouts-wp-session-manager.js' // prettier-ignore
export { ownLayout, type Layout, type LayoutMark, type LayoutTable, type LayoutTime, type SqlLockKind } from '../stores/layouts.js' // prettier-ignore
export { mysql, type MysqlCallbackPool, type MysqlPool } from '../stores/mysql.js'
export { postgres, type PostgresClient, type PostgresPool } from '../stores/postgres.js'
export { sqlite, type SqliteClient } from '../stores/sqlite.js'
export { databaseSchema }
export type { DatabaseSchemaOptions } from './database-schema.js'
export type { DatabaseOptions }

/** A handler that can make its tables. */
export interface DatabaseHandler extends SessionHandler {
  /**
   * Makes the tables where they are not there. To be called at start-up, by any number of processes
   * at once; it changes nothing that is there.
   *
   * @throws {StoreError} When the database fails or does not allow it.
   */
  migrate(): Promise<void>
  /** The statements of `migrate`, as text. */
  schema(): string
}

/** `CREATE TABLE` waits for others, and an index of many rows takes its time. */
const MIGRATION_MS = 60_000

/**
 * Makes a handler that keeps sessions in a database. It stands innermost.
 *
 * The database is the application's: its pool is never closed here. Times of records come from the
 * context, those of locks from the database.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or out of range.
 */
export function databaseHandler(options: DatabaseOptions): DatabaseHandler {
  const settings = resolveOptions(options)
  const { database, layout } = settings
  const { run, visits, sweeps, capacity } = assembled(settings)
  const skew = skewWatch(run, database)
  const isKept = (id: string | undefined): id is string =>
    isValidId(id) && layout.refuses?.(id) === undefined

  return {
    name: NAME,
    shared: layout.shared === true,
    open(context) {
      const { id, isNew, lock, strict } = context
      const isLocked = lock === 'exclusive' && isKept(id) && !(isNew && strict)
      return isLocked ? visits.open(id, context) : undefined
    },
    close: (context) => visits.close(context),
    read: async (id, context) => (isKept(id) ? visits.read(id, context) : undefined),
    async write(id, payload, context) {
      assertValidId(id)
      await capacity.learn()
      capacity.assertFits(payload)
      return visits.write(id, payload, context)
    },
    destroy: async (id, context) => isKept(id) && visits.destroy(id, context),
    updateTimestamp: async (id, _payload, context) => isKept(id) && visits.touch(id, context),
    validateId: async (id, context) => isKept(id) && visits.isKnown(id, context),
    ...sweeps,
    async gc(maxLifetime, context) {
      await skew(context)
      return sweeps.gc(maxLifetime, context)
    },
    migrate: async () => run('migrate', () => migrate(database, settings), MIGRATION_MS),
    schema: () => schemaText(settings),
  }
}

/** The parts, put together once. */
function assembled(settings: Settings) {
  const { database, layout, timeoutMs, batch, maxWaiters } = settings
  const { dialect, query } = database
  const run = sqlRunner({ handler: NAME, dialect, timeoutMs })
  const quote = (name: string) => quoteName(dialect, name)
  const lease = leaseOf(settings)
  const texts = statements({ dialect, layout, table: quote(settings.table), quote, lease })
  const isLive: IsLive = (row, { now, maxLifetime }) =>
    row !== undefined && row.life >= layout.life.value(now(), maxLifetime)
  const engineOf = dialect === 'sqlite' ? localEngine : remoteEngine
  const engine = engineOf({ dialect, query, run, texts, lease })
  const connections = () =>
    connectionLocking({
      database: settings.lockDatabase,
      lock: dialect === 'mysql' ? mysqlLock : postgresLock,
      nameOf: (id) => layout.lockName?.(id, settings.table, dialect),
      ...{ run, texts, timeoutMs, isLive },
    })
  const capacity = capacityOf(run, settings)
  const locks = lease === undefined ? connections() : leaseLocking(engine, isLive)
  const locking: Locking = async (id, wait) => (await capacity.learn(), locks(id, wait))
  const queue = contextLocks({ handler: NAME, maxWaiters })
  const compares = layout.compares?.(dialect) === true
  const alone: SweepParts['alone'] = (work) =>
    asLeader({ database, run, table: settings.table }, work)
  return {
    run,
    capacity,
    visits: visitsOf({
      ...{ engine, texts, layout, compares, queue, locking, isLive },
      locksRows: lease === undefined,
    }),
    sweeps: sweepsOf({ run, query, texts, layout, lease, batch, alone }),
  }
}

function leaseOf({ database: { dialect }, table, lock }: Settings): LeaseStatements | undefined {
  if (lock !== 'lease') return undefined
  return leaseStatements(dialect, quoteName(dialect, locksTable(table)))
}
