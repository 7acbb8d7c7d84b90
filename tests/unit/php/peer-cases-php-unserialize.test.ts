/**
 * What the fixtures of js-php-unserialize (published as php-unserialize) and of its forks cover, in
 * our own values: one row or test here for each case there. Where the answer differs on purpose, the
 * title says so. Its `unserializeSession` is `serializerFor('php').decode` here.
 */
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpObject, PhpReference, PhpSerializable } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

const { decode, encode } = serializerFor('php')
const session = (bytes: string): Record<string, unknown> => decode(wire(bytes))
const rewritten = (bytes: string): string => text(encode(session(bytes)))

describe('unserialize', () => {
  it.each<[what: string, bytes: string, value: unknown]>([
    ['an empty array, on purpose an Array', 'a:0:{}', []],
    ['an array of one key', 'a:1:{s:1:"k";i:17;}', { k: 17 }],
    ['an int', 'i:17;', 17],
    ['a list, on purpose an Array', 'a:2:{i:0;s:1:"x";i:1;s:2:"yz";}', ['x', 'yz']],
    ['an object without properties', 'O:8:"stdClass":0:{}', new PhpObject('stdClass')],
    [
      'an object in an object',
      'O:8:"stdClass":1:{s:2:"up";O:8:"stdClass":1:{s:4:"down";s:3:"end";}}',
      new PhpObject('stdClass', { up: new PhpObject('stdClass', { down: 'end' }) }),
    ],
    [
      'an object that serialized itself',
      'C:4:"Cart":6:{i:0;N;}',
      new PhpSerializable('Cart', new TextEncoder().encode('i:0;N;')),
    ],
  ])('%s', (_what, bytes, value) => {
    expect(unserialize(bytes)).toEqual(value)
    expect(text(serialize(value))).toBe(bytes)
  })

  it('takes a line feed behind the value, as files of text have one', () => {
    expect(unserialize('i:17;\n')).toBe(17)
  })

  it.each([
    ['plain words', 'no value at all'],
    ["a class name in ', on purpose as PHP", "O:8:'stdClass':0:{}"],
    ['text counted in characters', 's:2:"日本";'],
    ['an array that ends early', 'a:2:{i:0;i:1;}'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => unserialize(bytes)).toThrow(DecodeError)
  })
})

describe('unserializeSession', () => {
  it('reads variables of arrays, one of them empty', () => {
    const bytes = '_attr|a:2:{s:3:"who";s:3:"eva";s:5:"t-val";i:5;}_flash|a:0:{}_meta|a:1:{s:1:"u";i:1700000000;}' // prettier-ignore

    expect(session(bytes)).toEqual({
      _attr: { who: 'eva', 't-val': 5 },
      _flash: [],
      _meta: { u: 1_700_000_000 },
    })
    expect(rewritten(bytes)).toBe(bytes)
  })

  it('reads one variable, and none', () => {
    expect(session('n|i:1;')).toEqual({ n: 1 })
    expect(session('')).toEqual({})
  })

  it.each<[what: string, bytes: string, data: object]>([
    ['a | in text', 'url|s:3:"a|b";n|i:2;', { url: 'a|b', n: 2 }],
    ['text that looks like a variable', 'a|s:10:"x;b|i:2;c|";n|N;', { a: 'x;b|i:2;c|', n: null }],
    ['line feeds, which stay', 'a|s:5:"1\n2\r3";n|i:2;', { a: '1\n2\r3', n: 2 }],
    ['names with ; and }', 'a;}|i:1;b}c|i:2;', { 'a;}': 1, 'b}c': 2 }],
    ['a name that the reader itself might use', '_currKey|i:1;n|i:2;', { _currKey: 1, n: 2 }],
    ['bool, float and null', 'a|b:1;b|d:0.5;c|N;', { a: true, b: 0.5, c: null }],
    ['an array with | in a key', 'a|a:1:{s:3:"x|y";i:1;}n|i:2;', { a: { 'x|y': 1 }, n: 2 }],
    [
      'text of several bytes a character',
      'a|s:6:"\xe6\x97\xa5|\xc5\x99";n|i:2;',
      { a: '日|ř', n: 2 },
    ],
    ['text of four bytes a character', 'a|s:4:"\xf0\x9f\x8e\xbb";n|i:2;', { a: '🎻', n: 2 }],
  ])('reads a session with %s, where theirs splits at each |', (_what, bytes, data) => {
    expect(session(bytes)).toEqual(data)
    expect(rewritten(bytes)).toBe(bytes)
  })

  it('reads a framework’s token: an object that serialized itself, as text, in an array', () => {
    const user = text(
      serialize(new PhpSerializable('App\\User', serialize([null, 'eva|x', true, 'a@b']))),
    )
    const bytes = `_sf|a:2:{s:5:"token";s:${user.length}:"${user}";s:3:"sep";a:2:{i:0;O:8:"stdClass":1:{s:4:"type";i:0;}i:1;s:1:"|";}}` // prettier-ignore

    const { _sf } = session(bytes) as { _sf: { token: string; sep: unknown } }

    expect((unserialize(_sf.token) as PhpSerializable).className).toBe('App\\User')
    expect(_sf.sep).toEqual([new PhpObject('stdClass', { type: 0 }), '|'])
    expect(rewritten(bytes)).toBe(bytes)
  })

  it('keeps an object that two variables share, and a reference', () => {
    const bytes = 'a|O:8:"stdClass":0:{}b|r:1;c|i:5;d|R:3;'
    const { a, b, c, d } = session(bytes)

    expect(b).toBe(a)
    expect(c).toBeInstanceOf(PhpReference)
    expect(d).toBe(c)
    expect(rewritten(bytes)).toBe(bytes)
  })

  it('takes a variable named __proto__ for data', () => {
    const bytes = '__proto__|a:1:{s:5:"admin";b:1;}n|i:2;'
    const data = session(bytes)

    expect(Object.getPrototypeOf(data)).toBeNull()
    expect(Object.keys(data)).toEqual(['__proto__', 'n'])
    expect(data['admin']).toBeUndefined()
    expect(rewritten(bytes)).toBe(bytes)
  })

  it.each(['php', 'php_binary', 'php_serialize', 'wddx', 'json', 'v8'])(
    'takes it for data in format %s',
    (name) => {
      const serializer = serializerFor(name)
      const planted = Object.create(null) as Record<string, unknown>
      Object.defineProperty(planted, '__proto__', { value: { admin: true }, enumerable: true })

      const data = serializer.decode(serializer.encode(planted))

      expect(Object.getPrototypeOf(data)).toBeNull()
      expect(Object.keys(data)).toEqual(['__proto__'])
      expect(data['admin']).toBeUndefined()
    },
  )

  it.each([
    ['a variable cut short', 'a|i:1', 2],
    ['text that says too much', 'a|s:99:"x";', 4],
    ['words behind the last variable', 'a|i:1;rest', 6],
    ['a value of no type', 'a|x:1;', 2],
  ])('refuses %s with the offset', (_what, bytes, offset) => {
    expect(() => session(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DECODE', offset }),
    )
  })
})
