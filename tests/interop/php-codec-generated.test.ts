/** Node reads what real PHP writes for values of its own, and writes it back to the same bytes. */
import { expect, it } from 'vitest'
import { foreignFormat } from '../../src/php/foreign.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { differences, FORMATS, phpWrites, PRECISIONS, shown } from '../helpers/php-codec.js'
import { describeWith } from '../helpers/services.js'

const COUNT = 5000
const SEED = 8_2_36
const exact = { exact: true }

/** What comes of bytes, or of the attempt. */
function attempt(run: () => Uint8Array): string {
  try {
    return shown(run())
  } catch (error) {
    return String(error)
  }
}

describeWith('php', `what PHP wrote (seed ${SEED})`, () => {
  it.each(PRECISIONS)(
    `is read and written back, ${COUNT} values at precision %i`,
    { timeout: 90_000 },
    (precision) => {
      const written = phpWrites({ kind: 'value', count: COUNT, seed: SEED, precision })

      const back = written.map((bytes) =>
        attempt(() => serialize(unserialize(bytes, exact), exact)),
      )
      expect(written).toHaveLength(COUNT)
      expect(differences(back, written.map(shown))).toEqual([])
    },
  )

  const sessions = FORMATS.flatMap((format) =>
    PRECISIONS.map((precision) => ({ format, precision })),
  )

  it.each(sessions)(
    `is read and written back, ${COUNT} sessions in $format at precision $precision`,
    { timeout: 90_000 },
    ({ format, precision }) => {
      const written = phpWrites({ kind: 'session', count: COUNT, seed: SEED, precision, format })

      const { encode, decode } = serializerFor(format, exact)
      const kept = written.filter((bytes) => !isForeign(bytes))
      const back = kept.map((bytes) => attempt(() => encode(decode(bytes))))
      expect(kept.length).toBeGreaterThan(COUNT - 10)
      expect(differences(back, kept.map(shown))).toEqual([])
    },
  )

  it.each(FORMATS)('is the same session while nobody changes it, in %s', (format) => {
    const written = phpWrites({
      kind: 'session',
      count: 1000,
      seed: SEED + 1,
      precision: 17,
      format,
    })

    const { encode, decode } = serializerFor(format)
    const kept = written.filter((bytes) => !isForeign(bytes) && !leadsForward(bytes))
    const back = kept.map((bytes) => attempt(() => encode(decode(bytes), bytes)))
    expect(kept.length).toBeGreaterThan(950)
    expect(differences(back, kept.map(shown))).toEqual([])
  })
})

/** A name of odd bytes can make a whole session read as msgpack, which is refused. */
const isForeign = (bytes: Buffer): boolean => foreignFormat(bytes) !== undefined

/**
 * JavaScript moves names that look like integers to the front. What an old Serializable holds may
 * then stand before the object that it refers to, which is an error.
 */
function leadsForward(bytes: Buffer): boolean {
  return (
    /C:6:"Nested":\d+:\{.*[rR]:\d/s.test(bytes.toString('latin1')) &&
    /^a:/.test(bytes.toString('latin1'))
  )
}
