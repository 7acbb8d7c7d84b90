/** Real PHP reads what Node writes, and writes it back to the same bytes. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { serialize } from '../../src/php/serialize.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { askPhp, differences, FORMATS, PRECISIONS, shown } from '../helpers/php-codec.js'
import { classSafeSession, classSafeValue } from '../helpers/php-values.js'
import { describeWith } from '../helpers/services.js'

const COUNT = 5000
const SEED = 8_2_36
const sampling = { seed: SEED, numRuns: COUNT }

describeWith('php', `PHP over what Node wrote (seed ${SEED})`, () => {
  it(`reads and rewrites ${COUNT} values at each precision`, { timeout: 120_000 }, () => {
    const values = fc.sample(classSafeValue, sampling)
    for (const precision of PRECISIONS) {
      const written = values.map((value) => serialize(value, { precision }))
      const questions = written.map((bytes) => ({ operation: 'value', bytes }) as const)

      const answers = askPhp(questions, precision).map(shown)
      expect(differences(answers, written.map(shown))).toEqual([])
    }
  })

  it(
    `reads and rewrites ${COUNT} sessions in each format and precision`,
    { timeout: 120_000 },
    () => {
      const sessions = fc.sample(classSafeSession, sampling)
      for (const format of FORMATS) {
        for (const precision of PRECISIONS) {
          const { encode } = serializerFor(format, { precision })
          const written = sessions.map((data) => encode(data)).filter(({ length }) => length > 0)
          const questions = written.map(
            (bytes) => ({ operation: 'session', argument: format, bytes }) as const,
          )

          const answers = askPhp(questions, precision).map(shown)
          expect(differences(answers, written.map(shown))).toEqual([])
        }
      }
    },
  )

  it('reads 5,000 names as they are', { timeout: 90_000 }, () => {
    const names = [
      ...new Set([
        ...fc.sample(fc.string({ unit: 'binary', maxLength: 12 }), { ...sampling, numRuns: 2500 }),
        ...fc.sample(fc.string({ unit: 'grapheme' }), { ...sampling, numRuns: 2500 }),
        ...['-0', '007', '1.5', '1e3', ' 1', '9223372036854775807', '9223372036854775808'],
      ]),
    ].filter((name) => !/\p{Surrogate}/u.test(name))
    const bytes = serialize(new Map(names.map((name) => [name, null])))

    const [found] = askPhp([{ operation: 'names', bytes }])
    const read = (JSON.parse(shown(found)) as string[]).map((name) =>
      Buffer.from(name, 'base64').toString('utf8'),
    )

    expect(read).toEqual(names)
  })
})
