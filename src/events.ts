/**
 * What happens inside, published on `node:diagnostics_channel`. Nobody listening costs nothing.
 * Messages carry no id, payload or key.
 *
 * @module
 */
import { channel } from 'node:diagnostics_channel'

/**
 * Why an id that a visitor sent leads to no session.
 *
 * - `unknown`: storage knows no such session: it is over, was lost, or was made up
 * - `expired`: its record is there and was not used for too long, or is older than it may get; storage
 *   that drops expired records by itself cannot tell, and says `unknown`
 * - `obsolete`: it was replaced, and its grace period is over
 * - `tampered`: the record was not sealed by any of our keys
 * - `undecodable`: the record's bytes are not of this format
 * - `invalid`: the data do not fit the schema
 * - `malformed`: it cannot be an id
 */
export type Rejection =
  'unknown' | 'expired' | 'obsolete' | 'tampered' | 'undecodable' | 'invalid' | 'malformed'

/** Channel names and what is published on each. */
export interface SessionEvents {
  /** A stored payload could not be decoded or decrypted; a new session was started. */
  'sessionz:unreadable': { readonly name: string; readonly code: string }
  /** A record that an older key or format had sealed was sealed with the current key. */
  'sessionz:resealed': { readonly handler: string }
  /** A session was destroyed elsewhere while it was in use here; its changes were dropped. */
  'sessionz:interrupted': { readonly name: string }
  /** A merge met variables changed on both sides. */
  'sessionz:conflict': { readonly name: string; readonly keys: readonly string[] }
  /** An id that was replaced was used after its grace period: a lost response, or a thief. */
  'sessionz:obsolete': { readonly name: string }
  /** The lock was held for `holdLimit` and freed; the session is read-only from here on. */
  'sessionz:hold-limit': { readonly name: string; readonly heldMs: number }
  /** A bounded handler dropped entries to stay within its bounds. */
  'sessionz:evicted': { readonly handler: string; readonly entries: number }
  /** A call to storage failed or was not over in time. */
  'sessionz:store-error': {
    readonly name: string
    readonly handler: string
    readonly operation: string
    readonly code: string
  }
  /** Calls to storage are left out from here on, tried again, or made as usual again. */
  'sessionz:breaker': { readonly name: string; readonly state: 'closed' | 'open' | 'half-open' }
  /** Storage was down; a request goes on with what stands in for its session. */
  'sessionz:degraded': { readonly name: string; readonly as: 'anonymous' | 'stale' }
  /** A session was stored, and its cookie could not be sent: see `http/withheld.ts`. */
  'sessionz:cookie-withheld': {
    readonly name: string
    readonly reason: 'headers-sent' | 'no-headers' | 'insecure'
  }
  /** A session's lock was not free in time. */
  'sessionz:lock-timeout': { readonly name: string; readonly waitedMs: number }
  /** A session got a new id; `grace` is the seconds for which the old one leads to it. */
  'sessionz:regenerate': { readonly name: string; readonly grace: number }
  /** A request named sessions, none of them good; a new one was started. */
  'sessionz:rejected': { readonly name: string; readonly reason: Rejection }
  /** Stored data do not fit the schema: the variables, by name. The record stays as it is. */
  'sessionz:invalid': { readonly name: string; readonly keys: readonly string[] }
  /** Garbage was collected. */
  'sessionz:gc': { readonly name: string; readonly removed: number; readonly tookMs: number }
  /** A collection that is still under way has removed so many more. */
  'sessionz:gc-progress': { readonly handler: string; readonly removed: number }
  /** Work in the background failed; no request was there to be told. */
  'sessionz:error': { readonly operation: string; readonly error: unknown }
  /** A set-up that works but is not what was meant; once per cause. */
  'sessionz:warning': { readonly code: string; readonly message: string }
}

const channels = Object.create(null) as Record<string, ReturnType<typeof channel>>

/** Publishes one event. The message is only built when somebody listens. */
export function publish<K extends keyof SessionEvents>(
  name: K,
  message: () => SessionEvents[K],
): void {
  const target = (channels[name] ??= channel(name))
  if (target.hasSubscribers) target.publish(message())
}
