/**
 * What the options-table handler does with one session. Ids were checked before.
 *
 * @module
 */
import { EncodeError, InvalidIdError, StoreError } from '../errors.js'
import type { Payload, SessionContext } from '../handler.js'
import { isDuplicate, isMisfit } from '../lib/sql-errors.js'
import { quoteName } from '../lib/sql-names.js'
import type { SqlResult } from '../lib/sql.js'
import { assertText, textRuleOf, type TextRule } from '../lib/text-column.js'
import type { NamedLocks, NamedStatement } from '../locks/sql-mysql-named.js'
import {
  endOf,
  isOver,
  NAME,
  rowNames,
  rowStatements,
  touchedMs,
  type RowNames,
  type RowStatements,
} from './options-table-rows.js'
import type { Run } from './options-table-sweep.js'

export interface RowStore {
  /** Runs a statement for no session in particular. */
  readonly anywhere: Run
  /** The payload; what `isKnown` found in the same activation is not asked for again. */
  take(id: string, context: SessionContext): Promise<Payload | undefined>
  isKnown(id: string, context: SessionContext): Promise<boolean>
  write(id: string, payload: Payload, context: SessionContext): Promise<boolean>
  touch(id: string, context: SessionContext): Promise<boolean>
  destroy(id: string, context: SessionContext): Promise<boolean>
  forget(context: SessionContext): void
}

interface RowStoreOptions {
  readonly table: string
  readonly locks: NamedLocks
}

/** Creating meets what has expired once at the most, unless others create at the same time. */
const ATTEMPTS = 4

type Ask = (
  operation: string,
  context: SessionContext | undefined,
  statement: NamedStatement,
) => Promise<SqlResult>

export function rowStore({ table, locks }: RowStoreOptions): RowStore {
  const sql = rowStatements(quoteName('mysql', table))
  const visits = new WeakMap<SessionContext, { id: string; payload: Payload | undefined }>()
  const ask: Ask = (operation, context, statement) =>
    locks.run(context, operation, statement, misfit)
  const fits = textGuard(table, (statement) => ask('write', undefined, statement))
  const create = creation(ask, sql)
  const find = search(ask, sql)

  return {
    anywhere: (operation, statement) => ask(operation, undefined, statement),
    forget: (context) => void visits.delete(context),
    async take(id, context) {
      const visit = visits.get(context)
      visits.delete(context)
      return visit?.id === id ? visit.payload : find(id, context)
    },
    async isKnown(id, context) {
      const payload = await find(id, context)
      visits.set(context, { id, payload })
      return payload !== undefined
    },
    async write(id, payload, context) {
      visits.delete(context)
      await fits(payload)
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
      if (context.isNew) return create(rowNames(id), bytes, context)
      const updated = sql.update(rowNames(id), bytes, endOf(context))
      return (await ask('write', context, updated)).changes > 0
    },
    async touch(id, context) {
      visits.delete(context)
      const touched = sql.touch(rowNames(id), endOf(context))
      return (await ask('updateTimestamp', context, touched)).changes > 0
    },
    async destroy(id, context) {
      visits.delete(context)
      return (await ask('destroy', context, sql.destroy(rowNames(id)))).changes === 2
    },
  }
}

function search(ask: Ask, sql: RowStatements) {
  return async (id: string, context: SessionContext): Promise<Payload | undefined> => {
    const { rows } = await ask('read', context, sql.read(rowNames(id)))
    const row = rows[0]
    if (row === undefined) return undefined
    const expires = `${row['expires']}`
    context.touchedMs = touchedMs(expires, context)
    if (isOver(expires, context.maxLifetime, context.now())) return undefined
    const payload = row['payload']
    if (payload instanceof Uint8Array) return new Uint8Array(payload)
    throw new StoreError(NAME, 'read', 'the row holds no text')
  }
}

function creation(ask: Ask, sql: RowStatements) {
  /** Removes what has expired from where a session is to be. @returns Whether nothing is left. */
  async function makeRoom(names: RowNames, context: SessionContext): Promise<boolean> {
    const { rows } = await ask('write', context, sql.names(names))
    if (rows.some(({ name }) => name !== names.payload && name !== names.expires)) throw collision()
    const end = rows.find(({ name }) => name === names.expires)?.['expires']
    const isWhole = rows.length === 2
    if (isWhole && !isOver(`${end}`, context.maxLifetime, context.now())) return false
    await ask('write', context, sql.clear(names, end === undefined ? null : `${end}`))
    return true
  }

  return async (names: RowNames, payload: Buffer, context: SessionContext): Promise<boolean> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const made = await ask('write', context, sql.create(names, payload, endOf(context)))
      if (made.changes > 0) return true
      if (!(await makeRoom(names, context))) return false
    }
    return false
  }
}

/** What the answer is where a statement fails as it may. */
function misfit(operation: string, error: unknown): SqlResult {
  if (isDuplicate(error)) return { rows: [], changes: 0 }
  if (!isMisfit(error)) throw error
  throw new StoreError(NAME, operation, 'the table is missing, or is none of WordPress')
}

function collision(): InvalidIdError {
  return new InvalidIdError(
    'options-table: another session has this id in other case, and the table cannot hold both',
  )
}

/** Refuses what the column would change; its character set is asked for once, where it matters. */
function textGuard(table: string, ask: (statement: NamedStatement) => Promise<SqlResult>) {
  let asked: Promise<TextRule> | undefined
  const statement =
    'SELECT CHARACTER_SET_NAME AS name FROM information_schema.COLUMNS' +
    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = 'option_value'"

  const rule = async () => {
    const { rows } = await ask({ statement, parameters: [table] })
    return textRuleOf(`${rows[0]?.['name']}`)
  }
  const forget = (error: unknown): never => {
    asked = undefined
    throw error
  }
  return async (payload: Payload): Promise<void> => {
    assertText(NAME, payload)
    if (payload.every((byte) => byte < 0x80)) return
    asked ??= rule().catch(forget)
    if (!(await asked)(payload)) throw new EncodeError(NAME, NO_ROOM)
  }
}

const NO_ROOM = 'the character set of the column option_value lacks characters of this payload'
