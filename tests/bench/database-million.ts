/**
 * A million sessions in a database, half of them expired: gc while sessions are served. Prints how long
 * each kind of statement took, and whether all that lived lives. Too long for every run of the benches;
 * by hand:
 *
 *     npx esbuild tests/bench/database-million.ts --bundle --platform=node --format=esm \
 *       --external:vitest --external:esbuild --outfile=tests/bench/database-million.mjs
 *     node tests/bench/database-million.mjs sqlite|postgres|mysql [sessions] [batch]
 *
 * The bundle has to lie here: it looks for the clients beside it. Remove it afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import type { Chain } from '../../src/handler.js'
import { databaseHandler, mysql, postgres, sqlite } from '../../src/handlers/database.js'
import type { SqlDatabase, SqlQuery } from '../../src/handlers/database.js'
import { mariadbPool, startMariadb } from '../helpers/mariadb-server.js'
import { startPostgres } from '../helpers/postgres-server.js'
import { SQLITE_DRIVERS } from '../helpers/sqlite-clients.js'

interface Place {
  readonly database: SqlDatabase
  end(): Promise<void>
}

const PLACES: Record<SqlDatabase['dialect'], () => Promise<Place>> = {
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'sessionz-million-'))
    const open = Object.values(SQLITE_DRIVERS).find((driver) => driver !== undefined)
    if (open === undefined) throw new Error('this Node has no SQLite')
    const connection = open(join(folder, 'sessions.sqlite'))
    connection.exec('PRAGMA synchronous = NORMAL')
    const end = async () => {
      connection.close()
      rmSync(folder, { recursive: true })
    }
    return { database: sqlite(connection), end }
  },
  async postgres() {
    const server = await startPostgres('shared_buffers=128MB')
    const pool = await server.pool({ max: 4 })
    const end = async () => {
      await pool.end()
      await server.stop()
    }
    return { database: postgres(pool), end }
  },
  async mysql() {
    const server = await startMariadb('--innodb-buffer-pool-size=1G', '--innodb-log-file-size=512M')
    const pool = await mariadbPool(server, { connectionLimit: 4 })
    const end = async () => {
      await pool.end()
      await server.stop()
    }
    return { database: mysql(pool), end }
  },
}

/** Times of statements by their first word, in milliseconds. */
type Times = Map<string, number[]>

function timed(query: SqlQuery, times: Times): SqlQuery {
  return (statement, parameters) => {
    const started = performance.now()
    const word = /^WITH/.test(statement) ? 'change under a lock' : kindOf(statement)
    const note = () => times.set(word, [...(times.get(word) ?? []), performance.now() - started])
    const result = query(statement, parameters)
    if (result instanceof Promise) return result.finally(note)
    note()
    return result
  }
}

function kindOf(statement: string): string {
  if (/^DELETE .*FROM .*sessions\S* WHERE.*LIMIT/s.test(statement)) return 'gc'
  return statement.split(' ')[0] ?? ''
}

const NOW = 1_700_000_000_000
const PAYLOAD = `user_id|i:42;csrf|s:32:"${'c'.repeat(32)}";last|s:100:"${'l'.repeat(100)}";`

/** Sessions of which every other one has expired, a thousand to a statement. */
async function fill(database: SqlDatabase, sessions: number): Promise<void> {
  const hex = (index: number) => (index * 2654435761).toString(16).padStart(16, '0').padEnd(32, 'a')
  const payload = Buffer.from(PAYLOAD)
  for (let from = 0; from < sessions; from += 1000) {
    const rows: string[] = []
    const values: (string | number | Uint8Array)[] = []
    for (let index = from; index < from + 1000; index += 1) {
      const touched = NOW - (index % 2 === 0 ? 10_000_000 + (index % 100_000) : index % 1_000_000)
      rows.push('(?, ?, ?, ?, ?)')
      values.push(hex(index), touched, touched, touched + 1_441_000, payload)
    }
    const columns = 'id, created, touched, expires, payload'
    await database.query(`INSERT INTO sessions (${columns}) VALUES ${rows.join(', ')}`, values)
  }
}

/** One request after the other on one session, until told to end. */
function serve(chain: Chain, id: string): () => Promise<{ count: number; longestMs: number }> {
  let running = true
  let longestMs = 0
  const requests = async () => {
    let count = 0
    for (; running; count += 1) {
      const started = performance.now()
      const context = createContext({ id, now: () => NOW })
      await chain.open(context)
      await chain.read(id, context)
      context.closing = true
      await chain.write(id, Buffer.from(PAYLOAD), context)
      await chain.close(context)
      longestMs = Math.max(longestMs, performance.now() - started)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    return { count, longestMs }
  }
  const served = requests()
  return () => ((running = false), served)
}

const [dialect = 'sqlite', sessions = '1000000', batch = '250'] = process.argv.slice(2)
const place = await PLACES[dialect as SqlDatabase['dialect']]()
const times: Times = new Map()
const database = { ...place.database, query: timed(place.database.query, times) }
const handler = databaseHandler({ database, table: 'sessions', batch: Number(batch), timeout: 60 })
const chain = composeChain([handler])
await handler.migrate()
await fill(place.database, Number(sessions))
const served = 'served'.padEnd(32, '-')
const context = createContext({ now: () => NOW, isNew: true, lock: 'none' })
await chain.write(served, Buffer.from(PAYLOAD), context)
times.clear()

const stop = serve(chain, served)
const started = performance.now()
const removed = await chain.gc(1440, context)
const gcMs = performance.now() - started
const { count, longestMs } = await stop()
const live = Number(
  (await place.database.query('SELECT COUNT(*) AS n FROM sessions')).rows[0]?.['n'],
)

const print = (line: string) => void process.stdout.write(`${line}\n`)
print(
  `${dialect}: removed ${removed} in ${(gcMs / 1000).toFixed(1)} s, ${live} of ${Number(sessions) / 2 + 1} live`,
)
print(`  served meanwhile: ${count}, the longest request ${longestMs.toFixed(1)} ms`)
for (const [kind, all] of times) {
  const sorted = all.sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2)
  print(
    `  ${kind}: ${sorted.length} statements, p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${(sorted.at(-1) ?? 0).toFixed(2)} ms`,
  )
}
await place.end()
