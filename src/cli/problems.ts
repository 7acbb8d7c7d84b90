/**
 * Why a command ends early, and what its exit code is then.
 *
 * @module
 */
import { LockTimeoutError } from '../errors.js'
import { errorCode } from '../lib/fs-error.js'

/** The exit codes, apart from those of signals: 128 and the signal's number. */
export const EXIT = { ok: 0, problem: 1, usage: 2 } as const

const SIGNALS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 }

/** The exit code of a run that a signal ended. */
export function signalCode({ reason }: AbortSignal): number {
  return SIGNALS[String(reason)] ?? EXIT.problem
}

/** A command line that cannot be: exit code 2. */
export class UsageError extends Error {}

/** Something is not as it has to be: exit code 1. */
export class Problem extends Error {}

/** Nobody reads the output any more: the end, and no error. */
export class OutputClosed extends Error {}

/** The one line that is told of an error, without a path of a session and without a stack. */
export function reasonOf(error: unknown): string {
  if (errorCode(error) === 'ERR_SESSION_LOCK_TIMEOUT') return inUse(error as LockTimeoutError)
  if (!(error instanceof Error)) return 'failed'
  return error.message.split('\n', 1)[0] as string
}

function inUse({ waitedMs }: Pick<LockTimeoutError, 'waitedMs'>): string {
  return `in use: still locked after ${(waitedMs / 1000).toFixed(1)} s`
}

/** Whether a command line was wrong: ours, or what Node's parser says of one. */
export function isUsage(error: unknown): boolean {
  return error instanceof UsageError || errorCode(error).startsWith('ERR_PARSE_ARGS')
}
