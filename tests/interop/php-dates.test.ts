/** Dates that real PHP writes are the same instants here, and the other way round. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dateTimeCodec } from '../../src/php/date-time.js'
import { findZone } from '../../src/php/time-zones.js'
import { PhpObject } from '../../src/php/values.js'
import { phpLines } from '../helpers/php-lines.js'
import { describeWith } from '../helpers/services.js'

type Instant = [seconds: number, milliseconds: number] | null

const php = <T>(lines: readonly string[]): T[] => phpLines('./php-dates.php', lines)

const WRITTEN =
  /^O:17:"DateTimeImmutable":3:\{s:4:"date";s:\d+:"(.*)";s:13:"timezone_type";i:(\d);s:8:"timezone";s:\d+:"(.*)";\}$/

/** What PHP wrote, taken apart by hand, so that only the codec is under test. */
function parse(base64: string): PhpObject {
  const text = Buffer.from(base64, 'base64').toString()
  const [, date = '', type = '', timezone = ''] = WRITTEN.exec(text) ?? []
  return new PhpObject('DateTimeImmutable', { date, timezone_type: Number(type), timezone })
}

function bytesOf(date: string, type: number, zone: string): string {
  const text = (content: string): string => `s:${content.length}:"${content}";`
  const members = `${text('date')}${text(date)}${text('timezone_type')}i:${type};${text('timezone')}${text(zone)}`
  return Buffer.from(`O:17:"DateTimeImmutable":3:{${members}}`).toString('base64')
}

function read(object: PhpObject): Instant {
  try {
    const milliseconds = dateTimeCodec.read(object).getTime()
    const seconds = Math.floor(milliseconds / 1000)
    return [seconds, milliseconds - seconds * 1000]
  } catch {
    return null
  }
}

/** What PHP and we make of dates that PHP wrote for these instants. */
function compare(moments: readonly (readonly [number, number, string])[]): void {
  const lines = moments.map((moment) => `write ${moment.join(' ')}`)
  const found = php<[string, Instant]>(lines)
  const ours = found.map(([bytes], index) => [lines[index], bytes, read(parse(bytes))])
  expect(ours).toEqual(found.map(([bytes, instant], index) => [lines[index], bytes, instant]))
}

/**
 * Zones with every kind of rule: none, in both halves of a year, by half hours, given up, odd. Not
 * those whose coming years are a guess, which differs between editions of the zone data.
 */
const IDENTIFIERS = [
  'UTC', 'Europe/London', 'Europe/Prague', 'Europe/Dublin', 'Europe/Lisbon', 'Europe/Istanbul',
  'America/New_York', 'America/Sao_Paulo', 'America/St_Johns', 'America/Los_Angeles',
  'America/Caracas', 'America/Havana', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Tehran',
  'Asia/Tokyo', 'Asia/Pyongyang', 'Asia/Singapore', 'Asia/Shanghai', 'Africa/Johannesburg', 'Africa/Cairo',
  'Africa/Monrovia', 'Australia/Lord_Howe', 'Australia/Sydney', 'Pacific/Apia', 'Pacific/Chatham',
  'Pacific/Kiritimati', 'Antarctica/Troll', 'Atlantic/Azores', 'Etc/GMT+5',
] // prettier-ignore
const OFFSETS = ['+02:00', '-00:00', '-11:30', '+14:00', '+05:45', '+24:59']
const ABBREVIATIONS = ['CEST', 'cet', 'EST', 'EDT', 'NDT', 'Z', 'A', 'PST', 'utc', 'LST', 'SST']

const SEED = { seed: 8_2_36 }
const microseconds = fc.integer({ min: 0, max: 999_999 })
const moment = (min: number, max: number, zones: readonly string[]) =>
  fc.tuple(fc.integer({ min, max }), microseconds, fc.constantFrom(...zones))

describeWith('php', 'dates of PHP', () => {
  it('are the same instants here: 1,500 of identified zones since 1970', () => {
    compare(fc.sample(moment(0, 4_000_000_000, IDENTIFIERS), { ...SEED, numRuns: 1500 }))
  })

  it('are the same instants here: 1,000 of offsets and abbreviations, in all years', () => {
    const zones = [...OFFSETS, ...ABBREVIATIONS]
    compare(
      fc.sample(moment(-8_639_999_900_000, 8_639_999_900_000, zones), { ...SEED, numRuns: 1000 }),
    )
  })

  it('are the same instants here: 1,000 of identified zones in the years -9999 to 9999', () => {
    compare(
      fc.sample(moment(-377_705_116_800, 253_402_300_799, IDENTIFIERS), { ...SEED, numRuns: 1000 }),
    )
  })

  it.each([
    ['Europe/London', 1],
    ['America/New_York', -5],
    ['Australia/Lord_Howe', 11],
  ])(
    'are the same instants in every quarter of an hour around the changes of %s',
    (zone, hours) => {
      const days = Array.from({ length: 366 * 12 }, (_, day) => 1_420_070_400 + day * 86_400)
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        timeZoneName: 'longOffset',
      })
      const name = (day: number): string => format.format(day * 1000).replace(/^\S+ /, '')
      const changes = days.filter((day) => name(day) !== name(day + 86_400))
      const quarters = Array.from({ length: 48 * 4 }, (_, quarter) => quarter * 900)
      const near = changes.flatMap((day) => quarters.map((quarter) => day - 43_200 + quarter))

      expect(changes.length).toBeGreaterThanOrEqual(24)
      compare(near.map((seconds) => [seconds, 999_999, zone]))
      // The same numbers on the wall, so that times that never were are among them.
      const walls = near.map((seconds) => wallOf(seconds + hours * 3600))
      const instants = php<Instant>(walls.map((wall) => `read ${bytesOf(wall, 3, zone)}`))
      const ours = walls.map((date) =>
        read(new PhpObject('DateTime', { date, timezone_type: 3, timezone: zone })),
      )
      expect(ours).toEqual(instants)
    },
  )

  it('are the same at the ends of what a Date holds, and nothing beyond', () => {
    const inside = [
      '-271821-04-20 00:00:00.000000', '+275760-09-13 00:00:00.000000', '0000-01-01 00:00:00.999999',
      '-0001-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999', '+10000-01-01 00:00:00.000000',
      '0099-03-01 00:00:00.001000', '2024-02-30 24:59:60.5', '2024-00-00 00:00:00', '-2024-02-29',
    ] // prettier-ignore
    const outside = ['-271821-04-19 23:59:59.999999', '+275760-09-13 00:00:00.001000']
    const expected = php<Instant>(inside.map((date) => `read ${bytesOf(date, 3, 'UTC')}`))
    const ours = [...inside, ...outside].map((date) =>
      read(new PhpObject('DateTime', { date, timezone_type: 3, timezone: 'UTC' })),
    )

    expect(ours).toEqual([...expected, null, null])
  })

  it('are refused here where PHP refuses them', () => {
    const date = '2024-01-31 10:00:00.123456'
    const cases: [string, number, string][] = [
      ...['2024-01-32', '2024-13-01', '2024-01-01 25:00', '2024-01-01 10:60', 'bad'].map((text): [string, number, string] => [text, 3, 'UTC']), // prettier-ignore
      ...['10000-01-01 00:00:00.000000', '2024-01-01 10:00:61', '1'].map((text): [string, number, string] => [text, 3, 'UTC']), // prettier-ignore
      ...[0, 4, -1].map((type): [string, number, string] => [date, type, 'UTC']),
      ...['+02:60', '+25:00', '+277', '+1:02:03', '02:00', 'foo', 'J', 'LMT', 'EST5EDT', 'europe/prague', '+12345', '+day'].flatMap((zone): [string, number, string][] => [[date, 1, zone], [date, 2, zone]]), // prettier-ignore
      ...['+02:00', 'CEST', 'PST', 'JST', 'ACT', '', 'Z', 'GMT+2', 'Mars/Phobos', 'SystemV/AST4', 'US/Pacific-New'].map((zone): [string, number, string] => [date, 3, zone]), // prettier-ignore
    ]
    const verdicts = php<Instant>(cases.map((each) => `read ${bytesOf(...each)}`))
    const ours = cases.map(([text, timezone_type, timezone]) =>
      read(new PhpObject('DateTime', { date: text, timezone_type, timezone })),
    )

    expect(verdicts).toEqual(cases.map(() => null))
    expect(ours).toEqual(verdicts)
  })

  it('have zones of any type that PHP finds by other names, too', () => {
    const date = '2024-07-31 10:00:00.123456'
    const zones = ['+2', '-9', '+99', '+123', '+0200', '+2:0', '+020030', '-02:00:30', 'GMT+2', 'UTC', 'Europe/Prague', 'America/Argentina/Ushuaia'] // prettier-ignore
    const cases = zones.flatMap((zone) => [1, 2].map((type) => [date, type, zone] as const))
    const named = ['europe/prague', 'utc', 'UTC', 'gmt', 'Etc/GMT+5', 'est5edt', 'W-SU', 'NZ', 'GB-Eire', 'Asia/Calcutta'] // prettier-ignore
    const all = [...cases, ...named.map((zone) => [date, 3, zone] as const)]
    const ours = all.map(([text, timezone_type, timezone]) =>
      read(new PhpObject('DateTime', { date: text, timezone_type, timezone })),
    )

    expect(ours).toEqual(php<Instant>(all.map((each) => `read ${bytesOf(...each)}`)))
    expect(ours).not.toContain(null)
  })

  it('have every abbreviation that PHP knows, with its first meaning', () => {
    const [known = {}] = php<Record<string, number>>(['abbreviations'])
    const names = Object.keys(known)

    expect(names.length).toBeGreaterThan(100)
    expect(names.map((name) => [name, findZone(name.toUpperCase())?.(0)])).toEqual(
      Object.entries(known),
    )
  })

  it('are read by PHP from 2,000 instants that we write', () => {
    const instants = [
      ...fc.sample(fc.date({ noInvalidDate: true }), { ...SEED, numRuns: 2000 }),
      ...[-8.64e15, 8.64e15, 0, -1, -62_167_219_200_000, 253_402_300_800_000].map((ms) => new Date(ms)), // prettier-ignore
    ]
    const written = instants.map(
      (instant) => dateTimeCodec.write(instant) as Record<string, string>,
    )

    expect(
      php<Instant>(written.map((data) => `read ${bytesOf(data['date'] ?? '', 3, 'UTC')}`)),
    ).toEqual(instants.map((instant) => [Math.floor(+instant / 1000), ((+instant % 1000) + 1000) % 1000])) // prettier-ignore
  })
})

function wallOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('Z', '000')
}
