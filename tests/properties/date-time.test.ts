import fc from 'fast-check'
import { expect, it } from 'vitest'
import { dateTimeCodec } from '../../src/php/date-time.js'
import { PhpObject } from '../../src/php/values.js'

const RUNS = { numRuns: 10_000 }

it('every Date is read back as it was written', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) => {
      const data = dateTimeCodec.write(date) as Record<string, unknown>

      expect(dateTimeCodec.read(new PhpObject('DateTime', data))).toEqual(date)
    }),
    RUNS,
  )
})

const digits = fc.stringMatching(/^[+-]?\d{1,9}-\d\d-\d\d[ T]?\d{0,2}:?\d{0,2}:?\d{0,2}\.?\d{0,8}$/)
const zone = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[+-]\d{0,3}:?\d{0,3}:?\d{0,2}$/),
  fc.constantFrom('UTC', 'CEST', 'Europe/Prague', 'America/New_York', '__proto__', 'constructor'),
)

it('any data gives a valid Date or a RangeError', () => {
  fc.assert(
    fc.property(
      fc.oneof(digits, fc.string(), fc.anything()),
      fc.oneof(fc.integer({ min: 0, max: 4 }), fc.anything()),
      fc.oneof(zone, fc.anything()),
      (date, timezone_type, timezone) => {
        const object = new PhpObject('DateTime', { date, timezone_type, timezone })
        let found: unknown
        try {
          found = dateTimeCodec.read(object).getTime()
        } catch (error) {
          found = error
        }
        expect(Number.isInteger(found) || found instanceof RangeError).toBe(true)
      },
    ),
    RUNS,
  )
})
