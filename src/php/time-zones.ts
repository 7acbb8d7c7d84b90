/**
 * The three ways PHP names a time zone: an offset (`+02:00`), an abbreviation (`CEST`), an
 * identifier (`Europe/Prague`).
 *
 * @see ext/date/lib/parse_date.c, `timelib_parse_zone`; ext/date/lib/timezonemap.h
 * @module
 */

/** Seconds by which the clocks of a zone are ahead of UTC, at a number of seconds since 1970. */
export type Zone = (seconds: number) => number

/** PHP's abbreviations by their offset in seconds: of each, the first meaning that PHP lists. */
const ABBREVIATIONS: Readonly<Record<number, string>> = {
  [-43200]: 'y',
  [-39600]: 'sst x',
  [-36000]: 'ahst bdt hst w',
  [-34200]: 'hdt hpt hwt',
  [-32400]: 'ahdt akst yst v',
  [-28800]: 'akdt pst ydt ypt ywt u',
  [-26248]: 'emt',
  [-25200]: 'mst pdt ppt pwt yddt t',
  [-21600]: 'cst mdt mpt mwt pddt s',
  [-20173]: 'sjmt',
  [-19776]: 'hmt',
  [-18840]: 'qmt',
  [-18000]: 'cdt cpt cwt est mddt r',
  [-17340]: 'ppmt',
  [-16800]: 'sdmt',
  [-15408]: 'cmt',
  [-14660]: 'ffmt',
  [-14400]: 'ast cddt edt ept ewt q',
  [-14309]: 'bmt',
  [-13884]: 'smt',
  [-13840]: 'amt',
  [-13236]: 'pmt',
  [-12600]: 'nst',
  [-10800]: 'adt apt awt eddt p',
  [-9052]: 'ndt',
  [-9000]: 'npt nwt',
  [-7200]: 'addt o',
  [-5400]: 'nddt',
  [-4056]: 'fmt',
  [-3600]: 'n',
  [-1521]: 'dmt',
  0: 'gmt uct utc wet z',
  3600: 'bst cet met wat west a',
  5040: 'wmt',
  5736: 'kmt',
  5794: 'rmt',
  7200: 'bdst cat cest eet ist mest sast wast wemt b',
  8440: 'jmt',
  9017: 'mmt',
  9394: 'lst',
  10751: 'tbmt',
  10800: 'cemt eat eest idt msk c',
  12344: 'tmt',
  14400: 'iddt msd d',
  16279: 'mdst',
  18000: 'pkt e',
  21600: 'pkst f',
  25025: 'imt',
  25200: 'wib g',
  25590: 'plmt',
  28800: 'awst hkt wita h',
  30600: 'kst',
  32400: 'awdt hkst jst wit i',
  34200: 'acst cast',
  36000: 'aest chst gst jdt kdt k',
  37800: 'acdt',
  39600: 'aedt gdt l',
  41400: 'nzmt',
  43200: 'nzst m',
  46800: 'nzdt',
}

const OFFSETS = new Map(
  Object.entries(ABBREVIATIONS).flatMap(([offset, names]) =>
    names.split(' ').map((name) => [name, Number(offset)]),
  ),
)

/** `+2`, `+02`, `+0200`, `+02:00`, with seconds `+02:00:30`; `GMT` may stand before it. */
const OFFSET =
  /^(?:GMT)?([+-])(?:(\d{1,2})|(\d{1,2}):?(\d{2})|(\d{1,2}):(\d)|(\d\d):?(\d\d):?(\d\d))$/

/** How PHP tells an identifier from an abbreviation where both may stand. */
const IDENTIFIER = /^[A-Z][a-z]+(?:[_/-][A-Za-z]+)+$/

/** Twice the longest name there is; what is longer is not looked at. */
const MAX_LENGTH = 80

/** Names of three letters that are identifiers; `Intl` also takes abbreviations of its own. */
const SHORT = /^(?:CET|EET|EST|GMT|HST|MET|MST|PRC|ROC|ROK|UCT|UTC|WET)$/i

/** More names that `Intl` has and PHP has not. */
const FOREIGN = /^(?:SystemV\/.*|US\/Pacific-New|[+-].*)$/i

/**
 * How many formatters are kept: more than there are zones. One takes 200 microseconds and 24 KiB to
 * make, and bytes that name all zones again and again should pay for that once.
 */
const MAX_FORMATTERS = 700

const formatters = new Map<string, Intl.DateTimeFormat>()

const FORMATTED = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/

/** The last second that a Date holds. */
const MAX_SECONDS = 8_640_000_000_000

/** What PHP reads behind a date, for the types 1 and 2; `undefined` for an unknown zone. */
export function findZone(text: string): Zone | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const offset = OFFSETS.get(text.toLowerCase()) ?? readOffset(text)
  if (offset !== undefined) return () => offset
  return IDENTIFIER.test(text) ? identifiedZone(text) : undefined
}

/** The zone of an identifier, in any letter case; `undefined` where PHP has none, as `Intl` says. */
export function identifiedZone(text: string): Zone | undefined {
  if (text.length > MAX_LENGTH) return undefined
  if (/^utc$/i.test(text)) return () => 0
  if (FOREIGN.test(text) || (text.length === 3 && !SHORT.test(text))) return undefined
  const formatter = formatterOf(text)
  return formatter === undefined ? undefined : (seconds) => offsetIn(formatter, seconds)
}

/** By the number of digits and colons; what is too large is not looked at. */
const OFFSET_TEXT = /^(?:GMT)?[+-](?:\d{1,4}|\d:\d\d?|\d\d:\d\d?|\d[\d:]{5}|\d\d:\d\d:\d\d)$/

/** Whether the text is a zone by itself, for PHP's `DateTimeZone`. */
export function isZone(text: string): boolean {
  if (text.length > MAX_LENGTH) return false
  const name = text.replace(/^[ \t]*\(?|\)$/g, '')
  return (
    OFFSETS.has(name.toLowerCase()) || OFFSET_TEXT.test(name) || identifiedZone(name) !== undefined
  )
}

/**
 * When the clocks of a zone showed a time, in seconds since 1970.
 *
 * PHP asks for the offset at that time in UTC, and then for the one that was there with it. So a time
 * that was left out in spring is as much later as the clocks went forward; one that came twice in
 * autumn is the first in the west and the second in the east.
 *
 * @see ext/date/lib/tm2unixtime.c, `do_adjust_timezone`
 */
export function instantOf(wallSeconds: number, zone: Zone): number {
  const guess = zone(wallSeconds)
  const actual = zone(wallSeconds - guess)
  const holds = actual <= guess || zone(wallSeconds - actual) === actual
  return wallSeconds - (holds ? actual : guess)
}

function readOffset(text: string): number | undefined {
  const [, sign, ...digits] = OFFSET.exec(text) ?? []
  if (sign === undefined) return undefined
  const [hours = '', minutes = 0, seconds = 0] = digits.filter((part) => part !== undefined)
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined
  // PHP knows offsets below 25 hours, but does not look at one that is hours only.
  if (Number(hours) > 24 && minutes !== 0) return undefined
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? 0 - size : size
}

/** `undefined` for a zone that is not known here. */
function formatterOf(timeZone: string): Intl.DateTimeFormat | undefined {
  // A copy, as the name may be a part of the text of a whole payload.
  const name = Buffer.from(timeZone.toLowerCase()).toString()
  const known = formatters.get(name)
  if (known !== undefined) return known
  const formatter = createFormatter(name)
  if (formatter !== undefined && formatters.size < MAX_FORMATTERS) formatters.set(name, formatter)
  return formatter
}

function createFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch {
    return undefined
  }
}

function offsetIn(formatter: Intl.DateTimeFormat, seconds: number): number {
  const bounded = Math.min(Math.max(seconds, -MAX_SECONDS), MAX_SECONDS)
  const [, sign, hours, minutes, rest = 0] = FORMATTED.exec(formatter.format(bounded * 1000)) ?? []
  if (sign === undefined) return 0
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest)
  return sign === '-' ? 0 - size : size
}
