/** PHP with the SQL of Symfony's PdoSessionHandler and Node, over one table of each database. */
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  databaseHandler,
  mysql,
  postgres,
  sqlite,
  symfonyLayout,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import { createSessionManager } from '../../src/manager.js'
import { freshTable } from '../helpers/database-fixture.js'
import {
  nodeCounter,
  phpCounter,
  phpRequest,
  race,
  type PhpSettings,
} from '../helpers/database-php.js'
import { openSqlite } from '../helpers/database-places.js'
import { temporaryFolder } from '../helpers/folders.js'
import { DATABASE } from '../helpers/mariadb-server.js'
import { describeWith } from '../helpers/services.js'
import { useMariadb, usePostgres } from '../helpers/use-databases.js'

const ID = '0123456789abcdefghijklmnopqrstuv'
const PATIENT = { timeout: 120_000 }

/** One database, as PHP and Node reach it. */
interface Place {
  readonly database: SqlDatabase
  readonly dsn: string
  readonly user?: string
  /** For other processes of Node. */
  readonly pool?: object
}

/** A table as `createTable` of Symfony makes it, and both who use it. */
async function setUp(place: Place, lock: 0 | 1 | 2 = 2) {
  const { database, dsn, user } = place
  const table = freshTable()
  const store = databaseHandler({ database, layout: symfonyLayout(), table })
  await store.migrate()
  const manager = createSessionManager({ handlers: [store] })
  const software = 'Symfony' as const
  const php: PhpSettings = { software, dsn, table, id: ID, lock, ...(user && { user }) }
  const row = async () => (await database.query(`SELECT * FROM ${table}`)).rows[0]
  return { table, manager, php, row }
}

/** What Symfony's own bags look like. */
const BAGS = `$_SESSION = ['_sf2_attributes' => ['user' => "Zo\\u{eb}\\0\\xff", 'n' => 1],
  '_symfony_flashes' => [], '_sf2_meta' => ['u' => 1, 'c' => 1, 'l' => 0]];`

function rows(name: string, place: () => Place): void {
  it(`go both ways: ${name}`, PATIENT, async () => {
    const { manager, php, row } = await setUp(place())
    phpRequest(php, BAGS)
    const session = await manager.start({ id: ID })
    expect(session.id).toBe(ID)
    const attributes = session.get('_sf2_attributes') as { n: number }
    session.set('_sf2_attributes', { ...attributes, n: attributes.n + 1 })
    session.set('node', true)
    await session.commit()

    const told = `echo json_encode([bin2hex($_SESSION['_sf2_attributes']['user']),
      $_SESSION['_sf2_attributes']['n'], $_SESSION['node'], array_keys($_SESSION)]);`
    expect(JSON.parse(phpRequest(php, told))).toEqual([
      Buffer.from('Zo\u00eb\0').toString('hex') + 'ff',
      2,
      true,
      ['_sf2_attributes', '_symfony_flashes', '_sf2_meta', 'node'],
    ])
    const { sess_lifetime: end, sess_time: time } = (await row()) ?? {}
    const nowSeconds = Date.now() / 1000
    expect(Number(end)).toBeGreaterThan(nowSeconds + 1400)
    expect(Math.abs(Number(time) - nowSeconds)).toBeLessThan(30)
    await manager.close()
  })

  it(`end for both: ${name}`, PATIENT, async () => {
    const { manager, php, row } = await setUp(place())
    phpRequest(php, BAGS)
    const session = await manager.start({ id: ID })
    await session.destroy()
    expect(await row()).toBeUndefined()
    expect(phpRequest(php, 'echo count($_SESSION);')).toBe('0')

    phpRequest(php, BAGS)
    phpRequest(php, 'session_destroy();')
    expect((await manager.start({ id: ID })).id).not.toBe(ID)
    await manager.close()
  })
}

/** 0: nothing, 1: by name, 2: the row, which is the default. */
function counters(place: () => Place, dialect: 'mysql' | 'postgres'): void {
  it.each<[string, 1 | 2]>([
    ["Symfony's default lock", 2],
    ["Symfony's advisory lock", 1],
  ])('loses no increment of 3 x PHP and 3 x Node: %s', PATIENT, async (_, lock) => {
    const here = place()
    const { php, table, manager } = await setUp(here, lock)
    phpRequest(php, '$_SESSION["n"] = 0;')
    const node = { dialect, layout: 'Symfony', pool: here.pool ?? {}, table, id: ID } as const
    await race([
      ...[1, 2, 3].map(() => phpCounter(php, 50)),
      ...(await Promise.all([1, 2, 3].map(() => nodeCounter({ ...node, times: 50 })))),
    ])

    expect((await manager.start({ id: ID }, { readOnly: true })).get('n')).toBe(300)
    await manager.close()
  })
}

describeWith('mariadbd', "Symfony's rows on MariaDB", () => {
  const maria = useMariadb()
  const place = (): Place => {
    const { port } = maria.server
    const dsn = `mysql:host=127.0.0.1;port=${port};dbname=${DATABASE};charset=utf8mb4`
    const options = { host: '127.0.0.1', port, user: 'root', database: DATABASE }
    return { database: mysql(maria.pool), dsn, user: 'root', pool: options }
  }

  describeWith('php-pdo_mysql', 'with PHP', () => {
    rows('MariaDB', place)
    counters(place, 'mysql')
  })
})

describeWith('postgres', "Symfony's rows on PostgreSQL", () => {
  const pg = usePostgres()
  const place = (): Place => {
    const { port } = pg.server
    const options = { host: '127.0.0.1', port, user: 'test', database: 'postgres' }
    const dsn = `pgsql:host=127.0.0.1;port=${port};dbname=postgres`
    return { database: postgres(pg.pool), dsn, user: 'test', pool: options }
  }

  describeWith('php-pdo_pgsql', 'with PHP', () => {
    rows('PostgreSQL', place)
    counters(place, 'postgres')
  })
})

describe.skipIf(openSqlite === undefined)("Symfony's rows on SQLite", () => {
  const place = (): Place => {
    const path = join(temporaryFolder(), 'symfony.sqlite')
    const connection = openSqlite?.(path)
    if (connection === undefined) throw new Error('this Node has no SQLite')
    onTestFinished(() => connection.close())
    return { database: sqlite(connection), dsn: `sqlite:${path}` }
  }

  describeWith('php-pdo_sqlite', 'with PHP', () => rows('SQLite', place))
})
