/**
 * The statements of one table, made once of its layout and its dialect.
 *
 * @module
 */
import type { Payload, SessionContext } from '../handler.js'
import type { SqlDialect } from '../lib/sql-names.js'
import type { SqlValue } from '../lib/sql.js'
import type { LeaseStatements } from '../locks/sql-lease.js'
import type { Layout, LayoutMark } from '../stores/layouts.js'
import { ownersOf } from './database-owners.js'

/** What the statements are made of. Names are quoted. */
export interface StatementPlan {
  readonly dialect: SqlDialect
  readonly layout: Layout
  readonly table: string
  readonly quote: (name: string) => string
  /** Where locks are rows of another table. */
  readonly lease: LeaseStatements | undefined
}

/** One change of a record: without a lock, under one, and one that gives the lock back besides. */
export interface ChangeText {
  readonly plain: string
  readonly fenced: string
  readonly releasing: string
}

/** A change and its parameters; those of the fence stand between them, or before them. */
export interface Change {
  readonly text: ChangeText
  readonly before: readonly SqlValue[]
  readonly after: readonly SqlValue[]
}

/** A statement and its parameters. */
export type Call = readonly [statement: string, parameters: readonly SqlValue[]]

/** The times that a statement is made for. */
export type Times = Pick<SessionContext, 'now' | 'maxLifetime'> &
  Partial<Pick<SessionContext, 'ownership'>>

/** The statements of a table. */
export interface Statements {
  read(id: string): Call
  /** The same, and locks the row on its connection. */
  lockedRead(id: string, forUpdate: string): Call
  /** One row in every case: `held` of the lease, and what a read finds. */
  heldRead(id: string, token: string): Call
  /** Takes the lease; `wanted` only where there is a live record. */
  take(id: string, lease: LeaseWish, wanted: Times | undefined): Call
  create(id: string, payload: Payload, times: Times): Change
  /** @param found What the payload has to be still. */
  update(id: string, payload: Payload, times: Times, found?: SqlValue): Change
  touch(id: string, times: Times): Change
  destroy(id: string): Change
  /** Removes the record where it has expired. */
  clear(id: string, times: Times): Call
  collect(times: Times, limit: number): Call
  /** Live records behind an id, in their order; of one owner, where one is given. */
  page(after: Place, times: Times, limit: number): Call
  count(times: Times): Call
}

/** Where a page begins. */
export interface Place {
  readonly id: string
  readonly owner?: SqlValue
}

export interface LeaseWish {
  readonly token: string
  readonly leaseMs: number
}

export function statements(plan: StatementPlan): Statements {
  const { layout, table, lease } = plan
  const names = namesOf(plan)
  const { id, payload, life, isId, isLive } = names
  const columns = `${payload} AS payload, ${life} AS life`
  const read = `SELECT ${columns} FROM ${table} WHERE ${isId}`
  const changes = changesOf(plan, names)
  const isOld = names.expired.map((column) => `${column} < ?`).join(' AND ')
  const collect = COLLECTS[plan.dialect]({ table, id, first: names.expired[0] as string, isOld })
  const clear = `DELETE FROM ${table} WHERE ${isId} AND ${life} < ?`
  const pages = pagesOf(plan, names)
  const count = `SELECT COUNT(*) AS count FROM ${table} WHERE ${isLive}`
  const isWanted = `EXISTS (SELECT 1 FROM ${table} WHERE ${isId} AND ${isLive})`
  const texts = { take: lease?.take() ?? '', takeWanted: lease?.take(isWanted) ?? '' }
  const heldRead =
    `SELECT (SELECT COUNT(*) ${lease?.row}) AS held, found.* FROM (SELECT 1 AS one) AS o ` +
    `LEFT JOIN (${read}) AS found ON 1 = 1`
  const from = (times: Times) => layout.life.value(times.now(), times.maxLifetime)

  return {
    ...changes,
    read: (key) => [read, names.ids(key)],
    lockedRead: (key, forUpdate) => [`${read} ${forUpdate}`, names.ids(key)],
    heldRead: (key, token) => [heldRead, [key, token, ...names.ids(key)]],
    take(key, { token, leaseMs }, wanted) {
      if (wanted === undefined) return [texts.take, [key, token, leaseMs]]
      return [texts.takeWanted, [key, token, leaseMs, ...names.ids(key), from(wanted)]]
    },
    clear: (key, times) => [clear, [...names.ids(key), from(times)]],
    collect(times, limit) {
      const limits = (layout.expired ?? [layout.life]).map(valueAt(times))
      return [
        collect,
        collect.includes(RECHECK) ? [...limits, limit, ...limits] : [...limits, limit],
      ]
    },
    page: ({ id: after, owner }, times, limit) =>
      owner === undefined
        ? [pages.all, [from(times), after, limit]]
        : [pages.owned, [owner, from(times), after, limit]],
    count: (times) => [count, [from(times)]],
  }
}

function pagesOf(
  { dialect, layout, table, quote }: StatementPlan,
  { id, life, payload, isLive }: Names,
) {
  const owner = layout.owner && quote(layout.owner.column)
  const owned = owner === undefined ? '' : `, ${owner} AS owner`
  const page = (condition: string) =>
    `SELECT ${id} AS id, ${life} AS life, ${LENGTHS[dialect](payload)} AS bytes${owned} ` +
    `FROM ${table} WHERE ${condition}${isLive} AND ${id} > ? ORDER BY ${id} LIMIT ?`
  return { all: page(''), owned: page(`${owner} = ? AND `) }
}

function namesOf({ dialect, layout, quote }: StatementPlan) {
  const id = quote(layout.id)
  const life = quote(layout.life.column)
  const isFolded = dialect === 'mysql' && layout.foldedId === true
  return {
    id,
    life,
    payload: quote(layout.payload),
    isId: isFolded ? `${id} = ? AND CAST(${id} AS BINARY) = CAST(? AS BINARY)` : `${id} = ?`,
    ids: (key: string): SqlValue[] => (isFolded ? [key, key] : [key]),
    isLive: `${life} >= ?`,
    expired: (layout.expired ?? [layout.life]).map(({ column }) => quote(column)),
  }
}

type Names = ReturnType<typeof namesOf>

const valueAt =
  ({ now, maxLifetime }: Times) =>
  ({ value }: LayoutMark): number =>
    value(now(), maxLifetime)

/** The changes of a record, as text for each kind of lock. */
function changesOf(plan: StatementPlan, names: Names) {
  const { layout, table, quote } = plan
  const { payload, isId, ids } = names
  const fenced = fencing(plan)
  const ownerOf = ownersOf(layout)
  const used = layout.used.map(({ column }) => `${quote(column)} = ?`)
  // Most collations of text find two payloads alike that are not.
  const exactly = (column: string) =>
    plan.dialect === 'mysql' ? `CAST(${column} AS BINARY)` : column
  const set = (columns: readonly string[]) =>
    `UPDATE ${table} SET ${columns.join(', ')} WHERE ${isId}`
  const updates = (owned: readonly string[]) => {
    const all = set([`${payload} = ?`, ...used, ...owned])
    return {
      any: fenced((held) => all + and(held)),
      same: fenced((held) => `${all} AND ${exactly(payload)} = ?${and(held)}`),
    }
  }
  const owned = layout.owner === undefined ? [] : [layout.owner.column]
  const texts = {
    create: fenced(insertion(plan, names, [])),
    createOwned: fenced(insertion(plan, names, owned)),
    update: updates([]),
    updateOwned: updates(owned.map((column) => `${quote(column)} = ?`)),
    touch: fenced((held) => set(used) + and(held)),
    destroy: fenced((held) => `DELETE FROM ${table} WHERE ${isId}${and(held)}`),
  }
  const encoded = (bytes: Payload) => layout.encode(bytes)

  return {
    create(id: string, bytes: Payload, times: Times): Change {
      const marks = [...layout.created, ...layout.used].map(valueAt(times))
      const after = plan.dialect === 'mysql' ? [] : [valueAt(times)(layout.life)]
      const owner = ownerOf(times) ?? []
      const text = owner.length > 0 ? texts.createOwned : texts.create
      return { text, before: [id, encoded(bytes), ...marks, ...owner], after }
    },
    update(id: string, bytes: Payload, times: Times, found?: SqlValue): Change {
      const owner = ownerOf(times)
      const { any, same } = owner === undefined ? texts.update : texts.updateOwned
      const values = [...layout.used.map(valueAt(times)), ...(owner ?? [])]
      const before = [encoded(bytes), ...values, ...ids(id)]
      if (found === undefined) return { text: any, before, after: [] }
      return { text: same, before: [...before, found], after: [] }
    },
    touch(id: string, times: Times): Change {
      const before = [...layout.used.map(valueAt(times)), ...ids(id)]
      return { text: texts.touch, before, after: [] }
    },
    destroy: (id: string): Change => ({ text: texts.destroy, before: ids(id), after: [] }),
  }
}

const and = (condition: string): string => (condition === '' ? '' : ` AND ${condition}`)

/**
 * An insertion that also takes the place of an expired record. MySQL has no such statement that says
 * what it did: there the expired record is removed when the key is found to be taken.
 */
function insertion(
  { dialect, layout, table, quote }: StatementPlan,
  { id, payload, life }: Names,
  owned: readonly string[],
) {
  const times = [...layout.created, ...layout.used].map(({ column }) => column)
  const marks = [...times, ...owned].map(quote)
  const columns = [id, payload, ...marks]
  const values = columns.map(() => '?').join(', ')
  const into = (name: string) => `INSERT INTO ${name} (${columns.join(', ')}) SELECT ${values}`
  if (dialect === 'mysql')
    return (held: string) => `${into(table)} FROM DUAL WHERE ${held || '1 = 1'}`
  const replaced = [payload, ...marks].map((column) => `${column} = excluded.${column}`)
  const others = (layout.cleared ?? []).filter((column) => !owned.includes(column))
  const cleared = others.map((column) => `${quote(column)} = NULL`)
  const set = [...replaced, ...cleared].join(', ')
  return (held: string) =>
    `${into(`${table} AS stored`)} WHERE ${held || '1 = 1'} ` +
    `ON CONFLICT (${id}) DO UPDATE SET ${set} WHERE stored.${life} < ?`
}

/** A change without a lock, and under one. */
function fencing({
  dialect,
  lease,
}: StatementPlan): (text: (held: string) => string) => ChangeText {
  if (lease === undefined) return (text) => ({ plain: text(''), fenced: '', releasing: '' })
  if (dialect !== 'postgres') {
    return (text) => {
      const fenced = text(lease.held)
      return { plain: text(''), fenced, releasing: fenced }
    }
  }
  const within = (lock: string, change: string) =>
    `WITH lock AS (${lock}), change AS (${change} RETURNING 1) ` +
    'SELECT (SELECT COUNT(*) FROM lock) AS held, (SELECT COUNT(*) FROM change) AS changed'
  return (text) => {
    const change = text('EXISTS (SELECT 1 FROM lock)')
    return {
      plain: text(''),
      fenced: within(`SELECT 1 ${lease.row} FOR UPDATE`, change),
      releasing: within(`DELETE ${lease.row} RETURNING 1`, change),
    }
  }
}

interface CollectNames {
  readonly table: string
  readonly id: string
  readonly first: string
  readonly isOld: string
}

/** In front of conditions that are asked for once more, at the very removal. */
const RECHECK = '/* still */ '

const COLLECTS: Record<SqlDialect, (names: CollectNames) => string> = {
  sqlite: ({ table, isOld }) =>
    `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${isOld} LIMIT ?)`,
  // By place: for keys the planner would walk the whole table. What is locked stays in its place.
  postgres: ({ table, first, isOld }) =>
    `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${isOld} ` +
    `ORDER BY ${first} LIMIT ? FOR UPDATE SKIP LOCKED)) AND ${RECHECK}${isOld}`,
  // In this order it reads no row but the old ones, and waits for none that is locked.
  mysql: ({ table, id, first, isOld }) =>
    `DELETE stored FROM (SELECT ${id} AS old_id FROM ${table} WHERE ${isOld} ORDER BY ${first} ` +
    `LIMIT ? FOR UPDATE SKIP LOCKED) AS old STRAIGHT_JOIN ${table} AS stored ` +
    `FORCE INDEX (PRIMARY) ` +
    `ON stored.${id} = old.old_id WHERE ${RECHECK}${isOld}`,
}

const LENGTHS: Record<SqlDialect, (column: string) => string> = {
  sqlite: (column) => `LENGTH(CAST(${column} AS BLOB))`,
  postgres: (column) => `OCTET_LENGTH(${column})`,
  mysql: (column) => `LENGTH(${column})`,
}
