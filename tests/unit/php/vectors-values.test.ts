/** Everything real PHP 8.2 serialized: every row is read, and written, byte for byte. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { build } from '../../helpers/typed-build.js'
import { matches } from '../../helpers/typed-match.js'
import {
  fromBase64,
  hasWholeFloat,
  hexOf,
  named,
  text,
  vectors,
  type Typed,
} from '../../helpers/typed-value.js'

interface Row {
  readonly id: string
  readonly category: string
  /** What PHP serialized, cut where it is long. */
  readonly php: string
  /** `serialize_precision`, where it is not -1. */
  readonly precision?: number
  readonly serialized_b64: string
  readonly json?: Typed
}

/** A row of what PHP refuses to serialize. */
interface RefusedRow {
  readonly id: string
  readonly php: string
  readonly error: string
}

const all = vectors<Row | RefusedRow>('serialize.jsonl')
const refused = all.filter((row): row is RefusedRow => 'error' in row)
const rows = all.filter((row): row is Row => 'serialized_b64' in row)
const title = ({ category, precision, php }: Row): string =>
  `${category} ${precision ?? ''} ${php.slice(0, 60)}`

const bytesOf = (row: Row): Buffer => fromBase64(row.serialized_b64)

/** `d:;` and `d:IN;`, which PHP writes at a low precision and cannot read itself. */
const isReadable = (row: Row): boolean => !/^d:(IN)?;$/.test(text(bytesOf(row)))
const readable = rows.filter(isReadable)
/** What is read: with fewer than 17 digits a float is another one than PHP had. */
const described = readable.filter(hasJson).map((row) => ({ ...row, json: afterReading(row) }))

function hasJson(row: Row): row is Row & { readonly json: Typed } {
  return row.json !== undefined
}

function afterReading({
  json,
  precision = -1,
  serialized_b64,
}: Row & { readonly json: Typed }): Typed {
  const digits = text(fromBase64(serialized_b64)).slice('d:'.length, -1)
  if (json.t !== 'float' || precision < 0 || precision >= 17 || /N/.test(digits)) return json
  return { t: 'float', v: hexOf(Number(digits)) }
}

describe('values that PHP serialized', () => {
  it('are there in every category, 634 of them', () => {
    const count = Object.fromEntries(
      [...new Set(rows.map(({ category }) => category))].map((category) => [
        category,
        rows.filter((row) => row.category === category).length,
      ]),
    )

    expect(all).toHaveLength(634)
    expect(rows.length - readable.length).toBe(3)
    expect(count).toMatchObject({
      float: 62,
      float17: 62,
      refs: 31,
      'array-large': 2,
      'array-deep': 2,
    })
  })

  it.each(named(described, title))('are read: %s', (_, row) => {
    expect(matches(unserialize(bytesOf(row)), row.json)).toBe(true)
  })

  it.each(named(described, title))('are read in exact mode: %s', (_, row) => {
    expect(matches(unserialize(bytesOf(row), { exact: true }), row.json)).toBe(true)
  })

  it.each(named(readable, title))('are written back in exact mode: %s', (_, row) => {
    const exact = { exact: true }

    expect(text(serialize(unserialize(bytesOf(row), exact), exact))).toBe(text(bytesOf(row)))
  })

  it.each(named(rows.filter(hasJson), title))('are written as PHP writes them: %s', (_, row) => {
    const { json, precision = -1 } = row

    expect(text(serialize(build(json), { precision }))).toBe(text(bytesOf(row)))
  })

  it.each(
    named(
      rows.filter((row) => !isReadable(row)),
      title,
    ),
  )('are refused where PHP refuses its own text: %s', (_, row) => {
    expect(() => unserialize(bytesOf(row))).toThrow(DecodeError)
  })
})

describe('values that PHP serialized, in normal mode', () => {
  /** What JavaScript has no type for: `d:5;` is 5, and is written as an int. */
  const isWhole = ({ json }: Row): boolean => json !== undefined && hasWholeFloat(json)
  const undescribed = readable.filter((row) => !hasJson(row))
  const kept = [...undescribed, ...described.filter((row) => !isWhole(row))]

  it('have a whole float in some rows, which becomes an int', () => {
    const changed = described.filter(isWhole)

    expect(changed.map((row) => text(serialize(unserialize(bytesOf(row)))))).toEqual(
      changed.map((row) => serializeInts(text(bytesOf(row)))),
    )
  })

  it.each(named(kept, title))('are written back at their precision: %s', (_, row) => {
    const { precision = -1 } = row

    expect(text(serialize(unserialize(bytesOf(row)), { precision }))).toBe(text(bytesOf(row)))
  })
})

/** The text with `i:5;` in place of `d:5;`; no string of these rows holds such text. */
function serializeInts(serialized: string): string {
  return serialized.replace(/\bd:(-?[^;]+);/g, (whole, digits: string) => {
    const value = Number(digits)
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? `i:${value};` : whole
  })
}

function* generator(): Generator<number> {
  yield 1
}

/** What those values are in JavaScript. */
const REFUSED: Readonly<Record<string, unknown>> = {
  'fn() => 1': () => 1,
  '[1, function(){}]': [1, function anonymous() {}],
  '(function(){ yield 1; })()': generator(),
  'new class { public $a = 1; }': new (class {
    readonly a = 1
  })(),
  'new ReflectionClass("stdClass")': Reflect.ownKeys,
  'new SplFileInfo("/tmp")': new URL('file:///tmp'),
  'WeakReference::create(new stdClass)': new WeakRef({}),
}

describe('values that PHP refuses to serialize', () => {
  it.each(named(refused, ({ php }) => php))('are refused here: %s', (_, { php }) => {
    expect(Object.hasOwn(REFUSED, php)).toBe(true)
    expect(() => serialize(REFUSED[php])).toThrow(EncodeError)
  })
})
