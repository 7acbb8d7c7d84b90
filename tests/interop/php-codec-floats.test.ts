/** The digits of floats at every `serialize_precision`, against real PHP. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { serialize } from '../../src/php/serialize.js'
import { PhpFloat } from '../../src/php/values.js'
import { askPhp, differences, shown } from '../helpers/php-codec.js'
import { describeWith } from '../helpers/services.js'
import { text } from '../helpers/typed-value.js'

const SEED = 8_2_39
const COUNT = 3000
const PRECISIONS = [...Array(21).keys(), 40, 100]

/** Floats of all kinds, many of them ties at some precision. */
const floats = fc.oneof(
  fc.double({ noNaN: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.tuple(fc.maxSafeInteger(), fc.nat(60)).map(([digits, shift]) => digits / 2 ** shift),
  fc.tuple(fc.integer(), fc.nat(9)).map(([digits, places]) => digits / 10 ** places),
  fc.integer().map((value) => value + 0.5),
  fc.constantFrom(-0, NaN, Infinity, -Infinity, 5e-324, 1e22, 9.5, 99.5, 0.00095, 999999.5),
)

describeWith('php', `serialize_precision (seed ${SEED})`, () => {
  const values = fc.sample(floats, { seed: SEED, numRuns: COUNT })
  const bytes = Buffer.concat(
    values.map((value) => Buffer.from(Float64Array.of(value).buffer).swap64()),
  )

  it(`has the digits of PHP for ${COUNT} floats, from 0 to 100`, { timeout: 90_000 }, () => {
    const answers = askPhp(
      PRECISIONS.map((precision) => ({ operation: 'floats', argument: precision, bytes })),
    )
    PRECISIONS.forEach((precision, index) => {
      const own = values.map((value) => text(serialize(new PhpFloat(value), { precision })))

      expect(differences(own, shown(answers[index]).split('\n'))).toEqual([])
    })
  })
})
