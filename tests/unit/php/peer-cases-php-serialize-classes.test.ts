/**
 * What php-serialize's tests cover of classes in a scope, with codecs by class name: plain classes,
 * classes that serialize themselves, one within the other, namespaces, classes that are not there.
 */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import type { PhpClassCodec, PhpClasses } from '../../../src/php/class-codec.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpObject, PhpSerializable } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text } from '../../helpers/typed-value.js'

class Line {
  constructor(
    readonly sku = '',
    readonly count = 0,
  ) {}
}

/** A class whose objects write themselves in a form of their own. */
class Badge {
  constructor(readonly label: string) {}
}

class Cart {
  constructor(
    readonly line: Line,
    readonly badge: Badge,
  ) {}
}

/** A plain class is its public properties. */
const lineCodec: PhpClassCodec<Line> = {
  is: (value) => value instanceof Line,
  read: (value) => new Line(value.get('sku') as string, value.get('count') as number),
  write: ({ sku, count }) => ({ sku, count }),
}

const badgeCodec: PhpClassCodec<Badge, PhpSerializable> = {
  is: (value) => value instanceof Badge,
  read: ({ data }) => new Badge(new TextDecoder().decode(data)),
  write: ({ label }) => new PhpSerializable('Badge', new TextEncoder().encode(label)),
}

const cartCodec: PhpClassCodec<Cart, PhpSerializable> = {
  is: (value) => value instanceof Cart,
  read: ({ data }) => new Cart(...(unserialize(data, { classes: parts }) as [Line, Badge])),
  write: ({ line, badge }) =>
    new PhpSerializable('Cart', serialize([line, badge], { classes: parts })),
}

const parts: PhpClasses = { 'Shop\\Line': lineCodec, Badge: badgeCodec }
const classes: PhpClasses = { ...parts, Cart: cartCodec }

const write = (value: unknown): string => text(serialize(value, { classes }))
const read = (bytes: string): unknown => unserialize(Buffer.from(bytes, 'latin1'), { classes })

const LINE = 'O:9:"Shop\\Line":2:{s:3:"sku";s:3:"tea";s:5:"count";i:2;}'

describe('classes that php-serialize would find in its scope', () => {
  it.each<[what: string, value: object, bytes: string]>([
    ['a plain class of a namespace', new Line('tea', 2), LINE],
    ['one that serializes itself', new Badge('čaj'), 'C:5:"Badge":4:{\xc4\x8daj}'],
    ['one with both within it', new Cart(new Line('tea', 2), new Badge('x')), `C:4:"Cart":87:{a:2:{i:0;${LINE}i:1;C:5:"Badge":1:{x}}}`], // prettier-ignore
  ])('%s goes both ways', (_what, value, bytes) => {
    expect(write(value)).toBe(bytes)
    expect(read(bytes)).toStrictEqual(value)
  })

  it('are found by a name in any letter case, as in PHP', () => {
    expect(read(LINE.replace('Shop\\Line', 'shop\\LINE'))).toStrictEqual(new Line('tea', 2))
  })

  it('are found for instances of classes below them', () => {
    class Special extends Line {}

    expect(write(new Special('tea', 2))).toBe(LINE)
  })

  it('fill their properties whatever their visibility in PHP', () => {
    const bytes = 'O:9:"Shop\\Line":2:{s:14:"\0Shop\\Line\0sku";s:3:"tea";s:8:"\0*\0count";i:2;}'

    expect(read(bytes)).toStrictEqual(new Line('tea', 2))
  })

  it('are found in arrays, in sessions, and in two places at once', () => {
    const line = new Line('tea', 2)
    const { encode, decode } = serializerFor('php', { classes })
    const bytes = `a|${LINE}b|a:1:{i:0;r:1;}`

    const { a, b } = decode(Buffer.from(bytes)) as { a: Line; b: [Line] }

    expect(a).toStrictEqual(line)
    expect(b[0]).toBe(a)
    expect(text(encode({ a: line, b: [line] }))).toBe(bytes)
  })
})

describe('classes that are not there', () => {
  it('are data with their name and properties, and go back as they came', () => {
    const bytes = `a:2:{i:0;O:4:"Lost":1:{s:1:"a";i:10;}i:1;${LINE}}`
    const [lost, line] = read(bytes) as [PhpObject, Line]

    expect([lost.className, lost.get('a')]).toEqual(['Lost', 10])
    expect(line).toBeInstanceOf(Line)
    expect(write([lost, line])).toBe(bytes)
  })

  it('are those that allowedClasses leaves out, too', () => {
    const only = (allowedClasses: boolean | string[]): unknown =>
      unserialize(LINE, { classes, allowedClasses })

    expect(only(['shop\\line'])).toBeInstanceOf(Line)
    expect(only(true)).toBeInstanceOf(Line)
    expect(only(['Cart'])).toBeInstanceOf(PhpObject)
    expect(only(false)).toBeInstanceOf(PhpObject)
  })

  it('are an error with the path when they are written', () => {
    expect(() =>
      serialize({ at: [new Map([['x', new Cart(new Line(), new Badge(''))]])] }),
    ).toThrow(expect.objectContaining({ code: 'ERR_SESSION_ENCODE', path: ['at', 0, 'x'] }))
  })
})

describe('classes that do not understand their data', () => {
  const strict: PhpClassCodec<Line> = {
    ...lineCodec,
    read: () => {
      throw new TypeError('no sku')
    },
    write: () => {
      throw new TypeError('no sku')
    },
  }

  it('give a DecodeError with the offset, or an EncodeError with the path', () => {
    const options = { classes: { 'Shop\\Line': strict } }

    expect(() => unserialize(`a:1:{i:0;${LINE}}`, options)).toThrow(DecodeError)
    expect(() => serialize({ line: new Line() }, options)).toThrow(EncodeError)
    expect(() => serialize({ line: new Line() }, options)).toThrow(
      expect.objectContaining({ path: ['line'] }),
    )
  })
})
