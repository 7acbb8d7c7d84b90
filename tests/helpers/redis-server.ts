/** Private Redis servers. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDaemon, type Daemon } from './daemon.js'
import { freePort } from './servers.js'

/** Starts a Redis that keeps nothing on disk. @param settings Further words of its command line. */
export async function startRedis(...settings: string[]): Promise<Daemon> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionz-redis-'))
  const port = await freePort()
  const address = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  const args = [...address, '--save', '', '--appendonly', 'no', ...settings]
  return startDaemon({ command: 'redis-server', args, port, folder })
}
