/**
 * PHP's `session.save_path` for files, `[N;[MODE;]]path`, and the names it leads to.
 *
 * `sess_<id>` lies in `path`, below one folder for each of the first `N` characters of the id. The
 * folders are never created.
 *
 * @module
 * @see php-src ext/session/mod_files.c, PS_OPEN_FUNC(files) and ps_files_path_create
 */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where session files lie and how they are made. */
export interface SaveFolder {
  /** Absolute. */
  readonly directory: string
  /** How many levels of folders lie between it and the files. */
  readonly depth: number
  /** Permissions of new files, before the umask. */
  readonly mode: number
}

export const FILE_PREFIX = 'sess_'
/** A character that is in no id, so a journal is never taken for a session. */
export const JOURNAL_SUFFIX = '.journal'

const DEFAULT_MODE = 0o600
const MAX_MODE = 0o7777
/** Folders below folders, one for each character of the id. */
const MAX_DEPTH = 256
/** What file systems allow for one name. */
const MAX_NAME = 255

/**
 * Reads a save path as PHP does, junk numbers included: they are 0.
 *
 * PHP differs: what it refuses when a session starts is refused here at once.
 *
 * @throws {RangeError} For a depth or a mode out of range, or without a path.
 */
export function parseSavePath(text: string): SaveFolder {
  const [first, second, path] = split(text === '' ? tmpdir() : text)
  const depth = first === undefined ? 0 : integer(first, 10)
  const mode = second === undefined ? DEFAULT_MODE : integer(second, 8)
  if (!(depth >= 0 && depth <= MAX_DEPTH)) {
    throw new RangeError(`"savePath" must start with a depth in 0..${MAX_DEPTH}`)
  }
  if (!(mode >= 0 && mode <= MAX_MODE)) {
    throw new RangeError('"savePath" must have an octal mode in 0..7777')
  }
  if (path === '' || path.includes('\0')) throw new RangeError('"savePath" must name a folder')
  return { directory: resolve(path), depth, mode }
}

/** At the first two semicolons; the path may hold more. */
function split(text: string): [string | undefined, string | undefined, string] {
  const first = text.indexOf(';')
  if (first < 0) return [undefined, undefined, text]
  const second = text.indexOf(';', first + 1)
  if (second < 0) return [text.slice(0, first), undefined, text.slice(first + 1)]
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)]
}

/** C's strtol: blanks, a sign, as many digits as there are; 0 without any. */
function integer(text: string, base: 8 | 10): number {
  const digits = base === 8 ? /^[ \t\n\v\f\r]*([+-]?)([0-7]*)/ : /^[ \t\n\v\f\r]*([+-]?)([0-9]*)/
  const [, sign = '', number = ''] = digits.exec(text) ?? []
  const value = number === '' ? 0 : parseInt(number, base)
  return sign === '-' ? 0 - value : value
}

/**
 * Path of a session's file.
 *
 * @param id A valid id.
 * @returns `undefined` when the id is too short for the depth or too long for a file name.
 */
export function sessionPath({ directory, depth }: SaveFolder, id: string): string | undefined {
  if (id.length <= depth || FILE_PREFIX.length + id.length > MAX_NAME) return undefined
  const folders = depth === 0 ? '' : `${id.slice(0, depth).split('').join('/')}/`
  return `${directory === '/' ? '' : directory}/${folders}${FILE_PREFIX}${id}`
}

/** Path of the journal of a session's file, in the same folder; of any id it fits a file name. */
export function journalPath(path: string): string {
  const slash = path.lastIndexOf('/') + 1
  const name = path.slice(slash)
  if (name.length + JOURNAL_SUFFIX.length <= MAX_NAME) return path + JOURNAL_SUFFIX
  const short = createHash('sha256').update(name).digest('hex')
  return join(path.slice(0, slash), `${FILE_PREFIX}.${short}${JOURNAL_SUFFIX}`)
}
