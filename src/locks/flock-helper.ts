/**
 * A child process that holds flock(2) locks for this one: Node has no call for it, and starting a
 * program for every lock stops the event loop for as long as the fork takes.
 *
 * One line per message, fields separated by one space; `n` numbers a lock.
 *
 * - to the helper: `L n x|s <path in hex>` lock · `U n` unlock · `C n` unlock or stop waiting, and
 *   say when the path is no longer used
 * - from it: `R` ready · `G n` granted · `E n <errno>` not possible · `D n` done with `n`
 *
 * The helper waits in the kernel's queue, so PHP and Node take turns. It ends with its standard
 * input: when this process dies, however it dies, the locks are free a moment later. It ignores
 * the signals that ask a whole process group to end, so that the last commits keep their locks.
 *
 * @module
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { getSystemErrorName } from 'node:util'
import { LockTimeoutError, StateError } from '../errors.js'
import { timerMs, type HeldLock, type LockLimits } from '../lib/held-lock.js'

/** A program that speaks the protocol. */
export interface HelperProgram {
  readonly name: string
  /** Absolute: what `PATH` says is nobody's business here. */
  readonly file: string
  readonly args: readonly string[]
}

type Child = ChildProcessByStdio<Writable, Readable, null>

/** A helper that has come up. */
export interface Helper {
  readonly child: Child
  /** Locks asked for and not given back. */
  readonly requests: Map<number, Request>
  /** Number of the last lock. */
  last: number
  alive: boolean
}

/** One lock, from the question to the moment it is given back. */
interface Request {
  granted(): void
  /** Ends the wait; `undefined` when the helper has died. */
  ended(error: Error | undefined): void
  /** Why the wait was given up; the helper has been told. */
  reason: Error | undefined
}

const START_MS = 5000
/** For a helper to confirm that it gave up waiting; a stopped one is killed then. */
const CONFIRM_MS = 1000

/** Starts a helper. @returns `undefined` when the program does not come up. */
export function startHelper(program: HelperProgram): Promise<Helper | undefined> {
  return new Promise((resolve) => {
    const child = spawnHelper(program)
    if (child === undefined) return resolve(undefined)
    const helper: Helper = { child, requests: new Map(), last: 0, alive: true }
    const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
    const settle = (outcome: Helper | undefined) => {
      clearTimeout(timer)
      resolve(outcome)
    }
    child.on('exit', () => bury(helper, settle))
    // A pipe to a helper that has just died; its exit tells the rest.
    for (const pipe of [child.stdin, child.stdout]) pipe.on('error', () => undefined)
    listen(helper, () => settle(helper))
    keepNothingAlive(child)
  })
}

/** An empty environment and a folder nobody unmounts: nothing from outside reaches the program. */
function spawnHelper({ file, args }: HelperProgram): Child | undefined {
  try {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'], env: {}, cwd: '/' })
    child.on('error', () => undefined)
    return child.pid === undefined ? undefined : child
  } catch {
    // Node's permission model refuses child processes: one more provider that is not there.
    return undefined
  }
}

/** The helper alone is no reason for this process to stay; a lock that is waited for is (its timer). */
function keepNothingAlive(child: Child): void {
  child.unref()
  for (const stream of [child.stdin, child.stdout]) (stream as unknown as Socket).unref()
}

function bury(helper: Helper, settle: (outcome: undefined) => void): void {
  helper.alive = false
  settle(undefined)
  const requests = [...helper.requests.values()]
  helper.requests.clear()
  for (const request of requests) request.ended(request.reason)
}

function listen(helper: Helper, ready: () => void): void {
  let pending = ''
  helper.child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    const lines = (pending + chunk).split('\n')
    pending = lines.pop() as string
    for (const line of lines) {
      if (line === 'R') ready()
      else hear(helper, line)
    }
  })
}

function hear(helper: Helper, line: string): void {
  const [word, number, errno] = line.split(' ')
  const request = helper.requests.get(Number(number))
  if (request === undefined) return
  if (word === 'G' && request.reason === undefined) return request.granted()
  if (word === 'D') return request.ended(request.reason)
  if (word === 'E' && request.reason === undefined) {
    say(helper, `U ${number}`)
    request.ended(lockFailure(Number(errno)))
  }
}

function lockFailure(errno: number): Error {
  const code = errno > 0 ? getSystemErrorName(-errno) : 'EIO'
  return Object.assign(new Error('the lock helper cannot lock the file'), { code })
}

function say(helper: Helper, line: string): void {
  if (helper.alive) helper.child.stdin.write(`${line}\n`)
}

/**
 * Takes an exclusive lock of the file at `path`.
 *
 * When this settles without a lock, the helper no longer uses the path.
 *
 * @returns `undefined` when the helper died before it could grant it.
 * @throws {LockTimeoutError} After `waitMs`.
 * @throws {StateError} When `signal` was aborted.
 * @throws {Error} With the `code` of the system call that failed.
 */
export function lockThrough(
  helper: Helper,
  path: string,
  { waitMs, signal }: LockLimits,
): Promise<HeldLock | undefined> {
  const number = (helper.last += 1)
  return new Promise((resolve, reject) => {
    const giveUp = (reason: Error) => cancel(helper, number, reason)
    const timer = setTimeout(() => giveUp(new LockTimeoutError('files', waitMs)), timerMs(waitMs))
    const onAbort = () => giveUp(new StateError('files: gave up waiting for the lock'))
    const stopWaiting = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    helper.requests.set(number, {
      reason: undefined,
      granted() {
        stopWaiting()
        resolve(heldLock(helper, number))
      },
      ended(error) {
        stopWaiting()
        helper.requests.delete(number)
        if (error === undefined) resolve(undefined)
        else reject(error)
      },
    })
    say(helper, `L ${number} x ${Buffer.from(path).toString('hex')}`)
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function heldLock(helper: Helper, number: number): HeldLock {
  return {
    get lost() {
      return !helper.alive
    },
    release() {
      if (helper.requests.delete(number)) say(helper, `U ${number}`)
    },
  }
}

/** Stops waiting; whoever waits is told once the helper has let go of the path. */
function cancel(helper: Helper, number: number, reason: Error): void {
  const request = helper.requests.get(number)
  if (request === undefined || request.reason !== undefined) return
  request.reason = reason
  const timer = setTimeout(() => helper.child.kill('SIGKILL'), CONFIRM_MS)
  const { ended } = request
  request.ended = (error) => {
    clearTimeout(timer)
    ended(error)
  }
  say(helper, `C ${number}`)
}

/** Ends a helper and waits until it is gone, and with it its locks. */
export function endHelper(helper: Helper): Promise<void> {
  if (!helper.alive) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => helper.child.kill('SIGKILL'), CONFIRM_MS)
    helper.child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    helper.child.stdin.end()
  })
}
