/**
 * Locks as rows: `id`, `token` and `expires` in a table beside the sessions. No connection is held,
 * and the time is the database's own.
 *
 * @module
 */
import type { SqlDialect } from '../lib/sql-names.js'

/** The statements of one table of locks. */
export interface LeaseStatements {
  readonly schema: string
  /**
   * Takes a lock that is free or has expired: `id, token, leaseMs`, then what `guard` asks for.
   * MySQL does not tell whether it did: `held` does.
   */
  take(guard?: string): string
  /** `leaseMs, id, token`. Changes one row, unless the lock was lost. */
  readonly renew: string
  /** `id, token`. */
  readonly release: string
  /** A condition: `id, token`. */
  readonly held: string
  /** The rows of which that condition speaks, for PostgreSQL: `id, token`. */
  readonly row: string
  /** Removes so many of those that expired long ago: `limit`. */
  readonly collect: string
}

/** Milliseconds since the epoch at the moment of looking, in the words of the database. */
export const CLOCK: Record<SqlDialect, string> = {
  sqlite: `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`,
  postgres: '(extract(epoch FROM clock_timestamp()) * 1000)::bigint',
  mysql: 'CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)',
}

/** Nobody who waits for such a lock still relies on the row. */
const LONG_AGO_MS = 60_000

/** @param table The name, quoted. */
export function leaseStatements(dialect: SqlDialect, table: string): LeaseStatements {
  const clock = CLOCK[dialect]
  const row = `FROM ${table} WHERE id = ? AND token = ? AND expires > ${clock}`
  return {
    schema: SCHEMAS[dialect](table),
    take: TAKES[dialect](table, clock),
    renew: `UPDATE ${table} SET expires = ${clock} + ? WHERE id = ? AND token = ? AND expires > ${clock}`,
    release: `DELETE FROM ${table} WHERE id = ? AND token = ?`,
    held: `EXISTS (SELECT 1 ${row})`,
    row,
    collect: COLLECTS[dialect](table, `expires < ${clock} - ${LONG_AGO_MS}`),
  }
}

/** PostgreSQL writes no log for locks: after a crash of the server all of them are free. */
const SCHEMAS: Record<SqlDialect, (table: string) => string> = {
  sqlite: (table) => `CREATE TABLE IF NOT EXISTS ${table} (
  id TEXT NOT NULL PRIMARY KEY,
  token TEXT NOT NULL,
  expires INTEGER NOT NULL
)`,
  postgres: (table) => `CREATE UNLOGGED TABLE IF NOT EXISTS ${table} (
  id VARCHAR(256) COLLATE "C" PRIMARY KEY,
  token TEXT NOT NULL,
  expires BIGINT NOT NULL
)`,
  mysql: (table) => `CREATE TABLE IF NOT EXISTS ${table} (
  id VARCHAR(256) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  token VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires BIGINT NOT NULL
) ENGINE=InnoDB`,
}

type Take = (table: string, clock: string) => LeaseStatements['take']

const upsert: Take =
  (table, clock) =>
  (guard = '1 = 1') =>
    `INSERT INTO ${table} AS l (id, token, expires) SELECT ?, ?, ${clock} + ? WHERE ${guard} ` +
    `ON CONFLICT (id) DO UPDATE SET token = excluded.token, expires = excluded.expires ` +
    `WHERE l.expires <= ${clock}`

const TAKES: Record<SqlDialect, Take> = {
  sqlite: upsert,
  postgres: upsert,
  // Assignments happen in order: the second one sees whether the first one changed the token.
  mysql:
    (table, clock) =>
    (guard = '1 = 1') =>
      `INSERT INTO ${table} (id, token, expires) SELECT ?, ?, ${clock} + ? FROM DUAL WHERE ${guard} ` +
      `ON DUPLICATE KEY UPDATE token = IF(expires <= ${clock}, VALUES(token), token), ` +
      `expires = IF(token = VALUES(token), VALUES(expires), expires)`,
}

const some = (table: string, isOld: string): string =>
  `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE ${isOld} LIMIT ?) AND ${isOld}`

const COLLECTS: Record<SqlDialect, (table: string, isOld: string) => string> = {
  sqlite: some,
  postgres: some,
  mysql: (table, isOld) => `DELETE FROM ${table} WHERE ${isOld} LIMIT ?`,
}
