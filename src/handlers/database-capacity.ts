/**
 * What the column of the payload can hold: MySQL that is told to be lenient cuts what is too long,
 * and so payloads are measured before they are sent.
 *
 * @module
 */
import { EncodeError } from '../errors.js'
import type { Payload } from '../handler.js'
import type { SqlRunner } from '../lib/sql-run.js'
import type { SqlDatabase, SqlResult } from '../lib/sql.js'
import { textRuleOf, type TextRule } from '../lib/text-column.js'
import type { Layout } from '../stores/layouts.js'
import { NAME } from './database-holders.js'

/** The limits of one column. */
export interface Capacity {
  /** Asks for the limits, the first time. Before a connection is held: a pool may have one only. */
  learn(): Promise<void>
  /** @throws {EncodeError} For a payload that the column would cut or change. */
  assertFits(payload: Payload): void
}

export interface CapacityParts {
  readonly database: SqlDatabase
  readonly layout: Layout
  /** Not quoted. */
  readonly table: string
}

interface Limits {
  readonly bytes: number
  readonly takes: TextRule
}

const LIMITS =
  'SELECT CHARACTER_OCTET_LENGTH AS bytes, CHARACTER_SET_NAME AS characters ' +
  'FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) ' +
  'AND TABLE_NAME = ? AND COLUMN_NAME = ?'

/** Of MySQL; the others refuse what does not fit. */
export function capacityOf(run: SqlRunner, parts: CapacityParts): Capacity {
  const { database, layout, table } = parts
  const [name, schema] = table.split('.').reverse()
  let limits: Limits | undefined

  return {
    async learn() {
      if (limits !== undefined || database.dialect !== 'mysql') return
      const parameters = [schema ?? null, name ?? '', layout.payload]
      limits = limitsOf(await run('open', () => database.query(LIMITS, parameters)))
    },
    assertFits(payload) {
      if (limits === undefined) return
      const sent = layout.encode(payload)
      const length = typeof sent === 'string' || sent instanceof Uint8Array ? sent.length : 0
      if (length > limits.bytes) throw new EncodeError(NAME, tooLong(length, limits))
      if (sent instanceof Uint8Array && !limits.takes(sent)) throw new EncodeError(NAME, FOREIGN)
    },
  }
}

/** `undefined` where there is no such column: the statement that needs it says so. */
function limitsOf({ rows }: SqlResult): Limits | undefined {
  const { bytes, characters } = rows[0] ?? {}
  if (bytes === undefined || bytes === null) return undefined
  const takes = characters ? textRuleOf(`${characters}`) : () => true
  return { bytes: Number(bytes), takes }
}

function tooLong(length: number, { bytes }: Limits): string {
  return `${length} bytes are more than the column of the payload holds: ${bytes}`
}

const FOREIGN = 'the character set of the column of the payload lacks characters of it'
