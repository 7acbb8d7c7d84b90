/** Every kind of storing handler, over a real server of its own where it needs one. */
import type { SessionHandler } from '../../src/handler.js'
import { databaseHandler, mysql, postgres, sqlite } from '../../src/handlers/database.js'
import type { DatabaseHandler, SqlDatabase } from '../../src/handlers/database.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { expressStoreHandler, type ExpressSession } from '../../src/handlers/express-store.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { optionsTableHandler } from '../../src/handlers/options-table.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { freshTable } from './database-fixture.js'
import { openSqlite } from './database-places.js'
import { temporaryFolder } from './folders.js'
import { mariadbPool, rowsOf, startMariadb } from './mariadb-server.js'
import { memjs, startMemcached } from './memcached-server.js'
import { startPostgres } from './postgres-server.js'
import { nodeRedisClient } from './redis-clients.js'
import { startRedis } from './redis-server.js'
import type { Service } from './services.js'
import { optionsTable } from './wordpress.js'

/** A running place for sessions. */
export interface KindInUse {
  /** A chain over an empty place; made again it is another process over the same place. */
  make(): Promise<() => SessionHandler[]>
  stop(): Promise<void>
}

export interface HandlerKind {
  readonly service?: Service
  /** Whether it knows what was used when, under the clock of the test. */
  readonly tells: boolean
  start(): Promise<KindInUse>
}

const NOTHING: KindInUse['stop'] = () => Promise.resolve()

function local(make: () => () => SessionHandler[]): HandlerKind['start'] {
  return () => Promise.resolve({ make: () => Promise.resolve(make()), stop: NOTHING })
}

async function tables(
  database: SqlDatabase,
  stop: KindInUse['stop'],
  lock: 'lease' | 'connection' = 'lease',
): Promise<KindInUse> {
  const handler = (table: string): DatabaseHandler =>
    databaseHandler({ database, table, timeout: 5, lock })
  return Promise.resolve({
    stop,
    async make() {
      const table = freshTable()
      await handler(table).migrate()
      return () => [handler(table)]
    },
  })
}

function expressStore(): () => SessionHandler[] {
  const records = new Map<string, string>()
  const store = {
    get: (id: string, done: (error: unknown, session?: ExpressSession | null) => void) =>
      done(
        null,
        records.has(id) ? (JSON.parse(records.get(id) as string) as ExpressSession) : null,
      ),
    set(id: string, session: ExpressSession, done?: (error?: unknown) => void) {
      records.set(id, JSON.stringify(session))
      done?.()
    },
    destroy(id: string, done?: (error?: unknown) => void) {
      records.delete(id)
      done?.()
    },
  }
  return () => [expressStoreHandler(store)]
}

const KEYS = generateKey()

export const HANDLER_KINDS: Readonly<Record<string, HandlerKind>> = {
  memory: {
    tells: true,
    start: local(() => {
      const store = memoryHandler()
      return () => [store]
    }),
  },
  files: {
    tells: true,
    start: local(() => {
      const savePath = temporaryFolder()
      return () => [filesHandler({ savePath, lock: 'process' })]
    }),
  },
  'encryption, hashed ids, above files': {
    tells: true,
    start: local(() => {
      const savePath = temporaryFolder()
      return () => [
        encryptionHandler({ keys: KEYS }),
        hashedIdHandler(),
        filesHandler({ savePath, lock: 'process' }),
      ]
    }),
  },
  'a store of express-session': { tells: false, start: local(expressStore) },
  SQLite: {
    tells: true,
    async start() {
      const connection = openSqlite?.(':memory:')
      if (connection === undefined) throw new Error('this Node has no SQLite')
      return tables(sqlite(connection), () => Promise.resolve(connection.close()))
    },
  },
  PostgreSQL: {
    service: 'postgres',
    tells: true,
    async start() {
      const server = await startPostgres()
      const pool = await server.pool({ max: 5 })
      return tables(postgres(pool), async () => {
        await pool.end()
        await server.stop()
      })
    },
  },
  MariaDB: {
    service: 'mariadbd',
    tells: true,
    async start() {
      const server = await startMariadb()
      const pool = await mariadbPool(server)
      return tables(mysql(pool), async () => {
        await pool.end()
        await server.stop()
      })
    },
  },
  "WordPress' options table": {
    service: 'mariadbd',
    tells: true,
    async start() {
      const server = await startMariadb()
      const pool = await mariadbPool(server)
      return {
        async make() {
          await rowsOf(pool, 'DROP TABLE IF EXISTS wp_options')
          await rowsOf(pool, optionsTable())
          return () => [optionsTableHandler({ database: mysql(pool), timeout: 5 })]
        },
        async stop() {
          await pool.end()
          await server.stop()
        },
      }
    },
  },
  Redis: {
    service: 'redis-server',
    tells: false,
    async start() {
      const server = await startRedis()
      const { client, end } = await nodeRedisClient(server.port)
      return {
        make: () => Promise.resolve(() => [redisHandler({ client })]),
        async stop() {
          await end()
          await server.stop()
        },
      }
    },
  },
  Memcached: {
    service: 'memcached',
    tells: false,
    async start() {
      const server = await startMemcached()
      const client = await memjs(server.port)
      return {
        make: () => Promise.resolve(() => [memcachedHandler({ client })]),
        async stop() {
          client.close()
          await server.stop()
        },
      }
    },
  },
}
