/**
 * The session files of one handler under their locks.
 *
 * One request of this process at a time comes to a file, in the order of arrival; the lock of the
 * operating system is taken once for a run of them, and given to other processes after a run of 32
 * or 50 ms (tests/bench/flock.bench.ts).
 *
 * @module
 */
import { closeSync, fstatSync, statSync } from 'node:fs'
import { LockTimeoutError, StoreError } from '../errors.js'
import type { SessionContext } from '../handler.js'
import type { HeldLock, LockLimits } from '../lib/held-lock.js'
import type { SaveFolder } from '../lib/save-path.js'
import { createFile, isStillNamed, openExisting, refusalOf } from '../lib/session-file.js'
import { recover, type LockedFile } from '../lib/session-write.js'
import type { Flock } from '../locks/flock.js'
import { keyedMutex, type Release } from '../locks/keyed-mutex.js'

/** A file and who uses it. */
export interface Place {
  readonly folder: SaveFolder
  readonly path: string
}

/**
 * What there was when the lock was granted.
 *
 * - `found`: a live session
 * - `absent`: one that is over, or a file made for this activation
 * - `stored`: what this activation has written
 */
export type Origin = 'found' | 'absent' | 'stored'

/** A session file that this activation alone uses, here and in other processes. */
export interface Grip extends LockedFile {
  origin: Origin
  readonly lock: HeldLock
  /** Since when other processes are kept out, and for how many activations. */
  readonly sinceMs: number
  turns: number
  /** Lets the next one in this process in. */
  leave: Release
}

export interface SessionFiles {
  /**
   * Opens and locks the file of a session.
   *
   * @param create Whether to make it when there is none.
   * @returns `undefined` when there is none; nothing is locked then.
   * @throws {LockTimeoutError | StateError | StoreError}
   */
  take(place: Place, context: SessionContext, create: boolean): Promise<Grip | undefined>
  /** Gives the file back. */
  give(grip: Grip): void
  /** Ends what locks the files. */
  dispose(): Promise<void>
}

const MAX_TURNS = 32
const MAX_RUN_MS = 50
/** How long the answer may take whether a lock is free. */
const MAX_ASK_MS = 100
/** How often a file may be replaced while its lock is waited for. */
const MAX_REPLACED = 20

/** The files of one handler. */
export function sessionFiles(flock: Flock, maxWaiters: number): SessionFiles {
  const queue = keyedMutex({ handler: 'files', maxWaiters })
  /** Locks between two activations of this process; only while nothing else can run. */
  const passing = new Map<string, Grip>()

  return {
    async take(place, context, create) {
      const { lockWaitMs, signal } = context
      const startedMs = performance.now()
      const leave = await queue.acquire(place.path, { waitMs: lockWaitMs, signal })
      try {
        const waitMs = Math.max(0, lockWaitMs - (performance.now() - startedMs))
        const grip =
          (await takeOver(passing, place, context)) ??
          (await takeAnew(flock, place, { context, create, waitMs }))
        if (grip === undefined) leave()
        else grip.leave = leave
        return grip
      } catch (error) {
        leave()
        throw error instanceof LockTimeoutError
          ? new LockTimeoutError('files', performance.now() - startedMs)
          : error
      }
    },

    give(grip) {
      const { path, leave, lock } = grip
      if (!mayStay(grip)) return attempt(() => lock.release(), leave)
      passing.set(path, grip)
      leave()
      if (!queue.isHeld(path) && passing.delete(path)) lock.release()
    },

    dispose: () => flock.dispose(),
  }
}

function attempt(act: () => void, always: () => void): void {
  try {
    act()
  } finally {
    always()
  }
}

function mayStay({ lock, turns, sinceMs }: Grip): boolean {
  return !lock.lost && turns < MAX_TURNS && performance.now() - sinceMs < MAX_RUN_MS
}

/** The lock that the previous activation of this process left; what it read is read anew. */
async function takeOver(
  passing: Map<string, Grip>,
  { path }: Place,
  context: SessionContext,
): Promise<Grip | undefined> {
  const last = passing.get(path)
  if (last === undefined) return undefined
  passing.delete(path)
  try {
    if (!last.lock.lost && isStillNamed(last.fd, path)) {
      const turns = last.turns + 1
      return await lookAt({ ...last, turns, bytes: undefined }, context, false)
    }
  } catch (error) {
    last.lock.release()
    throw error
  }
  last.lock.release()
  return undefined
}

interface Wish {
  readonly context: SessionContext
  readonly create: boolean
  readonly waitMs: number
}

/** Opens and locks; again when the file was removed or replaced while its lock was waited for. */
async function takeAnew(flock: Flock, place: Place, wish: Wish): Promise<Grip | undefined> {
  const startedMs = performance.now()
  for (let attempt = 0; attempt < MAX_REPLACED; attempt += 1) {
    const opened = openChecked(place, wish)
    if (opened === undefined) return undefined
    const waitMs = Math.max(0, wish.waitMs - (performance.now() - startedMs))
    const lock = await flock.lock(opened.fd, place.path, limits(waitMs, wish.context))
    const grip = await inspect(newGrip(opened.fd, place.path, lock), opened.made, wish)
    if (grip !== undefined) return grip
  }
  throw new StoreError('files', 'open', 'the file was replaced again and again')
}

/** A visitor who has gone ends waits; a lock that is free is taken all the same, for a last write. */
function limits(waitMs: number, { signal }: SessionContext): LockLimits {
  return signal.aborted ? { waitMs: Math.min(waitMs, MAX_ASK_MS) } : { waitMs, signal }
}

interface Opened {
  readonly fd: number
  /** Whether there was none. */
  readonly made: boolean
}

function openChecked({ folder, path }: Place, { create, context }: Wish): Opened | undefined {
  const opened = open(path, folder, create ? context.isNew : undefined)
  if (opened === undefined) return undefined
  const stats = fstatSync(opened.fd)
  const reason = refusalOf(stats, folder.mode)
  if (reason === undefined) return opened
  closeSync(opened.fd)
  throw new StoreError('files', 'open', reason)
}

/** @param likelyNew What is tried first; `undefined` when nothing may be made. */
function open(path: string, folder: SaveFolder, likelyNew?: boolean): Opened | undefined {
  for (let attempt = likelyNew === true ? 1 : 0; attempt <= MAX_REPLACED; attempt += 1) {
    const made = likelyNew !== undefined && attempt % 2 === 1
    const fd = made ? createFile(path, folder.mode) : openExisting(path)
    if (fd !== undefined) return { fd, made }
    if (likelyNew === undefined) return void assertFolder(folder)
  }
  throw new StoreError('files', 'open', 'the file was replaced again and again')
}

/**
 * No file is an answer, no folder is not.
 *
 * @throws {StoreError} When the save path is no folder.
 */
export function assertFolder({ directory }: SaveFolder): false {
  const stats = statSync(directory, { throwIfNoEntry: false })
  if (stats?.isDirectory() === true) return false
  throw new StoreError('files', 'open', `the save path is not a folder: ${directory}`)
}

function newGrip(fd: number, path: string, lock: HeldLock): Grip {
  const leave = () => undefined
  return {
    fd,
    path,
    lock,
    leave,
    sinceMs: performance.now(),
    turns: 1,
    origin: 'found',
    bytes: undefined,
  }
}

async function inspect(grip: Grip, made: boolean, { context }: Wish): Promise<Grip | undefined> {
  try {
    if (isStillNamed(grip.fd, grip.path)) return await lookAt(grip, context, made)
  } catch (error) {
    grip.lock.release()
    throw error
  }
  grip.lock.release()
  return undefined
}

/** Repairs what a crash left, and tells whether a live session is in it. */
async function lookAt(grip: Grip, context: SessionContext, made: boolean): Promise<Grip> {
  await recover(grip.fd, grip.path)
  const { size, mtimeMs } = fstatSync(grip.fd)
  const empty = made && size === 0
  if (!empty) context.touchedMs = mtimeMs
  const absent = empty || isExpired(mtimeMs, context)
  return { ...grip, origin: absent ? 'absent' : 'found' }
}

/** PHP's rule of gc, in whole seconds; a time in the future counts as now. */
export function isExpired(
  touchedMs: number,
  { now, maxLifetime }: Pick<SessionContext, 'now' | 'maxLifetime'>,
): boolean {
  return Math.floor(now() / 1000) - Math.floor(touchedMs / 1000) > maxLifetime
}
