import { afterAll, beforeAll, expect, it } from 'vitest'
import { mysql, type MysqlCallbackPool, type MysqlPool } from '../../../src/stores/mysql.js'
import type { Daemon } from '../../helpers/daemon.js'
import { mariadbPool, rowsOf, startMariadb, type TestPool } from '../../helpers/mariadb-server.js'
import { peer } from '../../helpers/peer.js'
import { describeWith } from '../../helpers/services.js'

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte)

describeWith('mariadbd', 'mysql', () => {
  let server: Daemon
  let pool: TestPool

  beforeAll(async () => {
    server = await startMariadb()
    pool = await mariadbPool(server)
    await rowsOf(pool, 'CREATE TABLE t (id VARCHAR(64) PRIMARY KEY, n BIGINT, b LONGBLOB)')
  }, 60_000)
  afterAll(async () => {
    await pool.end()
    await server.stop()
  })

  /** Writes a row and reads it again. */
  async function roundTrip(client: MysqlPool | MysqlCallbackPool, id: string) {
    const { query } = mysql(client)
    await query('INSERT INTO t VALUES (?, ?, ?)', [id, 1_700_000_000_000n, EVERY_BYTE.subarray(0)])
    const { rows } = await query('SELECT n, b FROM t WHERE id = ?', [id])
    return { n: Number(rows[0]?.['n']), bytes: Buffer.from(rows[0]?.['b'] as Uint8Array) }
  }

  const WHOLE = { n: 1_700_000_000_000, bytes: Buffer.from(EVERY_BYTE) }

  it('keeps every byte, whatever the mode of the server says of escapes', async () => {
    expect(await roundTrip(pool, 'plain')).toEqual(WHOLE)
    const strange = await mariadbPool(server, { connectionLimit: 1 })
    await rowsOf(strange, "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES'")

    expect(await roundTrip(strange, "quo'te\\")).toEqual(WHOLE)
    await strange.end()
  })

  it.each([
    { rowsAsArray: true },
    { nestTables: true },
    { namedPlaceholders: true },
    { supportBigNumbers: true, bigNumberStrings: true },
    { typeCast: () => 'cast' },
  ])('reads rows as it needs them from a pool with %j', async (options) => {
    const own = await mariadbPool(server, options)

    expect(await roundTrip(own, Object.keys(options)[0] as string)).toEqual(WHOLE)
    await own.end()
  })

  it('takes a pool with callbacks', async () => {
    const { createPool } = await peer<{
      createPool(options: object): MysqlCallbackPool & { end(): void }
    }>('mysql2')
    const callbacks = createPool({
      host: '127.0.0.1',
      port: server.port,
      user: 'root',
      database: 'test',
    })

    expect(await roundTrip(callbacks, 'callbacks')).toEqual(WHOLE)
    callbacks.end()
  })

  it('counts the rows that were found, also where the pool counts the changed ones', async () => {
    const changed = await mariadbPool(server, { flags: ['-FOUND_ROWS'] })
    const { query } = mysql(changed)
    await query('INSERT INTO t VALUES (?, 1, NULL)', ['same'])

    expect((await query('UPDATE t SET n = 1 WHERE id = ?', ['same'])).changes).toBe(1)
    expect((await query('UPDATE t SET n = 1 WHERE id = ?', ['none'])).changes).toBe(0)
    expect((await query('DELETE FROM t WHERE id = ?', ['same'])).changes).toBe(1)
    await changed.end()
  })

  it('closes a connection that is given back broken, and lends the others again', async () => {
    const few = await mariadbPool(server, { connectionLimit: 1 })
    const { connect } = mysql(few)
    const idOf = async (broken: boolean) => {
      const connection = await connect()
      const { rows } = await connection.query('SELECT CONNECTION_ID() AS id')
      connection.release(broken)
      return rows[0]?.['id']
    }
    const first = await idOf(false)

    expect(await idOf(true)).toBe(first)
    expect(await idOf(false)).not.toBe(first)
    await few.end()
  })

  it.each([undefined, {}, { query: () => undefined }])('refuses what is no pool: %j', (client) => {
    expect(() => mysql(client as unknown as MysqlPool)).toThrow(TypeError)
  })
})
