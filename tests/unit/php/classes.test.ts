/** Classes of JavaScript for classes of PHP. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import type { PhpClassCodec } from '../../../src/php/class-codec.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const point: PhpClassCodec<Point> = {
  is: (value) => value instanceof Point,
  read: (object) => new Point(Number(object.get('x')), Number(object.get('y'))),
  write: ({ x, y }) => ({ x, y }),
}

/** Refers to itself. */
class Node {
  next: unknown
}

const node: PhpClassCodec<Node> = {
  is: (value) => value instanceof Node,
  create: () => new Node(),
  read: (object, created = new Node()) => Object.assign(created, { next: object.get('next') }),
  write: ({ next }) => new PhpObject('Node').define({ name: 'next', visibility: 'private', value: next }), // prettier-ignore
}

class Suit {
  static readonly Hearts = new Suit('Hearts')
  static readonly Spades = new Suit('Spades')
  private constructor(readonly name: string) {}
}

const suit: PhpClassCodec<Suit, PhpEnum> = {
  is: (value) => value instanceof Suit,
  read: ({ caseName }) => {
    const found = [Suit.Hearts, Suit.Spades].find(({ name }) => name === caseName)
    if (found === undefined) throw new RangeError('no such suit')
    return found
  },
  write: ({ name }) => new PhpEnum('Suit', name),
}

class Bag {
  constructor(readonly bytes: Uint8Array) {}
}

const bag: PhpClassCodec<Bag, PhpSerializable> = {
  is: (value) => value instanceof Bag,
  read: ({ data }) => new Bag(data),
  write: ({ bytes }) => new PhpSerializable('Bag', bytes),
}

const classes = { 'App\\Point': point, Node: node, Suit: suit, Bag: bag }
const POINT = 'O:9:"App\\Point":2:{s:1:"x";i:1;s:1:"y";i:2;}'
const NODE = 'O:4:"Node":1:{s:10:"\0Node\0next";'

const read = (bytes: string, options = {}): unknown =>
  unserialize(wire(bytes), { classes, ...options })
const write = (value: unknown): string => text(serialize(value, { classes }))

describe('an object of a registered class', () => {
  it('is read as an instance and written from one', () => {
    expect(read(POINT)).toEqual(new Point(1, 2))
    expect(read(POINT)).toBeInstanceOf(Point)
    expect(write(new Point(1, 2))).toBe(POINT)
  })

  it('is found in any letter case, as PHP does, and written under the name it was given', () => {
    const shouted = POINT.replace('App\\Point', 'APP\\POINT')

    expect(read(shouted)).toBeInstanceOf(Point)
    expect(write(read(shouted))).toBe(POINT)
  })

  it('is the same instance wherever PHP has the same object', () => {
    const bytes = `a:4:{i:0;${POINT}i:1;r:2;i:2;a:1:{i:0;r:2;}i:3;i:7;}`
    const [first, second, [third]] = read(bytes) as [Point, Point, [Point]]

    expect(second).toBe(first)
    expect(third).toBe(first)
    expect(write(read(bytes))).toBe(bytes)
  })

  it('is complete before the object around it', () => {
    const bytes = `O:9:"App\\Point":2:{s:1:"x";i:1;s:1:"y";${POINT}}`
    const seen: unknown[] = []
    const curious = { ...point, read: (object: PhpObject) => (seen.push(object.get('y')), new Point(0, 0)) } // prettier-ignore

    unserialize(wire(bytes), { classes: { 'app\\point': curious } })

    expect(seen).toEqual([2, expect.any(Point)])
  })

  it('may hold references, also to itself where it is created first', () => {
    const cycle = `${NODE}r:1;}`
    const root = read(cycle) as Node

    expect(root.next).toBe(root)
    expect(write(root)).toBe(cycle)
    const ring = `a:2:{i:0;${NODE}${NODE}r:2;}}i:1;r:3;}`
    const [outer, inner] = read(ring) as [Node, Node]
    expect([outer.next, inner.next]).toEqual([inner, outer])
    expect(write([outer, inner])).toBe(ring)
  })

  it('cannot refer to itself where it is made from its properties', () => {
    const bytes = 'O:9:"App\\Point":1:{s:1:"x";r:1;}'

    expect(() => read(bytes)).toThrow(DecodeError)
    expect(() => read(bytes)).toThrow('create()')
  })

  it('is shared by reference in exact mode', () => {
    const bytes = `a:2:{i:0;${POINT}i:1;R:2;}`
    const [first, second] = read(bytes, { exact: true }) as [PhpReference, PhpReference]

    expect(second).toBe(first)
    expect(first.value).toBeInstanceOf(Point)
    expect(text(serialize([first, second], { classes, exact: true }))).toBe(bytes)
  })

  it('stays a PhpObject without a codec', () => {
    expect(read('O:5:"Other":0:{}')).toEqual(new PhpObject('Other'))
    expect(unserialize(wire(POINT))).toBeInstanceOf(PhpObject)
  })
})

describe('other values of a registered class', () => {
  it('are cases of enums', () => {
    expect(read('a:2:{i:0;E:11:"Suit:Hearts";i:1;r:2;}')).toEqual([Suit.Hearts, Suit.Hearts])
    expect(write([Suit.Hearts, Suit.Spades, Suit.Hearts])).toBe(
      'a:3:{i:0;E:11:"Suit:Hearts";i:1;E:11:"Suit:Spades";i:2;r:2;}',
    )
    expect(write([Suit.Hearts, new PhpEnum('Suit', 'Hearts')])).toBe(
      'a:2:{i:0;E:11:"Suit:Hearts";i:1;r:2;}',
    )
  })

  it('are refused when the codec does not know the case', () => {
    expect(() => read('E:11:"Suit:Aether";')).toThrow(DecodeError)
  })

  it('are objects that serialized themselves', () => {
    expect(read('C:3:"Bag":2:{xy}')).toEqual(new Bag(Uint8Array.of(0x78, 0x79)))
    expect(write(new Bag(Buffer.from('xy')))).toBe('C:3:"Bag":2:{xy}')
  })
})

describe('a codec', () => {
  it('is not asked about what PHP has arrays for', () => {
    const greedy = { ...node, is: () => true }
    const shared = new PhpReference({ lat: 2 })

    expect(text(serialize([{ lat: 2 }, [1], shared], { classes: { Node: greedy } }))).toBe(
      'a:3:{i:0;a:1:{s:3:"lat";i:2;}i:1;a:1:{i:0;i:1;}i:2;a:1:{s:3:"lat";i:2;}}',
    )
  })
})

describe('allowed classes', () => {
  const both = `a:2:{i:0;${POINT}i:1;${NODE}N;}}`
  const kinds = (options: object): unknown[] =>
    (read(both, options) as object[]).map(({ constructor }) => constructor)

  it.each([
    [true, [Point, Node]],
    [false, [PhpObject, PhpObject]],
    [[], [PhpObject, PhpObject]],
    [['NODE'], [PhpObject, Node]],
    [
      ['app\\POINT', 'node'],
      [Point, Node],
    ],
    [['\\Node'], [PhpObject, PhpObject]],
  ])('%j', (allowedClasses, expected) => {
    expect(kinds({ allowedClasses })).toEqual(expected)
  })

  it('let enums through, as PHP does', () => {
    expect(read('E:11:"Suit:Hearts";', { allowedClasses: false })).toBe(Suit.Hearts)
  })

  it.each([1, 'Node', null, [1], {}])('refuse %j as an option', (allowedClasses) => {
    expect(() => read('N;', { allowedClasses })).toThrow(TypeError)
  })
})

describe('a codec that fails', () => {
  const secret = new Error('secret')
  const failing = (parts: object) => ({ classes: { A: { ...node, ...parts } } })
  const fail = (): never => {
    throw secret
  }

  it.each([
    ['read throws', { read: fail }],
    ['create throws', { create: fail }],
    ['read answers no object', { read: () => 1 }],
    ['read answers null', { read: () => null }],
    ['read answers another object than it was given', { read: () => new Node() }],
  ])('is an error with the offset when %s', (_, parts) => {
    const run = () => unserialize(wire('a:1:{i:0;O:1:"A":0:{}}'), failing(parts))

    expect(run).toThrow(DecodeError)
    expect(run).toThrow(/^(?!.*secret)/)
  })

  it.each([
    ['write throws', { write: fail }],
    ['write answers no properties', { write: () => [] }],
    ['write answers null', { write: () => null }],
    ['is throws', { is: fail }],
  ])('is an error with the path when %s', (_, parts) => {
    const run = () => serialize({ a: [new Node()] }, failing(parts) as never)

    expect(run).toThrow(EncodeError)
    expect(run).toThrow(expect.objectContaining({ path: ['a', 0] }))
    expect(run).toThrow(/^(?!.*secret)/)
  })

  it.each([
    [{ A: {} }, TypeError],
    [{ A: { ...node, create: 1 } }, TypeError],
    [{ 'no class': node }, RangeError],
    [{ '\\A': node }, RangeError],
    [{ A: node, a: node }, RangeError],
    [[node], TypeError],
    [null, TypeError],
    [5, TypeError],
  ])('is refused before it is used: %o', (bad, error) => {
    expect(() => serialize(1, { classes: bad as never })).toThrow(error)
    expect(() => unserialize('N;', { classes: bad as never })).toThrow(error)
    expect(() => serializerFor('php', { classes: bad as never })).toThrow(error)
  })
})

describe('a session with registered classes', () => {
  const reads: unknown[] = []
  const counted = { ...point, read: (object: PhpObject) => (reads.push(object), point.read(object)) } // prettier-ignore
  const { encode, decode } = serializerFor('php', { classes: { 'App\\Point': counted } })
  const previous = wire(`a|${POINT}b|r:1;c|i:1;d|d:5;`)

  it('is recognised as unchanged without another look at its objects', () => {
    reads.length = 0
    const data = decode(wire(`a|${POINT}c|i:1;`))
    const before = reads.length
    const bytes = wire(`a|${POINT}c|i:1;`)

    expect(encode(data, bytes)).toBe(bytes)
    expect([before, reads.length]).toEqual([1, 1])
  })

  it('keeps what did not change, shared instances included', () => {
    const data = decode(previous)
    expect(data['b']).toBe(data['a'])
    expect(encode(data, previous)).toBe(previous)
    data['c'] = 2

    expect(text(encode(data, previous))).toBe(`a|${POINT}b|r:1;c|i:2;d|d:5;`)
  })

  it('moves an instance to the first variable that still has it', () => {
    const data = decode(previous)
    delete data['a']

    expect(text(encode(data, previous))).toBe(`b|${POINT}c|i:1;d|d:5;`)
  })
})
