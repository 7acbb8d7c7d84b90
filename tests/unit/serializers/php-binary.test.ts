/** `php_binary`, as PHP 8.2 reads and writes it. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { phpBinarySerializer as serializer } from '../../../src/serializers/php-binary.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

const { encode, decode } = serializer

describe('php_binary', () => {
  it('is one byte of length, the name and the value', () => {
    expect(text(encode({ a: 1, bé: 'x' }))).toBe('\x01ai:1;\x03b\xc3\xa9s:1:"x";')
    expect(decode(wire('\x01ai:1;\x03b\xc3\xa9s:1:"x";'))).toEqual({ a: 1, bé: 'x' })
  })

  it('has nothing for no data', () => {
    expect(encode({})).toHaveLength(0)
    expect(decode(new Uint8Array(0))).toEqual({})
  })

  it('takes any name of up to 127 bytes', () => {
    const names = ['', '|', '!', '\0', '1', '__proto__', 'x'.repeat(127), 'é'.repeat(63)]
    const data = Object.fromEntries(names.map((name, index) => [name, index]))
    const own = Object.defineProperty(data, '__proto__', { value: 5, enumerable: true })

    expect(Object.entries(decode(encode(own)))).toEqual(Object.entries(own))
  })

  it.each(['x'.repeat(128), 'é'.repeat(64)])(
    'refuses longer names, which PHP would lose',
    (name) => {
      expect(() => encode({ [name]: 1 })).toThrow(EncodeError)
      expect(() => encode({ [name]: 1 })).toThrow('more than 127 bytes')
    },
  )

  it('ignores the top bit of a length, as PHP since 7.1', () => {
    expect(decode(wire('\x81ai:1;'))).toEqual({ a: 1 })
  })

  it('reads the top bit as no value where old PHP wrote it', () => {
    const { decode } = serializerFor('php_binary', { undefinedMarkers: true })

    expect(decode(wire('\x81a\x01bi:1;\x81c'))).toEqual({ b: 1 })
    expect(serializerFor('php', { undefinedMarkers: true }).decode(wire('!a|b|i:1;!c|'))).toEqual({
      b: 1,
    })
    expect(serializerFor('php').decode(wire('!a|i:1;'))).toEqual({ '!a': 1 })
  })

  it.each(['\x01', '\x01a', '\x02ai:1;', '\x7fai:1;', '\x01ai:1', '\x01ai:1;\x00', '\x00'])(
    'refuses %j',
    (bytes) => {
      expect(() => decode(wire(bytes))).toThrow(DecodeError)
    },
  )

  it('counts slots from the first variable on', () => {
    const bytes = '\x01aO:1:"A":0:{}\x01br:1;\x01ci:1;'
    const data = decode(wire(bytes))

    expect(data['b']).toBe(data['a'])
    expect(text(encode(data))).toBe(bytes)
  })

  it('keeps untouched variables byte for byte', () => {
    const previous = wire('\x01ad:5;\x01bi:+1;\x01ci:2;')
    const data = decode(previous)
    expect(encode(data, previous)).toBe(previous)
    data['c'] = 3

    expect(text(encode(data, previous))).toBe('\x01ad:5;\x01bi:+1;\x01ci:3;')
  })
})

describe('the mark of a variable without a value', () => {
  it('cannot be written by accident', () => {
    const { encode } = serializerFor('php', { undefinedMarkers: true })

    expect(() => encode({ '!a': 1 })).toThrow(EncodeError)
    expect(text(serializerFor('php').encode({ '!a': 1 }))).toBe('!a|i:1;')
  })
})
