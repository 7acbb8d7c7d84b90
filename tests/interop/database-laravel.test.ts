/** PHP with the SQL of Laravel's database driver and Node, over one table of each database. */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { LockLostError } from '../../src/errors.js'
import {
  databaseHandler,
  laravelLayout,
  mysql,
  postgres,
  sqlite,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import { createSessionManager } from '../../src/manager.js'
import { freshTable } from '../helpers/database-fixture.js'
import { phpRequest, type PhpSettings } from '../helpers/database-php.js'
import { openSqlite } from '../helpers/database-places.js'
import { temporaryFolder } from '../helpers/folders.js'
import { DATABASE } from '../helpers/mariadb-server.js'
import { describeWith } from '../helpers/services.js'
import { useMariadb, usePostgres } from '../helpers/use-databases.js'

/** As Laravel makes them: 40 letters and digits. */
const ID = '0123456789abcdefghijABCDEFGHIJ0123456789'
const PATIENT = { timeout: 60_000 }

interface Place {
  readonly database: SqlDatabase
  readonly dsn: string
  readonly user?: string
}

async function setUp({ database, dsn, user }: Place) {
  const table = freshTable()
  const store = databaseHandler({ database, layout: laravelLayout(), table })
  await store.migrate()
  const manager = createSessionManager({ handlers: [store], serializer: 'php_serialize' })
  const software = 'Laravel' as const
  const php: PhpSettings = { software, dsn, table, id: ID, ...(user && { user }) }
  const row = async () => (await database.query(`SELECT * FROM ${table}`)).rows[0]
  return { manager, php, row }
}

const ATTRIBUTES = `$_SESSION = ['_token' => 'abc', 'n' => 1, 'bytes' => "\\xff\\0",
  '_previous' => ['url' => 'http://localhost'], '_flash' => ['old' => [], 'new' => []]];`

function promises(place: () => Place): void {
  it('shares sessions, and leaves the columns of the visitor alone', PATIENT, async () => {
    const { manager, php, row } = await setUp(place())
    phpRequest(php, ATTRIBUTES)
    const session = await manager.start({ id: ID })
    expect(session.id).toBe(ID)
    expect(session.get('_token')).toBe('abc')
    session.set('n', 2)
    await session.commit()

    const { user_id, ip_address, user_agent, last_activity } = (await row()) ?? {}
    expect([Number(user_id), ip_address, user_agent]).toEqual([7, '192.0.2.1', 'Mozilla/5.0'])
    expect(Math.abs(Number(last_activity) - Date.now() / 1000)).toBeLessThan(30)
    const told =
      'echo json_encode([$_SESSION["n"], bin2hex($_SESSION["bytes"]), count($_SESSION)]);'
    expect(JSON.parse(phpRequest(php, told))).toEqual([2, 'ff00', 5])
    await manager.close()
  })

  it('makes sessions that PHP reads', PATIENT, async () => {
    const { manager, php } = await setUp(place())
    const session = await manager.start()
    session.set('n', 5)
    await session.commit()

    expect(phpRequest({ ...php, id: session.id }, 'echo $_SESSION["n"];')).toBe('5')
    await manager.close()
  })

  it('finds a session that PHP made by its user, and ends it (THREATS T25)', PATIENT, async () => {
    const { manager, php } = await setUp(place())
    phpRequest(php, ATTRIBUTES)
    const ids: string[] = []
    for await (const { id } of manager.listByOwner('7')) ids.push(id)

    expect(ids).toEqual([ID])
    expect(await manager.destroyByOwner('8')).toBe(0)
    expect(await manager.destroyByOwner('7')).toBe(1)
    expect(phpRequest(php, 'echo count($_SESSION);')).toBe('0')
    await manager.close()
  })

  it('writes nothing over what PHP, which has no lock, wrote meanwhile', PATIENT, async () => {
    const { manager, php } = await setUp(place())
    phpRequest(php, ATTRIBUTES)
    const session = await manager.start({ id: ID })
    phpRequest(php, '$_SESSION["n"] = 100;')
    session.set('n', 2)

    await expect(session.commit()).rejects.toThrow(LockLostError)
    expect(phpRequest(php, 'echo $_SESSION["n"];')).toBe('100')
    await manager.close()
  })
}

describeWith('mariadbd', "Laravel's rows on MariaDB", () => {
  const maria = useMariadb()

  describeWith('php-pdo_mysql', 'with PHP', () =>
    promises(() => {
      const dsn = `mysql:host=127.0.0.1;port=${maria.server.port};dbname=${DATABASE};charset=utf8mb4`
      return { database: mysql(maria.pool), dsn, user: 'root' }
    }),
  )
})

describeWith('postgres', "Laravel's rows on PostgreSQL", () => {
  const pg = usePostgres()

  describeWith('php-pdo_pgsql', 'with PHP', () =>
    promises(() => {
      const dsn = `pgsql:host=127.0.0.1;port=${pg.server.port};dbname=postgres`
      return { database: postgres(pg.pool), dsn, user: 'test' }
    }),
  )
})

describe.skipIf(openSqlite === undefined)("Laravel's rows on SQLite", () => {
  describeWith('php-pdo_sqlite', 'with PHP', () =>
    promises(() => {
      const path = join(temporaryFolder(), 'laravel.sqlite')
      const connection = openSqlite?.(path)
      if (connection === undefined) throw new Error('this Node has no SQLite')
      onTestFinished(() => connection.close())
      return { database: sqlite(connection), dsn: `sqlite:${path}` }
    }),
  )
})
