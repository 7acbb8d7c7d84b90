import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { EncodeError, InvalidIdError, StoreError } from '../../../src/errors.js'
import type { SessionContext } from '../../../src/handler.js'
import {
  mysql,
  optionsTableHandler,
  type OptionsTableOptions,
} from '../../../src/handlers/options-table.js'
import { createSessionManager } from '../../../src/manager.js'
import { mariadbPool, rowsOf } from '../../helpers/mariadb-server.js'
import { describeWith } from '../../helpers/services.js'
import { useMariadb } from '../../helpers/use-databases.js'
import { optionsTable } from '../../helpers/wordpress.js'

const ID = '0123456789abcdef0123456789abcdef'
const NOW = 1_700_000_000_000
const SECONDS = NOW / 1000
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describeWith('mariadbd', "WordPress' options table", () => {
  const maria = useMariadb()

  beforeEach(async () => {
    await rowsOf(maria.pool, 'DROP TABLE IF EXISTS wp_options')
    await rowsOf(maria.pool, optionsTable())
  })

  function setUp(options: Partial<OptionsTableOptions> = {}) {
    const clock = { ms: NOW }
    const handler = optionsTableHandler({ database: mysql(maria.pool), ...options })
    const chain = composeChain([handler])
    const context = (fields: Partial<SessionContext> = {}) =>
      createContext({ now: () => clock.ms, lock: 'none', ...fields })
    return {
      clock,
      chain,
      context,
      insert: async (text: string, id = ID) =>
        chain.write(id, bytes(text), context({ isNew: true })),
      update: async (text: string) => chain.write(ID, bytes(text), context()),
      gc: async () => chain.gc(1440, context()),
      async read(id = ID) {
        const payload = await chain.read(id, context())
        return payload && Buffer.from(payload).toString()
      },
    }
  }

  const options = async () => {
    const found = await rowsOf(maria.pool, 'SELECT * FROM wp_options ORDER BY option_name')
    return Object.fromEntries(found.map((row) => [row['option_name'], row['option_value']]))
  }

  /** Two options, as `add_option` of the original makes them at a time. */
  const original = async (text: string, time: number, id = ID) => {
    const insert =
      "INSERT INTO wp_options (option_name, option_value, autoload) VALUES (?, ?, 'no')"
    await rowsOf(maria.pool, insert, [`_wp_session_${id}`, text])
    await rowsOf(maria.pool, insert, [`_wp_session_expires_${id}`, String(time)])
  }

  it('keeps a session as two options that WordPress does not load by itself', async () => {
    await setUp().insert('n|i:1;')

    expect(await options()).toEqual({
      [`_wp_session_${ID}`]: 'n|i:1;',
      [`_wp_session_expires_${ID}`]: `${SECONDS + 1440}.000`,
    })
    const loaded = await rowsOf(maria.pool, "SELECT 1 FROM wp_options WHERE autoload <> 'no'")
    expect(loaded).toEqual([])
  })

  it('updates a session that is there, and its end with it', async () => {
    const { insert, update, clock } = setUp()
    await insert('n|i:1;')
    clock.ms += 10_500

    expect(await update('n|i:2;')).toBe(true)
    expect(await options()).toEqual({
      [`_wp_session_${ID}`]: 'n|i:2;',
      [`_wp_session_expires_${ID}`]: `${SECONDS + 1450}.500`,
    })
  })

  it('reads what the original wrote: there the second option is the time of creation', async () => {
    const { read, update, clock } = setUp()
    await original('n|i:1;', SECONDS - 1000)

    expect(await read()).toBe('n|i:1;')
    clock.ms += 442_000
    expect(await read()).toBeUndefined()
    clock.ms = NOW
    expect(await update('n|i:2;')).toBe(true)
    clock.ms += 1_440_000
    expect(await read()).toBe('n|i:2;')
  })

  it('takes whole seconds of the future for an end', async () => {
    const { read, clock } = setUp()
    await original('n|i:1;', SECONDS + 60)
    expect(await read()).toBe('n|i:1;')
    clock.ms += 1_600_000

    expect(await read()).toBeUndefined()
  })

  it.each(['', 'tomorrow', '-5', '1e9'])(
    'takes an end that is no time for one of long ago: %j',
    async (text) => {
      const { read, gc } = setUp()
      await original('n|i:1;', 0)
      await rowsOf(maria.pool, "UPDATE wp_options SET option_value = ? WHERE option_name LIKE '%expires%'", [text]) // prettier-ignore

      expect(await read()).toBeUndefined()
      expect(await gc()).toBe(1)
      expect(await options()).toEqual({})
    },
  )

  it('collects both options of what has ended, whoever wrote it, and leaves the rest', async () => {
    const { insert, gc, clock } = setUp()
    await rowsOf(
      maria.pool,
      "INSERT INTO wp_options (option_name, option_value) VALUES ('siteurl', '1')",
    )
    await insert('mine', 'a'.repeat(32))
    await original('theirs', SECONDS, 'b'.repeat(32))
    await rowsOf(maria.pool, "INSERT INTO wp_options (option_name, option_value) VALUES ('_wp_session_expires_x', '1')") // prettier-ignore
    clock.ms += 1_000_000
    await insert('live')
    clock.ms += 1_000_000

    expect(await gc()).toBe(2)
    expect(Object.keys(await options()).sort()).toEqual([
      `_wp_session_${ID}`,
      `_wp_session_expires_${ID}`,
      'siteurl',
    ])
  })

  it('collects in batches, and stops between them when nobody waits any more', async () => {
    const { insert, chain, context, clock } = setUp()
    for (let index = 0; index < 250; index += 1) await insert('x', `old-${index}`)
    clock.ms += 2_000_000
    const visitor = new AbortController()
    visitor.abort()

    expect(await chain.gc(1440, context({ signal: visitor.signal }))).toBe(0)
    expect(await chain.gc(1440, context())).toBe(250)
  })

  it('takes the place of what is left of a session', async () => {
    const { insert, read } = setUp()
    await original('half', SECONDS)
    await rowsOf(maria.pool, "DELETE FROM wp_options WHERE option_name LIKE '%expires%'")
    expect(await read()).toBeUndefined()

    expect(await insert('whole')).toBe(true)
    expect(await read()).toBe('whole')
  })

  it('refuses an id that differs from another one in case only', async () => {
    const { insert, read } = setUp()
    await insert('lower')

    await expect(insert('upper', ID.toUpperCase())).rejects.toThrow(InvalidIdError)
    expect(await read(ID.toUpperCase())).toBeUndefined()
    expect(await read()).toBe('lower')
  })

  it('cuts no id: those that are too long for a name are refused', async () => {
    const { insert, read, chain, context } = setUp()
    const longest = 'x'.repeat(171)
    expect(await insert('fits', longest)).toBe(true)
    expect(await read(longest)).toBe('fits')

    await expect(insert('does not', `${longest}x`)).rejects.toThrow(InvalidIdError)
    expect(await read(`${longest}x`)).toBeUndefined()
    expect(await chain.destroy(`${longest}x`, context())).toBe(false)
  })

  it('refuses bytes that are no text, and keeps the old version', async () => {
    const { insert, read, chain, context } = setUp()
    await insert('old')
    const written = chain.write(ID, Uint8Array.of(0x6e, 0xff), context())

    await expect(written).rejects.toThrow(EncodeError)
    expect(await read()).toBe('old')
    expect(await setUp().insert('Zo\u00eb \u{1f600} \0', 'b'.repeat(32))).toBe(true)
    expect(await read('b'.repeat(32))).toBe('Zo\u00eb \u{1f600} \0')
  })

  it('refuses characters that the column has not, also where the server would cut them', async () => {
    await rowsOf(maria.pool, 'DROP TABLE wp_options')
    await rowsOf(maria.pool, optionsTable('wp_', 'utf8mb3_unicode_ci'))
    await rowsOf(maria.pool, "SET GLOBAL sql_mode = ''")
    const lenient = await mariadbPool(maria.server)
    const { insert, update, read } = setUp({ database: mysql(lenient) })
    await insert('Zo\u00eb \u20ac')

    await expect(update('before \u{1f600} after')).rejects.toThrow(EncodeError)
    expect(await read()).toBe('Zo\u00eb \u20ac')
    await rowsOf(maria.pool, 'SET GLOBAL sql_mode = DEFAULT')
    await lenient.end()
  })

  it('has a lock that PHP can take under the documented name', async () => {
    const { insert, chain, context } = setUp()
    await insert('data')
    const name = "SHA2(CONCAT(DATABASE(), '.wp_options.', ?), 256)"
    const php = await maria.pool.getConnection()
    const take = await php.query({ sql: `SELECT GET_LOCK(${name.replace('?', `'${ID}'`)}, 0) AS locked` } as never) // prettier-ignore
    expect(take[0]).toEqual([{ locked: 1 }])
    const late = context({ id: ID, lock: 'exclusive', lockWaitMs: 40 })
    await expect(Promise.resolve(chain.open(late))).rejects.toMatchObject({
      code: 'ERR_SESSION_LOCK_TIMEOUT',
    })
    await chain.close(late)
    php.destroy()

    const next = context({ id: ID, lock: 'exclusive', lockWaitMs: 5000 })
    await chain.open(next)
    const [held] = await rowsOf(maria.pool, `SELECT IS_USED_LOCK(${name}) AS holder`, [ID])
    expect(held?.['holder']).not.toBeNull()
    await chain.close(next)
    const [free] = await rowsOf(maria.pool, `SELECT IS_USED_LOCK(${name}) AS holder`, [ID])
    expect(free?.['holder']).toBeNull()
  })

  it('writes nothing when the server has closed the connection of its lock', async () => {
    const { insert, read, chain, context } = setUp()
    await insert('old')
    const activation = context({ id: ID, lock: 'exclusive' })
    await chain.open(activation)
    const name = "SHA2(CONCAT(DATABASE(), '.wp_options.', ?), 256)"
    const [row] = await rowsOf(maria.pool, `SELECT IS_USED_LOCK(${name}) AS holder`, [ID])
    await rowsOf(maria.pool, `KILL ${Number(row?.['holder'])}`)

    await expect(Promise.resolve(chain.write(ID, bytes('late'), activation))).rejects.toMatchObject(
      {
        code: expect.stringMatching(/^ERR_SESSION_(STORE|LOCK_LOST)$/),
      },
    )
    await chain.close(activation)
    expect(await read()).toBe('old')
  })

  it('gives a connection back as it was', async () => {
    const one = await mariadbPool(maria.server, { connectionLimit: 1 })
    const { insert, chain, context } = setUp({ database: mysql(one) })
    await insert('data')
    const before = await rowsOf(one, 'SELECT @@SESSION.wait_timeout AS idle, CONNECTION_ID() AS id')
    const activation = context({ id: ID, lock: 'exclusive', lockLeaseMs: 5000 })
    await chain.open(activation)
    await chain.write(ID, bytes('more'), activation)
    await chain.close(activation)

    expect(
      await rowsOf(one, 'SELECT @@SESSION.wait_timeout AS idle, CONNECTION_ID() AS id'),
    ).toEqual(before)
    await one.end()
  })

  it('stays whole when everything is done to one session at once, again and again', async () => {
    const { insert, update, chain, context, gc, read, clock } = setUp()
    for (let round = 0; round < 50; round += 1) {
      await Promise.all([
        insert(`${round}`),
        update('update'),
        chain.updateTimestamp(ID, bytes(''), context()),
        chain.destroy(ID, context()),
        gc(),
        insert('second'),
      ])
      clock.ms += 2_000_000 * (round % 2)
    }
    const rows = Object.keys(await options())

    expect([0, 2]).toContain(rows.length)
    expect((await read()) === undefined || rows.length === 2).toBe(true)
  })

  it('brings none of 200 destroyed sessions back', async () => {
    const { insert, chain, context, read } = setUp()
    let back = 0
    for (let round = 0; round < 200; round += 1) {
      const id = `session-${round}`
      await insert('logged in', id)
      await Promise.all([
        chain.destroy(id, context()),
        chain.write(id, bytes('late'), context()),
        chain.updateTimestamp(id, bytes('late'), context()),
      ])
      if ((await read(id)) !== undefined) back += 1
    }

    expect(back).toBe(0)
  })

  it('says that the table is missing, and nothing of the session', async () => {
    const { read } = setUp({ prefix: 'wp_2_' })
    const error: unknown = await read().catch((reason: unknown) => reason)

    expect(error).toBeInstanceOf(StoreError)
    expect(inspect(error)).toContain('the table is missing')
    expect(inspect(error)).not.toContain(ID)
  })

  it('serves a manager: sessions are made, kept, renamed and ended', async () => {
    const manager = createSessionManager({
      handlers: [optionsTableHandler({ database: mysql(maria.pool) })],
    })
    const first = await manager.start()
    first.set('n', 1)
    await first.commit()
    const second = await manager.start({ id: first.id })
    await second.regenerate()
    second.set('n', 2)
    await second.commit()
    const third = await manager.start({ id: second.id })

    expect(third.get('n')).toBe(2)
    await third.destroy()
    expect(Object.keys(await options()).filter((name) => name.includes(second.id))).toEqual([])
    await manager.close()
  })
})

describe('optionsTableHandler', () => {
  const database = {
    dialect: 'mysql',
    query: () => ({ rows: [], changes: 0 }),
    connect: () => {
      throw new Error('not asked for')
    },
  } as const

  it.each<[string, object]>([
    ['database', {}],
    ['database', { database: { ...database, dialect: 'sqlite' } }],
    ['prefix', { database, prefix: 5 }],
    ['wp-options', { database, prefix: 'wp-' }],
    ['timeout', { database, timeout: 0 }],
    ['maxWaiters', { database, maxWaiters: -1 }],
    ['table', { database, table: 'x' }],
  ])('refuses a wrong option by its name: %s', (name, options) => {
    expect(() => optionsTableHandler(options as OptionsTableOptions)).toThrow(name)
  })
})
