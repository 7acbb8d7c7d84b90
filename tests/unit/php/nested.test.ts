/** References into and out of the data of objects that serialized themselves. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpObject, PhpSerializable } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { text, wire } from '../../helpers/typed-value.js'

const wrap = (className: string, data: string): string =>
  `C:${className.length}:"${className}":${data.length}:{${data}}`

const OBJECT = 'O:8:"stdClass":1:{s:2:"in";i:1;}'
const ARRAY_OBJECT = wrap('ArrayObject', `x:i:0;a:1:{i:0;${OBJECT}};m:a:0:{}`)
const STORAGE = wrap('SplObjectStorage', `x:i:1;${OBJECT},N;;m:a:0:{}`)
const LIST = wrap('SplDoublyLinkedList', `i:0;:${OBJECT}:i:5;`)
const OWN = wrap('Own', OBJECT)

/** Where PHP 8.2 found the object in the data, and the one behind it. */
const PLACES: [title: string, bytes: string, within: number, behind: number][] = [
  ['ArrayObject', ARRAY_OBJECT, 5, 8],
  ['SplObjectStorage', STORAGE, 4, 8],
  ['SplDoublyLinkedList', LIST, 4, 7],
  ['one value', OWN, 3, 5],
]

describe('values in the data of an object', () => {
  it.each(PLACES)('take slots: %s', (_, custom, within, behind) => {
    const bytes = `a:4:{i:0;${custom}i:1;O:1:"B":0:{}i:2;r:${within};i:3;r:${behind};}`
    const [, last, inner, again] = unserialize(wire(bytes)) as PhpObject[]

    expect(again).toBe(last)
    expect(inner).toEqual(new PhpObject('stdClass', { in: 1 }))
    expect(text(serialize(unserialize(wire(bytes))))).toBe(bytes)
  })

  it.each(PLACES)('can be counted where nothing refers to them: %s', (_, custom) => {
    const object = new PhpObject('B')
    const value = [unserialize(wire(custom)), object, object]

    expect(text(serialize(value))).toBe(
      text(serialize(unserialize(serialize(value), { exact: true }), { exact: true })),
    )
  })

  it('are no values where the class only wrote text that looks like one', () => {
    const bytes = `a:3:{i:0;${wrap('Own', 'i:5;')}i:1;O:1:"B":0:{}i:2;r:3;}`
    const [, object, again] = unserialize(wire(bytes)) as PhpObject[]

    expect(again).toBe(object)
    expect(text(serialize(unserialize(wire(bytes))))).toBe(bytes)
  })

  it('refer to what stands outside', () => {
    const bytes = `a:3:{i:0;O:1:"B":0:{}i:1;${wrap('Own', 'r:2;')}i:2;r:2;}`

    expect(text(serialize(unserialize(wire(bytes))))).toBe(bytes)
  })

  it('leave errors outside as they are', () => {
    expect(() => unserialize(wire(`a:2:{i:0;${OWN}i:1;r:99;}`))).toThrow(DecodeError)
    expect(() => unserialize(wire(`a:2:{i:0;${wrap('Own', 'nothing')}i:1;r:99;}`))).toThrow(
      DecodeError,
    )
  })

  it('are looked at to a depth that keeps time linear', () => {
    let bytes = OBJECT
    for (let depth = 0; depth < 200; depth += 1) bytes = wrap('Own', bytes)

    expect(text(serialize(unserialize(wire(`a:2:{i:0;${bytes}i:1;r:2;}`))))).toBe(
      `a:2:{i:0;${bytes}i:1;r:2;}`,
    )
  })
})

describe('a session with references in such data', () => {
  const { encode, decode } = serializerFor('php')
  const inside = wrap('Own', 'a:2:{i:0;O:1:"I":0:{}i:1;r:4;}')
  const outside = wrap('Own', 'r:2;')

  it('is unchanged when nobody changed it', () => {
    const previous = wire(`n|i:1;o|O:1:"B":0:{}x|${outside}y|${inside}z|r:2;`)

    expect(encode(decode(previous), previous)).toBe(previous)
  })

  it('has the right slots after a change before them', () => {
    const previous = wire(`n|i:1;o|O:1:"B":0:{}x|${outside}`)
    const data = decode(previous)
    data['n'] = [1, 2]

    expect(text(encode(data, previous))).toBe(
      `n|a:2:{i:0;i:1;i:1;i:2;}o|O:1:"B":0:{}x|${wrap('Own', 'r:4;')}`,
    )
  })

  it('has them where they need more digits', () => {
    const previous = wire(`n|i:1;y|${wrap('Own', 'a:2:{i:0;O:1:"I":0:{}i:1;r:4;}')}z|d:5;`)
    const data = decode(previous)
    data['n'] = Array.from({ length: 10 }, () => 0)
    const moved = wrap('Own', 'a:2:{i:0;O:1:"I":0:{}i:1;r:14;}')

    expect(text(encode(data, previous)).endsWith(`y|${moved}z|d:5;`)).toBe(true)
  })

  it('says so when what they refer to is gone', () => {
    const previous = wire(`o|O:1:"B":0:{}x|${wrap('Own', 'r:1;')}`)
    const data = decode(previous)
    delete data['o']

    expect(() => encode(data, previous)).toThrow(EncodeError)
    expect(() => encode(data, previous)).toThrow('refers to what is not written')
  })

  it('takes data that a user made as it is', () => {
    expect(text(encode({ a: new PhpSerializable('Own', Buffer.from('r:7;')) }))).toBe(
      `a|${wrap('Own', 'r:7;')}`,
    )
  })
})

describe('an instance of a registered class', () => {
  class M {}
  const classes = { M: { is: (value: object) => value instanceof M, read: () => new M(), write: () => ({}) } } // prettier-ignore
  const INSTANCE = 'O:1:"M":0:{}'

  it('is found by references in such data, wherever it moves', () => {
    const value = unserialize(wire(`a:2:{i:0;${INSTANCE}i:1;${wrap('Own', 'r:2;')}}`), { classes })

    expect(text(serialize([1, ...(value as unknown[])], { classes }))).toBe(
      `a:3:{i:0;i:1;i:1;${INSTANCE}i:2;${wrap('Own', 'r:3;')}}`,
    )
  })

  it('is shared with what stands outside of such data', () => {
    const bytes = `a:2:{i:0;${wrap('Own', INSTANCE)}i:1;r:3;}`

    expect(text(serialize(unserialize(wire(bytes), { classes }), { classes }))).toBe(bytes)
  })
})

describe('two classes, of which one only wrote text that looks like a value', () => {
  const real = wrap('Real', 'a:1:{i:0;O:1:"B":0:{}}')
  const text5 = wrap('Text', 'i:5;')

  it('are told apart by where references lead', () => {
    const bytes = `a:5:{i:0;${real}i:1;${text5}i:2;r:4;i:3;i:9;i:4;O:1:"C":1:{s:4:"self";r:8;}}`
    const [, , inner, , last] = unserialize(wire(bytes)) as PhpObject[]

    expect([inner?.className, last?.get('self')]).toEqual(['B', last])
    expect(text(serialize(unserialize(wire(bytes))))).toBe(bytes)
  })
})

describe('data that refers to its own object', () => {
  it('is read and written', () => {
    const bytes = `a:3:{i:0;${wrap('Own', 'r:2;')}i:1;O:8:"stdClass":0:{}i:2;r:4;}`
    const [, object, again] = unserialize(wire(bytes)) as PhpObject[]

    expect(again).toBe(object)
    expect(text(serialize(unserialize(wire(bytes))))).toBe(bytes)
    expect(text(serialize([0, ...(unserialize(wire(bytes)) as unknown[])]))).toBe(
      `a:4:{i:0;i:0;i:1;${wrap('Own', 'r:3;')}i:2;O:8:"stdClass":0:{}i:3;r:5;}`,
    )
  })
})
