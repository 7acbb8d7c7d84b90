/** Exact mode: what PHP wrote is written again to the same bytes. */
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpFloat, PhpObject, PhpReference } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

const read = (bytes: string): unknown => unserialize(wire(bytes), { exact: true })
const write = (value: unknown): string => text(serialize(value, { exact: true }))

describe('a float in exact mode', () => {
  it.each([
    ['d:5;', new PhpFloat(5)],
    ['d:0;', new PhpFloat(0)],
    ['d:-0;', -0],
    ['d:0.5;', 0.5],
    ['d:1.0E+25;', 1e25],
    ['d:9007199254740992;', 2 ** 53],
    ['d:INF;', Infinity],
    ['d:NAN;', NaN],
    ['d:0.10000000000000001;', new PhpFloat(0.1, '0.10000000000000001')],
    ['d:5.0E+0;', new PhpFloat(5, '5.0E+0')],
    ['d:.5;', new PhpFloat(0.5, '.5')],
    ['d:1e400;', new PhpFloat(Infinity, '1e400')],
  ])('%s is read and written back', (bytes, value) => {
    expect(read(bytes)).toEqual(value)
    expect(write(read(bytes))).toBe(bytes)
  })

  it('is an int for what is an int', () => {
    expect(read('i:5;')).toBe(5)
    expect(write(5)).toBe('i:5;')
  })
})

describe('PhpFloat', () => {
  it('counts as its number', () => {
    const five = new PhpFloat(5, '5.0E+0')

    expect(Number(five) + 1).toBe(6)
    expect(`${String(five)} ${JSON.stringify({ five })}`).toBe('5 {"five":5}')
    expect(inspect([five, new PhpFloat(2)])).toBe('[ PhpFloat<5.0E+0>, PhpFloat<2> ]')
  })

  it('is written as a float outside of exact mode, with the digits asked for', () => {
    const values = [new PhpFloat(5), new PhpFloat(0.1, '0.10000000000000001')]

    expect(text(serialize(values))).toBe('a:2:{i:0;d:5;i:1;d:0.1;}')
    expect(text(serialize(values, { precision: 17 }))).toBe(
      'a:2:{i:0;d:5;i:1;d:0.10000000000000001;}',
    )
  })

  it('takes slots and may be shared by reference', () => {
    const shared = new PhpReference(new PhpFloat(2))

    expect(write([shared, shared])).toBe('a:2:{i:0;d:2;i:1;R:2;}')
    expect(write(read('a:3:{i:0;d:2;i:1;O:1:"A":0:{}i:2;r:3;}'))).toBe(
      'a:3:{i:0;d:2;i:1;O:1:"A":0:{}i:2;r:3;}',
    )
  })

  it.each([
    [1, '2'],
    [1, ''],
    [1, '0x1'],
    [1, '1;'],
    [0, '-0'],
    [NaN, 'NAN'],
  ])('of %d refuses the text "%s"', (value, digits) => {
    expect(() => new PhpFloat(value, digits)).toThrow(RangeError)
  })

  it('refuses what is no number', () => {
    expect(() => new PhpFloat('1' as never)).toThrow(new TypeError('"value" must be a number'))
  })
})

describe('a reference to an object', () => {
  const shared = 'a:3:{i:0;O:1:"A":0:{}i:1;R:2;i:2;r:2;}'

  it('is told from the object in exact mode', () => {
    const [first, second, third] = read(shared) as [PhpReference, PhpReference, PhpObject]

    expect(first).toBeInstanceOf(PhpReference)
    expect(second).toBe(first)
    expect(third).toBe(first.value)
    expect(write([first, second, third])).toBe(shared)
  })

  it('is the object itself otherwise', () => {
    const [first, second] = unserialize(wire(shared)) as unknown[]

    expect(first).toBeInstanceOf(PhpObject)
    expect(second).toBe(first)
  })

  it.each([
    'O:8:"stdClass":1:{s:4:"self";R:1;}',
    'O:8:"stdClass":1:{s:4:"self";r:1;}',
    'a:2:{i:0;O:1:"A":1:{s:1:"a";R:2;}i:1;R:2;}',
    'a:2:{i:0;a:1:{i:0;R:2;}i:1;R:2;}',
    'a:2:{i:0;O:1:"A":1:{s:1:"a";a:1:{i:0;R:3;}}i:1;R:3;}',
  ])('may be a cycle: %s', (bytes) => {
    expect(write(read(bytes))).toBe(bytes)
  })
})

describe('variables in exact mode', () => {
  it.each([
    ['php', 'b|i:1;5|d:2;a|i:3;'],
    ['php', '1|a:1:{i:0;d:1;}!x|O:1:"A":0:{}y|R:3;0|r:3;'],
    ['php_serialize', 'a:3:{s:1:"b";i:1;i:5;d:2;s:2:"05";R:2;}'],
    ['php_binary', '\x01bd:1;\x015i:2;\x00N;'],
  ])('of %s keep their order: %s', (name, bytes) => {
    const { encode, decode } = serializerFor(name, { exact: true })

    expect(text(encode(decode(wire(bytes))))).toBe(bytes)
  })

  it('put new ones behind, and leave out deleted ones', () => {
    const { encode, decode } = serializerFor('php', { exact: true })
    const data = decode(wire('b|i:1;5|d:2;a|i:3;'))
    data['7'] = new PhpFloat(7)
    delete data['b']

    expect(text(encode(data))).toBe('5|d:2;a|i:3;7|d:7;')
  })
})

describe('a session in exact mode with references to objects', () => {
  it('keeps untouched variables byte for byte', () => {
    const { encode, decode } = serializerFor('php', { exact: true })
    const previous = wire('a|O:1:"A":1:{s:1:"x";i:+5;}b|R:1;c|i:1;')
    const data = decode(previous)
    data['c'] = 2

    expect(text(encode(data, previous))).toBe('a|O:1:"A":1:{s:1:"x";i:+5;}b|R:1;c|i:2;')
  })
})
