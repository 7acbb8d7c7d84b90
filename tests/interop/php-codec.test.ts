/** Real PHP reads what Node writes, and writes it back to the same bytes. */
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { serialize } from '../../src/php/serialize.js'
import { PhpEnum, PhpObject, PhpReference } from '../../src/php/values.js'
import type { SessionData } from '../../src/serializer.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { describeWith } from '../helpers/services.js'

const SCRIPT = new URL('../helpers/php-codec.php', import.meta.url).pathname

/** One process of PHP for all of a test. */
function php(operation: string, inputs: readonly Uint8Array[]): (Buffer | false)[] {
  const lines = inputs.map((bytes) => `${operation} ${Buffer.from(bytes).toString('base64')}\n`)
  const { stdout, status, stderr } = spawnSync('php', ['-n', SCRIPT], {
    input: lines.join(''),
    maxBuffer: 2 ** 28,
    timeout: 60_000,
  })
  expect({ status, errors: stderr.toString() }).toEqual({ status: 0, errors: '' })
  const results = stdout.toString().split('\n').slice(0, -1)
  return results.map((line) => (line === 'false' ? false : Buffer.from(line, 'base64')))
}

const hex = (bytes: Uint8Array | false | undefined): string =>
  bytes === undefined || bytes === false ? String(bytes) : Buffer.from(bytes).toString('latin1')

const key = fc.string({ unit: 'grapheme', maxLength: 10 })
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 'x|y', '";', '\0'),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.constantFrom(NaN, -0, 1e-7, 1e22, 5e-324),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: 'grapheme', maxLength: 100 }),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
    fc.array(fc.tuple(fc.oneof(key, fc.integer(), fc.maxSafeInteger()), tie('value')), { maxLength: 5 }).map(asMap), // prettier-ignore
    fc
      .dictionary(
        key.filter((name) => !name.startsWith('\0')),
        tie('value'),
        { maxKeys: 3 },
      )
      .map((properties) => new PhpObject('App\\Unknown', properties)),
    fc.constantFrom('Hearts', 'Spades').map((suit) => new PhpEnum('Suit', suit)),
  ),
}))

/** Without two keys that PHP does not tell apart. */
function asMap(entries: readonly (readonly [string | number, unknown])[]): Map<unknown, unknown> {
  return new Map(new Map(entries.map(([name, value]) => [String(name), [name, value]])).values() as never) // prettier-ignore
}

/** Variables that share an object and a reference with each other. */
const session = fc
  .tuple(fc.uniqueArray(key, { maxLength: 6 }), fc.array(anyValue, { minLength: 5, maxLength: 5 }))
  .map(([keys, values]): SessionData => {
    const object = new PhpObject('App\\Shared', { value: values[0] })
    const reference = new PhpReference(values[1])
    const pool = [object, reference, [object, values[2]], values[3], [reference], object, values[4]]
    const names = keys.filter((name) => !name.includes('|') && !/^-?\d+$/.test(name))
    return Object.fromEntries(names.map((name, index) => [name, pool[index]]))
  })

const SEED = { seed: 8_2_36, numRuns: 300 }

describeWith('php', 'PHP over what Node wrote', () => {
  it('reads and rewrites 300 values to the same bytes', { timeout: 90_000 }, () => {
    const written = fc.sample(anyValue, SEED).map((value) => serialize(value))

    expect(php('value', written).map(hex)).toEqual(written.map(hex))
  })

  it.each(['php', 'php_serialize'])(
    'reads and rewrites 300 sessions to the same bytes, in format %s',
    { timeout: 90_000 },
    (format) => {
      const { encode } = serializerFor(format)
      const written = fc.sample(session, SEED).map((data) => encode(data))
      const kept = written.filter(({ length }) => length > 0)

      expect(php(format, kept).map(hex)).toEqual(kept.map(hex))
    },
  )

  it.each(['php', 'php_serialize'])(
    'finds every reference where it belongs after a change, in format %s',
    { timeout: 90_000 },
    (format) => {
      const { encode, decode } = serializerFor(format)
      const changed = fc.sample(fc.tuple(session, anyValue), SEED).flatMap(([data, value]) => {
        const previous = encode(data)
        const [first] = Object.keys(data)
        if (first === undefined) return []
        const current = decode(previous)
        current[first] = [value, value, value]
        return [encode(current, previous)]
      })

      expect(php(format, changed).map(hex)).toEqual(changed.map(hex))
    },
  )

  it('reads 5,000 names as they are', { timeout: 90_000 }, () => {
    const names = [
      ...new Set([
        ...fc.sample(fc.string({ unit: 'binary', maxLength: 12 }), { ...SEED, numRuns: 2500 }),
        ...fc.sample(fc.string({ unit: 'grapheme' }), { ...SEED, numRuns: 2500 }),
        ...['-0', '007', '1.5', '1e3', ' 1', '9223372036854775807', '9223372036854775808'],
      ]),
    ].filter((name) => !/\p{Surrogate}/u.test(name))
    const map = new Map(names.map((name) => [name, null]))

    const [found] = php('keys', [serialize(map)])
    const read = (JSON.parse(String(found)) as string[]).map((text) =>
      Buffer.from(text, 'base64').toString('utf8'),
    )

    expect(read).toEqual(names)
  })
})
