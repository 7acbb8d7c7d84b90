/**
 * What is done to one record, in as few round trips as its dialect allows.
 *
 * @module
 */
import type { MaybePromise } from '../handler.js'
import { isDuplicate } from '../lib/sql-errors.js'
import { isPromise } from '../lib/flow.js'
import type { SqlDialect } from '../lib/sql-names.js'
import type { SqlRunner } from '../lib/sql-run.js'
import type { SqlQuery, SqlResult, SqlRow, SqlValue } from '../lib/sql.js'
import type { LeaseStatements } from '../locks/sql-lease.js'
import type { Call, Change, LeaseWish, Statements, Times } from './database-statements.js'

/** A record as it is stored. */
export interface Row {
  readonly payload: SqlValue
  readonly life: number
}

/** The lock under which a change is made. */
export interface Fence {
  readonly id: string
  readonly token: string
  /** Gives the lock back in the same call. */
  readonly release: boolean
}

/** Whether a change found what it was to change, and its lock; `taken` is a key that is there. */
export type Outcome = 'done' | 'missed' | 'lost' | 'taken'

/** What one attempt to lock a record found. */
export interface Entry {
  readonly held: boolean
  readonly row: Row | undefined
}

/** Work on records. Every call ends in time. */
export interface Engine {
  /** Whether a change gives the lock back where its fence asks for it. */
  readonly releases: boolean
  /** The row, expired or not. */
  read(id: string): MaybePromise<Row | undefined>
  change(operation: string, change: Change, fence?: Fence): MaybePromise<Outcome>
  /** Removes an expired record that is in the way of a new one. @returns Whether there was one. */
  clear(call: Call): MaybePromise<boolean>
  /** Tries once to take the lease, and reads. @param wanted Only where there is a live record. */
  enter(id: string, wish: LeaseWish, wanted: Times | undefined): MaybePromise<Entry>
  renew(id: string, wish: LeaseWish): MaybePromise<boolean>
  release(id: string, token: string): MaybePromise<void>
}

export interface EngineParts {
  readonly dialect: SqlDialect
  readonly query: SqlQuery
  readonly run: SqlRunner
  readonly texts: Statements
  readonly lease: LeaseStatements | undefined
}

/** Of a database on the other side of a connection. */
export function remoteEngine(parts: EngineParts): Engine {
  const { dialect, run, query, texts, lease } = parts
  const ask = (operation: string, [statement, parameters]: Call) =>
    run(operation, () => query(statement, parameters))
  const isWhole = dialect === 'postgres'

  return {
    releases: isWhole,
    change: isWhole ? wholeChange(ask) : stepwiseChange(parts),
    read: async (id) => rowOf((await ask('read', texts.read(id))).rows[0]),
    clear: async (call) => (await ask('write', call)).changes > 0,
    async enter(id, wish, wanted) {
      const { changes } = await ask('open', texts.take(id, wish, wanted))
      // More than 0 says nothing in MySQL, which may count what it found and left alone.
      if (changes === 0 && wanted === undefined) return { held: false, row: undefined }
      const { rows } = await ask('open', texts.heldRead(id, wish.token))
      return { held: Number(rows[0]?.['held']) > 0, row: rowOf(rows[0]) }
    },
    renew: async (id, { token, leaseMs }) =>
      (await ask('renew', [lease?.renew ?? '', [leaseMs, id, token]])).changes > 0,
    async release(id, token) {
      await ask('close', [lease?.release ?? '', [id, token]])
    },
  }
}

/** The fence and the change in one statement, which tells of both. */
function wholeChange(ask: (operation: string, call: Call) => MaybePromise<SqlResult>) {
  return async (operation: string, change: Change, fence?: Fence): Promise<Outcome> => {
    const { text, before, after } = change
    if (fence === undefined) {
      return outcome((await ask(operation, [text.plain, [...before, ...after]])).changes > 0)
    }
    const statement = fence.release ? text.releasing : text.fenced
    const parameters = [fence.id, fence.token, ...before, ...after]
    const { rows } = await ask(operation, [statement, parameters])
    if (Number(rows[0]?.['held']) === 0) return 'lost'
    return outcome(Number(rows[0]?.['changed']) > 0)
  }
}

const outcome = (isDone: boolean): Outcome => (isDone ? 'done' : 'missed')

/** The lock is a condition of the change; where nothing changed it is looked for. */
function stepwiseChange({ run, query, lease }: EngineParts) {
  return (operation: string, { text, before, after }: Change, fence?: Fence) =>
    run(operation, async (): Promise<Outcome> => {
      const within = fence === undefined ? [] : [fence.id, fence.token]
      const statement = fence === undefined ? text.plain : text.fenced
      try {
        const { changes } = await query(statement, [...before, ...within, ...after])
        if (changes > 0) return 'done'
      } catch (error) {
        if (isDuplicate(error)) return 'taken'
        throw error
      }
      if (fence === undefined) return 'missed'
      const { rows } = await query(`SELECT ${lease?.held} AS held`, within)
      return Number(rows[0]?.['held']) > 0 ? 'missed' : 'lost'
    })
}

/** Of SQLite: transactions are synchronous, so that nothing of this process comes between. */
export function localEngine(parts: EngineParts): Engine {
  const { run, query, texts, lease } = parts
  const read = (id: string) => rowOf(results(query(...texts.read(id))).rows[0])
  const changed = ([statement, parameters]: Call) =>
    results(query(statement, parameters)).changes > 0
  const whole = transactions(query)

  function fenced({ text, before, after }: Change, { id, token, release }: Fence): Outcome {
    const within = [id, token]
    const isDone = changed([text.fenced, [...before, ...within, ...after]])
    if (!isDone && !changed([`SELECT 1 WHERE ${lease?.held}`, within])) return 'lost'
    if (release) changed([lease?.release ?? '', within])
    return outcome(isDone)
  }

  return {
    releases: true,
    read: (id) => run('read', () => read(id)),
    clear: (call) => run('write', () => changed(call)),
    change(operation, change, fence) {
      const { text, before, after } = change
      if (fence !== undefined) return run(operation, () => whole(() => fenced(change, fence)))
      return run(operation, () => outcome(changed([text.plain, [...before, ...after]])))
    },
    enter: (id, wish, wanted) =>
      run('open', () => {
        const row = wanted === undefined ? undefined : read(id)
        // Who asks for what is not there writes nothing: SQLite has one writer at a time.
        if (wanted !== undefined && row === undefined) return { held: false, row }
        return whole(() => ({ held: changed(texts.take(id, wish, wanted)), row: read(id) }))
      }),
    renew: (id, { token, leaseMs }) =>
      run('renew', () => changed([lease?.renew ?? '', [leaseMs, id, token]])),
    release: (id, token) => run('close', () => void changed([lease?.release ?? '', [id, token]])),
  }
}

/** Runs work between BEGIN IMMEDIATE and COMMIT: the writer's lock is taken before anything is read. */
function transactions(query: SqlQuery) {
  return <T>(work: () => T): T => {
    void query('BEGIN IMMEDIATE')
    try {
      const value = work()
      void query('COMMIT')
      return value
    } catch (error) {
      rollBack(query)
      throw error
    }
  }
}

function rollBack(query: SqlQuery): void {
  try {
    void query('ROLLBACK')
  } catch {
    // SQLite has rolled back by itself.
  }
}

function results(value: MaybePromise<SqlResult>): SqlResult {
  if (isPromise(value)) throw new TypeError('a database of the dialect "sqlite" is synchronous')
  return value
}

/** The columns of a read; none where there is no record. */
export function rowOf(row: SqlRow | undefined): Row | undefined {
  const { payload, life } = row ?? {}
  if (payload === undefined || life === undefined || life === null) return undefined
  return { payload, life: Number(life) }
}
