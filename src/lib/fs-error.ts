/**
 * Failures of the file system, in words. Node's own errors carry the path, and so the session id.
 *
 * @module
 */
import { SessionError, StoreError } from '../errors.js'

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOENT: 'the folder for the file is missing',
  ENOTDIR: 'the save path is not a folder',
  ELOOP: 'the file is a symbolic link',
  EISDIR: 'there is a folder in place of the file',
  ENXIO: 'the file is not a regular file',
  ENAMETOOLONG: 'the save path is too long',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'larger than a file may be',
  EROFS: 'the file system is read-only',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
  EIO: 'input/output error',
}

/** The system's code of an error, such as `ENOENT`; empty when it is no error of the system. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' ? code : ''
}

/**
 * The error to throw instead of a file system's: a `StoreError` whose cause has the code only. Errors
 * of this library pass.
 *
 * @param folder Where it happened, as the application named it.
 */
export function fileError(operation: string, folder: string, error: unknown): unknown {
  const code = errorCode(error)
  if (error instanceof SessionError || code === '' || code.startsWith('ERR_')) return error
  const cause = Object.assign(new Error(code), { code })
  const reason = `${REASONS[code] ?? 'the file system failed'} (${code}) in ${folder}`
  return new StoreError('files', operation, reason, { cause })
}
