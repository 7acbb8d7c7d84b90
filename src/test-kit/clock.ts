/**
 * Time for tests, which stands still until it is told to go on.
 *
 * @module
 */

/** A clock that a test moves. Its functions may be taken off it: `now: clock.now`. */
export interface FakeClock {
  /** Milliseconds since the epoch, for the option `now` of a manager. */
  readonly now: () => number
  /** Goes on by so many seconds; fractions are allowed, and so is the past. */
  readonly advance: (seconds: number) => void
  /** Goes to a moment: a date, its text, or milliseconds since the epoch. */
  readonly set: (time: Date | string | number) => void
}

/**
 * A clock that stands still.
 *
 * @param start Where it stands.
 * @throws {RangeError} When that is no time.
 */
export function fakeClock(start: Date | string | number = '2000-01-01T00:00:00Z'): FakeClock {
  let nowMs = milliseconds(start)
  return {
    now: () => nowMs,
    advance(seconds) {
      nowMs = milliseconds(nowMs + seconds * 1000)
    },
    set(time) {
      nowMs = milliseconds(time)
    },
  }
}

function milliseconds(time: Date | string | number): number {
  const ms = new Date(time).getTime()
  if (Number.isNaN(ms)) throw new RangeError('fakeClock: not a time')
  return ms
}
