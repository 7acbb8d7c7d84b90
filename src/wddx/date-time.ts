/**
 * `<dateTime>`: ISO 8601, which PHP reads into a Unix timestamp.
 *
 * @see ext/date/php_date.c, `php_parse_date`
 * @module
 */

const DATE = String.raw`(\d{4})-(\d{1,2})-(\d{1,2})`
const TIME = String.raw`(\d{1,2}):([0-5]?\d):([0-5]?\d|60)`
/** Only behind digits in pairs. */
const FRACTION = String.raw`(?:(?<=^.{5}\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{1,9})?`
const ZONE = String.raw`(?:Z|([+-])(\d{1,2})(?::?([0-5]\d)|:(\d))?)?`
const DATE_TIME = new RegExp(`^${DATE}T${TIME}${FRACTION}${ZONE}$`)

/**
 * Seconds since 1970; the text where it is no date. Without a zone it is UTC, as in PHP.
 *
 * PHP differs: it also takes whatever else `strtotime` does, such as `tomorrow`; that stays text.
 */
export function readDateTime(text: string): number | string {
  // An element without text is what PHP begins with.
  if (text === '') return 0
  const found = DATE_TIME.exec(text)
  if (found === null) return text
  const [year = 0, month = 0, day = 0, ...time] = found.slice(1, 7).map(Number)
  const [hour = 0, minute = 0, second = 0] = time
  const zone = zoneSeconds(found.slice(7))
  if (month > 12 || day > 31 || hour > 24 || Math.abs(zone) > MAX_ZONE) return text
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const seconds = date.getTime() / 1000 - zone
  // PHP cannot tell the second before 1970 from a date that it could not read.
  return seconds === -1 ? text : seconds
}

/** The furthest that a zone lies from UTC. */
const MAX_ZONE = 14 * 3600

function zoneSeconds([sign, hours = '0', minutes, minute]: readonly (
  string | undefined
)[]): number {
  const seconds = Number(hours) * 3600 + Number(minutes ?? minute ?? 0) * 60
  return sign === '-' ? -seconds : seconds
}
