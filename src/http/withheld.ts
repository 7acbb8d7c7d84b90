/**
 * Cookies that do not reach the visitor.
 *
 * @module
 */
import { publish, type SessionEvents } from '../events.js'
import type { HeaderList } from './headers.js'

/**
 * Why a cookie was not sent.
 *
 * - `headers-sent`: the headers had left before the session was stored
 * - `no-headers`: the response can have none, as that of an upgrade
 * - `insecure`: it is for secure connections only, and this is none (`sessionz/express`)
 */
export type Withholding = SessionEvents['sessionz:cookie-withheld']['reason']

/** Tells that these headers stay unsent, where a cookie is among them. */
export function tellWithheld(name: string, headers: HeaderList, reason: Withholding): void {
  if (headers.some(([header]) => header === 'Set-Cookie')) {
    publish('sessionz:cookie-withheld', () => ({ name, reason }))
  }
}
