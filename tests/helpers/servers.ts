/** Servers of a test: real processes on free loopback ports, ended by pid. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'

export interface Served {
  readonly origin: string
  readonly process: ChildProcess
  readonly stop: (signal?: NodeJS.Signals) => Promise<void>
}

/** Starts a bundled server; it prints `ready <port>` when it listens. */
export async function startNode(file: string, env: Record<string, string>): Promise<Served> {
  const child = spawn(process.execPath, [file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await new Promise<string>((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const ready = /ready (\d+)/.exec(printed)
      if (ready?.[1] !== undefined) resolve(ready[1])
    })
    child.once('exit', () => reject(new Error(`server ended before it was ready: ${printed}`)))
  })
  return served(child, `http://127.0.0.1:${port}`, (signal) => child.kill(signal))
}

/** Starts `php -S` with several workers, in a process group of its own. */
export async function servePhp(
  router: string,
  ini: Record<string, string>,
  workers = 4,
): Promise<Served> {
  const port = await freePort()
  const settings = Object.entries(ini).flatMap(([key, value]) => ['-d', `${key}=${value}`])
  const child = spawn('php', ['-n', ...settings, '-S', `127.0.0.1:${port}`, router], {
    env: { ...process.env, PHP_CLI_SERVER_WORKERS: String(workers) },
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
  })
  await reachable(port)
  return served(child, `http://127.0.0.1:${port}`, (signal) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  })
}

function served(
  child: ChildProcess,
  origin: string,
  kill: (signal: NodeJS.Signals) => unknown,
): Served {
  const exited = once(child, 'exit')
  return {
    origin,
    process: child,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) kill(signal)
      await exited
    },
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Tries to connect until it works; two hundred times at the most. */
export async function reachable(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await connects(port)) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('the server cannot be reached')
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })
}
