/** Private MariaDB servers. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon, type Daemon } from './daemon.js'
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

/** Nothing is kept for ever, and the machine has other things to do. */
const SMALL = [
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=16M',
  '--innodb-flush-log-at-trx-commit=0',
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
