import { describe, expect, it } from 'vitest'
import * as entry from '../../../src/php/index.js'
import { jsonSerializer } from '../../../src/serializers/json.js'
import { phpSerializeSerializer } from '../../../src/serializers/php-serialize.js'
import { phpSerializer } from '../../../src/serializers/php.js'
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
        `serializer "${name.toLowerCase()}" is not supported; known are php, php_binary, php_serialize, json, v8`,
      ),
    )
  })

  it.each(['', 'xml', '__proto__', 'constructor', undefined, {}])('refuses %j', (name) => {
    expect(() => serializerFor(name as string)).toThrow(
      new TypeError('unknown serializer; known are php, php_binary, php_serialize, json, v8'),
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
