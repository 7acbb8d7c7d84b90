import type { MaybePromise } from '../handler.js'
import type { HandlerProbe } from './handler-probe.js'

/** What not every handler can do. What is `false` leaves out the cases that need it. */
export interface HandlerCapabilities {
  /** Keeps any bytes, not only text. @default true */
  binary?: boolean | undefined
  /** Keeps a payload of no bytes as such. @default true */
  empty?: boolean | undefined
  /** Locks a session between `open` and `close`. @default true */
  locks?: boolean | undefined
  /** Has `list` and `count`. @default true */
  lists?: boolean | undefined
  /** `gc` removes what has expired, and counts it; `false` where the store does so itself. @default true */
  collects?: boolean | undefined
  /** `updateTimestamp` touches without writing. @default true */
  touches?: boolean | undefined
  /** Longest id that is taken, 22..256. @default 256 */
  longestId?: number | undefined
}

/** A check before a fixture is made for it. */
export interface HandlerCheck {
  readonly name: string
  readonly needs?: readonly (keyof HandlerCapabilities)[]
  readonly check: (probe: HandlerProbe) => MaybePromise<void>
}
