/**
 * Which columns of a table hold what of a session: a layout says it as data, and the statements are
 * made of that.
 *
 * @module
 */
import { StoreError } from '../errors.js'
import type { Payload } from '../handler.js'
import type { SqlValue } from '../lib/sql.js'
import type { SqlDialect } from '../lib/sql-names.js'

/** A time in a column, as the layout counts: a moment and a lifetime in seconds make a number. */
export type LayoutTime = (nowMs: number, maxLifetime: number) => number

/** A column and what is written to it. */
export interface LayoutMark {
  readonly column: string
  readonly value: LayoutTime
}

/** The column of the owner, which has an index. */
export interface LayoutOwner {
  readonly column: string
  /** What stands for an owner there; `undefined` for one that the column cannot hold. */
  value(owner: string): SqlValue | undefined
}

/** How PHP's software, or our own table, keeps sessions. */
export interface Layout {
  /** Lower-case name for errors. */
  readonly name: string
  /** The table, where none is named. */
  readonly table: string
  /** The column of the id: the primary key. */
  readonly id: string
  /** MySQL compares the column of the id without case: statements compare its bytes besides. */
  readonly foldedId?: boolean
  /** The column of the payload. */
  readonly payload: string
  /** What a created record is given besides. */
  readonly created: readonly LayoutMark[]
  /** Where it says whom a session belongs to. Without it, sessions are not found by owner. */
  readonly owner?: LayoutOwner
  /** What is `NULL` in a created record, also where it replaces an expired one. */
  readonly cleared?: readonly string[]
  /** What every write and every touch sets, on creation too. */
  readonly used: readonly LayoutMark[]
  /** A record is live while this column is at least so much. */
  readonly life: LayoutMark
  /** The column of `life` holds the end of the record, not its last use. */
  readonly ends?: boolean
  /**
   * What gc removes: records of which each of these columns is less than so much. The first one has
   * an index.
   *
   * @default what is not live
   */
  readonly expired?: readonly LayoutMark[]
  /** The last use, in milliseconds since the epoch, from the column of `life`. */
  touchedMs(life: number, maxLifetime: number): number
  /** @throws {EncodeError} For a payload that the column cannot hold. */
  encode(payload: Payload): SqlValue
  /** @throws {DecodeError | StoreError} For what was not written by this layout. */
  decode(value: SqlValue): Payload
  /** Why an id cannot be kept; `undefined` where it can. */
  refuses?(id: string): string | undefined
  /** The table is there for PHP's software, which writes it too: no copies may be kept above. */
  readonly shared?: boolean
  /** An empty payload is no record: to write it removes the record. */
  readonly emptyIsAbsent?: boolean
  /**
   * How a session is locked.
   *
   * - `lease`: a row in a table of locks beside it: no connection is held
   * - `connection`: a transaction on a connection of its own, as PHP's software does it
   */
  lock(dialect: SqlDialect): SqlLockKind
  /**
   * The lock's name beside the row's lock, where locks are `connection`: up to 64 characters for
   * MySQL, a signed integer of 64 bits for PostgreSQL. Without it the row alone is locked.
   */
  lockName?(id: string, table: string, dialect: SqlDialect): string
  /**
   * Others write without our lock: a write also asks that the payload is the one that was read.
   */
  compares?(dialect: SqlDialect): boolean
  /** Statements that make the table where it is not there. The names in `table` are quoted. */
  schema(table: LayoutTable): readonly string[]
}

/** How a session is locked in a database. */
export type SqlLockKind = 'lease' | 'connection'

/** The names of one table, quoted for its dialect. */
export interface LayoutTable {
  readonly dialect: SqlDialect
  readonly table: string
  /** The name of an index: that of the table, without a schema, and a word. */
  index(word: string): string
}

/**
 * The library's own table: `id`, `payload`, and in milliseconds since the epoch `created`, `touched`
 * and `expires`; `owner` is `NULL` or the user it belongs to.
 *
 * The age of a record is counted from `touched` and the lifetime is the reader's. gc also waits for
 * `expires`, so that one application removes nothing that another one with a longer lifetime keeps.
 */
export function ownLayout(): Layout {
  return OWN
}

/** A lifetime counts whole seconds, so a record lives one second less a moment beyond it. */
const spanMs = (maxLifetime: number): number => (maxLifetime + 1) * 1000
const now: LayoutTime = (nowMs) => nowMs
const liveFrom: LayoutTime = (nowMs, maxLifetime) => nowMs - spanMs(maxLifetime) + 1

const OWN: Layout = {
  name: 'own',
  table: 'sessionz',
  id: 'id',
  payload: 'payload',
  created: [{ column: 'created', value: now }],
  owner: { column: 'owner', value: (owner) => owner },
  cleared: ['owner'],
  used: [
    { column: 'touched', value: now },
    { column: 'expires', value: (nowMs, maxLifetime) => nowMs + spanMs(maxLifetime) },
  ],
  life: { column: 'touched', value: liveFrom },
  expired: [
    { column: 'expires', value: (nowMs) => nowMs + 1 },
    { column: 'touched', value: liveFrom },
  ],
  touchedMs: (touched) => touched,
  encode: (payload) => payload,
  decode: asBytes,
  lock: () => 'lease',
  schema: ({ dialect, table, index }) => SCHEMAS[dialect](table, index),
}

/** A copy of the bytes of a binary column. @throws {StoreError} When the column holds anything else. */
export function asBytes(value: SqlValue): Payload {
  if (!(value instanceof Uint8Array)) {
    throw new StoreError('database', 'read', 'the column of the payload holds no bytes')
  }
  return new Uint8Array(value)
}

const SCHEMAS: Record<SqlDialect, (table: string, index: LayoutTable['index']) => string[]> = {
  sqlite: (table, index) => [
    `CREATE TABLE IF NOT EXISTS ${table} (
  id TEXT NOT NULL PRIMARY KEY,
  created INTEGER NOT NULL,
  touched INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  owner TEXT,
  payload BLOB NOT NULL
)`,
    `CREATE INDEX IF NOT EXISTS ${index('expires')} ON ${table} (expires)`,
    `CREATE INDEX IF NOT EXISTS ${index('owner')} ON ${table} (owner) WHERE owner IS NOT NULL`,
  ],
  postgres: (table, index) => [
    `CREATE TABLE IF NOT EXISTS ${table} (
  id VARCHAR(256) COLLATE "C" PRIMARY KEY,
  created BIGINT NOT NULL,
  touched BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  owner VARCHAR(255) COLLATE "C",
  payload BYTEA NOT NULL
)`,
    `CREATE INDEX IF NOT EXISTS ${index('expires')} ON ${table} (expires)`,
    `CREATE INDEX IF NOT EXISTS ${index('owner')} ON ${table} (owner) WHERE owner IS NOT NULL`,
  ],
  mysql: (table, index) => [
    `CREATE TABLE IF NOT EXISTS ${table} (
  id VARCHAR(256) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  created BIGINT NOT NULL,
  touched BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  owner VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  payload LONGBLOB NOT NULL,
  INDEX ${index('expires')} (expires),
  INDEX ${index('owner')} (owner)
) ENGINE=InnoDB`,
  ],
}
