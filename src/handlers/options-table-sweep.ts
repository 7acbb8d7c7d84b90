/**
 * All sessions of an options table, page by page in the order of their names.
 *
 * @module
 */
import { publish } from '../events.js'
import type { SessionContext, SessionInfo } from '../handler.js'
import { setImmediate } from 'node:timers/promises'
import type { SqlResult, SqlRow } from '../lib/sql.js'
import type { NamedStatement } from '../locks/sql-mysql-named.js'
import { EXPIRES, isOver, touchedMs } from './options-table-rows.js'

/** Runs a statement on any connection, and again where another one was in its way. */
export type Run = (operation: string, statement: NamedStatement) => Promise<SqlResult>

/** Runs a gc on a connection of its own, where no other process is at it. */
export type Alone = (work: (on: Run) => Promise<number>) => Promise<number>

/** Rows of ends that are looked at in one statement. */
const PAGE = 1000
/** Sessions that are removed in one. */
const BATCH = 100

/** The row of the payload that belongs to a row of an end. */
const JOINED = `v.option_name = CONCAT('_wp_session_', SUBSTRING(e.option_name, ${EXPIRES.length + 1}))`
const PREFIX = `LIKE '!_wp!_session!_expires!_%' ESCAPE '!'`

/** One session, as a page has it. */
interface Entry {
  readonly rowId: SqlRow[string]
  readonly id: string
  readonly expires: string
  /** `null` where the row of the payload is missing. */
  readonly bytes: SqlRow[string]
}

export interface Sweeper {
  list(context: SessionContext): AsyncIterable<SessionInfo>
  count(context: SessionContext): Promise<number>
  gc(maxLifetime: number, context: SessionContext): Promise<number>
}

/** @param table The quoted name. */
export function sweeper(table: string, run: Run, alone: Alone): Sweeper {
  const pages = (operation: string, on = run) => pagesOf(on, operation, pageStatement(table))

  async function collect(on: Run, maxLifetime: number, context: SessionContext): Promise<number> {
    let count = 0
    for await (const page of pages('gc', on)) {
      const over = page.filter(({ expires }) => hasEnded(expires, maxLifetime, context))
      for (let from = 0; from < over.length && !context.signal.aborted; from += BATCH) {
        const gone = await removed(on, table, over.slice(from, from + BATCH))
        count += gone
        publish('sessionz:gc-progress', () => ({ handler: 'options-table', removed: gone }))
      }
      if (context.signal.aborted) break
      await setImmediate()
    }
    return count
  }

  async function* list(context: SessionContext): AsyncIterable<SessionInfo> {
    for await (const page of pages('list')) {
      for (const entry of page) if (isLive(entry, context)) yield infoOf(entry, context)
    }
  }

  return {
    list,
    async count(context) {
      let count = 0
      for await (const page of pages('count')) {
        count += page.filter((entry) => isLive(entry, context)).length
      }
      return count
    },
    gc: (maxLifetime, context) => alone((on) => collect(on, maxLifetime, context)),
  }
}

function isLive({ expires, bytes }: Entry, { maxLifetime, now }: SessionContext): boolean {
  return bytes !== null && !isOver(expires, maxLifetime, now())
}

/**
 * Whether gc takes a session. What ended is as old as its lifetime and what has passed since then, so
 * a gc for longer lifetimes than the context's waits for the difference.
 */
function hasEnded(expires: string, maxLifetime: number, context: SessionContext): boolean {
  const { now, maxLifetime: usual } = context
  const laterMs = Math.max(0, maxLifetime - usual) * 1000
  return isOver(expires, usual, now() - laterMs)
}

function infoOf({ id, expires, bytes }: Entry, context: SessionContext): SessionInfo {
  return { id, touchedMs: touchedMs(expires, context), bytes: Number(bytes) }
}

function pageStatement(table: string): string {
  return (
    'SELECT e.option_id AS row_id, e.option_name AS name, e.option_value AS expires,' +
    ` LENGTH(v.option_value) AS bytes FROM ${table} e LEFT JOIN ${table} v ON ${JOINED}` +
    ` WHERE e.option_name > ? AND e.option_name ${PREFIX} ORDER BY e.option_name LIMIT ${PAGE}`
  )
}

async function* pagesOf(run: Run, operation: string, statement: string): AsyncIterable<Entry[]> {
  let last = ''
  for (;;) {
    const { rows } = await run(operation, { statement, parameters: [last] })
    yield rows.map(entryOf).filter(({ id }) => id !== '')
    if (rows.length < PAGE) return
    last = nameOf(rows[PAGE - 1])
  }
}

function entryOf(row: SqlRow): Entry {
  const name = nameOf(row)
  const id = name.startsWith(EXPIRES) ? name.slice(EXPIRES.length) : ''
  return {
    id,
    rowId: row['row_id'] ?? 0,
    expires: `${row['expires']}`,
    bytes: row['bytes'] ?? null,
  }
}

function nameOf(row: SqlRow | undefined): string {
  return `${row?.['name'] ?? ''}`
}

/** Removes both rows of each session whose end is still what was seen. @returns How many sessions. */
async function removed(run: Run, table: string, entries: readonly Entry[]): Promise<number> {
  const padded = Array.from({ length: BATCH }, (_, index) => entries[index])
  const rowIds = padded.map((entry) => entry?.rowId ?? null)
  const seen = padded.flatMap((entry) => [entry?.rowId ?? null, entry?.expires ?? null])
  const where =
    `WHERE e.option_id IN (${list('?')})` +
    ` AND (e.option_id, e.option_value) IN (${list('(?, ?)')})`
  const parameters = [...rowIds, ...seen]
  const both = `DELETE v, e FROM ${table} e JOIN ${table} v ON ${JOINED} ${where}`
  const alone = `DELETE e FROM ${table} e LEFT JOIN ${table} v ON ${JOINED} ${where} AND v.option_id IS NULL`
  const { changes } = await run('gc', { statement: both, parameters })
  if (changes < 2 * entries.length) await run('gc', { statement: alone, parameters })
  return changes / 2
}

function list(what: string): string {
  return Array.from({ length: BATCH }, () => what).join(', ')
}
