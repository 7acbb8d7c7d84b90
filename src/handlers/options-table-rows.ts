/**
 * A session as two rows of WordPress' options table: its payload, and when it ends.
 *
 * Wire format, as WP Session Manager has it with `WP_SESSION_USE_OPTIONS`:
 * - `_wp_session_<id>`: the payload as text
 * - `_wp_session_expires_<id>`: seconds since the epoch with three decimals, the END of the session.
 *   Digits alone were written by the original: a time in the past is when the session was created
 *
 * Both rows change in one statement. A session is there while both are.
 *
 * @module
 */
import type { SessionContext } from '../handler.js'
import type { NamedStatement } from '../locks/sql-mysql-named.js'

/** Who speaks in errors. */
export const NAME = 'options-table'

const PAYLOAD = '_wp_session_'
/** How the rows of ends begin. */
export const EXPIRES = '_wp_session_expires_'

/** Longest id: a name has 191 characters. */
export const LONGEST_ID = 191 - EXPIRES.length

/** The two names of an id. */
export interface RowNames {
  readonly payload: string
  readonly expires: string
}

export function rowNames(id: string): RowNames {
  return { payload: PAYLOAD + id, expires: EXPIRES + id }
}

/** The end of a session that is used now, as it is written. */
export function endOf({ now, maxLifetime }: SessionContext): string {
  return (now() / 1000 + maxLifetime).toFixed(3)
}

/** What the row of the end says: seconds since the epoch, and whether they are the end. */
interface Life {
  readonly seconds: number
  readonly ends: boolean
}

/** The original wrote whole seconds, of the past; what says neither is over. */
function lifeOf(text: string, nowSeconds: number): Life {
  if (!/^\d{1,16}(?:\.\d{1,6})?$/.test(text)) return { seconds: 0, ends: true }
  const seconds = Number(text)
  return { seconds, ends: text.includes('.') || seconds > nowSeconds }
}

/** Whether a session is over; a lifetime counts whole seconds, as PHP does. */
export function isOver(text: string, maxLifetime: number, nowMs: number): boolean {
  const { seconds, ends } = lifeOf(text, nowMs / 1000)
  return (ends ? seconds : seconds + maxLifetime) <= nowMs / 1000 - 1
}

/** The last use, in milliseconds since the epoch. */
export function touchedMs(text: string, { now, maxLifetime }: SessionContext): number {
  const { seconds, ends } = lifeOf(text, now() / 1000)
  return Math.max(1, Math.round((ends ? seconds - maxLifetime : seconds) * 1000))
}

/** The statements on one record; `?` are the parameters in the order that their functions give. */
export interface RowStatements {
  /** Columns `payload` and `expires`. */
  read(names: RowNames): NamedStatement
  /** Column `name`: whichever of the names there are, in any case. */
  names(names: RowNames): NamedStatement
  create(names: RowNames, payload: Buffer, end: string): NamedStatement
  /** Removes what is left of a session whose end is as it was seen; `null` where it has none. */
  clear(names: RowNames, end: string | null): NamedStatement
  update(names: RowNames, payload: Buffer, end: string): NamedStatement
  touch(names: RowNames, end: string): NamedStatement
  destroy(names: RowNames): NamedStatement
}

/** The collation of the column knows no case: its index finds a row, its bytes are compared. */
const EXACT = 'v.option_name = ? AND BINARY v.option_name = ?'

/** @param table The quoted name. */
export function rowStatements(table: string): RowStatements {
  const pair = `${table} v JOIN ${table} e ON e.option_name = ?`
  const text = 'CAST(CONVERT(v.option_value USING utf8mb4) AS BINARY)'
  return {
    read: ({ payload, expires }) => ({
      statement: `SELECT ${text} AS payload, e.option_value AS expires FROM ${pair} WHERE ${EXACT}`,
      parameters: [expires, payload, payload],
    }),
    names: ({ payload, expires }) => ({
      statement: `SELECT option_name AS name, option_value AS expires FROM ${table} WHERE option_name IN (?, ?)`,
      parameters: [payload, expires],
    }),
    create: ({ payload, expires }, bytes, end) => ({
      statement: `INSERT INTO ${table} (option_name, option_value, autoload) VALUES (?, ?, 'no'), (?, ?, 'no')`,
      parameters: [payload, bytes, expires, end],
    }),
    clear: ({ payload, expires }, end) => ({
      statement:
        `DELETE x FROM ${table} x LEFT JOIN ${table} e ON e.option_name = ?` +
        ' WHERE x.option_name IN (?, ?) AND e.option_value <=> ?',
      parameters: [expires, payload, expires, end],
    }),
    update: ({ payload, expires }, bytes, end) => ({
      statement: `UPDATE ${pair} SET v.option_value = ?, e.option_value = ? WHERE ${EXACT}`,
      parameters: [expires, bytes, end, payload, payload],
    }),
    touch: ({ payload, expires }, end) => ({
      statement: `UPDATE ${pair} SET e.option_value = ? WHERE ${EXACT}`,
      parameters: [expires, end, payload, payload],
    }),
    destroy: ({ payload, expires }) => ({
      statement: `DELETE FROM ${table} WHERE option_name IN (?, ?) AND BINARY option_name IN (?, ?)`,
      parameters: [payload, expires, payload, expires],
    }),
  }
}
