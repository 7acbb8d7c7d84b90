/**
 * The table of WP Session Manager, and of PHP Sessionz with a database.
 *
 * Columns: `session_key` CHAR(32), `session_value` LONGTEXT, `session_expiry` BIGINT: the END in
 * seconds since the epoch.
 *
 * PHP differs: the original hands out what has expired, strips `,` and `-` from ids and cuts them to
 * 32 characters, so that several ids share a row, and locks nothing.
 *
 * @module
 */
import { StoreError } from '../errors.js'
import { assertKnownKeys, assertOneOf } from '../lib/check.js'
import type { SqlDialect } from '../lib/sql-names.js'
import type { SqlValue } from '../lib/sql.js'
import { assertText } from '../lib/text-column.js'
import { tableStatements, type TablePlan } from './layouts-table.js'
import type { Layout, LayoutTime } from './layouts.js'

/** What `wpSessionManagerLayout` takes. `undefined` means the default; unknown names are refused. */
export interface WpSessionManagerOptions {
  /**
   * Which ids the column of the key can hold.
   *
   * - `original`: as the plugin makes it: 32 letters and digits at the most. Other ids are an
   *   `InvalidIdError`, as the plugin would change them
   * - `wide`: the column was made to fit: `VARCHAR(256)` in a binary collation. The plugin still finds
   *   the ids that it does not change
   *
   * @default 'original'
   */
  keys?: 'original' | 'wide' | undefined
}

const NAME = 'wp-session-manager'

/**
 * Makes the layout of WP Session Manager's table, `wp_sm_sessions` where none is named.
 *
 * Payloads have to be text in UTF-8; an empty one removes the record, as there.
 *
 * @throws {TypeError | RangeError} Naming an option that is unknown or out of range.
 */
export function wpSessionManagerLayout(options: WpSessionManagerOptions = {}): Layout {
  assertKnownKeys(NAME, options, { keys: undefined })
  const { keys = 'original' } = options
  assertOneOf('keys', keys, ['original', 'wide'])
  return keys === 'wide' ? WIDE : ORIGINAL
}

/** Up to a whole second, so that a lifetime of nothing lasts until the next one. */
const end: LayoutTime = (nowMs, maxLifetime) => Math.ceil(nowMs / 1000) + Math.ceil(maxLifetime)

const WIDE: Layout = {
  name: NAME,
  table: 'wp_sm_sessions',
  id: 'session_key',
  payload: 'session_value',
  created: [],
  used: [{ column: 'session_expiry', value: end }],
  life: { column: 'session_expiry', value: (nowMs) => Math.floor(nowMs / 1000) },
  ends: true,
  touchedMs: (life, maxLifetime) => (life - maxLifetime) * 1000,
  encode(payload) {
    assertText(NAME, payload)
    return payload
  },
  decode: textBytes,
  emptyIsAbsent: true,
  shared: true,
  lock: lockOf,
  lockName: (id, table) => `${table}.${id}`,
  schema: (table) => tableStatements(table, planOf(WIDE_KEY[table.dialect])),
}

/** Its collation is the database's, which knows no case in most. */
const ORIGINAL: Layout = {
  ...WIDE,
  foldedId: true,
  refuses: (id) => (/^[A-Za-z0-9]{1,32}$/.test(id) ? undefined : REFUSED),
  schema: (table) => tableStatements(table, planOf('CHAR(32)')),
}

function planOf(key: string): TablePlan {
  const columns = [
    `session_key ${key} NOT NULL PRIMARY KEY`,
    'session_value LONGTEXT NOT NULL',
    'session_expiry BIGINT NOT NULL',
  ]
  return { columns, indexes: [['session_expiry', 'session_expiry']], mysql: 'ENGINE=InnoDB' }
}

const REFUSED = 'the table of WP Session Manager keeps ids of up to 32 letters and digits'

const WIDE_KEY: Record<SqlDialect, string> = {
  mysql: 'VARCHAR(256) CHARACTER SET ascii COLLATE ascii_bin',
  sqlite: 'TEXT',
  postgres: 'TEXT',
}

/** WordPress runs on MySQL, MariaDB and, by a plugin, SQLite. */
function lockOf(dialect: SqlDialect): 'lease' | 'connection' {
  if (dialect === 'postgres') throw new TypeError(`layout "${NAME}" is not for PostgreSQL`)
  return dialect === 'mysql' ? 'connection' : 'lease'
}

/** Clients hand out a column of text as text. */
function textBytes(value: SqlValue): Uint8Array {
  if (typeof value === 'string') return new Uint8Array(Buffer.from(value, 'utf8'))
  if (value instanceof Uint8Array) return value
  throw new StoreError('database', 'read', 'the column of the payload holds no text')
}
