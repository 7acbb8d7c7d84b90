/**
 * What concerns all sessions of a table: collect, list, count.
 *
 * @module
 */
import { publish } from '../events.js'
import type { MaybePromise, SessionContext, SessionHandler, SessionInfo } from '../handler.js'
import type { SqlRunner } from '../lib/sql-run.js'
import type { SqlQuery, SqlResult, SqlRow, SqlValue } from '../lib/sql.js'
import type { LeaseStatements } from '../locks/sql-lease.js'
import type { Layout } from '../stores/layouts.js'
import { NAME } from './database-holders.js'
import type { Call, Place, Statements, Times } from './database-statements.js'

/** What a sweep works with. */
export interface SweepParts {
  readonly run: SqlRunner
  readonly query: SqlQuery
  /** Runs a gc on a connection of its own, where no other process is at it. */
  readonly alone: (work: (query: SqlQuery) => Promise<number>) => Promise<number>
  readonly texts: Statements
  readonly layout: Layout
  readonly lease: LeaseStatements | undefined
  /** Most rows that one statement removes. */
  readonly batch: number
}

/** Sessions that one page of a list holds. */
const PAGE = 500

export function sweepsOf({ run, query, alone, texts, layout, lease, batch }: SweepParts) {
  const ask = (operation: string, [statement, parameters]: Call, on = query) =>
    run(operation, () => on(statement, parameters))

  /** Removes batch after batch, until one is not full or the context's signal is aborted. */
  async function inBatches(
    next: () => Call,
    { on, signal }: { readonly on: SqlQuery; readonly signal: AbortSignal },
    tell: (removed: number) => void,
  ): Promise<number> {
    let removed = 0
    for (;;) {
      const { changes } = await ask('gc', next(), on)
      removed += changes
      tell(changes)
      if (changes < batch || signal.aborted) return removed
      await othersTurn()
    }
  }

  return {
    async gc(maxLifetime: number, context: SessionContext): Promise<number> {
      const times = timesOf(layout, maxLifetime, context)
      const { signal } = context
      return alone(async (on) => {
        const place = { on, signal }
        const removed = await inBatches(() => texts.collect(times, batch), place, told)
        if (lease !== undefined) await inBatches(() => [lease.collect, [batch]], place, untold)
        return removed
      })
    },
    ...listsOf(ask, texts, layout),
    async count(context: SessionContext): Promise<number> {
      return Number((await ask('count', texts.count(context))).rows[0]?.['count'])
    },
  }
}

type Ask = (operation: string, call: Call) => MaybePromise<SqlResult>

function listsOf(ask: Ask, texts: Statements, layout: Layout) {
  async function* listed(
    of: Omit<Place, 'id'>,
    context: SessionContext,
  ): AsyncIterable<SessionInfo> {
    let id = ''
    for (;;) {
      const { rows } = await ask('list', texts.page({ ...of, id }, context, PAGE))
      for (const row of rows) yield infoOf(row, layout, context)
      if (rows.length < PAGE) return
      id = textOf(rows.at(-1)?.['id'])
    }
  }

  const { owner: column } = layout
  const byOwner: Pick<SessionHandler, 'listByOwner'> = column
    ? {
        async *listByOwner(owner, context) {
          const value = column.value(owner)
          if (value === undefined) return
          // MySQL finds texts alike that differ in blanks at their end.
          for await (const info of listed({ owner: value }, context)) {
            if (info.owner === owner) yield info
          }
        },
      }
    : {}

  return { list: (context: SessionContext) => listed({}, context), ...byOwner }
}

/**
 * What has ended is as old as its lifetime and the time since then: a gc for a longer lifetime than
 * the context's waits for the difference.
 */
function timesOf({ ends }: Layout, maxLifetime: number, context: SessionContext): Times {
  const laterMs = ends === true ? Math.max(0, maxLifetime - context.maxLifetime) * 1000 : 0
  return { now: () => context.now() - laterMs, maxLifetime }
}

const told = (removed: number) =>
  publish('sessionz:gc-progress', () => ({ handler: NAME, removed }))
const untold = () => undefined

function othersTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

function infoOf(row: SqlRow, layout: Layout, { maxLifetime }: SessionContext): SessionInfo {
  const { owner = null } = row
  const info = {
    id: textOf(row['id']),
    touchedMs: layout.touchedMs(Number(row['life']), maxLifetime),
    bytes: Number(row['bytes']),
  }
  return owner === null ? info : { ...info, owner: String(owner) }
}

/** Columns of bytes answer with bytes, also where they hold text. */
function textOf(value: SqlValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value ?? '')
}
