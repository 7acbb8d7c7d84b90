/**
 * PHP's text for a moment of some clock on a wall: `2024-01-31 10:00:00.123456`.
 *
 * The year has four digits at least, a minus before the year 0 and a plus from the year 10000 on.
 *
 * @see ext/date/php_date.c, format `x-m-d H:i:s.u`
 * @module
 */

/** A date and a time of day, without the zone they are told in. */
export interface WallTime {
  /** Seconds since 1970-01-01 00:00:00 of the same clock, as if it had never been changed. */
  readonly seconds: number
  readonly milliseconds: number
}

/** More than any Date holds, and few enough for exact seconds. */
const MAX_YEAR = 999_999

const DAY = 86_400

/** Far longer than any date; what is longer is not looked at, as bytes may hold megabytes of it. */
export const MAX_DATE_LENGTH = 256

const TEXT =
  /^(?<year>\d{4}|[+-]\d{4,19})-(?<month>\d\d)-(?<day>\d\d)(?:[ Tt](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,19})?)?))?$/

const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/

/**
 * Reads a date as PHP does: a day that the month does not have is one of the next, and so is 24:30.
 *
 * @returns `undefined` where PHP refuses the numbers, and for text in any other form.
 */
export function readWallTime(text: string): WallTime | undefined {
  if (text.length > MAX_DATE_LENGTH) return undefined
  const { year, month, day, time = '00:00' } = TEXT.exec(text)?.groups ?? {}
  if (year === undefined || Number(month) > 12 || Number(day) > 31) return undefined
  const ofDay = readTimeOfDay(time)
  if (ofDay === undefined) return undefined
  const bounded = Math.min(Math.max(Number(year), -MAX_YEAR), MAX_YEAR)
  const days = daysBefore(bounded, Number(month)) + Number(day) - 1
  return { seconds: days * DAY + ofDay.seconds, milliseconds: ofDay.milliseconds }
}

/** What comes after a thousandth of a second is cut off. */
function readTimeOfDay(text: string): WallTime | undefined {
  const [, hour = '', minute = '', second = '0', fraction = ''] = TIME.exec(text) ?? []
  if (Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return undefined
  return {
    seconds: Number(hour) * 3600 + Number(minute) * 60 + Number(second),
    milliseconds: Number(fraction.slice(0, 3).padEnd(3, '0')),
  }
}

/** Days from 1970 to the first of a month; month 0 is the December before. */
function daysBefore(year: number, month: number): number {
  // The Gregorian calendar repeats itself every 400 years, so `Date` is asked about years it has.
  const cycles = Math.floor(year / 400)
  const first = Date.UTC(2000 + year - cycles * 400, month - 1, 1) / (DAY * 1000)
  return first + (cycles - 5) * 146_097
}

/** The text PHP writes for a date in UTC. @throws {RangeError} For an invalid date. */
export function wallText(date: Date): string {
  const [, year = '', rest = '', milliseconds = ''] =
    /^([+-]?\d+)-(.+)\.(\d{3})Z$/.exec(date.toISOString()) ?? []
  return `${phpYear(Number(year))}-${rest.replace('T', ' ')}.${milliseconds}000`
}

function phpYear(year: number): string {
  const sign = year < 0 ? '-' : year > 9999 ? '+' : ''
  return sign + String(Math.abs(year)).padStart(4, '0')
}
