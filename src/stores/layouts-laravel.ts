/**
 * The table of Laravel's `database` driver.
 *
 * Columns: `id`, `user_id`, `ip_address`, `user_agent`, `payload`: base64 of what the serializer made,
 * `last_activity`: the last use in seconds since the epoch.
 *
 * @see https://laravel.com/docs/session#database
 * @module
 */
import { DecodeError } from '../errors.js'
import type { SqlDialect } from '../lib/sql-names.js'
import type { SqlValue } from '../lib/sql.js'
import { tableStatements, type TablePlan } from './layouts-table.js'
import type { Layout, LayoutTable, LayoutTime } from './layouts.js'

/**
 * Makes the layout of Laravel's table, `sessions` where none is named.
 *
 * An owner is the key of Laravel's user, a whole number; where none is set here, the columns of the
 * user stay as Laravel wrote them. Laravel locks nothing here: a write is refused
 * where the payload is not the one that was read. The serializer that fits is `php_serialize`.
 */
export function laravelLayout(): Layout {
  return LARAVEL
}

const NAME = 'laravel'
const seconds: LayoutTime = (nowMs) => Math.floor(nowMs / 1000)

const LARAVEL: Layout = {
  name: NAME,
  table: 'sessions',
  id: 'id',
  foldedId: true,
  payload: 'payload',
  created: [],
  used: [{ column: 'last_activity', value: seconds }],
  owner: { column: 'user_id', value: userOf },
  cleared: ['user_id', 'ip_address', 'user_agent'],
  life: {
    column: 'last_activity',
    value: (now, lifetime) => seconds(now, 0) - Math.ceil(lifetime),
  },
  touchedMs: (life) => life * 1000,
  encode: (payload) =>
    Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64'),
  decode,
  refuses: (id) => (id.length <= 255 ? undefined : "Laravel's table keeps ids of up to 255 bytes"),
  shared: true,
  lock: () => 'lease',
  compares: () => true,
  schema: (table) => tableStatements(table, planOf(table)),
}

/** More than a column of 64 bits holds was never a user; text would be taken for its first digits. */
function userOf(owner: string): SqlValue | undefined {
  return /^(0|[1-9]\d{0,17})$/.test(owner) ? owner : undefined
}

function planOf({ dialect }: LayoutTable): TablePlan {
  const columns = [
    `id VARCHAR(255) ${EXACT[dialect]} NOT NULL PRIMARY KEY`,
    `user_id ${USER[dialect]} NULL`,
    'ip_address VARCHAR(45) NULL',
    'user_agent TEXT NULL',
    `payload ${dialect === 'mysql' ? 'LONGTEXT' : 'TEXT'} NOT NULL`,
    'last_activity INTEGER NOT NULL',
  ]
  const indexed = ['user_id', 'last_activity']
  const indexes = indexed.map((column) => [`sessions_${column}_index`, column] as const)
  return { columns, indexes, mysql: 'ENGINE=InnoDB' }
}

/** Laravel's own migration leaves the collation of the connection, which knows no case. */
const EXACT: Record<SqlDialect, string> = {
  mysql: 'CHARACTER SET ascii COLLATE ascii_bin',
  postgres: '',
  sqlite: '',
}

const USER: Record<SqlDialect, string> = {
  mysql: 'BIGINT UNSIGNED',
  postgres: 'BIGINT',
  sqlite: 'INTEGER',
}

function decode(value: SqlValue): Uint8Array {
  const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : `${value}`
  const payload = Buffer.from(text, 'base64')
  if (payload.toString('base64') !== text) throw new DecodeError(NAME, 0, 'base64')
  return new Uint8Array(payload)
}
