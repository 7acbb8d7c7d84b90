/**
 * A Node process that keeps sessions in a database as an application does.
 *
 * Arguments: where the database is, as JSON; then an id, a task and its number.
 */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import {
  databaseHandler,
  mysql,
  postgres,
  sqlite,
  type DatabaseHandler,
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

const [json, id, task, argument] = process.argv.slice(2) as [string, string, string, string]
const where = JSON.parse(json) as Whereabouts
const load = createRequire(where.clients)

type Class<T> = new (...settings: unknown[]) => T

function connected(): SqlDatabase {
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

const { table, lock, leaseMs = 30_000, nowMs } = where
const handler: DatabaseHandler = databaseHandler({
  database: connected(),
  table,
  lock,
  timeout: 20,
})
const chain = composeChain([handler])
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const heard = async (): Promise<string> => String((await input.next()).value)
const say = (line: string) => void process.stdout.write(`${line}\n`)
const now = nowMs === undefined ? Date.now : () => nowMs
const context = () => createContext({ id, lockWaitMs: 60_000, lockLeaseMs: leaseMs, now })
const text = (payload: Uint8Array | undefined) => Buffer.from(payload ?? 'absent').toString()

/** Increments as a request does: open, read, work, the last write, close. */
async function increment(): Promise<void> {
  const activation = context()
  await chain.open(activation)
  const value = Number(text(await chain.read(id, activation)))
  await new Promise((resolve) => setImmediate(resolve))
  activation.closing = true
  await chain.write(id, Buffer.from(String(value + 1)), activation)
  await chain.close(activation)
}

/** Increments, up to five at the same time. */
async function count(): Promise<void> {
  let left = Number(argument)
  say('ready')
  await heard()
  const lane = async () => {
    while (left > 0) {
      left -= 1
      await increment()
    }
  }
  await Promise.all(Array.from({ length: 5 }, lane))
  say('done')
}

/** Opens, says what it reads, and writes what it is told; says what came of it. */
async function hold(): Promise<void> {
  const activation = context()
  await chain.open(activation)
  say(text(await chain.read(id, activation)))
  const payload = Buffer.from(await heard())
  const written = async () => chain.write(id, payload, activation)
  say(await written().then(String, (error: { code?: string }) => String(error.code)))
  await Promise.resolve(chain.close(activation)).catch(() => undefined)
  say('closed')
}

async function migrate(): Promise<void> {
  say('ready')
  await heard()
  say(await handler.migrate().then(() => 'done', String))
}

/** Collects until nothing is left; says how many it removed. */
async function collect(): Promise<void> {
  say('ready')
  await heard()
  say(String(await chain.gc(1440, createContext({ lock: 'none' }))))
}

const TASKS: Record<string, () => Promise<void>> = { count, hold, migrate, collect }
await TASKS[task]?.()
process.exit(0)
