/** What is particular to MySQL and MariaDB, and to the tables of others there. */
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { DecodeError, EncodeError, InvalidIdError } from '../../../src/errors.js'
import type { SessionContext } from '../../../src/handler.js'
import {
  databaseHandler,
  databaseSchema,
  laravelLayout,
  mysql,
  symfonyLayout,
  wpSessionManagerLayout,
  type DatabaseOptions,
} from '../../../src/handlers/database.js'
import { freshTable } from '../../helpers/database-fixture.js'
import { mariadbPool, rowsOf } from '../../helpers/mariadb-server.js'
import { describeWith } from '../../helpers/services.js'
import { useMariadb } from '../../helpers/use-databases.js'

const ID = '0123456789abcdef0123456789abcdef'
const NOW = 1_700_000_000_000
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describeWith('mariadbd', 'tables of MariaDB', () => {
  const maria = useMariadb()

  async function setUp(options: Partial<DatabaseOptions> = {}, create?: (table: string) => string) {
    const table = freshTable()
    const clock = { ms: NOW }
    const handler = databaseHandler({ database: mysql(maria.pool), table, ...options })
    if (create === undefined) await handler.migrate()
    else await rowsOf(maria.pool, create(table))
    const chain = composeChain([handler])
    const context = (fields: Partial<SessionContext> = {}) =>
      createContext({ now: () => clock.ms, lock: 'none', ...fields })
    return {
      ...{ table, clock, chain, context },
      insert: async (payload: Uint8Array, id = ID) =>
        chain.write(id, payload, context({ isNew: true })),
      update: async (payload: Uint8Array) => chain.write(ID, payload, context()),
      read: async (id = ID) => chain.read(id, context()),
      row: async () => (await rowsOf(maria.pool, `SELECT * FROM ${table}`))[0],
    }
  }

  it.each(['STRICT_ALL_TABLES', ''])(
    'refuses what is longer than a BLOB, and keeps the old version: sql_mode "%s"',
    async (mode) => {
      await rowsOf(maria.pool, 'SET GLOBAL sql_mode = ?', [mode])
      const own = await mariadbPool(maria.server)
      const { insert, update, read } = await setUp({
        database: mysql(own),
        layout: symfonyLayout(),
      })
      const most = new Uint8Array(65_535).fill(7)
      expect(await insert(most)).toBe(true)

      await expect(update(new Uint8Array(65_536).fill(8))).rejects.toThrow(EncodeError)
      await expect(insert(new Uint8Array(70_000), 'other')).rejects.toThrow('65535')
      expect(Buffer.compare((await read()) ?? bytes(''), most)).toBe(0)
      expect(await read('other')).toBeUndefined()
      await own.end()
      await rowsOf(maria.pool, 'SET GLOBAL sql_mode = DEFAULT')
    },
  )

  it('learns what the column holds from a pool of one connection too', async () => {
    const one = await mariadbPool(maria.server, { connectionLimit: 1 })
    const layout = symfonyLayout()
    const { insert, chain, context } = await setUp({ database: mysql(one), layout })
    await insert(bytes('old'))
    const activation = context({ id: ID, lock: 'exclusive' })
    await chain.open(activation)

    expect(await chain.write(ID, bytes('new'), activation)).toBe(true)
    await chain.close(activation)
    await one.end()
  })

  it('gives a connection back without what was set for its lock', async () => {
    const one = await mariadbPool(maria.server, { connectionLimit: 1 })
    const layout = symfonyLayout()
    const { insert, chain, context } = await setUp({ database: mysql(one), layout })
    await insert(bytes('old'))
    const settings =
      'SELECT CONNECTION_ID() AS id, @@SESSION.wait_timeout AS idle,' +
      ' @@SESSION.innodb_lock_wait_timeout AS patience, IS_USED_LOCK(?) AS locked'
    const before = await rowsOf(one, settings, [ID])
    const activation = context({ id: ID, lock: 'exclusive', lockLeaseMs: 5000 })
    await chain.open(activation)
    await chain.close(activation)

    expect(before[0]?.['locked']).toBeNull()
    expect(await rowsOf(one, settings, [ID])).toEqual(before)
    await one.end()
  })

  describe("WP Session Manager's", () => {
    const original = (table: string) =>
      `${databaseSchema({ dialect: 'mysql', layout: wpSessionManagerLayout(), table })}`.replace(
        /;\s*$/,
        ' DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_unicode_520_ci',
      )
    const here = () => setUp({ layout: wpSessionManagerLayout() }, original)

    it.each(['a,b', 'a-b', 'x'.repeat(33)])(
      'refuses ids that the plugin would change or cut: %s',
      async (id) => {
        const { insert, read, chain, context, row } = await here()

        await expect(insert(bytes('data'), id)).rejects.toThrow(InvalidIdError)
        expect(await read(id)).toBeUndefined()
        expect(await chain.destroy(id, context())).toBe(false)
        expect(await row()).toBeUndefined()
      },
    )

    it('never shares a row between ids that differ in case', async () => {
      const { insert, read } = await here()
      await insert(bytes('lower'), 'abc')

      expect(await insert(bytes('upper'), 'ABC')).toBe(false)
      expect(await read('ABC')).toBeUndefined()
      expect(await read('abc')).toEqual(bytes('lower'))
    })

    it('holds text only', async () => {
      const { insert, update, read } = await here()
      await insert(bytes('n|s:4:"\u{1f600}";'))

      await expect(update(Uint8Array.of(0xff))).rejects.toThrow(EncodeError)
      expect(await read()).toEqual(bytes('n|s:4:"\u{1f600}";'))
    })

    it('removes a session that is written empty, and hands out none that has expired', async () => {
      const { insert, update, read, row, clock } = await here()
      await insert(bytes('n|i:1;'))
      expect((await row())?.['session_expiry']).toBe(NOW / 1000 + 1440)
      clock.ms += 1_442_000
      expect(await read()).toBeUndefined()
      clock.ms = NOW

      expect(await update(bytes(''))).toBe(true)
      expect(await row()).toBeUndefined()
    })
  })

  describe("Laravel's", () => {
    const here = () => setUp({ layout: laravelLayout() })

    it('says that a payload is broken which is no base64', async () => {
      const { insert, read, table } = await here()
      await insert(bytes('a:0:{}'))
      await rowsOf(maria.pool, `UPDATE ${table} SET payload = 'a:0:{}'`)

      await expect(read()).rejects.toThrow(DecodeError)
    })

    it('keeps the visitor on an update, and forgets the one of an expired session', async () => {
      const { insert, update, row, table, clock } = await here()
      await insert(bytes('one'))
      await rowsOf(maria.pool, `UPDATE ${table} SET user_id = 7, ip_address = '192.0.2.1'`)
      await update(bytes('two'))
      expect(await row()).toMatchObject({ user_id: 7, ip_address: '192.0.2.1' })
      clock.ms += 2_000_000
      await insert(bytes('three'))

      expect(await row()).toMatchObject({
        user_id: null,
        ip_address: null,
        payload: Buffer.from('three').toString('base64'),
      })
    })

    it('finds a payload changed that differs in case only', async () => {
      const { insert, table, chain, context, row } = await here()
      await rowsOf(
        maria.pool,
        `ALTER TABLE ${table} MODIFY payload LONGTEXT COLLATE utf8mb4_general_ci`,
      )
      await insert(Buffer.from('abcd', 'base64'))
      const activation = context({ id: ID, lock: 'exclusive' })
      await chain.open(activation)
      await chain.read(ID, activation)
      await rowsOf(maria.pool, `UPDATE ${table} SET payload = 'ABCD'`)

      await expect(
        Promise.resolve(chain.write(ID, bytes('late'), activation)),
      ).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_LOST' })
      await chain.close(activation)
      expect((await row())?.['payload']).toBe('ABCD')
    })
  })
})

describe('tables of others', () => {
  it('are made as their software makes them', () => {
    const schema = databaseSchema({ dialect: 'mysql', layout: symfonyLayout() })

    expect(schema).toContain('`sessions`')
    expect(schema).toContain('sess_id VARBINARY(128) NOT NULL PRIMARY KEY')
    expect(schema).toContain('sess_data BLOB NOT NULL')
    expect(schema).toContain('INDEX `sess_lifetime_idx` (sess_lifetime)')
  })

  it('refuse ids that are too long for their column', () => {
    expect(symfonyLayout().refuses?.('x'.repeat(128))).toBeUndefined()
    expect(symfonyLayout().refuses?.('x'.repeat(129))).toContain('128')
    expect(laravelLayout().refuses?.('x'.repeat(256))).toContain('255')
  })

  it("take Symfony's advisory locks: the first 64 characters, the first 8 bytes", () => {
    const { lockName } = symfonyLayout()

    expect(lockName?.('x'.repeat(70), 'sessions', 'mysql')).toBe('x'.repeat(64))
    expect(lockName?.('abcdefghij', 'sessions', 'postgres')).toBe('7523094288207667809')
    expect(lockName?.('a', 'sessions', 'postgres')).toBe('97')
  })

  it('refuse what they are not for, by name', () => {
    const layout = wpSessionManagerLayout()
    expect(() => databaseSchema({ dialect: 'postgres', layout })).toThrow('PostgreSQL')
    expect(() => wpSessionManagerLayout({ keys: 'all' as never })).toThrow('keys')
    expect(() => wpSessionManagerLayout({ width: 1 } as never)).toThrow('width')
  })
})
