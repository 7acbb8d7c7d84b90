/**
 * What every storing handler has to hold to, as data: names and functions that throw an
 * `AssertionError`, for any test runner.
 *
 * ```ts
 * for (const { name, run } of handlerCases(create)) it(name, run)
 * ```
 *
 * @module
 */
import type { MaybePromise, SessionContext, SessionHandler } from '../handler.js'
import { concerns, type HandlerCapabilities, type HandlerCheck } from './handler-check.js'
import { BYTE_CASES } from './handler-cases-bytes.js'
import { CLOSING_CASES } from './handler-cases-closing.js'
import { FAULT_CASES } from './handler-cases-faults.js'
import { LIFE_CASES } from './handler-cases-life.js'
import { LOCK_CASES } from './handler-cases-locks.js'
import { OWNER_CASES } from './handler-cases-owners.js'
import { RECORD_CASES } from './handler-cases-records.js'
import { SET_UP_CASES } from './handler-cases-set-up.js'
import { SHARED_CASES } from './handler-cases-shared.js'
import { TIME_CASES } from './handler-cases-time.js'
import { WAIT_CASES } from './handler-cases-waits.js'
import { handlerProbe, type FixtureProbe, type Unprepared } from './handler-probe.js'

export type { HandlerCapabilities, Unprepared }

/** Handlers over an empty store, made anew for each case. */
export interface HandlerFixture {
  /** The chain, outermost first; often only the handler under test. */
  readonly handlers: readonly SessionHandler[]
  /** Milliseconds since the epoch: what contexts are given as their clock. */
  readonly now: () => number
  /** Lets so many seconds pass for the handlers: moves the clock on, or the records back. */
  readonly advance: (seconds: number) => MaybePromise<void>
  /** What contexts need beyond the defaults, for instance a `savePath`. */
  readonly context?: Partial<SessionContext> | undefined
  /** What `list` calls a record, where a layer changes ids on their way down. @default the id */
  readonly listedAs?: ((id: string) => string) | undefined
  /** Makes the handlers once more, over the same store, as another process does. */
  readonly another?: (() => MaybePromise<readonly SessionHandler[]>) | undefined
  /** Takes the store down, and returns what brings it back, with all that was in it. */
  readonly breakDown?: (() => MaybePromise<() => MaybePromise<void>>) | undefined
  /** Makes what is stored of a session unreadable. */
  readonly spoil?: ((id: string) => MaybePromise<void>) | undefined
  /**
   * Puts something that is no session into the same place, older than any of them. Returns what
   * tells whether it is still as it was.
   */
  readonly settleStranger?: (() => MaybePromise<() => MaybePromise<boolean>>) | undefined
  /**
   * Starts another process that opens a session, with a lease of a second where locks are leases, and
   * keeps it open. Returns what kills that process, by SIGKILL.
   */
  readonly hold?: ((id: string) => MaybePromise<() => MaybePromise<void>>) | undefined
  /** How often the store was asked so far. */
  readonly calls?: (() => number) | undefined
  /** Handlers over a place where nothing was prepared, and what prepares it. */
  readonly unprepared?: (() => MaybePromise<Unprepared>) | undefined
  /** Makes the handler under test with more options. */
  readonly make?: ((options: object) => SessionHandler) | undefined
  /** Removes what the fixture made. Called after `dispose` of the handlers. */
  readonly cleanup?: (() => MaybePromise<void>) | undefined
}

/** One check. */
export interface HandlerCase {
  /** A sentence about behaviour, present tense. */
  readonly name: string
  /** Makes a fixture, checks, cleans up. @throws {AssertionError} */
  readonly run: () => Promise<void>
}

const CHECKS: readonly HandlerCheck[] = [
  ...RECORD_CASES,
  ...BYTE_CASES,
  ...TIME_CASES,
  ...LOCK_CASES,
  ...WAIT_CASES,
  ...CLOSING_CASES,
  ...LIFE_CASES,
  ...OWNER_CASES,
  ...SHARED_CASES,
  ...FAULT_CASES,
  ...SET_UP_CASES,
]

/**
 * The cases that concern handlers of these capabilities.
 *
 * @param create Makes a fixture whose store is empty; called once for each case.
 */
export function handlerCases(
  create: () => MaybePromise<HandlerFixture>,
  capabilities: HandlerCapabilities = {},
): HandlerCase[] {
  const { longestId = 256 } = capabilities
  return CHECKS.filter((each) => concerns(each, capabilities)).map(({ name, check }) => ({
    name,
    async run() {
      const fixture = await create()
      const made = [...fixture.handlers]
      try {
        const more = fixtureProbe(fixture, made, longestId)
        await check({ ...handlerProbe(fixture, longestId), ...more })
      } finally {
        for (const handler of made) await handler.dispose?.()
        await fixture.cleanup?.()
      }
    },
  }))
}

/** @param made Where handlers are added that are to be disposed of. */
function fixtureProbe(
  fixture: HandlerFixture,
  made: SessionHandler[],
  longestId: number,
): FixtureProbe {
  const probe = (handlers: readonly SessionHandler[]) => {
    made.push(...handlers)
    return handlerProbe({ ...fixture, handlers }, longestId)
  }
  return {
    elsewhere: async () => probe(await asked(fixture, 'another')()),
    async unprepared() {
      const { handlers, migrate } = await asked(fixture, 'unprepared')()
      return { probe: probe(handlers), migrate }
    },
    breakDown: () => asked(fixture, 'breakDown')(),
    spoil: (id) => asked(fixture, 'spoil')(id),
    settleStranger: () => asked(fixture, 'settleStranger')(),
    hold: (id) => asked(fixture, 'hold')(id),
    calls: () => asked(fixture, 'calls')(),
    make(options) {
      const handler = asked(fixture, 'make')(options)
      made.push(handler)
      return handler
    },
  }
}

type Asked =
  'another' | 'breakDown' | 'spoil' | 'settleStranger' | 'hold' | 'calls' | 'unprepared' | 'make'

function asked<K extends Asked>(fixture: HandlerFixture, name: K): NonNullable<HandlerFixture[K]> {
  const part = fixture[name]
  if (part === undefined) throw new TypeError(`the fixture has no "${name}"`)
  return part
}
