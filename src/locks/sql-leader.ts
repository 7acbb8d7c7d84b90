/**
 * One process of many that cleans up: who does not get the lock at once leaves the work to who has it.
 *
 * The lock is the server's and of a connection, so it ends with its process. The work is done on that
 * connection, so that a pool of one is enough. SQLite elects nobody: it has one writer at a time.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import type { SqlRunner } from '../lib/sql-run.js'
import type { SqlConnection, SqlDatabase, SqlQuery } from '../lib/sql.js'

/** What the leader is of. */
export interface LeaderOptions {
  readonly database: SqlDatabase
  readonly run: SqlRunner
  /** The table that is cleaned up. */
  readonly table: string
}

/** Statements without parameters: proxies pass them on as they are. */
interface Election {
  readonly take: string
  readonly free: string
}

const ELECTIONS: Readonly<Record<'postgres' | 'mysql', (table: string) => Election>> = {
  postgres(table) {
    const key = createHash('sha256').update(`sessionz.gc.${table}`).digest().readBigInt64BE()
    return {
      take: `SELECT CASE WHEN pg_try_advisory_lock(${key}) THEN 1 ELSE 0 END AS locked`,
      free: `SELECT pg_advisory_unlock(${key})`,
    }
  },
  mysql(table) {
    const digest = createHash('sha256').update(`sessionz.gc.${table}`).digest('hex').slice(0, 32)
    // Names are the server's.
    const name = `SHA2(CONCAT(DATABASE(), '.${digest}'), 256)`
    return { take: `SELECT GET_LOCK(${name}, 0) AS locked`, free: `SELECT RELEASE_LOCK(${name})` }
  },
}

/**
 * Does the work where nobody else does it.
 *
 * @returns What the work answers; 0 where another one is at it.
 * @throws {StoreError} When the database fails.
 */
export async function asLeader(
  { database, run, table }: LeaderOptions,
  work: (query: SqlQuery) => Promise<number>,
): Promise<number> {
  if (database.dialect === 'sqlite') return work(database.query)
  const { take, free } = ELECTIONS[database.dialect](table)
  const connection = await connect(database, run)
  let broken = true
  try {
    const { rows } = await run('gc', () => connection.query(take))
    const elected = Number(rows[0]?.['locked'] ?? 0) === 1
    const done = elected ? await work(connection.query) : 0
    if (elected) await run('gc', () => connection.query(free))
    broken = false
    return done
  } finally {
    connection.release(broken) // the lock of a connection that failed ends with it
  }
}

/** A connection that comes too late goes back. */
async function connect(database: SqlDatabase, run: SqlRunner): Promise<SqlConnection> {
  const coming = Promise.resolve(database.connect())
  try {
    return await run('gc', () => coming)
  } catch (error) {
    coming.then(
      (connection) => connection.release(),
      () => undefined,
    )
    throw error
  }
}
