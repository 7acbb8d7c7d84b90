import type { MaybePromise } from '../handler.js'
import type { FixtureProbe, HandlerProbe } from './handler-probe.js'

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
  /**
   * Knows the age of a record, so that the lifetime is the reader's; `false` where a record is given
   * its end when it is written or touched. @default true
   */
  ages?: boolean | undefined
  /** `updateTimestamp` touches without writing. @default true */
  touches?: boolean | undefined
  /** Longest id that is taken, 22..256. @default 256 */
  longestId?: number | undefined
  /** Several processes can use the store: the fixture has `another`. @default false */
  shared?: boolean | undefined
  /** The store can go down: the fixture has `breakDown`. @default false */
  breaks?: boolean | undefined
  /** Records can be unreadable: the fixture has `spoil`. @default false */
  spoils?: boolean | undefined
  /** The store has room for what is no session: the fixture has `settleStranger`. @default false */
  strangers?: boolean | undefined
  /** Counts time by the millisecond, not by the second. @default false */
  precise?: boolean | undefined
  /** Gives the lock back with the operation after which only `close` follows. @default false */
  closes?: boolean | undefined
  /** A process that holds a lock can be killed: the fixture has `hold`. @default false */
  kills?: boolean | undefined
  /** What the store is asked can be counted: the fixture has `calls`. @default false */
  counts?: boolean | undefined
  /** The store has to be prepared: the fixture has `unprepared`. @default false */
  migrates?: boolean | undefined
  /** The handler takes options: the fixture has `make`. @default false */
  configures?: boolean | undefined
  /** Finds sessions by owner: has `listByOwner`. @default false */
  owners?: boolean | undefined
  /** Owners may have any name, not whole numbers only. @default true */
  namedOwners?: boolean | undefined
}

/** What is left out unless it is asked for: it needs more of the fixture. */
const ASKED_FOR: ReadonlySet<keyof HandlerCapabilities> = new Set([
  'shared',
  'breaks',
  'spoils',
  'strangers',
  'precise',
  'closes',
  'kills',
  'counts',
  'migrates',
  'configures',
  'owners',
])

/** Whether a check concerns a handler of these capabilities. */
export function concerns({ needs = [] }: HandlerCheck, capabilities: HandlerCapabilities): boolean {
  return needs.every((need) => capabilities[need] ?? !ASKED_FOR.has(need))
}

/** A check before a fixture is made for it. */
export interface HandlerCheck {
  readonly name: string
  readonly needs?: readonly (keyof HandlerCapabilities)[]
  readonly check: (probe: HandlerProbe & FixtureProbe) => MaybePromise<void>
}
