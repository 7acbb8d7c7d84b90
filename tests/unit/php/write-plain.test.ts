/** The short way of the writer: what it writes, what it leaves, and where the long way goes on. */
import { describe, expect, it } from 'vitest'
import { EncodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { PhpObject, PhpReference } from '../../../src/php/values.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { naiveEncode, naiveSerialize } from '../../helpers/naive-php-writer.js'
import { text } from '../../helpers/typed-value.js'

const write = (value: unknown): string => text(serialize(value))

const failure = (value: unknown): EncodeError => {
  try {
    serialize(value)
  } catch (error) {
    if (error instanceof EncodeError) return error
    throw error
  }
  throw new Error('it was written')
}

/** A value in so many lists. */
function within(value: unknown, levels: number): unknown {
  return levels === 0 ? value : [within(value, levels - 1)]
}

const shared = new PhpObject('A', { a: 1 })

/** What the short way leaves. */
const LEFT: Record<string, () => unknown> = {
  'a Map': () => new Map<unknown, unknown>([['a', [1, { b: 2 }]], [7, 'x']]), // prettier-ignore
  'an empty Map': () => new Map(),
  bytes: () => Uint8Array.of(0xff, 0),
  'a bigint': () => 2n ** 60n,
  'an object': () => new PhpObject('A', { list: [1, [2, new PhpObject('B')]] }),
  'an object that is there twice': () => shared,
  'a reference': () => new PhpReference([1, { a: [] }]),
  'nesting that is too deep': () => within({ a: 1 }, 12),
}

const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`name${index}`, index]))

/** Where it is left: at the beginning, in the middle, at the end, on several levels. */
const PLACES: Record<string, (value: unknown) => unknown> = {
  'alone in a list': (value) => [value],
  'first in a list': (value) => [value, 1, 'a', [2]],
  'between lists': (value) => [[1, [2]], value, [3, [4]]],
  'alone in a record': (value) => ({ value }),
  'first in a record': (value) => ({ value, a: 1, b: { c: 2 } }),
  'last in a record of many names': (value) => ({ ...many, value }),
  'first in a record of many names': (value) => ({ value, ...many }),
  'in records of many names': (value) => ({ ...many, x: { ...many, y: [value, many] }, z: many }),
  'several times': (value) => ({ a: [value, { b: value }], c: value, d: { e: [[value]], f: 1 } }),
  'at a numeric name': (value) => ({ 5: 'five', 7: value, '-1': value }),
  'at names of all kinds': (value) => ({ ü: value, ['n'.repeat(40)]: value, '01': value, '': value }), // prettier-ignore
  'where the short way ends': (value) => within([1, value, 2], 6),
  'behind the end of the short way': (value) => within([1, value, { a: [value] }], 9),
}

describe.each(Object.entries(PLACES))('what is left %s', (_, place) => {
  it.each(Object.entries(LEFT))('is written as by the naive twin: %s', (_name, make) => {
    const value = place(make())

    expect(write(value)).toBe(naiveSerialize(value))
  })

  it.each(['php', 'php_serialize'])('is written so as a session, too, in format %s', (format) => {
    const { encode } = serializerFor(format)
    const data = Object.fromEntries(
      Object.values(LEFT).map((make, index) => [`v${index}`, place(make())]),
    )

    expect(text(encode(data))).toBe(naiveEncode(format, data))
  })
})

describe('what is left behind names that are left out', () => {
  it.each(Object.entries(LEFT))('is counted without them: %s', (_, make) => {
    const value = make()

    expect(write({ a: undefined, b: 1, c: undefined, value, d: undefined })).toBe(
      naiveSerialize({ b: 1, value }),
    )
    expect(write([{ ...many, u: undefined, value, v: undefined }])).toBe(
      naiveSerialize([{ ...many, value }]),
    )
  })
})

describe('references behind what was left', () => {
  it('count every value before them', () => {
    const object = new PhpObject('A')
    const value = [1, { a: [2, new Map([['b', object]]), 3], c: undefined, d: [[object]] }, object]

    expect(write(value)).toBe(
      'a:3:{i:0;i:1;i:1;a:2:{s:1:"a";a:3:{i:0;i:2;i:1;a:1:{s:1:"b";O:1:"A":0:{}}i:2;i:3;}s:1:"d";a:1:{i:0;a:1:{i:0;r:7;}}}i:2;r:7;}', // prettier-ignore
    )
  })
})

describe('errors behind the short way', () => {
  it.each([
    [{ a: [1, { b: 2, c: () => 1 }] }, ['a', 1, 'c']],
    [
      [[], [[Symbol('s')]]],
      [1, 0, 0],
    ],
    [{ u: undefined, a: { v: undefined, 'x\ud800': 1 } }, ['a', 'x\ud800']],
    [{ a: 1, b: ['ok', 'half \udc00'] }, ['b', 1]],
    [{ a: [`${'日本'.repeat(600)}\ud83d`] }, ['a', 0]],
    [within(new Set(), 8), [0, 0, 0, 0, 0, 0, 0, 0]],
    [within(new Set(), 9), [0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ])('name the whole way: %#', (value, path) => {
    expect(failure(value).path).toEqual(path)
  })

  it('come from getters of lists as of records', () => {
    const cause = new Error('no')
    const list = Object.defineProperty([1, 2, 3], 1, {
      get: () => {
        throw cause
      },
    })

    expect(failure({ a: [0, { list }] })).toMatchObject({ path: ['a', 1, 'list'], cause })
    expect(write([{ a: 1 }])).toBe('a:1:{i:0;a:1:{s:1:"a";i:1;}}')
  })

  it('come from limits below the depth of the short way', () => {
    expect(() => serialize(within(1, 3), { maxDepth: 2 })).toThrow('nesting deeper than 2')
    expect(text(serialize(within([], 2), { maxDepth: 2 }))).toBe('a:1:{i:0;a:1:{i:0;a:0:{}}}')
  })
})

describe('records', () => {
  it('have no names but their own', () => {
    const inherited = Object.assign(Object.create({ inherited: 1 }) as object, { own: 2 })

    expect(() => serialize(inherited)).toThrow('an instance of')
    Object.defineProperty(Object.prototype, 'polluted', { value: 1, enumerable: true, configurable: true, writable: true }) // prettier-ignore
    try {
      expect(write({ own: [{}] })).toBe('a:1:{s:3:"own";a:1:{i:0;a:0:{}}}')
    } finally {
      delete (Object.prototype as { polluted?: number }).polluted
    }
  })

  it('outgrow the memory on any level', () => {
    const value = { a: [{ ...many, long: 'x'.repeat(70_000), after: many }, many], b: ['é'.repeat(50_000)] } // prettier-ignore

    expect(write(value)).toBe(naiveSerialize(value))
  })
})

describe('long text that is not ASCII', () => {
  it.each([
    ['wide', 'Příliš žluťoučký kůň 日本語😀 '.repeat(50)],
    ['wide at the end', `${'x'.repeat(2000)}日`],
    ['wide where nobody looks', `${'x'.repeat(1025)}日${'x'.repeat(1000)}`],
    ['of one byte a character', 'größe café '.repeat(100)],
    ['with what stands for broken text', `${'日'.repeat(1100)}\ufffd`],
    ['just long enough', 'ж'.repeat(1024)],
  ])('has the bytes of UTF-8: %s', (_, value) => {
    expect(write([value])).toBe(naiveSerialize([value]))
  })
})
