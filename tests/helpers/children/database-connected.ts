/** A database as another process is told of it. */
import { createRequire } from 'node:module'
import {
  mysql,
  postgres,
  sqlite,
  type MysqlPool,
  type PostgresPool,
  type SqlDatabase,
  type SqlLockKind,
} from '../../../src/handlers/database.js'

/** Where the database is. */
export interface Whereabouts {
  /** A file that lies beside the clients' packages: they are found from there. */
  readonly clients: string
  readonly dialect: SqlDatabase['dialect']
  readonly table: string
  readonly lock?: SqlLockKind | undefined
  readonly leaseMs?: number | undefined
  /** The clock of records. @default the one of this machine */
  readonly nowMs?: number | undefined
  /** Of SQLite: the file, and the package. */
  readonly path?: string | undefined
  readonly driver?: string | undefined
  /** Of a server: what its pool is made of. */
  readonly pool?: object | undefined
}

type Class<T> = new (...settings: unknown[]) => T

/** Connects by the clients that lie there. */
export function connected(where: Whereabouts): SqlDatabase {
  const load = createRequire(where.clients)
  if (where.dialect === 'postgres') {
    return postgres(new (load('pg') as { Pool: Class<PostgresPool> }).Pool(where.pool))
  }
  if (where.dialect === 'mysql') {
    const { createPool } = load('mysql2/promise') as {
      createPool: (settings: unknown) => MysqlPool
    }
    return mysql(createPool(where.pool))
  }
  type Connection = Parameters<typeof sqlite>[0] & { exec(text: string): unknown }
  const loaded = load(where.driver ?? '') as Class<Connection> & { DatabaseSync: Class<Connection> }
  const connection = new (loaded.DatabaseSync ?? loaded)(where.path)
  connection.exec('PRAGMA busy_timeout = 0')
  return sqlite(connection)
}
