/** A server of a database or a cache, private to a test file: its own port, folder and process. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { reachable } from './servers.js'

/** How a server is started. */
export interface DaemonPlan {
  readonly command: string
  readonly args: readonly string[]
  readonly port: number
  /** Removed when the server is stopped for good. */
  readonly folder?: string
  readonly spawn?: SpawnOptions
}

/** A running server. */
export interface Daemon {
  readonly port: number
  readonly folder: string | undefined
  readonly pid: number
  /** Ends the process, by SIGKILL where asked to; `start` brings it back with what its folder holds. */
  halt(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port. */
  start(): Promise<void>
  /** Hangs it (SIGSTOP), with its connections open. @returns How it goes on. */
  pause(): () => void
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** Starts a server and waits until it takes connections. */
export async function startDaemon(plan: DaemonPlan): Promise<Daemon> {
  let child = await launch(plan)
  const daemon: Daemon = {
    port: plan.port,
    folder: plan.folder,
    get pid() {
      return child.pid ?? 0
    },
    async halt(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill(signal)
      await exited
    },
    async start() {
      child = await launch(plan)
    },
    pause() {
      child.kill('SIGSTOP')
      return () => void child.kill('SIGCONT')
    },
    async stop() {
      child.kill('SIGCONT')
      await daemon.halt('SIGKILL')
      if (plan.folder !== undefined) rmSync(plan.folder, { recursive: true, force: true })
    },
  }
  return daemon
}

async function launch(plan: DaemonPlan): Promise<ChildProcess> {
  const child = spawn(plan.command, plan.args, { stdio: 'ignore', ...plan.spawn })
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`${plan.command} ended at once: ${String(code)}`)
  })
  failed.catch(() => undefined) // afterwards it is no failure
  await Promise.race([reachable(plan.port), failed])
  return child
}
