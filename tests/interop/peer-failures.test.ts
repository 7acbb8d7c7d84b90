/**
 * Where other serializers for PHP's format are known to fail: what they do, and what happens here
 * with the same bytes or value. A claim that a newer version of theirs has mended fails here.
 */
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../src/errors.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference } from '../../src/php/values.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { peer } from '../helpers/peer.js'
import { text, wire } from '../helpers/typed-value.js'

interface PhpSerialize {
  serialize(value: unknown, scope?: object, options?: { encoding: string }): string
  unserialize(bytes: string | Uint8Array, scope?: object, options?: object): unknown
}

const phpSerialize = await peer<PhpSerialize>('php-serialize')
const locutus = {
  serialize: (await peer<{ default: (value: unknown) => string }>('locutus/php/var/serialize.js'))
    .default,
  unserialize: (
    await peer<{ default: (bytes: unknown, errors: 'throw' | 'silent') => unknown }>(
      'locutus/php/var/unserialize.js',
    )
  ).default,
}
const phpunserialize = (
  await peer<{ default: (bytes: string) => unknown }>('phpunserialize/phpUnserialize.js')
).default

const readers: Readonly<Record<string, (bytes: string) => unknown>> = {
  'php-serialize': (bytes) => phpSerialize.unserialize(bytes, {}, { strict: false }),
  locutus: (bytes) => locutus.unserialize(bytes, 'throw'),
  phpunserialize,
}
const read = (name: string, bytes: string): unknown => readers[name]?.(bytes)
const write = (value: unknown): string => text(serialize(value))

/** What a property says, inherited or not. */
const admin = (value: unknown): unknown => (value as { readonly admin?: unknown } | null)?.admin
const PLANTED = 's:9:"__proto__";a:1:{s:5:"admin";b:1;}'

describe('a __proto__ key', () => {
  const first = (value: unknown): unknown => (value as { readonly user?: unknown }).user

  it.each(['php-serialize', 'locutus', 'phpunserialize'])(
    'replaces the prototype in %s',
    (name) => {
      expect(admin(read(name, `a:1:{${PLANTED}}`))).toBe(true)
      expect(admin(first(read(name, `a:1:{s:4:"user";a:1:{${PLANTED}}}`)))).toBe(true)
      expect(admin(read(name, `O:8:"stdClass":1:{${PLANTED}}`))).toBe(true)
    },
  )

  it('is a key like any other here: in an array, below one, in an object, in a session', () => {
    const { decode } = serializerFor('php')
    const session = decode(wire(`${PLANTED.slice(5, 14)}|a:1:{s:5:"admin";b:1;}`))

    expect(admin(unserialize(`a:1:{${PLANTED}}`))).toBeUndefined()
    expect(admin(first(unserialize(`a:1:{s:4:"user";a:1:{${PLANTED}}}`)))).toBeUndefined()
    expect(admin(unserialize(`O:8:"stdClass":1:{${PLANTED}}`))).toBeUndefined()
    expect(Object.keys(session)).toEqual(['__proto__'])
    expect(admin(session)).toBeUndefined()
    expect(admin({})).toBeUndefined()
  })
})

describe('encodings', () => {
  it('are lost within arrays by php-serialize, whose count is then wrong', () => {
    const latin1 = phpSerialize.serialize({ name: 'café' }, {}, { encoding: 'binary' })

    expect(phpSerialize.serialize('café', {}, { encoding: 'binary' })).toBe('s:4:"café";')
    expect(latin1).toBe('a:1:{s:4:"name";s:5:"café";}')
    expect(() => unserialize(wire(latin1))).toThrow(DecodeError)
    expect(write({ name: Uint8Array.from(Buffer.from('café', 'latin1')) })).toBe(
      'a:1:{s:4:"name";s:4:"caf\xe9";}',
    )
  })

  it('are taken for characters by locutus where text is escaped, and the place is lost', () => {
    expect(read('locutus', 'S:2:"\\c5\\99";')).toBe('Å\x99')
    expect(() => read('locutus', 'a:1:{i:0;S:2:"\\c5\\99";}')).toThrow()
    expect(unserialize('a:1:{i:0;S:2:"\\c5\\99";}')).toEqual(['ř'])
  })

  it('of bytes that are no text: an error, or an object of numbers', () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0x80)
    const serialized = serialize(bytes)

    expect(() => phpSerialize.unserialize('s:3:"\xff\x00\x80";')).toThrow()
    expect(phpSerialize.unserialize(serialized)).toBe('\ufffd\0\ufffd')
    expect(locutus.unserialize(serialized, 'silent')).toBe(false)
    expect(phpSerialize.serialize(bytes)).toMatch(/^O:10:"Uint8Array":3:/)
    expect(locutus.serialize(bytes)).toMatch(/^a:3:/)
    expect(unserialize(serialized)).toEqual(bytes)
  })
})

describe('byte counts', () => {
  it('of class names are characters in php-serialize', () => {
    class Žebřík {}

    expect(phpSerialize.serialize(new Žebřík())).toBe('O:6:"Žebřík":0:{}')
    expect(write(new PhpObject('Žebřík'))).toBe(text(Buffer.from('O:9:"Žebřík":0:{}')))
  })

  it.each([
    ['php-serialize', 's:-1:"";', ''],
    ['php-serialize', 'a:-1:{}', []],
    ['phpunserialize', 's:2:"abc";', 'abc'],
    ['phpunserialize', 's:99:"é";', 's:99:"'],
    ['phpunserialize', 'a:-1:{}', []],
  ])('%s takes %s', (name, bytes, value) => {
    expect(read(name, bytes)).toEqual(value)
    expect(() => unserialize(bytes)).toThrow(DecodeError)
  })

  it('of text with emoji and other scripts are right here, at any depth', () => {
    expect(write([{ '🎻': '日本 ř 🪗' }])).toBe(
      text(Buffer.from('a:1:{i:0;a:1:{s:4:"🎻";s:14:"日本 ř 🪗";}}')),
    )
  })

  it('of half an emoji: other text, or another error; here it is said what and where', () => {
    expect(phpSerialize.serialize({ a: '\ud83c' })).toContain('s:3:')
    expect(() => locutus.serialize({ a: '\ud83c' })).toThrow(URIError)
    expect(() => serialize({ a: '\ud83c' })).toThrow(expect.objectContaining({ path: ['a'] }))
  })

  it.each([
    ['s:999999999:"x";', 2],
    ['a:999999999:{}', 13],
    ['O:8:"stdClass":999999999:{}', 24],
  ])('that claim more than is there are refused at once: %s', (bytes, offset) => {
    expect(() => unserialize(bytes)).toThrow(expect.objectContaining({ offset }))
  })
})

describe('nesting', () => {
  const nested = (depth: number): string => 'a:1:{i:0;'.repeat(depth) + 'N;' + '}'.repeat(depth)

  it.each(['php-serialize', 'locutus'])('of 50,000 arrays ends the stack of %s', (name) => {
    expect(() => read(name, nested(50_000))).toThrow(RangeError)
  })

  it('is limited as in PHP here, or read whole', () => {
    expect(() => unserialize(nested(50_000))).toThrow(DecodeError)
    expect(unserialize(nested(50_000), { maxDepth: 0 })).toHaveLength(1)
  })

  it('of a value in itself ends their stacks, and is an error with its path here', () => {
    const list: unknown[] = []
    list.push(list)

    expect(() => phpSerialize.serialize(list)).toThrow(RangeError)
    expect(() => locutus.serialize(list)).toThrow(RangeError)
    expect(() => serialize(list)).toThrow(expect.objectContaining({ path: [0] }))
  })
})

describe('numbers', () => {
  it('of 64 bits lose digits in locutus, and are null when written', () => {
    expect(read('locutus', 'i:9007199254740993;')).toBe(9007199254740992)
    expect(locutus.serialize(9007199254740993n)).toBe('N;')
    expect(unserialize('i:9007199254740993;')).toBe(9007199254740993n)
    expect(write(9007199254740993n)).toBe('i:9007199254740993;')
  })

  it('of more bits are written by php-serialize, and refused here', () => {
    expect(phpSerialize.serialize(2n ** 63n)).toBe('i:9223372036854775808;')
    expect(() => serialize(2n ** 63n)).toThrow(expect.objectContaining({ path: [] }))
  })

  it.each<[bytes: string, value: number]>([
    ['d:INF;', Infinity],
    ['d:-INF;', -Infinity],
    ['d:NAN;', NaN],
  ])('%s is refused by php-serialize', (bytes, value) => {
    expect(() => read('php-serialize', bytes)).toThrow(SyntaxError)
    expect(unserialize(bytes)).toBe(value)
    expect(write(value)).toBe(bytes)
  })

  it('are written as PHP does not read or write them', () => {
    const numbers = [Infinity, 1e-7, 1e21, -0]

    expect(numbers.map((value) => phpSerialize.serialize(value))).toEqual(['d:INFINITY;', 'd:1E-7;', 'd:1E+21;', 'i:0;']) // prettier-ignore
    expect(numbers.map(locutus.serialize)).toEqual(['i:Infinity;', 'd:1e-7;', 'i:1e+21;', 'i:0;'])
    expect(numbers.map(write)).toEqual(['d:INF;', 'd:1.0E-7;', 'd:1.0E+21;', 'd:-0;'])
  })

  it('below zero with a fraction are refused by locutus', () => {
    expect(() => read('locutus', 'd:-0.5;')).toThrow(SyntaxError)
    expect(unserialize('d:-0.5;')).toBe(-0.5)
  })
})

describe('what the others have no word for', () => {
  it('every failure is false in locutus, as a stored false is', () => {
    expect(locutus.unserialize('no value', 'silent')).toBe(false)
    expect(locutus.unserialize('b:0;', 'silent')).toBe(false)
    expect(() => unserialize('no value')).toThrow(DecodeError)
    expect(unserialize('b:0;')).toBe(false)
  })

  it('enums: errors, or text', () => {
    expect(() => read('php-serialize', 'E:11:"Suit:Spades";')).toThrow()
    expect(() => read('locutus', 'E:11:"Suit:Spades";')).toThrow()
    expect(read('phpunserialize', 'E:11:"Suit:Spades";')).toBe('Suit:Spades')
    expect(unserialize('E:11:"Suit:Spades";')).toEqual(new PhpEnum('Suit', 'Spades'))
  })

  it('references: an error, or two values that have nothing to do with each other', () => {
    const bytes = 'a:2:{i:0;i:1;i:1;R:2;}'

    expect(() => read('php-serialize', bytes)).toThrow()
    expect(locutus.serialize(read('locutus', bytes))).toBe('a:2:{i:0;i:1;i:1;i:1;}')
    expect(write(unserialize(bytes))).toBe(bytes)
    expect((unserialize(bytes) as unknown[])[0]).toBeInstanceOf(PhpReference)
  })

  it('classes: php-serialize and locutus write a Date as nothing; here it is an error', () => {
    expect(phpSerialize.serialize(new Date(0))).toBe('O:4:"Date":0:{}')
    expect(locutus.serialize(new Date(0))).toBe('a:0:{}')
    expect(() => serialize({ at: new Date(0) })).toThrow(expect.objectContaining({ path: ['at'] }))
  })

  it('keys that JavaScript would sort lose their order; here they are a Map', () => {
    const bytes = 'a:2:{s:1:"b";i:1;i:0;i:2;}'

    for (const name of ['php-serialize', 'locutus']) {
      expect(Object.keys(read(name, bytes) as object)).toEqual(['0', 'b'])
    }
    expect(write(unserialize(bytes))).toBe(bytes)
  })
})
