/** PHP as WP Session Manager has it and Node, over one table of MariaDB. */
import { expect, it } from 'vitest'
import { databaseHandler, mysql, wpSessionManagerLayout } from '../../src/handlers/database.js'
import { defuseCipher, encryptionHandler } from '../../src/handlers/encryption.js'
import { createSessionManager } from '../../src/manager.js'
import { freshTable } from '../helpers/database-fixture.js'
import {
  nodeCounter,
  phpCounter,
  phpRequest,
  race,
  type PhpSettings,
} from '../helpers/database-php.js'
import { defuseKey } from '../helpers/defuse.js'
import { DATABASE, rowsOf } from '../helpers/mariadb-server.js'
import { describeWith } from '../helpers/services.js'
import { useMariadb } from '../helpers/use-databases.js'

const ID = '0123456789abcdef0123456789abcdef'

/** As the plugin makes it with `dbDelta`. */
const tableOf = (name: string): string => `CREATE TABLE ${name} (
  session_key char(32) NOT NULL,
  session_value LONGTEXT NOT NULL,
  session_expiry BIGINT(20) UNSIGNED NOT NULL,
  PRIMARY KEY  (session_key)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_ci`

describeWith('mariadbd', 'WP Session Manager on MariaDB', () => {
  const maria = useMariadb()

  async function setUp(key?: string) {
    const table = `wp_sm_${freshTable()}`
    await rowsOf(maria.pool, tableOf(table))
    const dsn = `mysql:host=127.0.0.1;port=${maria.server.port};dbname=${DATABASE};charset=utf8mb4`
    const software = 'WordPress' as const
    const php: PhpSettings = { software, dsn, user: 'root', table, id: ID, ...(key && { key }) }
    const layout = wpSessionManagerLayout()
    const store = databaseHandler({ database: mysql(maria.pool), layout, table })
    const layers = key === undefined ? [] : [encryptionHandler({ cipher: defuseCipher(key) })]
    const manager = createSessionManager({ handlers: [...layers, store] })
    const stored = async () => (await rowsOf(maria.pool, `SELECT * FROM ${table}`))[0]
    return { table, php, manager, store, stored }
  }

  describeWith('php-pdo_mysql', 'with PHP', () => {
    it('shares sessions that PHP sealed: read, changed and written by Node, read again by PHP', async () => {
      const { php, manager, stored } = await setUp(defuseKey())
      phpRequest(php, `$_SESSION['user'] = "Zo\u00eb"; $_SESSION['cart'] = [7 => 2];`)
      const before = await stored()
      const session = await manager.start({ id: ID })

      expect(before?.['session_value']).toMatch(/^def50200[0-9a-f]+$/)
      expect(session.id).toBe(ID)
      expect(session.get('user')).toBe('Zo\u00eb')
      session.set('n', 41)
      await session.commit()

      const after = await stored()
      expect(after?.['session_value']).toMatch(/^def50200[0-9a-f]+$/)
      expect(Number(after?.['session_expiry'])).toBeGreaterThan(Date.now() / 1000 + 1400)
      expect(phpRequest(php, '$_SESSION["n"]++; echo json_encode($_SESSION);')).toBe(
        '{"user":"Zo\\u00eb","cart":{"7":2},"n":42}',
      )
      expect((await manager.start({ id: ID }, { readOnly: true })).get('n')).toBe(42)
      await manager.close()
    })

    it('shares sessions in plain text, and sees when PHP has ended one', async () => {
      const { php, manager, stored } = await setUp()
      phpRequest(php, '$_SESSION["n"] = 1;')
      const session = await manager.start({ id: ID })
      session.set('n', 2)
      await session.commit()

      expect((await stored())?.['session_value']).toBe('n|i:2;')
      expect(phpRequest(php, 'echo $_SESSION["n"]; session_destroy();')).toBe('2')
      expect(await stored()).toBeUndefined()
      expect((await manager.start({ id: ID })).id).not.toBe(ID)
      await manager.close()
    })

    it(
      'loses none of 200 increments by one process of PHP and two of Node',
      { timeout: 60_000 },
      async () => {
        const { php, table, stored } = await setUp()
        phpRequest(php, '$_SESSION["n"] = 0;')
        const connection = {
          host: '127.0.0.1',
          port: maria.server.port,
          user: 'root',
          database: DATABASE,
        }
        const node = {
          dialect: 'mysql',
          layout: 'WordPress',
          pool: connection,
          table,
          id: ID,
        } as const
        await race([
          phpCounter(php, 68),
          ...(await Promise.all([66, 66].map((times) => nodeCounter({ ...node, times })))),
        ])

        expect((await stored())?.['session_value']).toBe('n|i:200;')
      },
    )
  })
})
