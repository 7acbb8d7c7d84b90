/** What real PHP 8.2 accepted and refused: the same verdict, the same offset, the same value. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpObject } from '../../../src/php/values.js'
import { badRows, inputOf, optionsOf, titleOf, type BadRow } from '../../helpers/bad-vectors.js'
import { matches } from '../../helpers/typed-match.js'
import { childrenOf, fromBase64, named, text, type Typed } from '../../helpers/typed-value.js'
import { DECIDED_BY_CLASS } from '../../helpers/vector-classes.js'

/** Refused as options, before any byte is read. */
const ofOptions = badRows.filter(
  ({ exception = '', options }) => options !== undefined && /Option/.test(exception),
)

/** PHP ignores options it does not know. */
const UNKNOWN_OPTION = 'bad-0532'

const rows = badRows.filter(
  (row) =>
    !Object.hasOwn(DECIDED_BY_CLASS, row.id) &&
    !ofOptions.includes(row) &&
    row.id !== UNKNOWN_OPTION,
)
const accepted = rows.filter(({ result }) => result === 'value')
const refused = rows.filter(({ result }) => result !== 'value')

describe('text that PHP was asked to unserialize', () => {
  it('is 648 rows, of which classes decide some', () => {
    expect(badRows).toHaveLength(648)
    expect(rows.length + Object.keys(DECIDED_BY_CLASS).length + ofOptions.length + 1).toBe(648)
  })

  it.each(named(accepted, titleOf))('is accepted: %s', (_, row) => {
    expect(() => unserialize(inputOf(row), optionsOf(row))).not.toThrow()
  })

  it.each(named(refused, titleOf))('is refused where PHP says: %s', (_, row) => {
    const offset: unknown = row.offset ?? expect.any(Number)

    expect(row.result).toBe('false')
    const run = (): unknown => unserialize(inputOf(row), optionsOf(row))
    expect(run).toThrow(DecodeError)
    expect(run).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DECODE', offset }))
  })

  it.each(named(ofOptions, titleOf))('is not read with such options: %s', (_, row) => {
    const run = (): unknown => unserialize(inputOf(row), optionsOf(row))

    expect(run).toThrow(/must be/)
    expect(run).not.toThrow(DecodeError)
  })

  it.each(['O:0:"a":0:{}', 'C:0:"a":0:{}', 'E:0:"a";', 'O:18446744073709551616:"a":0:{}'])(
    'is refused at the length of a name without bytes: %s',
    (input) => {
      expect(() => unserialize(input)).toThrow(expect.objectContaining({ offset: 2 }))
    },
  )

  it('counts an object without properties for the depth, as PHP does, but no empty array', () => {
    const options = { maxDepth: 1 }
    const refused = expect.objectContaining({ offset: 27 }) as Error

    expect(() => unserialize('a:1:{i:0;O:8:"stdClass":0:{}}', options)).toThrow(refused)
    expect(unserialize('a:1:{i:0;a:0:{}}', options)).toEqual([[]])
    expect(unserialize('a:1:{i:0;E:11:"Suit:Hearts";}', options)).toHaveLength(1)
    expect(() => serialize([new PhpObject('stdClass')], options)).toThrow(EncodeError)
    expect(text(serialize([[]], options))).toBe('a:1:{i:0;a:0:{}}')
  })

  it('is not read with an option that does not exist, which PHP would ignore', () => {
    expect(() => unserialize('N;', { unknown: 1 } as object)).toThrow(TypeError)
  })
})

/** Written back as they came, where PHP's classes would change them. */
const KEPT: Readonly<Record<string, string>> = {
  'bad-0351': 'the letters of a class name: PHP writes those of the declaration',
  'bad-0352': 'the letters of a class name',
  'bad-0495': 'the letters of the name of an enum',
  'bad-0604': 'the letters of the name of an enum',
  'bad-0411': 'a property with the name that PHP keeps the class of an incomplete object in',
  'bad-0486': 'C: of an unknown class, whose data PHP drops',
  'bad-0638': 'C: of an unknown class',
  'bad-0862': 'C: of an unknown class',
  'bad-0490': 'C: of a class that reads its data and writes something else',
  'bad-0536': 'C: of a class that is not allowed, whose data PHP drops',
  'bad-0537': 'C: of a class that is not allowed',
}

/**
 * Values that contain themselves by a reference: PHP copies the outermost out of its reference when
 * it hands it over. It then writes `r` for the one that is left, or ends a nested array with `N;`.
 */
const CONTAINS_ITSELF = ['bad-0307', 'bad-0331', 'bad-0591']

/** Whether PHP fills in declared properties, or runs code of the class. */
function hasDeclaredClass(value: Typed): boolean {
  const isDeclared = value.t === 'object' && value.incomplete !== true && value.class !== 'stdClass'
  return isDeclared || childrenOf(value).some(hasDeclaredClass)
}

type DescribedRow = BadRow & { readonly value: Typed; readonly reserialized_b64: string }

const described = accepted
  .filter(
    (row): row is DescribedRow => row.value !== undefined && row.reserialized_b64 !== undefined,
  )
  .filter((row) => !hasDeclaredClass(row.value) && !Object.hasOwn(KEPT, row.id))

describe('what PHP made of text', () => {
  it('is known for most of what it accepts', () => {
    expect(accepted.length - described.length).toBe(41)
  })

  it.each(named(described, titleOf))('is read: %s', (_, row) => {
    const { value } = row
    const options = optionsOf(row)

    expect(matches(unserialize(inputOf(row), options), value)).toBe(true)
    expect(matches(unserialize(inputOf(row), { ...options, exact: true }), value)).toBe(true)
  })

  const rewritten = described.filter(({ id }) => !CONTAINS_ITSELF.includes(id))

  it.each(named(rewritten, titleOf))('is written as PHP writes it: %s', (_, row) => {
    const value = unserialize(inputOf(row), { ...optionsOf(row), exact: true })

    expect(text(serialize(value))).toBe(text(fromBase64(row.reserialized_b64)))
  })

  it.each(Object.entries(KEPT))('is kept instead in %s: %s', (id) => {
    const row = badRows.find((row) => row.id === id) as BadRow
    const bytes = inputOf(row)

    expect(text(serialize(unserialize(bytes, optionsOf(row))))).toBe(text(bytes))
  })
})
