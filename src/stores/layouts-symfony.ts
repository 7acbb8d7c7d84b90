/**
 * The table of Symfony's PdoSessionHandler.
 *
 * Columns: `sess_id` of up to 128 bytes, `sess_data` BLOB, `sess_lifetime`: despite its name the END in
 * seconds since the epoch, `sess_time`: the last use.
 *
 * @see https://symfony.com/doc/current/session.html#store-sessions-in-a-relational-database-mysql-mariadb-postgresql
 * @module
 */
import type { SqlDialect } from '../lib/sql-names.js'
import type { SqlValue } from '../lib/sql.js'
import { tableStatements } from './layouts-table.js'
import { asBytes, type Layout, type LayoutTime } from './layouts.js'

/**
 * Makes the layout of Symfony's table, `sessions` where none is named.
 *
 * In MySQL, MariaDB and PostgreSQL a session is locked by the row and by the name that Symfony uses,
 * so that it waits for Symfony whatever `lock_mode` that has. An empty payload removes the record, as
 * there. A BLOB of MySQL holds 65,535 bytes.
 */
export function symfonyLayout(): Layout {
  return SYMFONY
}

const seconds: LayoutTime = (nowMs) => Math.floor(nowMs / 1000)
/** Up to a whole second, so that a lifetime of nothing lasts until the next one. */
const end: LayoutTime = (nowMs, maxLifetime) => Math.ceil(nowMs / 1000) + Math.ceil(maxLifetime)

const SYMFONY: Layout = {
  name: 'symfony',
  table: 'sessions',
  id: 'sess_id',
  payload: 'sess_data',
  created: [],
  used: [
    { column: 'sess_lifetime', value: end },
    { column: 'sess_time', value: seconds },
  ],
  life: { column: 'sess_lifetime', value: seconds },
  ends: true,
  touchedMs: (life, maxLifetime) => (life - maxLifetime) * 1000,
  encode: (payload) => payload,
  decode,
  refuses: (id) => (id.length <= 128 ? undefined : "Symfony's table keeps ids of up to 128 bytes"),
  emptyIsAbsent: true,
  shared: true,
  lock: (dialect) => (dialect === 'sqlite' ? 'lease' : 'connection'),
  lockName: (id, _table, dialect) => (dialect === 'postgres' ? advisoryKey(id) : id.slice(0, 64)),
  compares: (dialect) => dialect === 'sqlite',
  schema: (table) =>
    tableStatements(table, {
      columns: COLUMNS[table.dialect],
      indexes: [['sess_lifetime_idx', 'sess_lifetime']],
      mysql: 'COLLATE utf8mb4_bin, ENGINE = InnoDB',
    }),
}

/** The first eight bytes of the id as a number, the lowest first. */
function advisoryKey(id: string): string {
  return `${Buffer.from(id.slice(0, 8).padEnd(8, '\0'), 'latin1').readBigInt64LE(0)}`
}

/** SQLite keeps what was bound as text as such. */
function decode(value: SqlValue): Uint8Array {
  return typeof value === 'string' ? new Uint8Array(Buffer.from(value, 'utf8')) : asBytes(value)
}

const COLUMNS: Record<SqlDialect, readonly string[]> = {
  mysql: [
    'sess_id VARBINARY(128) NOT NULL PRIMARY KEY',
    'sess_data BLOB NOT NULL',
    'sess_lifetime INTEGER UNSIGNED NOT NULL',
    'sess_time INTEGER UNSIGNED NOT NULL',
  ],
  postgres: [
    'sess_id VARCHAR(128) NOT NULL PRIMARY KEY',
    'sess_data BYTEA NOT NULL',
    'sess_lifetime INTEGER NOT NULL',
    'sess_time INTEGER NOT NULL',
  ],
  sqlite: [
    'sess_id TEXT NOT NULL PRIMARY KEY',
    'sess_data BLOB NOT NULL',
    'sess_lifetime INTEGER NOT NULL',
    'sess_time INTEGER NOT NULL',
  ],
}
