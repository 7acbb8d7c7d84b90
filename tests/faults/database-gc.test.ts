/** gc of many rows: batches of bounded size, while sessions are served, and nothing live is removed. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import {
  databaseHandler,
  postgres,
  sqlite,
  type SqlDatabase,
  type SqlQuery,
  type SqlResult,
  type SqlValue,
} from '../../src/handlers/database.js'
import { freshTable } from '../helpers/database-fixture.js'
import { openSqlite, SQLITE_DRIVER } from '../helpers/database-places.js'
import { temporaryFolder } from '../helpers/folders.js'
import { startPostgres, type PostgresServer, type TestPool } from '../helpers/postgres-server.js'
import { describeWith } from '../helpers/services.js'

const ROWS = 20_000
const BATCH = 250
const NOW = 1_700_000_000_000
const SLOW = { timeout: 120_000 }
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** A table of which every other session has expired, and what each statement of gc removed. */
async function filled(database: SqlDatabase) {
  const table = freshTable()
  const removals: number[] = []
  const watching =
    (query: SqlQuery): SqlQuery =>
    (statement, parameters) => {
      const result = query(statement, parameters)
      const note = (answer: SqlResult) => {
        const isGc = statement.startsWith('DELETE') && !statement.includes('_locks')
        if (isGc && statement.includes('LIMIT')) removals.push(answer.changes)
        return answer
      }
      return result instanceof Promise ? result.then(note) : note(result)
    }
  const watched: SqlDatabase = {
    ...database,
    query: watching(database.query),
    async connect() {
      const connection = await database.connect()
      const query = watching(connection.query)
      return { query, release: (broken) => connection.release(broken) }
    },
  }
  const handler = databaseHandler({ database: watched, table, batch: BATCH, timeout: 20 })
  await handler.migrate()
  const payload = bytes('some data')
  for (let from = 0; from < ROWS; from += 500) {
    const values: SqlValue[] = []
    for (let index = from; index < from + 500; index += 1) {
      const touched = NOW - (index % 2 === 0 ? 1_441_001 : 1_440_000)
      values.push(`session-${index}`, touched, touched, touched + 1_441_000, payload)
    }
    const rows = Array.from({ length: 500 }, () => '(?, ?, ?, ?, ?)').join(', ')
    const columns = 'id, created, touched, expires, payload'
    await database.query(`INSERT INTO ${table} (${columns}) VALUES ${rows}`, values)
  }
  return { chain: composeChain([handler]), removals }
}

const context = (fields = {}) => createContext({ lock: 'none', now: () => NOW, ...fields })

function promises(place: () => SqlDatabase): void {
  it('removes all that has expired in batches, and serves meanwhile', SLOW, async () => {
    const { chain, removals } = await filled(place())
    let served = 0
    let running = true
    const serving = async () => {
      for (; running; served += 1) {
        const visit = context({ id: 'session-1', lock: 'exclusive' })
        await chain.open(visit)
        await chain.write('session-1', bytes(String(served)), visit)
        await chain.close(visit)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const requests = serving()
    const removed = await chain.gc(1440, context())
    running = false
    await requests

    expect(removed).toBe(ROWS / 2)
    expect(Math.max(...removals)).toBe(BATCH)
    expect(removals).toHaveLength(ROWS / 2 / BATCH + 1)
    expect(served).toBeGreaterThan(5)
    expect(await chain.count?.(context())).toBe(ROWS / 2)
    expect(await chain.gc(1440, context())).toBe(0)
  })

  it('ends between batches when its time is over', SLOW, async () => {
    const { chain, removals } = await filled(place())
    const over = new AbortController()
    over.abort()

    expect(await chain.gc(1440, context({ signal: over.signal }))).toBe(BATCH)
    expect(removals).toEqual([BATCH])
  })

  it('removes no session that is touched at the same time', SLOW, async () => {
    const { chain } = await filled(place())
    const ids = Array.from({ length: 1000 }, (_, index) => `session-${index * 2}`)
    const touches = async () => {
      const kept: string[] = []
      for (const id of ids) if (await chain.updateTimestamp(id, bytes(''), context())) kept.push(id)
      return kept
    }
    const [kept, removed] = await Promise.all([touches(), chain.gc(1440, context())])
    const found = await Promise.all(kept.map((id) => chain.read(id, context())))

    expect(found.filter((payload) => payload === undefined)).toEqual([])
    expect(removed).toBe(ROWS / 2 - kept.length)
  })
}

describe.skipIf(SQLITE_DRIVER === undefined)('gc on SQLite', () => {
  promises(() => {
    const connection = openSqlite?.(join(temporaryFolder(), 'sessions.sqlite'))
    if (connection === undefined) throw new Error('this Node has no SQLite')
    onTestFinished(() => connection.close())
    return sqlite(connection)
  })
})

describeWith('postgres', 'gc on PostgreSQL', () => {
  let server: PostgresServer
  let pool: TestPool

  beforeAll(async () => {
    server = await startPostgres()
    pool = await server.pool({ max: 8 })
  }, 60_000)
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  promises(() => postgres(pool))
})
