/**
 * PHP's flock(2) from Node, so that PHP and Node wait for each other.
 *
 * Who takes the lock, the first that is there:
 * 1. a function of the application
 * 2. a long-lived helper process: perl, php, python3
 * 3. a small Node process that starts the `flock` program for each lock
 *
 * @module
 */
import { accessSync, closeSync, constants } from 'node:fs'
import { LockTimeoutError, StateError, StoreError } from '../errors.js'
import { publish } from '../events.js'
import type { HeldLock, LockLimits } from '../lib/held-lock.js'
import { lockByFunction, type FlockFunction } from './flock-function.js'
import {
  endHelper,
  lockThrough,
  startHelper,
  type Helper,
  type HelperProgram,
} from './flock-helper.js'
import { NODE_HELPER } from './flock-node.js'
import { PERL_HELPER } from './flock-perl.js'
import { PHP_HELPER } from './flock-php.js'
import { PYTHON_HELPER } from './flock-python.js'

export type { FlockFunction } from './flock-function.js'

/** The kinds of helper, in the order in which they are tried. */
export const FLOCK_PROVIDERS = ['auto', 'perl', 'php', 'python3', 'node'] as const

/** The program that takes `flock` for Node; `auto` is the first that is there. */
export type FlockProvider = (typeof FLOCK_PROVIDERS)[number]

export interface Flock {
  /**
   * Takes the exclusive lock of an open file, and the descriptor with it: it is closed by
   * `release`, and closed already when this throws.
   *
   * @param path Of the file, for systems that cannot reach a descriptor of another process.
   * @throws {LockTimeoutError} After `waitMs`.
   * @throws {StateError} When the signal was aborted.
   * @throws {StoreError} When nobody can take locks here.
   */
  lock(fd: number, path: string, limits: LockLimits): Promise<HeldLock>
  /** Ends the helper, and with it the locks it holds. A later lock starts a new one. */
  dispose(): Promise<void>
}

const FOLDERS = ['/usr/bin', '/usr/local/bin', '/bin', '/opt/homebrew/bin', '/opt/local/bin']

const INTERPRETERS = {
  perl: ['-e', PERL_HELPER],
  php: ['-n', '-d', 'display_errors=stderr', '-d', 'extension=posix', '-r', PHP_HELPER],
  python3: ['-I', '-S', '-c', PYTHON_HELPER],
} as const

/** A helper that dies is replaced, but not for ever within one wait. */
const MAX_HELPERS = 3

const CHOICES =
  "nothing here can take PHP's flock: install perl, php (with pcntl), python3 or util-linux' flock, " +
  'pass a "flock" function, or set lock: \'process\' where no other process uses the folder'

/** The programs that exist here for a provider, best first. */
export function helperPrograms(provider: FlockProvider): HelperProgram[] {
  const names = provider === 'auto' ? FLOCK_PROVIDERS.slice(1) : [provider]
  return names.flatMap((name) => (name === 'node' ? nodePrograms() : interpreters(name)))
}

function interpreters(name: string): HelperProgram[] {
  const args = INTERPRETERS[name as keyof typeof INTERPRETERS]
  return executables(name).map((file) => ({ name, file, args }))
}

function nodePrograms(): HelperProgram[] {
  return executables('flock').map((flock) => ({
    name: 'node',
    file: process.execPath,
    args: ['-e', NODE_HELPER, flock],
  }))
}

function executables(name: string): string[] {
  // Windows locks for PHP by other means; no program from these folders could take part.
  if (process.platform === 'win32') return []
  return FOLDERS.map((folder) => `${folder}/${name}`).filter(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Locks through a helper process, started with the first lock.
 *
 * @throws {StoreError} At once, naming the choices, when there is no program to start.
 */
export function helperFlock(provider: FlockProvider): Flock {
  const programs = helperPrograms(provider)
  if (programs.length === 0) throw noProvider()
  let current: Promise<Helper | undefined> | undefined
  let disposals = 0

  async function running(): Promise<Helper> {
    const starting = (current ??= startFirst(programs))
    const helper = await starting
    if (helper?.alive === true) return helper
    // Of all who find it dead, the first starts the next one.
    if (current === starting) current = undefined
    if (helper === undefined) throw noProvider()
    return running()
  }

  async function attempts(fd: number, path: string, limits: LockLimits): Promise<HeldLock> {
    const started = performance.now()
    const before = disposals
    for (let attempt = 0; attempt < MAX_HELPERS; attempt += 1) {
      const waitMs = Math.max(0, limits.waitMs - (performance.now() - started))
      const held = await lockAnyhow(await running(), { fd, path }, { ...limits, waitMs })
      if (held !== undefined) return held
      if (disposals !== before) throw new StateError('files: closed while waiting for the lock')
    }
    throw new StoreError('files', 'lock', 'the lock helper keeps dying')
  }

  return {
    async lock(fd, path, limits) {
      try {
        return closing(await attempts(fd, path, limits), fd)
      } catch (error) {
        closeSync(fd)
        throw error
      }
    },
    async dispose() {
      disposals += 1
      const helper = await current
      current = undefined
      if (helper !== undefined) await endHelper(helper)
    },
  }
}

async function startFirst(programs: readonly HelperProgram[]): Promise<Helper | undefined> {
  for (const program of programs) {
    const helper = await startHelper(program)
    if (helper === undefined) continue
    if (program.name === 'node') warnOfPrograms()
    return helper
  }
  return undefined
}

function warnOfPrograms(): void {
  publish('sessionz:warning', () => ({
    code: 'FLOCK_BY_PROGRAM',
    message:
      'files: every lock starts the flock program, which takes some 2 ms; install perl, php or python3',
  }))
}

function noProvider(): StoreError {
  return new StoreError('files', 'lock', CHOICES)
}

/**
 * By descriptor where the system shows descriptors of other processes: that is our file, whatever
 * has become of its name. By name otherwise, which holds as long as the name still leads to our
 * file once the lock is granted; the caller looks.
 */
async function lockAnyhow(
  helper: Helper,
  { fd, path }: { fd: number; path: string },
  limits: LockLimits,
): Promise<HeldLock | undefined> {
  if (process.platform !== 'linux') return lockThrough(helper, path, limits)
  try {
    return await lockThrough(helper, `/proc/${process.pid}/fd/${fd}`, limits)
  } catch (error) {
    if (error instanceof LockTimeoutError || error instanceof StateError) throw error
    // A process that has changed its user hides its descriptors, also from its children.
    return lockThrough(helper, path, limits)
  }
}

function closing(lock: HeldLock, fd: number): HeldLock {
  return {
    get lost() {
      return lock.lost
    },
    release() {
      lock.release()
      closeSync(fd)
    },
  }
}

/** Locks that keep out nobody: for folders of one process, which queues before it comes here. */
export function processFlock(): Flock {
  return {
    lock: async (fd) => ({ lost: false, release: () => closeSync(fd) }),
    dispose: async () => undefined,
  }
}

/** Locks through a function of the application. */
export function functionFlock(flock: FlockFunction): Flock {
  return {
    lock: (fd, _path, limits) => lockByFunction(flock, fd, limits),
    dispose: async () => undefined,
  }
}
