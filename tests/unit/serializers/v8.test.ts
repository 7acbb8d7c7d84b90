import { serialize } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import type { SessionData } from '../../../src/serializer.js'
import { v8Serializer } from '../../../src/serializers/v8.js'

const { encode, decode } = v8Serializer

const record = (entries: Record<string, unknown>): SessionData =>
  Object.assign(Object.create(null) as SessionData, entries)

describe('v8', () => {
  it('keeps what the engine can clone', () => {
    const data = record({
      date: new Date(0),
      map: new Map<unknown, unknown>([[{ k: 1 }, new Set([1])]]),
      bytes: Uint8Array.of(1, 2),
      big: 2n ** 70n,
      none: undefined,
      numbers: [NaN, -0, Infinity],
      pattern: /a/g,
      error: new RangeError('x'),
      broken: '\ud800',
    })

    expect(decode(encode(data))).toEqual(data)
  })

  it('keeps cycles and shared objects', () => {
    const shared: Record<string, unknown> = {}
    shared['self'] = shared
    const data = decode(encode({ a: shared, b: [shared] })) as { a: { self: object }; b: object[] }

    expect(data.a.self).toBe(data.a)
    expect(data.b[0]).toBe(data.a)
  })

  it('gives an object without a prototype, and bytes that are no Buffer', () => {
    const bytes = encode({ a: 1 })

    expect(Object.getPrototypeOf(decode(bytes))).toBeNull()
    expect(bytes.constructor).toBe(Uint8Array)
  })

  it('has no bytes for no data, and no data for no bytes', () => {
    expect(encode({})).toHaveLength(0)
    expect(decode(new Uint8Array())).toEqual(record({}))
  })

  it('treats __proto__ as data', () => {
    const data = decode(encode(JSON.parse('{"__proto__":{"isAdmin":true}}') as SessionData))

    expect(Object.keys(data)).toEqual(['__proto__'])
    expect(data['isAdmin']).toBeUndefined()
  })

  it.each([
    [{ a: [() => 1] }, 'a function', ['a', 0]],
    [{ a: { b: Symbol('s') } }, 'a symbol', ['a', 'b']],
    [{ a: new (class User {})() }, 'an instance of User', ['a']],
    [{ a: new WeakMap() }, 'an instance of WeakMap', ['a']],
    [{ a: Promise.resolve() }, 'an instance of Promise', ['a']],
    [{ a: new Map([[1, () => 1]]) }, 'a function', ['a', 1]],
  ])('refuses what it would lose, and says where: %#', (data, reason, path) => {
    expect(() => encode(data)).toThrow(new EncodeError('v8', reason, path))
  })

  it('refuses what the engine refuses', () => {
    expect(() => encode({ a: new SharedArrayBuffer(1) })).toThrow(EncodeError)
  })

  it.each([50_000, 1_000_000])('refuses %i levels without the stack running out', (levels) => {
    let value: unknown = 1
    for (let level = 0; level < levels; level += 1) value = [value]

    expect(() => encode({ value })).toThrow(EncodeError)
  })

  it.each(['junk', '\xff\x0f', '\xff\x0fo"', '{"a":1}', 'a|i:1;'])('refuses bytes: %j', (bytes) => {
    expect(() => decode(Buffer.from(bytes, 'latin1'))).toThrow(DecodeError)
  })

  it.each([[[1]], [5], ['text'], [null], [new Map()]])(
    'refuses a value that is no object',
    (value) => {
      expect(() => decode(serialize(value))).toThrow(DecodeError)
    },
  )

  it('keeps bytes that say the same', () => {
    const previous = serialize({ a: 1, b: [2] })

    expect(encode({ a: 1, b: [2] }, previous)).toBe(previous)
    expect(encode({ a: 2 }, previous)).not.toBe(previous)
  })
})
