/** Private PostgreSQL servers. */
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon, type Daemon } from './daemon.js'
import { peer } from './peer.js'
import { childrenOf } from './processes.js'
import { freePort } from './servers.js'
import { postgresProgram } from './services.js'
import type { PostgresPool } from '../../src/stores/postgres.js'

/** A pool as tests use it. */
export interface TestPool extends PostgresPool {
  end(): Promise<void>
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
}

/** A server and how it is reached. */
export interface PostgresServer extends Daemon {
  /** A pool of `pg`; the test ends it. */
  pool(settings?: object): Promise<TestPool>
}

/** PostgreSQL does not run as root: then it gets a user that has no rights. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line = lines.find((text) => /^(?:postgres|nobody):/.test(text)) ?? ''
  const [, , uid, gid] = line.split(':').map(Number)
  return { uid: uid ?? 65_534, gid: gid ?? 65_534 }
}

/** Starts a server that trusts everybody on this machine and does not wait for the disk. */
export async function startPostgres(...settings: string[]): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-postgres-'))
  const user = owner()
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const spawn = { ...user, cwd: folder, env: { LC_ALL: 'C', PATH: process.env['PATH'] ?? '' } }
  const initdb = ['-D', folder, '-U', 'test', '-A', 'trust', '--no-sync', '-E', 'UTF8']
  const made = spawnSync(postgresProgram('initdb'), initdb, { ...spawn, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const port = await freePort()
  const limits = ['fsync=off', 'shared_buffers=32MB', 'max_connections=60', ...settings]
  const args = ['-D', folder, '-p', String(port), '-h', '127.0.0.1', '-k', folder]
  const plan = {
    command: postgresProgram('postgres'),
    args: [...args, ...limits.flatMap((limit) => ['-c', limit])],
    ...{ port, folder, spawn },
  }
  const daemon = await startDaemon(plan)
  const pool = async (more: object = {}) => {
    const { default: pg } = await peer<{
      default: { Pool: new (settings: object) => TestPool }
    }>('pg')
    return new pg.Pool({ host: '127.0.0.1', port, user: 'test', database: 'postgres', ...more })
  }
  await answering(await pool({ max: 1 }))
  const kill = daemon.stop
  const stop = async () => {
    await daemon.halt('SIGINT') // the fast way to end: it waits for nobody
    await kill()
  }
  const signal = (name: NodeJS.Signals) => {
    for (const pid of [daemon.pid, ...childrenOf(daemon.pid)]) process.kill(pid, name)
  }
  const pause = () => {
    signal('SIGSTOP')
    return () => signal('SIGCONT')
  }
  return Object.assign(daemon, { pool, stop, pause })
}

/** It takes connections before it serves them. Four hundred times at the most. */
async function answering(pool: TestPool): Promise<void> {
  try {
    for (let attempt = 0; attempt < 400; attempt += 1) {
      if (await pool.query('SELECT 1').then(Boolean, () => false)) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error('PostgreSQL does not get ready')
  } finally {
    await pool.end()
  }
}
