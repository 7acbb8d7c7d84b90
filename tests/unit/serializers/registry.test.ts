import { describe, expect, it } from 'vitest'
import * as entry from '../../../src/php/index.js'
import { jsonSerializer } from '../../../src/serializers/json.js'
import { phpSerializeSerializer } from '../../../src/serializers/php-serialize.js'
import { phpSerializer } from '../../../src/serializers/php.js'
import { serialize } from '../../../src/php/serialize.js'
import { PhpEnum, PhpFloat, PhpObject, PhpSerializable } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { v8Serializer } from '../../../src/serializers/v8.js'

describe('serializerFor', () => {
  it.each([
    ['php', phpSerializer],
    ['PHP', phpSerializer],
    ['php_serialize', phpSerializeSerializer],
    ['Php_Serialize', phpSerializeSerializer],
    ['json', jsonSerializer],
    ['v8', v8Serializer],
  ])('knows %s', (name, serializer) => {
    expect(serializerFor(name)).toBe(serializer)
    expect(serializer.name).toBe(name.toLowerCase())
  })

  it.each(['igbinary', 'msgpack', 'IGBINARY'])('says that %s is not supported', (name) => {
    expect(() => serializerFor(name)).toThrow(
      new TypeError(
        `serializer "${name.toLowerCase()}" is not supported; known are php, php_binary, php_serialize, wddx, json, v8`,
      ),
    )
  })

  it.each(['', 'xml', '__proto__', 'constructor', undefined, {}])('refuses %j', (name) => {
    expect(() => serializerFor(name as string)).toThrow(
      new TypeError('unknown serializer; known are php, php_binary, php_serialize, wddx, json, v8'),
    )
  })
})

describe('the entry sessionz/php', () => {
  it('offers the value formats and their values', () => {
    expect(Object.keys(entry).sort()).toEqual([
      'PhpEnum',
      'PhpFloat',
      'PhpObject',
      'PhpReference',
      'PhpSerializable',
      'dateTimeCodec',
      'serialize',
      'serializerFor',
      'unserialize',
    ])
  })
})

describe('options of a serializer', () => {
  it.each(['php', 'php_binary', 'php_serialize', 'wddx'])('are taken by %s', (name) => {
    const { encode, decode } = serializerFor(name, { exact: true, maxDepth: 3, maxLength: 1000 })
    const data = { a: [[new PhpFloat(1)]] }

    expect(decode(encode(data))).toEqual(data)
    expect(() => encode({ a: [[[[1]]]] })).toThrow('nesting deeper than')
    expect(() => encode({ a: 'x'.repeat(1001) })).toThrow('larger than 1000 bytes')
    expect(() => decode(new Uint8Array(1001))).toThrow('at byte 1000')
  })

  it.each([
    ['php', { exact: 1 }],
    ['php', { precision: -2 }],
    ['php', { maxDepth: -1 }],
    ['php_binary', { maxLength: 1.5 }],
    ['php_serialize', { undefinedMarkers: 'yes' }],
    ['php', { unknown: true }],
    ['wddx', { precision: 17 }],
    ['wddx', { classes: {} }],
    ['json', {}],
    ['v8', { exact: true }],
  ])('are checked before use: %s %o', (name, options) => {
    expect(() => serializerFor(name, options as never)).toThrow(/TypeError|RangeError|must be|unknown option|has no options/) // prettier-ignore
  })

  it('refuse a float that PHP could not read back', () => {
    const { encode } = serializerFor('php', { precision: 2 })

    expect(() => encode({ a: Infinity })).toThrow('a float that PHP could not read back')
    expect(Buffer.from(encode({ a: 1 / 3, b: 5 })).toString()).toBe('a|d:0.33;b|i:5;')
  })
})

describe('what a session must not hold', () => {
  it.each([
    ['a class PHP never unserializes', new PhpObject('Closure'), 'of a class that PHP does not'],
    ['a date without its parts', new PhpObject('DateTime'), 'that its class of PHP does not take'],
    ['a case of a class', new PhpEnum('stdClass', 'A'), 'a class of PHP that is no enum'],
    ['data of a class', new PhpSerializable('Closure', Buffer.from('')), 'of a class that PHP does not'], // prettier-ignore
  ])('is refused before PHP would end it: %s', (_, value, message) => {
    expect(() => serializerFor('php').encode({ a: [value] })).toThrow(message)
    expect(serialize(value)).not.toHaveLength(0)
  })

  it('may be kept where its class is not allowed', () => {
    const { encode, decode } = serializerFor('php', { allowedClasses: [] })
    const bytes = Buffer.from('a|O:7:"Closure":0:{}')

    expect(Buffer.from(encode(decode(bytes))).equals(bytes)).toBe(true)
  })
})

describe('errors of a limit', () => {
  it('name the limit that was given', () => {
    const { encode, decode } = serializerFor('php_serialize', { maxDepth: 1 })

    expect(() => encode({ a: [1] })).toThrow('nesting deeper than 1')
    expect(() => decode(Buffer.from('a:1:{i:0;a:1:{i:0;N;}}'))).toThrow('no deeper than 1')
  })

  it('have no path where the whole is too long, also beside what is kept', () => {
    const { encode } = serializerFor('php', { maxLength: 12 })
    const previous = Buffer.from('a|i:1;')

    expect(() => serialize([['x']], { maxLength: 3 })).toThrow(
      expect.objectContaining({ path: [] }),
    )
    expect(() => encode({ a: 1, b: 'long' }, previous)).toThrow(
      expect.objectContaining({ path: [] }),
    )
    expect(encode({ a: 1, b: 2 }, previous)).toHaveLength(12)
  })

  it('are about options where these are none', () => {
    for (const options of [null, 5]) {
      expect(() => serialize(1, options as never)).toThrow(/options must be an object/)
      expect(() => serializerFor('php', options as never)).toThrow(/options must be an object/)
    }
  })
})
