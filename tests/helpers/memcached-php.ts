/** PHP with its sessions in a Memcached: a web server and single scripts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { freePort, reachable, type Served } from './servers.js'

type Ini = Readonly<Record<string, string>>

/** What PHP needs to wait for its turn as long as we do: by default it gives up after 0.8 s. */
const PATIENT: Ini = {
  'session.save_handler': 'memcached',
  'session.use_strict_mode': '1',
  'memcached.sess_locking': '1',
  'memcached.sess_lock_expire': '30',
  'memcached.sess_lock_wait_min': '5',
  'memcached.sess_lock_wait_max': '20',
  'memcached.sess_lock_retries': '6000',
}

/** Without `-n`: the extensions are in PHP's own settings. */
function settings(port: number, ini: Ini): string[] {
  const all = { ...PATIENT, 'session.save_path': `127.0.0.1:${port}`, ...ini }
  return Object.entries(all).flatMap(([key, value]) => ['-d', `${key}=${value}`])
}

/** Starts `php -S` with four workers, in a process group of its own. */
export async function servePhp(router: string, memcached: number, ini: Ini = {}): Promise<Served> {
  const port = await freePort()
  const args = [...settings(memcached, ini), '-S', `127.0.0.1:${port}`, router]
  const child = spawn('php', args, {
    env: { ...process.env, PHP_CLI_SERVER_WORKERS: '4' },
    stdio: 'ignore',
    detached: true,
  })
  const exited = once(child, 'exit')
  await reachable(port)
  return {
    origin: `http://127.0.0.1:${port}`,
    process: child,
    async stop(signal = 'SIGTERM') {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal)
      await exited
    },
  }
}

/** A PHP process that runs a script; what it prints comes as it is printed. */
export interface PhpScript {
  /** All that was printed, once it has ended. */
  readonly output: Promise<string>
  /** Waits until it has printed something. */
  readonly printed: Promise<void>
  kill(): Promise<void>
}

export function runPhp(code: string, memcached: number, ini: Ini = {}): PhpScript {
  const args = ['-d', 'display_errors=stderr', ...settings(memcached, ini), '-r', code]
  const child = spawn('php', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('latin1')
  const printed = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: string) => {
      text += chunk
      resolve()
    })
  })
  const closed = once(child, 'close')
  return {
    output: closed.then(() => text),
    printed,
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
