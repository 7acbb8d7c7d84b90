/**
 * What the published tests of phpunserialize 1 cover, in our own values: one row or test here for
 * each case there. It only reads; here everything is written again, too. It makes plain objects of
 * all classes; here they keep class and visibility.
 */
import { describe, expect, it } from 'vitest'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../../src/php/values.js'
import { text, wire } from '../../helpers/typed-value.js'

const write = (value: unknown): string => text(serialize(value))
const read = (bytes: string): unknown => unserialize(wire(bytes))
const utf8 = (bytes: string): string => text(Buffer.from(bytes))

describe('values that phpunserialize reads', () => {
  it.each<[what: string, bytes: string, value: unknown]>([
    ['ASCII', 's:3:"tea";', 'tea'],
    ['text of two bytes a character', utf8('s:9:"řeřicha";'), 'řeřicha'],
    ['one to four bytes a character', utf8('s:10:"zß東🎻";'), 'zß東🎻'],
    ['text that was encoded twice', utf8('s:9:"Å™Ã©";'), 'Å™Ã©'],
    ['an int', 'i:2048;', 2048],
    ['a float', 'd:20.48;', 20.48],
    ['true', 'b:1;', true],
    ['false', 'b:0;', false],
    ['null', 'N;', null],
    ['a list', 'a:2:{i:0;s:1:"a";i:1;s:1:"b";}', ['a', 'b']],
    ['a dictionary', 'a:2:{s:1:"a";i:0;s:1:"b";i:1;}', { a: 0, b: 1 }],
    ['a key that starts with 0', 'a:2:{s:5:"0c4x7";i:1;s:1:"k";i:2;}', { '0c4x7': 1, k: 2 }],
    ['an enum', 'E:11:"Suit:Spades";', new PhpEnum('Suit', 'Spades')],
    ['an object without properties', 'O:4:"Void":0:{}', new PhpObject('Void')],
    [
      'public properties',
      'O:4:"Cart":2:{s:1:"a";i:0;s:1:"b";i:1;}',
      new PhpObject('Cart', { a: 0, b: 1 }),
    ],
    ['an object that serialized itself', 'C:4:"Cart":4:{i:0;}', custom('i:0;')],
    [
      'one with a format of its own',
      'C:4:"Cart":30:{x:i:1;O:8:"stdClass":0:{},i:1;}',
      custom('x:i:1;O:8:"stdClass":0:{},i:1;'),
    ],
    [
      'one that something follows',
      'a:2:{i:0;C:4:"Cart":6:{a:0:{}}i:1;b:1;}',
      [custom('a:0:{}'), true],
    ],
  ])('%s', (_what, bytes, value) => {
    expect(read(bytes)).toEqual(value)
    expect(write(value)).toBe(bytes)
  })

  it('bytes that are no text', () => {
    const bytes = 's:6:"\x83f\x83\x8f\x82\xb7";'

    expect(read(bytes)).toEqual(Uint8Array.of(0x83, 0x66, 0x83, 0x8f, 0x82, 0xb7))
    expect(write(read(bytes))).toBe(bytes)
  })
})

function custom(data: string): PhpSerializable {
  return new PhpSerializable('Cart', new TextEncoder().encode(data))
}

describe('properties', () => {
  it.each([
    ['protected', 'O:4:"Cart":2:{s:4:"\0*\0a";i:0;s:4:"\0*\0b";i:1;}'],
    ['private', 'O:4:"Cart":2:{s:7:"\0Cart\0a";i:0;s:7:"\0Cart\0b";i:1;}'],
  ])('that are %s are found by their plain names', (visibility, bytes) => {
    const cart = read(bytes) as PhpObject

    expect([cart.get('a'), cart.get('b')]).toEqual([0, 1])
    expect(cart.properties().map((property) => property.visibility)).toEqual([visibility, visibility]) // prettier-ignore
    expect(write(cart)).toBe(bytes)
  })

  it('that are private to a class above are found, below those of the class itself', () => {
    const bytes = 'O:5:"Child":3:{s:4:"\0*\0a";i:1;s:8:"\0Child\0b";i:2;s:8:"\0Above\0b";i:3;}'
    const child = read(bytes) as PhpObject

    expect(child.properties().map((property) => property.declaringClass)).toEqual([undefined, 'Child', 'Above']) // prettier-ignore
    expect([child.get('a'), child.get('b')]).toEqual([1, 2])
    expect(write(child)).toBe(bytes)
  })

  it('with numbers for names', () => {
    const bytes = 'O:4:"Cart":2:{i:0;N;i:1;s:3:"tea";}'

    expect((read(bytes) as PhpObject).members).toEqual(new Map<unknown, unknown>([[0, null], [1, 'tea']])) // prettier-ignore
    expect(write(read(bytes))).toBe(bytes)
  })
})

describe('references', () => {
  it('of an object to itself', () => {
    const bytes = 'O:4:"Node":1:{s:4:"self";r:1;}'
    const node = read(bytes) as PhpObject

    expect(node.get('self')).toBe(node)
    expect(write(node)).toBe(bytes)
  })

  it('of an object to itself, behind a list', () => {
    const bytes =
      'O:4:"Node":3:{s:1:"a";i:1;s:7:"\0Node\0b";a:2:{i:0;i:1;i:1;i:2;}s:7:"\0*\0self";r:1;}'
    const node = read(bytes) as PhpObject

    expect(node.get('self')).toBe(node)
    expect(node.get('b')).toEqual([1, 2])
    expect(write(node)).toBe(bytes)
  })

  it('of an array deep down to an object above it, and to itself', () => {
    const bytes =
      'O:8:"stdClass":1:{s:2:"up";O:8:"stdClass":1:{s:3:"all";a:3:{i:0;i:1;s:2:"up";r:2;s:3:"own";R:3;}}}'
    const root = read(bytes) as PhpObject

    const up = root.get('up') as PhpObject
    const all = up.get('all') as PhpReference
    const inside = all.value as Map<unknown, unknown> | Record<string, unknown>
    const at = (key: string): unknown => (inside instanceof Map ? inside.get(key) : inside[key])

    expect(at('up')).toBe(up)
    expect(at('own')).toBe(all)
    expect(write(root)).toBe(bytes)
  })

  it('to an int, text, null and an object, and links to the object', () => {
    const bytes =
      'a:9:{s:1:"i";i:4;s:1:"s";s:3:"tea";s:1:"n";N;s:1:"o";O:8:"stdClass":2:{s:1:"a";i:1;s:1:"b";O:8:"stdClass":0:{}}' +
      's:2:"ri";R:2;s:2:"rs";R:3;s:2:"rn";R:4;s:2:"lo";r:5;s:2:"lb";r:7;}'
    const value = read(bytes) as Record<string, unknown>

    expect([value['ri'], value['rs'], value['rn']]).toEqual([4, 'tea', null].map((each) => new PhpReference(each))) // prettier-ignore
    expect([value['i'], value['s'], value['n']].every((each, at) => each === [value['ri'], value['rs'], value['rn']][at])).toBe(true) // prettier-ignore
    expect(value['lo']).toBe(value['o'])
    expect(value['lb']).toBe((value['o'] as PhpObject).get('b'))
    expect(write(value)).toBe(bytes)
  })

  it('to an object are the object, and stay references in exact mode', () => {
    const bytes = 'a:2:{s:1:"o";O:8:"stdClass":0:{}s:1:"r";R:2;}'
    const plain = read(bytes) as Record<string, unknown>
    const exact = unserialize(bytes, { exact: true })

    expect(plain['r']).toBe(plain['o'])
    expect(text(serialize(exact, { exact: true }))).toBe(bytes)
  })
})

describe('what phpunserialize refuses', () => {
  it.each<[what: string, bytes: string, offset: number]>([
    ['nothing', '', 0],
    ['a float for a key', 'a:1:{d:1.5;i:1;}', 11],
    ['a float for the name of a property', 'O:4:"Cart":1:{d:1.5;i:1;}', 20],
  ])('%s', (_what, bytes, offset) => {
    expect(() => read(bytes)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_DECODE', offset }),
    )
  })

  it('takes, on purpose as PHP, a name of a property that says half of a class', () => {
    const bytes = 'O:4:"Cart":1:{s:3:"\0ab";i:1;}'

    expect(write(read(bytes))).toBe(bytes)
  })
})
