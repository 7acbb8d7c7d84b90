/**
 * Sessions in WordPress' options table: no table of its own is needed.
 *
 * PHP differs: WP Session Manager never updates a session here, lets its gc remove nothing, writes
 * the time of creation where the end belongs, and locks nothing.
 *
 * @see docs/reference/options-table-handler.md
 * @module
 */
import type { SessionHandler } from '../handler.js'
import { assertValidId, isValidId } from '../id/validate.js'
import {
  assertFunction,
  assertInteger,
  assertKnownKeys,
  assertNumber,
  assertString,
} from '../lib/check.js'
import { quoteName } from '../lib/sql-names.js'
import { sqlRunner } from '../lib/sql-run.js'
import type { SqlDatabase } from '../lib/sql.js'
import { contextLocks } from '../locks/keyed-mutex-contexts.js'
import { asLeader } from '../locks/sql-leader.js'
import { namedLocks } from '../locks/sql-mysql-named.js'
import { LONGEST_ID, NAME } from './options-table-rows.js'
import { sweeper } from './options-table-sweep.js'
import { rowStore } from './options-table-work.js'

export { mysql, type MysqlCallbackPool, type MysqlPool } from '../stores/mysql.js'
export type { SqlDatabase }

/** What `optionsTableHandler` takes. `undefined` means the default; unknown names are refused. */
export interface OptionsTableOptions {
  /** MySQL or MariaDB, with WordPress' database selected: `mysql(pool)`. */
  database: SqlDatabase
  /** WordPress' `$table_prefix`; the table is called so and `options`. @default 'wp_' */
  prefix?: string | undefined
  /** Seconds after which a call to the database has failed; fractions are allowed. @default 1 */
  timeout?: number | undefined
  /** Most requests that wait for one session; a further one fails at once. @default 1000 */
  maxWaiters?: number | undefined
}

const DEFAULTS = { prefix: 'wp_', timeout: 1, maxWaiters: 1000 }

/** Ids that fit into a name, which has 191 characters with what stands before. */
const BOUNDS = { max: LONGEST_ID }

/**
 * Makes a handler that keeps sessions in WordPress' options table. It stands innermost.
 *
 * Payloads have to be text in UTF-8; others are an `EncodeError`. An id that differs from another
 * one in case only is an `InvalidIdError` when it is created: the table cannot hold both.
 *
 * @throws {TypeError | RangeError} Naming an option that is missing, unknown or out of range.
 */
export function optionsTableHandler(options: OptionsTableOptions): SessionHandler {
  const { database, table, timeoutMs, maxWaiters } = resolve(options)
  const run = sqlRunner({ handler: NAME, dialect: database.dialect, timeoutMs })
  const lockName = `SHA2(CONCAT(DATABASE(), '.${table}.', ?), 256)`
  const quoted = quoteName('mysql', table)
  const locks = namedLocks({
    handler: NAME,
    database,
    run,
    queue: contextLocks({ handler: NAME, maxWaiters }),
    free: `RELEASE_LOCK(${lockName})`,
    take: takeStatement(quoted, lockName),
  })
  const store = rowStore({ table, locks })
  const { list, count, gc } = sweeper(quoted, store.anywhere, (work) =>
    asLeader({ database, run, table }, (query) =>
      work(async (operation, { statement, parameters }) =>
        run(operation, () => query(statement, parameters)),
      ),
    ),
  )

  return {
    name: NAME,
    shared: true,
    async open(context) {
      const { id, isNew, lock, strict } = context
      store.forget(context)
      if (lock !== 'exclusive' || !isValidId(id, BOUNDS) || (isNew && strict)) return
      await locks.open(id, context)
    },
    async close(context) {
      store.forget(context)
      await locks.close(context)
    },
    async read(id, context) {
      return isValidId(id, BOUNDS) ? store.take(id, context) : undefined
    },
    async write(id, payload, context) {
      assertValidId(id, BOUNDS)
      return store.write(id, payload, context)
    },
    destroy: async (id, context) => isValidId(id, BOUNDS) && store.destroy(id, context),
    updateTimestamp: async (id, _payload, context) =>
      isValidId(id, BOUNDS) && store.touch(id, context),
    validateId: async (id, context) => isValidId(id, BOUNDS) && store.isKnown(id, context),
    gc: async (maxLifetime, context) => gc(maxLifetime, context),
    list,
    count,
  }
}

/** Asks for the lock; in strict mode of a session that is there, so that a forged id costs no lock. */
function takeStatement(quoted: string, lockName: string) {
  const lock = `GET_LOCK(${lockName}, 0)`
  const known = `EXISTS (SELECT 1 FROM ${quoted} WHERE option_name = CONCAT('_wp_session_', ?))`
  return (id: string, { strict }: { readonly strict: boolean }) =>
    strict
      ? { statement: `SELECT CASE WHEN ${known} THEN ${lock} END AS locked`, parameters: [id, id] }
      : { statement: `SELECT ${lock} AS locked`, parameters: [id] }
}

function resolve(options: OptionsTableOptions) {
  assertKnownKeys(NAME, options, { database: undefined, ...DEFAULTS })
  const {
    database,
    prefix = DEFAULTS.prefix,
    timeout = DEFAULTS.timeout,
    maxWaiters = DEFAULTS.maxWaiters,
  } = options
  assertFunction('database.query', database?.query)
  if (database.dialect !== 'mysql') throw new TypeError('"database" must be mysql(pool)')
  assertString('prefix', prefix)
  assertNumber('timeout', timeout, 0.001, 86_400)
  assertInteger('maxWaiters', maxWaiters, 0)
  return { database, table: `${prefix}options`, timeoutMs: timeout * 1000, maxWaiters }
}
