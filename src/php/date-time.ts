/**
 * PHP's `DateTimeImmutable` and `DateTime` as a JavaScript `Date`.
 *
 * ```
 * O:17:"DateTimeImmutable":3:{
 *   s:4:"date";s:26:"2024-01-01 10:00:00.123456";     what the clock on the wall shows
 *   s:13:"timezone_type";i:3;                         1 offset, 2 abbreviation, 3 identifier
 *   s:8:"timezone";s:13:"Europe/Prague";}
 * ```
 *
 * @see ext/date/php_date.c, `php_date_initialize_from_hash`
 * @module
 */
import { types } from 'node:util'
import type { PhpClassCodec } from './class-codec.js'
import { readWallTime, wallText } from './date-text.js'
import { findZone, identifiedZone, instantOf, type Zone } from './time-zones.js'
import type { PhpObject } from './values.js'

/**
 * Reads and writes the dates of PHP as a `Date`. Register it by the classes that your code uses:
 * `{ DateTimeImmutable: dateTimeCodec }`, or `DateTime`, or a class that extends one of them.
 *
 * A `Date` is an instant in milliseconds: microseconds are cut off, the zone is used to find the
 * instant and then forgotten, and so are properties that a program added. What is written is in UTC.
 *
 * PHP differs: it understands any text that `strtotime()` does (`tomorrow`); here only dates as PHP
 * writes them are read, as the others mean another instant each time.
 */
export const dateTimeCodec: PhpClassCodec<Date> = {
  is: types.isDate,

  /** @throws {RangeError} For data that PHP refuses, and for an instant that no `Date` holds. */
  read({ members }) {
    const wall = readWallTime(textOf(members.get('date')))
    const zone = readZone(members)
    if (wall === undefined || zone === undefined) throw new RangeError('no date and time zone')
    const date = new Date(instantOf(wall.seconds, zone) * 1000 + wall.milliseconds)
    if (Number.isNaN(date.getTime())) throw new RangeError('a date beyond those of JavaScript')
    return date
  },

  /** @throws {RangeError} For an invalid date. */
  write(date) {
    if (Number.isNaN(date.getTime())) throw new RangeError('an invalid Date')
    return { date: wallText(date), timezone_type: 3, timezone: 'UTC' }
  },
}

function readZone(members: PhpObject['members']): Zone | undefined {
  const type = members.get('timezone_type')
  const name = textOf(members.get('timezone'))
  if (type === 3) return identifiedZone(name)
  return type === 1 || type === 2 ? findZone(name) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
