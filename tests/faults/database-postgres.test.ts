/** What PostgreSQL is asked, how locks use connections, and what errors tell. */
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import {
  databaseHandler,
  postgres,
  type DatabaseOptions,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import { freshTable } from '../helpers/database-fixture.js'
import { until } from '../helpers/processes.js'
import { describeWith } from '../helpers/services.js'
import { usePostgres } from '../helpers/use-databases.js'

const ID = 'a'.repeat(32)
const SECRET = 'secret-payload'
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const single = (fields = {}) => createContext({ lock: 'none', ...fields })

describeWith('postgres', 'PostgreSQL', () => {
  const pg = usePostgres()

  /** A handler with one session, and the words each statement begins with. */
  async function opened(options: Partial<DatabaseOptions> = {}) {
    const words: string[] = []
    const noting = (database: SqlDatabase): SqlDatabase => {
      const note =
        (query: SqlDatabase['query']): SqlDatabase['query'] =>
        (statement, parameters) => {
          words.push(/^\w+/.exec(statement)?.[0] ?? '')
          return query(statement, parameters)
        }
      const connect = async () => {
        const connection = await database.connect()
        return { ...connection, query: note(connection.query) }
      }
      return { ...database, query: note(database.query), connect }
    }
    const database = noting(options.database ?? postgres(pg.pool))
    const table = freshTable()
    const handler = databaseHandler({ ...options, database, table })
    await handler.migrate()
    const chain = composeChain([handler])
    await chain.write(ID, bytes('one'), single({ isNew: true }))
    words.length = 0
    return { chain, words, table }
  }

  describe('is asked', () => {
    const visit = async ({ chain }: Awaited<ReturnType<typeof opened>>, id: string) => {
      const context = createContext({ id })
      await chain.open(context)
      await chain.validateId?.(id, context)
      const payload = await chain.read(id, context)
      context.closing = true
      if (payload !== undefined) await chain.write(id, bytes('two'), context)
      await chain.close(context)
    }

    it('three times for a visit under a lease: lock, read, write and release', async () => {
      const made = await opened()
      await visit(made, ID)

      expect(made.words).toEqual(['INSERT', 'SELECT', 'WITH'])
    })

    it('four times for a visit in a transaction, with the lock of the row', async () => {
      const made = await opened({ lock: 'connection' })
      await visit(made, ID)

      expect(made.words).toEqual(['BEGIN', 'SELECT', 'UPDATE', 'COMMIT'])
    })

    it('twice for an id that nobody knows, and writes nothing', async () => {
      const made = await opened()
      await visit(made, 'b'.repeat(32))
      const locks = await postgres(pg.pool).query(`SELECT id FROM ${made.table}_locks`)

      expect(made.words).toEqual(['INSERT', 'SELECT'])
      expect(locks.rows).toEqual([])
    })
  })

  describe('with locks on connections', () => {
    it('serves ten requests that also ask the database, from a pool for locks', async () => {
      const lockPool = await pg.server.pool({ max: 10 })
      const { chain } = await opened({
        lock: 'connection',
        lockDatabase: postgres(lockPool),
        timeout: 5,
      })
      const ids = Array.from({ length: 10 }, (_, index) => `session-${index}`)
      for (const id of ids) await chain.write(id, bytes('0'), single({ isNew: true }))
      const requests = ids.map(async (id) => {
        const context = createContext({ id })
        await chain.open(context)
        const answer = await pg.pool.query('SELECT 1')
        await chain.write(id, bytes('1'), context)
        await chain.close(context)
        return (answer as { rowCount: number }).rowCount
      })

      expect(await Promise.all(requests)).toEqual(ids.map(() => 1))
      expect(lockPool.idleCount).toBe(lockPool.totalCount)
      await lockPool.end()
    })

    it('gives up in time where the pool has no connection left, and takes none afterwards', async () => {
      const narrow = await pg.server.pool({ max: 1 })
      const { chain } = await opened({
        lock: 'connection',
        database: postgres(narrow),
        timeout: 0.2,
      })
      const taken = await narrow.connect()
      const opening = (async () => chain.open(createContext({ id: ID })))()

      await expect(opening).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
      taken.release()
      const context = createContext({ id: ID })
      await chain.open(context)
      await chain.close(context)
      expect([narrow.totalCount, narrow.idleCount, narrow.waitingCount]).toEqual([1, 1, 0])
      await narrow.end()
    })

    it('has given every connection back after errors, aborts and time-outs', async () => {
      const small = await pg.server.pool({ max: 3 })
      const { chain } = await opened({ lock: 'connection', database: postgres(small) })
      const holder = createContext({ id: ID })
      await chain.open(holder)
      const other = composeChain([
        databaseHandler({ database: postgres(small), table: 'none', lock: 'connection' }),
      ])
      await expect((async () => other.open(createContext({ id: ID })))()).rejects.toThrow(
        'migrate()',
      )
      const late = createContext({ id: ID, lockWaitMs: 20 })
      await expect((async () => chain.open(late))()).rejects.toMatchObject({
        code: 'ERR_SESSION_LOCK_TIMEOUT',
      })
      await chain.close(holder)

      expect([small.idleCount, small.waitingCount]).toEqual([small.totalCount, 0])
      await small.end()
    })
  })

  it('that cuts a connection in the middle of a visit has stored nothing of it', async () => {
    const { chain } = await opened({ lock: 'connection' })
    const context = createContext({ id: ID })
    await chain.open(context)
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND state = 'idle in transaction'`
    await pg.pool.query(cut)
    const writing = (async () => chain.write(ID, bytes('late'), context))()

    await expect(writing).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_LOST' })
    await chain.close(context)
    expect(await chain.read(ID, single())).toEqual(bytes('one'))
  })

  it('loses an idle connection without ending the process', async () => {
    const own = await pg.server.pool({ max: 2 })
    const database = postgres(own)
    const again = postgres(own)
    await database.query('SELECT 1')
    await pg.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid <> pg_backend_pid() AND state = 'idle'`)

    const listeners = own as object as { listenerCount(event: string): number }
    expect(listeners.listenerCount('error')).toBe(1)
    await until(() => own.totalCount === 0, 'the end of the connection')
    expect(await again.query('SELECT 1 AS one')).toMatchObject({ rows: [{ one: 1 }] })
    await own.end()
  })

  it('tells nothing of the session in its errors', async () => {
    const { chain, table } = await opened()
    await postgres(pg.pool).query(`ALTER TABLE ${table} ADD CHECK (length(payload) < 10)`)
    const error = await (async () => chain.write(ID, bytes(SECRET), single()))().catch(
      (reason: unknown) => reason as Error & { code?: string; cause?: unknown },
    )

    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE' })
    expect(error).not.toHaveProperty('cause')
    expect(`${String(error)} ${JSON.stringify(error)}`).toContain('23514')
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/secret|aaaa/)
  })
})
