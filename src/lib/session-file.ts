/**
 * One session file: opened without being fooled, read and written whole.
 *
 * Small work is done at once: a system call that finds its data in memory takes 1 to 3
 * microseconds, a trip through the thread pool 50 (tests/bench/files.bench.ts).
 *
 * @module
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  read,
  readSync,
  write,
  writeSync,
  type Stats,
} from 'node:fs'
import { promisify } from 'node:util'
import { EMPTY } from './bytes.js'
import { errorCode } from './fs-error.js'

/** Up to here bytes are copied at once, beyond in another thread. */
const AT_ONCE = 64 * 1024

/** Never through a symbolic link, never waiting for the other end of a pipe. 0 where there is none. */
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const readAside = promisify(read)
const writeAside = promisify(write)

/** Opens a file for reading and writing. @returns `undefined` when there is none. */
export function openExisting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | CAREFULLY)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Makes a file. @param mode Before the umask. @returns `undefined` when there is one already. */
export function createFile(path: string, mode: number): number | undefined {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | CAREFULLY
  try {
    return openSync(path, flags, mode)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined
    throw error
  }
}

/**
 * Why a file is not used; `undefined` when it is fine.
 *
 * PHP differs: it follows hard links, opens pipes and devices, and uses files that others may write.
 *
 * @param mode Permissions that new files get: what they allow is no reason.
 */
export function refusalOf(stats: Stats, mode: number): string | undefined {
  if (!stats.isFile()) return 'the file is not a regular file'
  if (stats.nlink > 1) return 'the file has other names (hard links)'
  const user = process.geteuid?.()
  // Systems without users have no such permissions either. Root may use all files, as in PHP.
  if (user === undefined) return undefined
  if (user !== 0 && stats.uid !== user && stats.uid !== 0) return foreign(stats.uid, user)
  if ((stats.mode & 0o022 & ~mode) !== 0) return 'the file may be written by other users'
  return undefined
}

function foreign(owner: number, user: number): string {
  return `the file belongs to user ${owner}, this process to user ${user}; PHP and Node must run as the same user`
}

/** Whether a path still leads to the open file, so that it was neither removed nor replaced. */
export function isStillNamed(fd: number, path: string): boolean {
  const open = fstatSync(fd)
  if (open.nlink === 0) return false
  const named = lstatSync(path, { throwIfNoEntry: false })
  return named !== undefined && named.ino === open.ino && named.dev === open.dev
}

/** The whole file. @param size As known from its status; a file that shrank meanwhile gives less. */
export async function readAll(fd: number, size: number): Promise<Uint8Array> {
  if (size === 0) return EMPTY
  const bytes = new Uint8Array(size)
  let length = 0
  while (length < size) {
    const count = await readSome(fd, bytes, length)
    if (count === 0) return bytes.slice(0, length)
    length += count
  }
  return bytes
}

async function readSome(fd: number, bytes: Uint8Array, from: number): Promise<number> {
  const length = bytes.length - from
  if (length <= AT_ONCE) return readSync(fd, bytes, from, length, from)
  return (await readAside(fd, bytes, from, length, from)).bytesRead
}

/** Writes bytes `from` … `to` to the same place in the file. */
export async function writePart(
  fd: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): Promise<void> {
  let done = from
  while (done < to) {
    const length = to - done
    done +=
      length <= AT_ONCE
        ? writeSync(fd, bytes, done, length, done)
        : (await writeAside(fd, bytes, done, length, done)).bytesWritten
  }
}

/** Reads a file that was not open. @returns `undefined` when there is none that can be trusted. */
export async function readTrusted(path: string): Promise<Uint8Array | undefined> {
  const fd = openExisting(path)
  if (fd === undefined) return undefined
  try {
    const stats = fstatSync(fd)
    return refusalOf(stats, 0) === undefined ? await readAll(fd, stats.size) : undefined
  } finally {
    closeSync(fd)
  }
}
