/** PHP with phpredis as its session handler, and what Redis is told by anybody. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { freePort, reachable, type Served } from './servers.js'
import { until } from './processes.js'

/** Settings with which PHP locks as it does in its own files. */
export function phpredis(port: number): Readonly<Record<string, string>> {
  return {
    'session.save_handler': 'redis',
    'session.save_path': `tcp://127.0.0.1:${port}`,
    'redis.session.locking_enabled': '1',
    'redis.session.lock_expire': '30',
    'redis.session.lock_retries': '-1',
    'session.use_strict_mode': '1',
  }
}

function flags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-d', `${name}=${value}`])
}

/** `php -S` with several workers and its installed extensions, in a process group of its own. */
export async function servePhpredis(
  router: string,
  settings: Readonly<Record<string, string>>,
): Promise<Served> {
  const port = await freePort()
  const child = spawn('php', [...flags(settings), '-S', `127.0.0.1:${port}`, router], {
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
      if (child.pid !== undefined) process.kill(-child.pid, signal)
      await exited
    },
  }
}

/** Runs a script with the session of an id at hand. @returns What it prints. */
export async function runPhpredis(
  id: string,
  code: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const cli = { ...settings, 'session.use_cookies': '0', 'session.use_only_cookies': '0' }
  const script = `session_id(${JSON.stringify(id)});\n${code}`
  const words = [...flags({ ...cli, 'session.cache_limiter': '' }), '-r', script]
  return (await promisify(execFile)('php', words)).stdout
}

/** Commands as a server was told them, in words; those that scripts call begin with `LUA`. */
export interface Monitor {
  /** What came since it was asked last, when the server has told all of it. */
  heard(): Promise<string[]>
  end(): void
}

/** Listens in on a server. */
export async function monitor(port: number): Promise<Monitor> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  let text = ''
  let marks = 0
  socket.on('data', (chunk: string) => (text += chunk))
  socket.write('MONITOR\r\n')
  await until(() => text.includes('+OK'), 'MONITOR')
  text = ''
  return {
    async heard() {
      const mark = `mark-${(marks += 1)}`
      const marker = connect(port, '127.0.0.1')
      marker.end(`PING ${mark}\r\n`)
      await until(() => text.includes(mark), 'the mark')
      const lines = text.split('\r\n').filter((line) => line.includes('"') && !/"PING"/.test(line))
      text = ''
      return lines.map((line) =>
        line.replace(/^\S+ \[\d+ (lua)?\S*\] /, (_, lua) => (lua ? 'LUA ' : '')),
      )
    },
    end: () => void socket.destroy(),
  }
}
