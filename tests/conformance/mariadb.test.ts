/** The published kit over handlers that keep sessions in a real MariaDB. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import {
  laravelLayout,
  mysql,
  symfonyLayout,
  wpSessionManagerLayout,
} from '../../src/handlers/database.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { defuseCipher, encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { optionsTableHandler } from '../../src/handlers/options-table.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import {
  databaseFixture,
  hashedName,
  type DatabaseFixtureOptions,
} from '../helpers/database-fixture.js'
import { defuseKey } from '../helpers/defuse.js'
import type { Daemon } from '../helpers/daemon.js'
import {
  DATABASE,
  mariadbPool,
  rowsOf,
  startMariadb,
  type TestPool,
} from '../helpers/mariadb-server.js'
import { describeWith } from '../helpers/services.js'
import { optionsTable } from '../helpers/wordpress.js'

let server: Daemon
const pools: TestPool[] = []

const poolOf = (index: number): TestPool => pools[index] as TestPool

/** What a fixture is made of: statements that empty the place, and handlers over a pool. */
interface Place {
  readonly reset: readonly string[]
  readonly make: (pool: TestPool) => Promise<SessionHandler[]> | SessionHandler[]
  readonly more?: Partial<HandlerFixture>
}

async function fixture({ reset, make, more }: Place): Promise<HandlerFixture> {
  let nowMs = 1_700_000_000_000
  for (const statement of reset) await rowsOf(poolOf(0), statement)
  return {
    handlers: await make(poolOf(0)),
    another: () => make(poolOf(1)),
    now: () => nowMs,
    advance: (seconds) => void (nowMs += seconds * 1000),
    async breakDown() {
      await server.halt('SIGKILL')
      return () => server.start()
    },
    ...more,
  }
}

/** A setting of WordPress, and one that only looks like a session. */
async function settleStranger(): Promise<() => Promise<boolean>> {
  const names = ['siteurl', '_wp_sessions_expires_x', 'a_wp_session_expires_x', '_wp_session']
  const insert = 'INSERT INTO wp_options (option_name, option_value) VALUES (?, ?)'
  for (const name of names) await rowsOf(poolOf(0), insert, [name, '1'])
  const count = 'SELECT COUNT(*) AS n FROM wp_options WHERE option_value = ? AND option_name IN (?)'
  return async () => (await rowsOf(poolOf(0), count, ['1', names]))[0]?.['n'] === names.length
}

const options =
  (collation?: string, ...layers: (() => SessionHandler)[]) =>
  () =>
    fixture({
      reset: ['DROP TABLE IF EXISTS wp_options', optionsTable('wp_', collation)],
      make: (pool) => [
        ...layers.map((layer) => layer()),
        optionsTableHandler({ database: mysql(pool) }),
      ],
      more: { settleStranger },
    })

const keys = generateKey()
const defuse = defuseKey()
const sealed = () => encryptionHandler({ keys })
const sealedAsText = () => encryptionHandler({ cipher: defuseCipher(defuse) })
const wide = wpSessionManagerLayout({ keys: 'wide' })

/** One cache for all processes of a fixture. */
function cacheOfAll(): () => SessionHandler {
  const store = lruCache()
  return () => cacheHandler({ store })
}

interface LayeredRow {
  readonly create: () => Promise<HandlerFixture>
  readonly capabilities: HandlerCapabilities
}

const hashed = async (made: Promise<HandlerFixture>): Promise<HandlerFixture> => ({
  ...(await made),
  listedAs: hashedName,
})

/** Layers over each kind of place. Sealed payloads are text, and never empty. */
const LAYERED: Readonly<Record<string, LayeredRow>> = {
  "hashed ids, above WordPress' options": {
    create: () => hashed(options(undefined, hashedIdHandler)()),
    capabilities: { binary: false, ages: false },
  },
  "encryption in Defuse's format, above WordPress' options": {
    create: options('utf8mb4_bin', sealedAsText),
    capabilities: { ages: false, longestId: 171 },
  },
  "encryption in Defuse's format, above WP Session Manager's table": {
    create: () => table({ layout: wide, layers: [sealedAsText] }),
    capabilities: { ages: false },
  },
  'encryption, above our own table': {
    create: () => table({ layers: [sealed] }),
    capabilities: { owners: true },
  },
  'a cache, above our own table': {
    create: () => table({ layers: [cacheOfAll()] }),
    capabilities: { breaks: false, owners: true }, // the cache answers while the store is down
  },
  'hashed ids, above our own table': {
    create: () => hashed(table({ layers: [hashedIdHandler] })),
    capabilities: { owners: true },
  },
}

/** WordPress' collation knows no case; what that costs has its own test. */
const CASES = [
  'ids are compared character by character, in their case and length',
  'every character and length of an id is taken',
]

const OPTIONS = {
  binary: false,
  ages: false,
  longestId: 171,
  shared: true,
  breaks: true,
  strangers: true,
}

/** More than a BLOB holds; what that costs has its own test. */
const LARGE = 'a payload of 1 MB is a payload'

interface TableRow extends DatabaseFixtureOptions {
  readonly capabilities?: HandlerCapabilities
}

const SHARED = { shared: true, breaks: true, strangers: true }
const WHOLE = { ...SHARED, counts: true, migrates: true, configures: true }
const ENDS = { empty: false, ages: false }

/** One row for each layout and each way to lock. */
const TABLES: Readonly<Record<string, TableRow>> = {
  'our own table': { capabilities: { kills: true, precise: true, owners: true } },
  'our own table, locked by connections': {
    lock: 'connection',
    capabilities: { kills: true, precise: true, closes: true, owners: true },
  },
  "WP Session Manager's table": {
    layout: wpSessionManagerLayout({ keys: 'wide' }),
    capabilities: { ...ENDS, binary: false, closes: true },
  },
  "Symfony's table": {
    layout: symfonyLayout(),
    capabilities: { ...ENDS, longestId: 128, closes: true },
  },
  "Symfony's table, locked by leases": {
    layout: symfonyLayout(),
    lock: 'lease',
    capabilities: { ...ENDS, longestId: 128 },
  },
  "Laravel's table": {
    layout: laravelLayout(),
    capabilities: { longestId: 255, owners: true, namedOwners: false },
  },
}

function table({ layers, ...options }: DatabaseFixtureOptions): Promise<HandlerFixture> {
  const pool = { host: '127.0.0.1', port: server.port, user: 'root', database: DATABASE }
  const where = { dialect: 'mysql', pool } as const
  return databaseFixture([mysql(poolOf(0)), mysql(poolOf(1))], { layers, where, ...options })
}

describeWith('mariadbd', 'MariaDB', () => {
  beforeAll(async () => {
    server = await startMariadb()
    for (let index = 0; index < 2; index += 1) pools.push(await mariadbPool(server))
  }, 60_000)

  afterAll(async () => {
    for (const pool of pools) await pool.end().catch(() => undefined)
    await server?.stop()
  })

  for (const [name, { capabilities, layout, ...options }] of Object.entries(TABLES)) {
    describe(`handler contract: ${name}`, () => {
      const create = () => table({ ...options, layout })
      for (const { name, run } of handlerCases(create, { ...WHOLE, ...capabilities })) {
        if (layout?.name !== 'symfony' || name !== LARGE) it(name, run, 30_000)
      }
    })
  }

  describe("handler contract: WordPress' options", () => {
    for (const { name, run } of handlerCases(options(), OPTIONS)) {
      if (!CASES.includes(name)) it(name, run, 30_000)
    }
  })

  for (const [name, { create, capabilities }] of Object.entries(LAYERED)) {
    describe(`handler contract: ${name}`, () => {
      for (const { name, run } of handlerCases(create, { ...SHARED, ...capabilities })) {
        it(name, run, 30_000)
      }
    })
  }

  describe("handler contract: WordPress' options, in a collation with case", () => {
    for (const { name, run } of handlerCases(options('utf8mb4_bin'), OPTIONS)) {
      if (CASES.includes(name)) it(name, run, 30_000)
    }
  })
})
