/**
 * Locks through a function that the application brings, for instance of its own native add-on.
 *
 * @module
 */
import { closeSync } from 'node:fs'
import { LockTimeoutError, StateError, StoreError } from '../errors.js'
import { timerMs, type HeldLock, type LockLimits } from '../lib/held-lock.js'

/**
 * flock(2) on a descriptor: `ex` waits for the exclusive lock, `sh` for a shared one, `un` gives it
 * back. The promise settles when the call has returned.
 */
export type FlockFunction = (fd: number, operation: 'ex' | 'sh' | 'un') => Promise<void>

/** A wait that is given up goes on in the function: what it brings is handed back at once. */
export function lockByFunction(
  flock: FlockFunction,
  fd: number,
  limits: LockLimits,
): Promise<HeldLock> {
  const { waitMs, signal } = limits
  return new Promise((resolve, reject) => {
    let waiting = true
    const settle = (act: () => void) => {
      waiting = false
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      act()
    }
    const timer = setTimeout(
      () => settle(() => reject(new LockTimeoutError('files', waitMs))),
      timerMs(waitMs),
    )
    const onAbort = () =>
      settle(() => reject(new StateError('files: gave up waiting for the lock')))
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
    const release = () => void unlockByFunction(flock, fd)
    callFlock(flock, fd).then(
      () => (waiting ? settle(() => resolve({ lost: false, release })) : release()),
      (cause: unknown) => {
        closeSync(fd)
        settle(() => reject(functionFailed(cause)))
      },
    )
  })
}

/** Also a function that throws instead of rejecting is one that failed. */
async function callFlock(flock: FlockFunction, fd: number): Promise<void> {
  await flock(fd, 'ex')
}

async function unlockByFunction(flock: FlockFunction, fd: number): Promise<void> {
  try {
    await flock(fd, 'un')
  } catch {
    // Closing the descriptor gives the lock back as well.
  } finally {
    closeSync(fd)
  }
}

function functionFailed(cause: unknown): StoreError {
  return new StoreError('files', 'lock', 'the "flock" function failed', { cause })
}
