/** What PHP's classes decide about text: with codecs that say the same, and without any. */
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import type { AnyClassCodec } from '../../../src/php/class-codec.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { badRows, inputOf, optionsOf, titleOf, type BadRow } from '../../helpers/bad-vectors.js'
import { childrenOf, nameOf, named, text, type Typed } from '../../helpers/typed-value.js'
import { codecOf, DECIDED_BY_CLASS, VECTOR_CLASSES } from '../../helpers/vector-classes.js'

const decided = badRows.filter(({ id }) => Object.hasOwn(DECIDED_BY_CLASS, id))
const verdictOf = ({ id }: BadRow): string => DECIDED_BY_CLASS[id]?.codec ?? ''
const titled = (row: BadRow): string => `${DECIDED_BY_CLASS[row.id]?.reason}: ${titleOf(row)}`

describe('text that PHP refuses for its class', () => {
  const same = decided.filter((row) => verdictOf(row) === 'same')

  it.each(named(same, titled))('is refused by a codec as by PHP: %s', (_, row) => {
    const offset: unknown = row.offset ?? expect.any(Number)
    const run = (): unknown => unserialize(inputOf(row), { classes: VECTOR_CLASSES })

    expect(run).toThrow(DecodeError)
    expect(run).toThrow(expect.objectContaining({ offset }))
  })

  const other = decided.filter((row) => verdictOf(row) === 'other offset')

  it.each(named(other, titled))('is refused by a codec, further on: %s', (_, row) => {
    let error: unknown
    try {
      unserialize(inputOf(row), { classes: VECTOR_CLASSES })
    } catch (thrown) {
      error = thrown
    }

    expect(error).toBeInstanceOf(DecodeError)
    expect((error as DecodeError).offset).toBeGreaterThan(row.offset ?? Infinity)
  })

  const builtIn = decided.filter((row) => verdictOf(row) === 'not needed')

  it.each(named(builtIn, titled))('is refused as by PHP, whose own class it is: %s', (_, row) => {
    const offset: unknown = row.offset ?? expect.any(Number)

    expect(() => unserialize(inputOf(row))).toThrow(DecodeError)
    expect(() => unserialize(inputOf(row))).toThrow(expect.objectContaining({ offset }))
  })

  /** Of the rows of `other`, all but one are whole values; the last is cut off by something else. */
  const inert = decided.filter((row) => !builtIn.includes(row) && row.id !== 'bad-0890')

  it.each(named(inert, titled))('is data without a codec, and kept as it came: %s', (_, row) => {
    expect(text(serialize(unserialize(inputOf(row))))).toBe(text(inputOf(row)))
  })
})

describe('allowedClasses', () => {
  const rows = badRows.filter(
    ({ category, result, options }) =>
      category === 'allowed-classes' && result === 'value' && options?.['unknown'] === undefined,
  )

  it.each(named(rows, (row) => `${JSON.stringify(row.options)} ${titleOf(row)}`))(
    'gives codecs what PHP makes objects of: %s',
    (_, row) => {
      const made: string[] = []
      const recording = (name: string): [string, AnyClassCodec] => [
        name,
        codecOf(({ className }) => made.push(className)),
      ]
      const names = ['Plain', 'Vis', 'VisChild', 'stdClass', 'MagicSer', 'OldSer', 'Suit']

      unserialize(inputOf(row), {
        ...optionsOf(row),
        classes: Object.fromEntries(names.map(recording)),
      })

      expect(made).toEqual(classesOf(row.value as Typed))
    },
  )
})

/** Names of the objects that PHP made, without those that are incomplete. */
function classesOf(value: Typed): string[] {
  const own = value.class === undefined || value.incomplete === true ? [] : [nameOf(value.class)]
  return [...childrenOf(value).flatMap(classesOf), ...own]
}
