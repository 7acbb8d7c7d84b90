/**
 * Which texts PHP's `strtotime()` surely does not take for a date.
 *
 * Its grammar has hundreds of forms, most of which mean another instant every time they are read and
 * so are not read here; but whether PHP would refuse the bytes can be told from the words.
 *
 * @see ext/date/lib/parse_date.re
 * @module
 */
import { MAX_DATE_LENGTH, readWallTime } from './date-text.js'
import { findZone } from './time-zones.js'

/** A date as PHP writes one, whatever its numbers; one with a year of more digits has a sign. */
const NUMERIC = /^[+-]?\d{4,}-\d\d-\d\d(?:[ Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/

const WORDS = new Set(
  `now today midnight noon tomorrow yesterday ago next last previous this first second third fourth
  fifth sixth seventh eighth ninth tenth eleventh twelfth of back front am pm st nd rd th t w
  ms msec msecs millisecond milliseconds us usec usecs microsecond microseconds sec secs seconds min
  mins minute minutes hour hours day days fortnight fortnights forthnight forthnights week weeks
  weekday weekdays month months year years sun sunday mon monday tue tues tuesday wed wednes wednesday
  thu thur thurs thursday fri friday sat sats saturday jan january feb february mar march apr april
  may jun june jul july aug august sep sept september oct october nov november dec december
  i ii iii iv v vi vii viii ix x xi xii`.split(/\s+/),
)

/** Words, and the names of zones with what joins their parts. */
const WORD = /[A-Za-z]+(?:[_/-][A-Za-z]+)*/g

/** Whether PHP refuses the text for certain, or it is far too long for a date. */
export function refusesDate(text: string): boolean {
  if (text.length > MAX_DATE_LENGTH) return true
  const trimmed = text.trim()
  if (NUMERIC.test(trimmed)) return readWallTime(trimmed) === undefined
  if (/^\d{1,3}$|[\x80-\uffff]/.test(trimmed)) return true
  if (/^[+-][\d:]+$/.test(trimmed)) return findZone(trimmed) === undefined
  return (text.match(WORD) ?? []).some((word) => !isWord(word))
}

function isWord(word: string): boolean {
  return WORDS.has(word.toLowerCase()) || findZone(word) !== undefined
}
