/**
 * PostgreSQL, over a pool of the application: `pg`.
 *
 * @module
 */
import type { SqlConnection, SqlDatabase, SqlQuery, SqlRow } from '../lib/sql.js'

interface Queryable {
  query(text: string, values?: unknown[]): Promise<PostgresResult | PostgresResult[]>
}

interface PostgresResult {
  readonly rows: unknown[]
  readonly rowCount: number | null
}

interface Emitter {
  on?(event: 'error', listener: (error: unknown) => void): unknown
  off?(event: 'error', listener: (error: unknown) => void): unknown
}

/** The part of a client of `pg` that is called. */
export interface PostgresClient extends Queryable, Emitter {
  release(broken?: boolean | Error): void
}

/** The part of a `Pool` of `pg` that is called. */
export interface PostgresPool extends Queryable, Emitter {
  connect(): Promise<PostgresClient>
}

/**
 * Makes a database of a pool. `?` stands for parameters, and so no other `?` is in a statement.
 *
 * A pool tells of lost connections by the event `error`, which ends the process where nobody
 * listens: a listener that does nothing is added, as what fails fails with the next statement.
 *
 * @throws {TypeError} For what is no pool.
 */
export function postgres(pool: PostgresPool): SqlDatabase {
  const given = pool as Partial<PostgresPool> | undefined
  if (typeof given?.query !== 'function' || typeof given.connect !== 'function') {
    throw new TypeError('"pool" must be a Pool of "pg"')
  }
  const numbered = numbering()
  if (!listened.has(pool)) pool.on?.('error', ignore)
  listened.add(pool)
  return {
    dialect: 'postgres',
    query: querying(pool, numbered),
    connect: async () => pinned(await pool.connect(), numbered),
  }
}

/** Pools that have the listener. */
const listened = new WeakSet<object>()

const ignore = (): void => undefined

/** A client outside its pool tells of its end by the event `error`, too. */
function pinned(client: PostgresClient, numbered: Numbering): SqlConnection {
  client.on?.('error', ignore)
  return {
    query: querying(client, numbered),
    release(broken = false) {
      client.off?.('error', ignore)
      client.release(broken)
    },
  }
}

type Numbering = (statement: string) => string

/** `?` as `$1`, `$2`: once for each text. */
function numbering(): Numbering {
  const cache = new Map<string, string>()
  return (statement) => {
    const known = cache.get(statement)
    if (known !== undefined) return known
    let count = 0
    const text = statement.replace(/\?/g, () => `$${(count += 1)}`)
    cache.set(statement, text)
    return text
  }
}

function querying(client: Queryable, numbered: Numbering): SqlQuery {
  return async (statement, parameters = []) => {
    const values = parameters.map((value) =>
      value instanceof Uint8Array && !Buffer.isBuffer(value)
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        : value,
    )
    // Without parameters it is a simple query, which may be of several statements.
    const answer = await (values.length === 0
      ? client.query(statement)
      : client.query(numbered(statement), values))
    const { rows, rowCount } = Array.isArray(answer) ? (answer.at(-1) as PostgresResult) : answer
    return { rows: rows as SqlRow[], changes: rowCount ?? 0 }
  }
}
