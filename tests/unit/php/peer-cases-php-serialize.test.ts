/**
 * What the published tests and the release notes of php-serialize 5 cover, in our own values: one
 * row or test here for each case there. Where the answer differs on purpose, the title says so.
 */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpObject, PhpSerializable } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

const write = (value: unknown): string => text(serialize(value))
/** Text as UTF-8, as their users pass it. */
const utf8 = (bytes: string): string => text(Buffer.from(bytes))
const long = 'a sentence that goes on, with "quotes"; and {braces}, '.repeat(40)

describe('values that php-serialize writes and reads', () => {
  it.each<[what: string, value: unknown, bytes: string]>([
    ['null', null, 'N;'],
    ['true', true, 'b:1;'],
    ['false', false, 'b:0;'],
    ['a small int', 8, 'i:8;'],
    ['a float with a fraction', 2.75, 'd:2.75;'],
    ['a float whose shortest text is short', 0.7, 'd:0.7;'],
    ['the largest float', Number.MAX_VALUE, 'd:1.7976931348623157E+308;'],
    ['an int that no number holds', 9007199254740995n, 'i:9007199254740995;'],
    ['an int at the end of 64 bits', 2n ** 63n - 1n, 'i:9223372036854775807;'],
    ['a float beyond the ints, which is no bigint', 2 ** 70, 'd:1.1805916207174113E+21;'],
    ['a float below 1 with an exponent, which is no bigint', 3e-9, 'd:3.0E-9;'],
    ['a long text', long, `s:${long.length}:"${long}";`],
    ['text of three bytes a character', '東京都', utf8('s:9:"東京都";')],
    ['text of one and two bytes a character', 'Žofín', utf8('s:7:"Žofín";')],
    ['text of four bytes a character', '🎻🪗', utf8('s:8:"🎻🪗";')],
    ['text with quotes and semicolons', '";s:1:"x";', 's:10:"";s:1:"x";";'],
    ['a list of ints', [9, 8, 7], 'a:3:{i:0;i:9;i:1;i:8;i:2;i:7;}'],
    ['a list of text beyond ASCII', ['č', 'b'], utf8('a:2:{i:0;s:2:"č";i:1;s:1:"b";}')],
    ['an empty list', [], 'a:0:{}'],
    ['an empty list as a property', { none: [] }, 'a:1:{s:4:"none";a:0:{}}'],
    ['one property', { hue: 'red' }, 'a:1:{s:3:"hue";s:3:"red";}'],
    ['text, then an int', { a: 'x', b: 3 }, 'a:2:{s:1:"a";s:1:"x";s:1:"b";i:3;}'],
    ['an int, then text', { a: 3, b: 'x' }, 'a:2:{s:1:"a";i:3;s:1:"b";s:1:"x";}'],
    [
      'text that starts with a digit',
      { a: '3x', b: 'x' },
      'a:2:{s:1:"a";s:2:"3x";s:1:"b";s:1:"x";}',
    ],
    ['text that ends with one', { a: 'x3', b: 'x' }, 'a:2:{s:1:"a";s:2:"x3";s:1:"b";s:1:"x";}'],
    ['an object in an object', { a: { b: 'c' } }, 'a:1:{s:1:"a";a:1:{s:1:"b";s:1:"c";}}'],
    ['a float in an object', { rate: 12.35 }, 'a:1:{s:4:"rate";d:12.35;}'],
    ['keys with a gap', { 3: 'c', 8: 'h' }, 'a:2:{i:3;s:1:"c";i:8;s:1:"h";}'],
    ['a list that starts at 1', { 1: 'a', 2: 'b' }, 'a:2:{i:1;s:1:"a";i:2;s:1:"b";}'],
  ])('%s', (_what, value, bytes) => {
    expect(write(value)).toBe(bytes)
    expect(unserialize(wire(bytes))).toEqual(value)
  })

  it('a Map with an int key, several, and with keys in any order', () => {
    expect(write(new Map([[4, 'd']]))).toBe('a:1:{i:4;s:1:"d";}')
    expect(write(new Map([[5, '5'], [4, '4']]))).toBe('a:2:{i:5;s:1:"5";i:4;s:1:"4";}') // prettier-ignore
    expect(unserialize('a:2:{i:5;s:1:"5";i:4;s:1:"4";}')).toEqual(new Map([[5, '5'], [4, '4']])) // prettier-ignore
  })

  it('a list with holes: each is null, on purpose, so that it stays a list', () => {
    const holed = ['first']
    holed[3] = 'last'

    expect(write(holed)).toBe('a:4:{i:0;s:5:"first";i:1;N;i:2;N;i:3;s:4:"last";}')
    expect(write({ ...holed })).toBe('a:2:{i:0;s:5:"first";i:3;s:4:"last";}')
  })
})

describe('bytes that php-serialize reads', () => {
  it.each<[what: string, bytes: string, value: unknown]>([
    ['the 17 digits of PHP before 7.1', 'a:1:{s:3:"sum";d:12.349999999999999645;}', { sum: 12.35 }],
    ['a float as older PHP wrote it', 'd:0.69999999999999996;', 0.7],
    ['int keys with a gap', 'a:2:{i:7;i:70;i:9;i:90;}', { 7: 70, 9: 90 }],
    ['an int as large as an int gets', 'i:-9223372036854775808;', -(2n ** 63n)],
    ['a key that starts with digits', 'a:1:{s:8:"42ZXCVBN";i:1;}', { '42ZXCVBN': 1 }],
    ['a key that starts with 0', 'a:1:{s:8:"07ZXCVBN";i:1;}', { '07ZXCVBN': 1 }],
    ['a key like a hexadecimal', 'a:1:{s:8:"0XABCDEF";i:1;}', { '0XABCDEF': 1 }],
    ['a key that is 0x', 'a:1:{s:2:"0x";i:1;}', { '0x': 1 }],
    ['a key of a letter and 0', 'a:1:{s:2:"Q0";i:1;}', { Q0: 1 }],
    ['a key of letters around digits', 'a:1:{s:8:"Q7ZXCV9N";i:1;}', { Q7ZXCV9N: 1 }],
    ['a key like an infinity', 'a:1:{s:2:"0I";i:1;}', { '0I': 1 }],
  ])('%s', (_what, bytes, value) => {
    expect(unserialize(bytes)).toEqual(value)
  })

  it.each<[what: string, bytes: string, offset: number]>([
    ['text without a semicolon at the end of an array, as PHP', 'a:1:{s:1:"a";s:2:"ok"}', 21],
    ['an array whose value is missing', 'a:1:{s:1:"a";}', 13],
  ])('refuses, on purpose, %s', (_what, bytes, offset) => {
    expect(() => unserialize(bytes)).toThrow(expect.objectContaining({ offset }))
  })
})

describe('objects, which php-serialize makes of classes in a scope', () => {
  it('are written under the name of their class, with a namespace, and without properties', () => {
    expect(write(new PhpObject('Cart', { owner: 'eva' }))).toBe(
      'O:4:"Cart":1:{s:5:"owner";s:3:"eva";}',
    )
    expect(write(new PhpObject('Shop\\Cart\\Line'))).toBe('O:14:"Shop\\Cart\\Line":0:{}')
  })

  it('of a class of one name and of its parent keep all their properties', () => {
    const bytes = 'O:4:"Cart":3:{s:11:"\0Cart\0token";N;s:8:"\0*\0owner";i:7;s:5:"title";s:2:"hi";}'

    const cart = unserialize(bytes) as PhpObject

    expect(cart.properties()).toEqual([
      { name: 'token', visibility: 'private', declaringClass: 'Cart', value: null },
      { name: 'owner', visibility: 'protected', value: 7 },
      { name: 'title', visibility: 'public', value: 'hi' },
    ])
    expect([cart.get('token'), cart.get('owner'), cart.get('title')]).toEqual([null, 7, 'hi'])
    expect(write(cart)).toBe(bytes)
  })

  it('that serialize themselves keep their class and their bytes, which may be any', () => {
    const own = new PhpSerializable('Cart', new TextEncoder().encode('{"owner":"Žofie","lines":2}'))
    const bytes = utf8('C:4:"Cart":28:{{"owner":"Žofie","lines":2}}')

    expect(write(own)).toBe(bytes)
    expect(unserialize(wire(bytes))).toEqual(own)
    expect(write(new PhpSerializable('Cart', Buffer.from('raw')))).toBe('C:4:"Cart":3:{raw}')
  })

  it('nest within what serialized itself', () => {
    const line = new PhpObject('Line', { sku: 'tea' })
    const inner = new PhpSerializable('Raw', new TextEncoder().encode('raw'))
    const outer = new PhpSerializable('Cart', serialize([line, inner]))

    expect(write(outer)).toBe(
      'C:4:"Cart":66:{a:2:{i:0;O:4:"Line":1:{s:3:"sku";s:3:"tea";}i:1;C:3:"Raw":3:{raw}}}',
    )
    expect(unserialize((unserialize(serialize(outer)) as PhpSerializable).data)).toEqual([
      line,
      inner,
    ])
  })

  it('of classes that nobody has registered are data, which goes back as it came', () => {
    const own = 'C:4:"Cart":46:{a:2:{i:0;C:3:"Raw":3:{raw}i:1;O:4:"Line":0:{}}}'
    const plain = 'O:4:"Cart":1:{s:1:"a";i:10;}'

    expect(unserialize(own)).toBeInstanceOf(PhpSerializable)
    expect((unserialize(plain) as PhpObject).get('a')).toBe(10)
    expect([own, plain].map((bytes) => write(unserialize(bytes)))).toEqual([own, plain])
  })

  it('of JavaScript classes are refused with the path, where no codec knows them', () => {
    class Cart {
      readonly owner = 'eva'
    }

    expect(() => serialize({ cart: new Cart() })).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_ENCODE', path: ['cart'] }),
    )
    expect(() => serialize(new Cart())).toThrow(EncodeError)
  })
})

describe('encodings, which php-serialize has an option for', () => {
  it('are bytes: text in another encoding is Uint8Array at every depth, both ways', () => {
    const latin1 = Uint8Array.of(0x63, 0x61, 0x66, 0xe9)
    const bytes = 'a:2:{i:0;s:4:"caf\xe9";i:1;a:1:{s:1:"x";s:4:"caf\xe9";}}'

    expect(unserialize(wire(bytes))).toEqual([latin1, { x: latin1 }])
    expect(write([latin1, { x: latin1 }])).toBe(bytes)
  })
})

describe('isSerialized, which is unserialize in a try', () => {
  const isSerialized = (bytes: string): boolean => {
    try {
      unserialize(bytes)
      return true
    } catch (error) {
      if (error instanceof DecodeError) return false
      throw error
    }
  }

  it.each([
    'a:1:{i:0;s:9:"edit_post";}',
    'd:20002000200020002000200020002048;',
    'i:200000000;',
    'd:2.2250738585072014E-308;',
    'N;',
    'b:1;',
  ])('%s is', (bytes) => {
    expect(isSerialized(bytes)).toBe(true)
  })

  it.each([
    'nothing of the kind',
    '東京都',
    'i:20000b0000;',
    'i:200000000',
    's:4000:"{"b":2}";', // they say yes: they look at the outside only
  ])('%s is not', (bytes) => {
    expect(isSerialized(bytes)).toBe(false)
  })
})

describe('a session', () => {
  it('has each of these values in php_serialize', () => {
    const data = { n: null, list: [1, 'č'], big: 2n ** 60n, cart: new PhpObject('Cart', { a: 1 }) }
    const { encode, decode } = serializerFor('php_serialize')

    expect(decode(encode(data))).toEqual(data)
  })
})
