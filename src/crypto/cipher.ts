/**
 * What seals a session's payload before it is stored, and opens it again.
 *
 * @module
 */

/** A payload that was opened. */
export interface Opened {
  /** What was sealed. Bytes of its own, which nobody else sees. */
  readonly payload: Uint8Array
  /** False when an older key sealed it, so that the record is to be sealed anew. */
  readonly current: boolean
}

/** Seals and opens payloads. `id` and `name` say where the record belongs: the session, the cookie. */
export interface SessionCipher {
  /** Lower-case name for diagnostics. */
  readonly name: string
  /**
   * Whether bytes begin as this format does. Needed where it is one of several: what begins so is
   * opened by this cipher and by no other.
   */
  recognizes?(sealed: Uint8Array): boolean
  /** Bytes that tell nothing of the payload but a length. Different ones each time. */
  seal(payload: Uint8Array, id: string, name: string): Uint8Array
  /** @throws {DecryptError} The same one for every cause. */
  open(sealed: Uint8Array, id: string, name: string): Opened
}
