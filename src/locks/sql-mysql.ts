/**
 * Locks of MySQL and MariaDB on a connection: a lock by name (`GET_LOCK`) and those of rows.
 *
 * Both end with the connection. The server closes it when its holder is silent for the lease
 * (`wait_timeout`), so a process that hangs keeps a session no longer than that. What is set for the
 * lock is set back, as the connection is one of the application's pool.
 *
 * @module
 */
import type { SqlQuery } from '../lib/sql.js'
import type { SqlConnectionLock, SqlLockWish } from './sql.js'

const BEGIN = ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED', 'START TRANSACTION']

/**
 * The lock by name, and a transaction in which a SELECT locks its row: what Symfony's handler waits
 * for, whichever of the two it was told to use.
 *
 * @see https://github.com/symfony/symfony PdoSessionHandler::doAdvisoryLock, beginTransaction
 */
export const mysqlLock: SqlConnectionLock = {
  async begin(query, wish) {
    if (!(await takeName(query, wish))) return false
    await query(limits(wish))
    for (const statement of BEGIN) await query(statement)
    return true
  },
  commit: (query, wish) => end(query, 'COMMIT', wish),
  rollback: (query, wish) => end(query, 'ROLLBACK', wish),
  isBusy: (error) => BUSY.has(errorNumber(error)),
  forUpdate: 'FOR UPDATE',
}

/** Lock wait timeout, and a row that is locked where no wait was asked for. */
const BUSY: ReadonlySet<unknown> = new Set([1205, 3572])

function errorNumber(error: unknown): unknown {
  return (error as { errno?: unknown } | null | undefined)?.errno
}

/**
 * Names are the server's, and have up to 64 characters: one with a dot, `table.id`, is hashed together
 * with the name of the database.
 */
function nameOf(name: string): string {
  return name.includes('.') ? "SHA2(CONCAT(DATABASE(), '.', ?), 256)" : '?'
}

async function takeName(query: SqlQuery, { name, waitMs }: SqlLockWish): Promise<boolean> {
  if (name === undefined) return true
  const statement = `SELECT GET_LOCK(${nameOf(name)}, ?) AS locked`
  const { rows } = await query(statement, [name, waitMs / 1000])
  return Number(rows[0]?.['locked'] ?? 0) === 1
}

/** The server counts both in whole seconds, one at the least. */
function limits({ waitMs, leaseMs }: SqlLockWish): string {
  const seconds = (limitMs: number) => Math.max(1, Math.ceil(limitMs / 1000))
  return (
    'SET @sessionz_idle = @@SESSION.wait_timeout,' +
    ' @sessionz_patience = @@SESSION.innodb_lock_wait_timeout,' +
    ` SESSION wait_timeout = ${seconds(leaseMs)},` +
    ` SESSION innodb_lock_wait_timeout = ${seconds(waitMs)}`
  )
}

const SET_BACK =
  'SESSION wait_timeout = @sessionz_idle, SESSION innodb_lock_wait_timeout = @sessionz_patience'

async function end(query: SqlQuery, how: string, { name }: SqlLockWish): Promise<void> {
  await query(how)
  if (name === undefined) await query(`SET ${SET_BACK}`)
  else await query(`SET @sessionz_lock = RELEASE_LOCK(${nameOf(name)}), ${SET_BACK}`, [name])
}
