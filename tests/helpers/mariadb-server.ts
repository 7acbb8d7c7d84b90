/** Private MariaDB servers. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MysqlPool } from '../../src/stores/mysql.js'
import { startDaemon, type Daemon } from './daemon.js'
import { peer } from './peer.js'
import { freePort } from './servers.js'

/** The database that tests work in; its user is `root`, without a password. */
export const DATABASE = 'test'

/**
 * Starts a MariaDB on loopback with an empty database `test`, its files in a temporary folder.
 *
 * @param settings Further words of its command line.
 */
export async function startMariadb(...settings: string[]): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-mariadb-'))
  chmodSync(folder, 0o700)
  const data = join(folder, 'data')
  install(data)
  const port = await freePort()
  const place = [`--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--tmpdir=${folder}`]
  const address = ['--bind-address=127.0.0.1', `--port=${port}`, '--skip-name-resolve']
  const args = ['--no-defaults', ...asUser(), ...place, ...address, ...SMALL, ...settings]
  return startDaemon({ command: 'mariadbd', args, port, folder })
}

/** What was committed survives the end of the process, not that of the machine. */
const SMALL = [
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=16M',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-doublewrite=0',
  '--performance-schema=OFF',
  '--skip-log-bin',
  '--max-connections=200',
  '--max-allowed-packet=16M',
]

function install(data: string): void {
  const args = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal']
  const { status, stdout } = spawnSync('mariadb-install-db', [...args, ...asUser()], {
    encoding: 'utf8',
    timeout: 120_000,
  })
  if (status !== 0) throw new Error(`mariadb-install-db: ${stdout}`)
}

/** MariaDB runs as root only where it is told to. */
function asUser(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : []
}

/** A pool of mysql2 as tests use it. */
export interface TestPool extends MysqlPool {
  end(): Promise<void>
}

interface Mysql2 {
  createPool(options: Record<string, unknown>): TestPool
}

/** A pool of connections to a server, with promises. */
export async function mariadbPool(
  { port }: Daemon,
  options: Record<string, unknown> = {},
): Promise<TestPool> {
  const { createPool } = await peer<Mysql2>('mysql2/promise')
  return createPool({ host: '127.0.0.1', port, user: 'root', database: DATABASE, ...options })
}

type Row = Record<string, string | number | Buffer | null>

/** Runs a statement of a test. @returns The rows. */
export async function rowsOf(pool: TestPool, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = pool as unknown as { query(sql: string, values: unknown[]): Promise<[unknown]> }
  const [rows] = await client.query(sql, values)
  return Array.isArray(rows) ? (rows as Row[]) : []
}
