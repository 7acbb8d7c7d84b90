/**
 * What counts as a failure of the store, told by codes: errors come from other copies of this library
 * and from clients that are none of ours.
 *
 * @module
 */
import { errorCode } from './fs-error.js'

/**
 * Whether an error says that storage failed. Locks, broken payloads and misuse are no outage, and a
 * visitor who goes is none either.
 */
export function isOutage(error: unknown): boolean {
  const code = errorCode(error)
  if (code.startsWith('ERR_SESSION_')) return code === 'ERR_SESSION_STORE'
  return (error as { name?: unknown } | null | undefined)?.name !== 'AbortError'
}

/** A code for events and reports, of an error whose message may hold a secret. */
export function outageCode(error: unknown): string {
  const code = errorCode(error)
  return CODE.test(code) ? code : 'UNKNOWN'
}

const CODE = /^[A-Z0-9][A-Z0-9_]{1,40}$/
