/**
 * Everything that can go wrong at run time. Misuse is a `TypeError` or `RangeError` instead, absence
 * is a value. No message carries an id, a payload or a key.
 *
 * An ESM and a CJS copy of this module can live in one process: test `error.code`, not `instanceof`.
 *
 * @module
 */

/** All codes, closed: a new one is an API change. */
export type SessionErrorCode =
  | 'ERR_SESSION_ID'
  | 'ERR_SESSION_DECODE'
  | 'ERR_SESSION_ENCODE'
  | 'ERR_SESSION_DECRYPT'
  | 'ERR_SESSION_STORE'
  | 'ERR_SESSION_LOCK_TIMEOUT'
  | 'ERR_SESSION_LOCK_LOST'
  | 'ERR_SESSION_STATE'
  | 'ERR_SESSION_COOKIE'
  | 'ERR_SESSION_SCHEMA'

/** Base of all errors of this library. */
export class SessionError extends Error {
  readonly code: SessionErrorCode

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** An id given by the application, or made by a custom generator, that is not an id. */
export class InvalidIdError extends SessionError {
  constructor(message = 'not a session id: use 1 to 256 characters of A-Z a-z 0-9 , -') {
    super('ERR_SESSION_ID', message)
  }
}

/** Bytes that are not what the serializer writes. */
export class DecodeError extends SessionError {
  /** Where reading stopped, in bytes from the start. */
  readonly offset: number

  constructor(format: string, offset: number, expected = 'valid data', options?: ErrorOptions) {
    super('ERR_SESSION_DECODE', `${format}: expected ${expected} at byte ${offset}`, options)
    this.offset = offset
  }
}

/** A value that the serializer cannot write. */
export class EncodeError extends SessionError {
  /** Keys from the root to the value, for instance `['cart', 0, 'price']`. */
  readonly path: readonly (string | number)[]

  constructor(
    format: string,
    reason: string,
    path: readonly (string | number)[] = [],
    options?: ErrorOptions,
  ) {
    super('ERR_SESSION_ENCODE', `${format}: ${reason}${at(path)}`, options)
    this.path = path
  }
}

/** Bytes that do not decrypt: one message for every cause. */
export class DecryptError extends SessionError {
  constructor() {
    super('ERR_SESSION_DECRYPT', 'encryption: payload does not decrypt')
  }
}

/** Storage failed or did not answer in time. Worth a retry. */
export class StoreError extends SessionError {
  readonly handler: string
  readonly operation: string

  constructor(handler: string, operation: string, reason: string, options?: ErrorOptions) {
    super('ERR_SESSION_STORE', `${handler}: ${operation} failed: ${reason}`, options)
    this.handler = handler
    this.operation = operation
  }
}

/** The lock was not free in time; no data was handed out. Worth a retry. */
export class LockTimeoutError extends SessionError {
  /** How long it was waited for. */
  readonly waitedMs: number

  constructor(handler: string, waitedMs: number, reason = 'session still locked') {
    super(
      'ERR_SESSION_LOCK_TIMEOUT',
      `${handler}: ${reason} after ${Math.round(waitedMs)} ms; ${USUAL_CAUSE}`,
    )
    this.waitedMs = waitedMs
  }
}

const USUAL_CAUSE =
  'usually a request that calls its own server with the same cookie: use session.suspend(), readOnly or concurrency "merge"'

/** The lock was lost while it was held; nothing was written. Worth a retry. */
export class LockLostError extends SessionError {
  constructor(handler: string, reason = 'lock lost before the write; nothing was written') {
    super('ERR_SESSION_LOCK_LOST', `${handler}: ${reason}`)
  }
}

/** An operation that the session's state does not allow: after destroy, after the headers, closed. */
export class StateError extends SessionError {
  constructor(message: string) {
    super('ERR_SESSION_STATE', message)
  }
}

/** Stored data that do not fit the schema; the record stays as it is. */
export class SchemaError extends SessionError {
  /** The variables that do not fit, by name; none where that is not about single ones. */
  readonly keys: readonly string[]

  constructor(keys: readonly string[], options?: ErrorOptions) {
    super('ERR_SESSION_SCHEMA', 'session: the stored data do not fit the schema', options)
    this.keys = keys
  }
}

/** A cookie that browsers would refuse. */
export class CookieError extends SessionError {
  constructor(message: string) {
    super('ERR_SESSION_COOKIE', message)
  }
}

function at(path: readonly (string | number)[]): string {
  return path.length === 0 ? '' : ` at ${path.map(String).join('.')}`
}
