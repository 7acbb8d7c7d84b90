import { describe, expect, it } from 'vitest'
import { checkBuiltIn } from '../../../src/php/builtins.js'
import { readWallTime, wallText } from '../../../src/php/date-text.js'
import { dateTimeCodec } from '../../../src/php/date-time.js'
import { findZone, identifiedZone, instantOf } from '../../../src/php/time-zones.js'
import { PhpFloat, PhpObject, PhpReference } from '../../../src/php/values.js'

const DATE = '2024-07-31 10:00:00.123456'

function dateOf(data: Readonly<Record<string, unknown>>): string {
  const object = new PhpObject('DateTimeImmutable', data)
  return dateTimeCodec.read(object).toISOString()
}

const inZone = (date: string, timezone_type: number, timezone: string): string =>
  dateOf({ date, timezone_type, timezone })

describe('dateTimeCodec', () => {
  it.each([
    [1, '+02:00', '2024-07-31T08:00:00.123Z'],
    [1, '-02:00:30', '2024-07-31T12:00:30.123Z'],
    [2, 'CEST', '2024-07-31T08:00:00.123Z'],
    [2, 'cet', '2024-07-31T09:00:00.123Z'],
    [3, 'Europe/Prague', '2024-07-31T08:00:00.123Z'],
    [3, 'UTC', '2024-07-31T10:00:00.123Z'],
  ])('reads a date of type %s, %s', (type, zone, expected) => {
    expect(inZone(DATE, type, zone)).toBe(expected)
  })

  it('cuts microseconds off, before 1970 as after', () => {
    expect(inZone('1969-12-31 23:59:59.999999', 3, 'UTC')).toBe('1969-12-31T23:59:59.999Z')
  })

  it.each([
    ['-0001-12-31 23:59:59.000000', '-000001-12-31T23:59:59.000Z'],
    ['0000-02-29 00:00:00.000000', '0000-02-29T00:00:00.000Z'],
    ['0099-01-01 00:00:00.000000', '0099-01-01T00:00:00.000Z'],
    ['+10000-01-01 00:00:00.000000', '+010000-01-01T00:00:00.000Z'],
    ['-271821-04-20 00:00:00.000000', '-271821-04-20T00:00:00.000Z'],
    ['+275760-09-13 00:00:00.000000', '+275760-09-13T00:00:00.000Z'],
  ])('reads and writes the year of %s', (date, iso) => {
    expect(inZone(date, 3, 'UTC')).toBe(iso)
    expect(dateTimeCodec.write(new Date(iso))).toEqual({ date, timezone_type: 3, timezone: 'UTC' })
  })

  it('moves a time that spring left out forward', () => {
    expect(inZone('2024-03-31 01:30:00', 3, 'Europe/London')).toBe('2024-03-31T01:30:00.000Z')
    expect(inZone('2024-03-10 02:30:00', 3, 'America/New_York')).toBe('2024-03-10T07:30:00.000Z')
    expect(inZone('2024-10-06 02:15:00', 3, 'Australia/Lord_Howe')).toBe('2024-10-05T15:45:00.000Z') // prettier-ignore
  })

  it('takes of a time that came twice the second in the east and the first in the west', () => {
    expect(inZone('2024-10-27 01:30:00', 3, 'Europe/London')).toBe('2024-10-27T01:30:00.000Z')
    expect(inZone('2024-11-03 01:30:00', 3, 'America/New_York')).toBe('2024-11-03T05:30:00.000Z')
  })

  it('drops what a program added to the date', () => {
    const data = { date: DATE, timezone_type: 3, timezone: 'UTC', note: 'x' }

    expect(dateOf(data)).toBe('2024-07-31T10:00:00.123Z')
  })

  const valid = { date: DATE, timezone_type: 3, timezone: 'UTC' }

  it.each<[string, Record<string, unknown>]>([
    ['no date', { timezone_type: 3, timezone: 'UTC' }],
    ['no type', { date: DATE, timezone: 'UTC' }],
    ['no zone', { date: DATE, timezone_type: 3 }],
    ['a date that is no string', { ...valid, date: 5 }],
    ['a date by reference', { ...valid, date: new PhpReference(DATE) }],
    ['a type that is a string', { ...valid, timezone_type: '3' }],
    ['a type that is a float', { ...valid, timezone_type: new PhpFloat(3) }],
    ['a zone that is bytes', { ...valid, timezone: Uint8Array.of(255) }],
    ['a word for a date', { ...valid, date: 'bad' }],
    ['a date that moves', { ...valid, date: 'tomorrow' }],
    ['a 13th month', { ...valid, date: '2024-13-01 00:00:00' }],
    ['a 25th hour', { ...valid, date: '2024-12-01 25:00:00' }],
    ['a year with too many digits', { ...valid, date: '10000-01-01 00:00:00' }],
    ['an unknown type', { ...valid, timezone_type: 4 }],
    ['an unknown zone', { ...valid, timezone: 'Mars/Phobos' }],
    ['an unknown abbreviation', { ...valid, timezone_type: 2, timezone: 'XYZ' }],
    ['an impossible offset', { ...valid, timezone_type: 1, timezone: '+25:00' }],
    ['an instant before the first Date', { ...valid, date: '-271821-04-19 23:59:59.999' }],
    ['an instant after the last Date', { ...valid, date: '+9999999999999999999-01-01 00:00:00' }],
  ])('refuses %s without repeating the content', (_, data) => {
    const read = (): unknown => dateTimeCodec.read(new PhpObject('DateTime', data))

    expect(read).toThrow(RangeError)
    expect(read).toThrow(/^(no date and time zone|a date beyond those of JavaScript)$/)
  })

  it.each(['1', ' ', 'a', '2024-', '+1', 'A/', ':'])(
    'refuses megabytes of %o for a date and for a zone at once',
    (unit) => {
      const long = unit.repeat(8_000_000)
      const all = [
        { ...valid, date: long },
        { ...valid, date: `2024-01-01 ${long}` },
        ...[1, 3].map((type) => ({ ...valid, timezone_type: type, timezone: `Europe/${long}` })),
      ]
      const started = performance.now()

      for (const data of all) expect(() => dateOf(data)).toThrow(RangeError)
      expect(all.map((data) => checkBuiltIn(new PhpObject('DateTime', data)))).not.toContain(true)
      expect(performance.now() - started).toBeLessThan(1000)
    },
  )

  it('writes UTC with six digits', () => {
    expect(dateTimeCodec.write(new Date(1))).toEqual({
      date: '1970-01-01 00:00:00.001000',
      timezone_type: 3,
      timezone: 'UTC',
    })
  })

  it('refuses to write an invalid Date', () => {
    expect(() => dateTimeCodec.write(new Date(NaN))).toThrow(RangeError)
  })

  it('knows a Date of any realm, and nothing that looks like one', () => {
    expect(dateTimeCodec.is(new Date())).toBe(true)
    expect(dateTimeCodec.is(Object.create(Date.prototype) as object)).toBe(false)
  })
})

describe('readWallTime', () => {
  it.each([
    ['2024-02-30', '2024-03-01T00:00:00.000Z'],
    ['2024-00-00 00:00', '2023-11-30T00:00:00.000Z'],
    ['2024-01-01 24:30:60.5', '2024-01-02T00:31:00.500Z'],
    ['2024-01-01T10:00:00.1234567', '2024-01-01T10:00:00.123Z'],
    ['-2024-01-01', '-002024-01-01T00:00:00.000Z'],
  ])('takes %s as PHP does', (text, expected) => {
    const { seconds = NaN, milliseconds = NaN } = readWallTime(text) ?? {}

    expect(new Date(seconds * 1000 + milliseconds).toISOString()).toBe(expected)
  })

  it('reads what wallText writes', () => {
    const date = new Date(-1)

    expect(wallText(date)).toBe('1969-12-31 23:59:59.999000')
    expect(readWallTime(wallText(date))).toEqual({ seconds: -1, milliseconds: 999 })
  })
})

describe('time zones', () => {
  it('have no names that only Intl knows', () => {
    const foreign = ['ACT', 'PST', 'jst', 'SystemV/AST4', 'US/Pacific-New', '+02:00', 'Z', '']

    expect(foreign.map(identifiedZone)).toEqual(foreign.map(() => undefined))
  })

  it('have names in any letter case as identifiers, but only in their own behind a date', () => {
    expect(identifiedZone('europe/PRAGUE')?.(0)).toBe(3600)
    expect(findZone('Europe/Prague')?.(0)).toBe(3600)
    expect(findZone('europe/prague')).toBeUndefined()
  })

  it('have offsets in seconds where towns went by the sun', () => {
    expect(identifiedZone('Europe/Prague')?.(-5e9)).toBe(3464)
  })

  it('give the offset at the last second for what comes after it', () => {
    expect(identifiedZone('America/New_York')?.(1e15)).toBe(-4 * 3600)
  })

  it('ask for one offset only where it never changes', () => {
    expect(instantOf(7200, () => 7200)).toBe(0)
  })
})
