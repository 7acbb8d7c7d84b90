import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { PhpObject, PhpReference } from '../../../src/php/values.js'
import type { SessionData } from '../../../src/serializer.js'
import { phpSerializeSerializer } from '../../../src/serializers/php-serialize.js'
import { phpSerializer } from '../../../src/serializers/php.js'
import { text, wire } from '../../helpers/typed-value.js'

const { encode, decode } = phpSerializer

const record = (entries: Record<string, unknown>): SessionData =>
  Object.assign(Object.create(null) as SessionData, entries)

describe('php', () => {
  it('writes each variable behind its name', () => {
    expect(text(encode({ a: 1, b: { c: 'x' } }))).toBe('a|i:1;b|a:1:{s:1:"c";s:1:"x";}')
  })

  it('reads what it writes into an object without a prototype', () => {
    const data = decode(wire('a|i:1;b|a:1:{i:0;s:1:"x";}'))

    expect(data).toEqual(record({ a: 1, b: ['x'] }))
    expect(Object.getPrototypeOf(data)).toBeNull()
  })

  it('has no bytes for no data, and no data for no bytes', () => {
    expect(encode({})).toHaveLength(0)
    expect(encode({ a: undefined })).toHaveLength(0)
    expect(decode(new Uint8Array())).toEqual(record({}))
  })

  it.each(['!', '', ' ', 'a;b', 'a:b"', '01', '7', 'é', '\0', 'a\nb', '__proto__', 'toString'])(
    'takes any name but one with |: %j',
    (name) => {
      const data = record({ [name]: 1, after: 2 })

      expect(text(encode(data))).toContain(`${text(Buffer.from(name))}|i:1;`)
      expect(decode(encode(data))).toEqual(data)
    },
  )

  it('refuses a name with |, for which PHP would empty the session', () => {
    expect(() => encode({ ok: 1, 'a|b': { secret: 1 } })).toThrow(
      new EncodeError('php', 'a variable with | in its name, which PHP would lose', ['a|b']),
    )
  })

  it('keeps names that are not UTF-8', () => {
    const bytes = wire('\xff\xfe|i:1;\xe9|i:2;')

    expect(Object.values(decode(bytes))).toEqual([1, 2])
    expect(encode(decode(bytes))).toEqual(new Uint8Array(bytes))
    expect(() => encode({ 'a\ud800': 1 })).toThrow(EncodeError)
  })

  it('takes what stands before a | for the name, as PHP does', () => {
    expect(Object.keys(decode(wire('a|i:1;;b|i:2;\nc|N;')))).toEqual(['a', ';b', '\nc'])
  })

  it('takes the later of two variables of one name', () => {
    expect(decode(wire('a|i:1;b|i:2;a|i:3;'))).toEqual(record({ a: 3, b: 2 }))
  })

  it.each([
    ['a', 0],
    ['a|', 2],
    ['a|x', 2],
    ['a|i:1;b', 6],
    ['a|i:1;b|x;c|i:3;', 8],
    ['a|i:1;\n', 6],
    ['a:1:{s:1:"a";i:1;}', 0],
    ['{"a":1}', 0],
    ['a|R:1;', 6],
    ['a|O:8:"stdClass":1:{s:1:"a";', 28],
  ])('refuses what PHP refuses: %j', (bytes, offset) => {
    expect(() => decode(wire(bytes))).toThrow(expect.objectContaining({ offset }))
  })

  it('says so when it is given igbinary', () => {
    expect(() => decode(wire('\0\0\0\x02\x14\x01\x11\x01a|i:1;'))).toThrow(/not igbinary/)
    expect(() => phpSerializeSerializer.decode(wire('\0\0\0\x02\x14\x00'))).toThrow(/not igbinary/)
  })

  it('counts slots through the whole session', () => {
    const object = new PhpObject('A')
    const shared = new PhpReference('v')

    expect(text(encode({ x: 5, a: object, b: [object], c: shared, d: shared }))).toBe(
      'x|i:5;a|O:1:"A":0:{}b|a:1:{i:0;r:2;}c|s:1:"v";d|R:5;',
    )
    const read = decode(wire('x|i:5;a|O:1:"A":0:{}b|a:1:{i:0;r:2;}c|s:1:"v";d|R:5;'))
    expect((read['b'] as unknown[])[0]).toBe(read['a'])
    expect(read['d']).toBe(read['c'])
  })

  it('names the variable in the path of an error', () => {
    expect(() => encode({ a: 1, b: { c: [() => 1] } })).toThrow(
      new EncodeError('php', 'a function', ['b', 'c', 0]),
    )
  })

  it('refuses nesting as PHP does: 4096 levels in each variable', () => {
    const nest = (levels: number): Buffer =>
      wire(`a|${'a:1:{i:0;'.repeat(levels)}N;${'}'.repeat(levels)}`)

    expect(encode(decode(nest(4096)))).toEqual(new Uint8Array(nest(4096)))
    expect(() => decode(nest(4097))).toThrow(DecodeError)
    expect(() => encode(record({ a: [decode(nest(4096))['a']] }))).toThrow(EncodeError)
  })

  it('does not take a data getter that fails for anything but an EncodeError', () => {
    const data = {
      get a(): number {
        throw new Error('no')
      },
    }

    expect(() => encode(data)).toThrow(EncodeError)
  })
})

describe('php_serialize', () => {
  const { encode: write, decode: read } = phpSerializeSerializer

  it('writes the session as one array, an empty one too', () => {
    expect(text(write({ a: 1, 'b|c': [2] }))).toBe('a:2:{s:1:"a";i:1;s:3:"b|c";a:1:{i:0;i:2;}}')
    expect(text(write({}))).toBe('a:0:{}')
    expect(text(write({ a: undefined, b: 1 }))).toBe('a:1:{s:1:"b";i:1;}')
  })

  it('keeps integer keys integers', () => {
    expect(text(write({ 0: 'x', '01': 'y' }))).toBe('a:2:{i:0;s:1:"x";s:2:"01";s:1:"y";}')
    expect(read(wire('a:2:{i:0;N;s:2:"-5";N;}'))).toEqual(record({ 0: null, '-5': null }))
  })

  it('keeps keys that are not UTF-8', () => {
    const bytes = wire('a:2:{s:1:"\xff";i:1;s:1:"a";i:2;}')

    expect(write(read(bytes))).toEqual(new Uint8Array(bytes))
  })

  it('reads nothing as nothing, null as nothing, and ignores what follows', () => {
    expect(read(new Uint8Array())).toEqual(record({}))
    expect(read(wire('N;'))).toEqual(record({}))
    expect(read(wire('a:0:{}'))).toEqual(record({}))
    expect(read(wire('a:1:{s:1:"a";i:1;};junk'))).toEqual(record({ a: 1 }))
  })

  it('gives the array itself the first slot', () => {
    const object = new PhpObject('A')

    expect(text(write({ a: object, b: object }))).toBe('a:2:{s:1:"a";O:1:"A":0:{}s:1:"b";r:2;}')
    const data = read(wire('a:2:{s:1:"a";R:1;s:1:"b";i:1;}'))
    expect((data['a'] as PhpReference).value).toBe(data)
  })

  it.each([
    ['i:5;', 0],
    ['O:8:"stdClass":0:{}', 0],
    [' a:0:{}', 0],
    ['a:-1:{}', 0],
    ['a:1:{s:1:"a";i:1;', 17],
    ['a:2:{s:1:"a";i:1;}', 17],
    ['a:9:{s:1:"a";i:1;}', 5],
    ['\x01ai:1;', 0],
  ])('refuses %j', (bytes, offset) => {
    expect(() => read(wire(bytes))).toThrow(expect.objectContaining({ offset }))
  })

  it('counts the array for the depth', () => {
    const nest = (levels: number): Buffer =>
      wire(`${'a:1:{i:0;'.repeat(levels)}N;${'}'.repeat(levels)}`)

    expect(write(read(nest(4096)))).toEqual(new Uint8Array(nest(4096)))
    expect(() => read(nest(4097))).toThrow(DecodeError)
  })
})
