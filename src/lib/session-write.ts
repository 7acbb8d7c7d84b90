/**
 * Replaces the content of a session file in place, so that a crash at any moment leaves the old or
 * the new content for the next one that takes the lock.
 *
 * The caller holds the lock from here to there.
 *
 * @module
 */
import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { LockLostError } from '../errors.js'
import { sameBytes } from './bytes.js'
import { errorCode } from './fs-error.js'
import { encodeJournal, parseJournal, repairOf, type Journal } from './journal.js'
import { createFile, readAll, readTrusted, writePart } from './session-file.js'
import { journalPath } from './save-path.js'

/** A locked session file. */
export interface LockedFile {
  readonly fd: number
  readonly path: string
  /** What was last read or written under the lock. */
  bytes: Uint8Array | undefined
}

export interface WriteOptions {
  /** Time of the write, milliseconds since the epoch. */
  readonly nowMs: number
  /** Whether the content has to survive a power cut once this has settled. */
  readonly durable: boolean
}

/** One write within a page is seen whole or not at all, whenever the process dies. */
const PAGE = 4096
const JOURNAL_MODE = 0o600

const sync = promisify(fdatasync)

/**
 * Replaces the content.
 *
 * @returns `false` when the file was removed meanwhile; nothing is written then.
 * @throws {LockLostError} When it no longer holds what was read: somebody wrote without the lock,
 *   or it was lost.
 * @throws {Error} Of the file system; the old content is back then.
 */
export async function replaceContent(
  file: LockedFile,
  next: Uint8Array,
  { nowMs, durable }: WriteOptions,
): Promise<boolean> {
  const { size, nlink } = fstatSync(file.fd)
  if (nlink === 0) return false
  const old = await readAll(file.fd, size)
  if (file.bytes !== undefined && !sameBytes(old, file.bytes)) {
    throw new LockLostError('files', 'the session changed while it was locked; nothing was written')
  }
  if (!sameBytes(old, next)) await overwrite(file, { old, next }, durable)
  touch(file.fd, nowMs)
  file.bytes = next
  return true
}

/** Sets the time by which the idle lifetime is counted. */
export function touch(fd: number, nowMs: number): void {
  try {
    futimesSync(fd, nowMs / 1000, nowMs / 1000)
  } catch (error) {
    if (errorCode(error) !== 'EPERM') throw error
    // Somebody else's file that we may write: writing sets its time, as PHP then does.
    const first = new Uint8Array(1)
    writeSync(fd, first, 0, readSync(fd, first, 0, 1, 0), 0)
  }
}

async function overwrite(file: LockedFile, change: Journal, durable: boolean): Promise<void> {
  const { old, next } = change
  const atOnce = next.length <= PAGE && next.length >= old.length && !durable
  if (!atOnce) await writeJournal(file.path, change, durable)
  try {
    if (atOnce) await writePart(file.fd, next, 0, next.length)
    else await apply(file.fd, change)
    if (durable) await sync(file.fd)
  } catch (error) {
    await restore(file.fd, old)
    if (!atOnce) unlinkSync(journalPath(file.path))
    throw error
  }
  if (!atOnce) unlinkSync(journalPath(file.path))
}

/** The part that needs new space first, so that a full disk is met before anything is lost. */
async function apply(fd: number, { old, next }: Journal): Promise<void> {
  const head = Math.min(old.length, next.length)
  await writePart(fd, next, head, next.length)
  await writePart(fd, next, 0, head)
  if (next.length < old.length) ftruncateSync(fd, next.length)
}

/** A content that takes no more space than the file has. Should even that fail, the journal stays. */
async function restore(fd: number, content: Uint8Array): Promise<void> {
  await writePart(fd, content, 0, content.length)
  ftruncateSync(fd, content.length)
}

async function writeJournal(path: string, change: Journal, durable: boolean): Promise<void> {
  const bytes = await encodeJournal(change)
  const journal = journalPath(path)
  const fd = createJournal(journal)
  try {
    await writePart(fd, bytes, 0, bytes.length)
    if (durable) await sync(fd)
  } catch (error) {
    unlinkSync(journal)
    throw error
  } finally {
    closeSync(fd)
  }
  if (durable) await syncFolder(path)
}

/** Under the lock a journal that is there already is a leftover, or was put there by somebody else. */
function createJournal(path: string): number {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const fd = createFile(path, JOURNAL_MODE)
    if (fd !== undefined) return fd
    unlinkSync(path)
  }
  throw Object.assign(new Error('the journal cannot be made'), { code: 'EEXIST' })
}

/** Makes names in the file's folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const fd = openSync(dirname(path), 'r')
  try {
    await sync(fd)
  } finally {
    closeSync(fd)
  }
}

/**
 * Completes, or takes back, what a crash left half done. Costs one look where there is no journal.
 *
 * The time of the last use stays: a repair is none.
 */
export async function recover(fd: number, path: string): Promise<void> {
  const journal = journalPath(path)
  if (lstatSync(journal, { throwIfNoEntry: false }) === undefined) return
  const bytes = await readTrusted(journal)
  const change = bytes === undefined ? undefined : await parseJournal(bytes)
  if (change !== undefined) await repair(fd, change)
  removeIfThere(journal)
}

async function repair(fd: number, change: Journal): Promise<void> {
  const { size, atimeMs, mtimeMs } = fstatSync(fd)
  const what = repairOf(await readAll(fd, size), change)
  if (what === 'nothing') return
  await restore(fd, change[what])
  futimesSync(fd, atimeMs / 1000, mtimeMs / 1000)
}

/** Removes a file. @returns Whether there was one. */
export function removeIfThere(path: string): boolean {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}
