import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SqlConnection } from '../../../src/lib/sql.js'
import { mysqlLock } from '../../../src/locks/sql-mysql.js'
import { mysql } from '../../../src/stores/mysql.js'
import type { Daemon } from '../../helpers/daemon.js'
import { mariadbPool, rowsOf, startMariadb, type TestPool } from '../../helpers/mariadb-server.js'
import { describeWith } from '../../helpers/services.js'

const BRIEF = { waitMs: 50, leaseMs: 30_000 }

describeWith('mariadbd', 'the lock of MySQL', () => {
  let server: Daemon
  let pool: TestPool
  const taken: SqlConnection[] = []

  beforeAll(async () => {
    server = await startMariadb()
    pool = await mariadbPool(server)
    await rowsOf(pool, 'CREATE TABLE t (id INT PRIMARY KEY, n INT) ENGINE=InnoDB')
    await rowsOf(pool, 'INSERT INTO t VALUES (1, 0)')
  }, 60_000)
  afterAll(async () => {
    for (const connection of taken) connection.release(true)
    await pool.end()
    await server.stop()
  })

  async function connection(): Promise<SqlConnection['query']> {
    const made = await mysql(pool).connect()
    taken.push(made)
    return made.query
  }

  it('is had by one at a time, and ends with commit and rollback', async () => {
    const [first, second] = [await connection(), await connection()]
    const wish = { name: 'session', ...BRIEF }
    expect(await mysqlLock.begin(first, wish)).toBe(true)
    expect(await mysqlLock.begin(second, wish)).toBe(false)
    await first('UPDATE t SET n = ? WHERE id = 1', [1])
    await mysqlLock.commit(first, wish)
    expect(await mysqlLock.begin(second, wish)).toBe(true)
    await second('UPDATE t SET n = ? WHERE id = 1', [2])
    await mysqlLock.rollback(second, wish)

    expect(await mysqlLock.begin(first, wish)).toBe(true)
    await mysqlLock.commit(first, wish)
    expect(await rowsOf(pool, 'SELECT n FROM t')).toEqual([{ n: 1 }])
  })

  it("locks a name of a table together with the database's", async () => {
    const query = await connection()
    const wish = { name: 'sessions.abc', ...BRIEF }
    await mysqlLock.begin(query, wish)
    const [row] = await rowsOf(
      pool,
      "SELECT IS_USED_LOCK(SHA2('test.sessions.abc', 256)) AS holder, IS_USED_LOCK('sessions.abc') AS bare",
    )
    await mysqlLock.commit(query, wish)

    expect(row?.['holder']).not.toBeNull()
    expect(row?.['bare']).toBeNull()
  })

  it('says that a row is busy which another transaction has locked', async () => {
    const [first, second] = [await connection(), await connection()]
    const wish = { name: undefined, ...BRIEF }
    const select = `SELECT n FROM t WHERE id = 1 ${mysqlLock.forUpdate}`
    for (const query of [first, second]) expect(await mysqlLock.begin(query, wish)).toBe(true)
    await first(select)
    const busy: unknown = await Promise.resolve(second(select)).catch((error: unknown) => error)
    await mysqlLock.rollback(second, wish)
    await mysqlLock.rollback(first, wish)

    expect(mysqlLock.isBusy(busy)).toBe(true)
    expect(mysqlLock.isBusy(new Error('another'))).toBe(false)
  })

  it('is gone, with the transaction, when its holder is silent for the lease', async () => {
    const [silent, next] = [await connection(), await connection()]
    const wish = { name: 'silent', waitMs: 10_000, leaseMs: 1000 }
    await mysqlLock.begin(silent, wish)
    await silent(`SELECT n FROM t WHERE id = 1 ${mysqlLock.forUpdate}`)
    const started = performance.now()
    expect(await mysqlLock.begin(next, wish)).toBe(true)
    await next(`SELECT n FROM t WHERE id = 1 ${mysqlLock.forUpdate}`)
    const waitedMs = performance.now() - started
    await mysqlLock.rollback(next, wish)

    expect(waitedMs).toBeLessThan(5000)
    await expect(Promise.resolve(silent('SELECT ?', [1]))).rejects.toThrow()
  })
})
