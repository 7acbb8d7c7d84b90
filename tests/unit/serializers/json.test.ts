import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import type { SessionData } from '../../../src/serializer.js'
import { jsonSerializer } from '../../../src/serializers/json.js'

const { encode, decode } = jsonSerializer
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')

const record = (entries: Record<string, unknown>): SessionData =>
  Object.assign(Object.create(null) as SessionData, entries)

describe('json', () => {
  it('writes one object as UTF-8', () => {
    expect(text(encode({ a: 1, b: ['é', null, { c: true }] }))).toBe(
      '{"a":1,"b":["é",null,{"c":true}]}',
    )
  })

  it('reads objects without a prototype, at every level', () => {
    const data = decode(utf8('{"a":{"b":[{"c":1}]}}')) as { a: { b: object[] } }

    expect(data).toEqual(record({ a: record({ b: [record({ c: 1 })] }) }))
    for (const value of [data, data.a, data.a.b[0]]) {
      expect(Object.getPrototypeOf(value)).toBeNull()
    }
  })

  it('has no bytes for no data, and no data for no bytes', () => {
    expect(encode({})).toHaveLength(0)
    expect(decode(new Uint8Array())).toEqual(record({}))
    expect(encode({ a: undefined, b: 1 })).toEqual(utf8('{"b":1}'))
    expect(encode({ a: [undefined] })).toEqual(utf8('{"a":[null]}'))
  })

  it('keeps broken Unicode and every name', () => {
    const data = record({ '\ud800': 'a\udc00', '': 1, 'a|b': 2, toString: 3 })

    expect(decode(encode(data))).toEqual(data)
  })

  it('treats __proto__ as data, both ways', () => {
    const data = decode(
      utf8('{"__proto__":{"isAdmin":true},"user":{"__proto__":{"isAdmin":true}}}'),
    )

    expect(Object.keys(data)).toEqual(['__proto__', 'user'])
    expect(data['isAdmin']).toBeUndefined()
    expect((data['user'] as Record<string, unknown>)['isAdmin']).toBeUndefined()
    expect(text(encode(data))).toContain('"__proto__":{"isAdmin":true}')
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = [cycle]

  it.each([
    [{ a: [1n] }, 'a bigint', ['a', 0]],
    [{ a: { b: () => 1 } }, 'a function', ['a', 'b']],
    [{ a: Symbol('secret') }, 'a symbol', ['a']],
    [{ a: new Date() }, 'an instance of Date', ['a']],
    [{ a: new Map() }, 'an instance of Map', ['a']],
    [{ a: Uint8Array.of(1) }, 'an instance of Uint8Array', ['a']],
    [{ a: [NaN] }, 'NaN', ['a', 0]],
    [{ a: -Infinity }, '-Infinity', ['a']],
    [cycle, 'a cycle', ['self', 0]],
  ])('refuses what JSON does not have, and says where: %#', (data, reason, path) => {
    expect(() => encode(data)).toThrow(new EncodeError('json', reason, path))
  })

  it('writes what is in two places twice', () => {
    const shared = { x: 1 }

    expect(text(encode({ a: shared, b: [shared] }))).toBe('{"a":{"x":1},"b":[{"x":1}]}')
  })

  it('refuses data that is no object, and getters that fail', () => {
    const failing = {
      get a(): number {
        throw new Error('secret')
      },
    }

    expect(() => encode([1] as never)).toThrow(EncodeError)
    expect(() => encode(failing)).toThrow(EncodeError)
  })

  it.each([
    ['[1]', 0],
    ['null', 0],
    ['5', 0],
    ['"secret"', 0],
    ['{"a":1', 6],
    ['{"é":1', 7],
    ['{"é', 4],
    ['{"secret":secret}', 0],
    ['{}{}', 2],
    ['a|i:1;', 0],
  ])('refuses %s at its place, without showing it', (bytes, offset) => {
    expect(() => decode(utf8(bytes))).toThrow(expect.objectContaining({ offset }))
    expect(() => decode(utf8(bytes))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('secret') as unknown }),
    )
  })

  it('refuses bytes that are not UTF-8', () => {
    expect(() => decode(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(DecodeError)
  })

  it.each([4096, 4097, 50_000, 1_000_000])('stands %i levels both ways', (levels) => {
    const payload = utf8(`{"a":${'['.repeat(levels - 1)}1${']'.repeat(levels - 1)}}`)

    if (levels > 4096) {
      let value: unknown = 1
      for (let level = 1; level < levels; level += 1) value = [value]
      expect(() => decode(payload)).toThrow(DecodeError)
      expect(() => encode({ a: value })).toThrow(EncodeError)
    } else expect(encode(decode(payload))).toEqual(payload)
  })

  it('keeps the wording of data that says the same', () => {
    const previous = utf8('{ "a": 1.0, "b": "\\u00e9" }')

    expect(encode({ a: 1, b: 'é' }, previous)).toBe(previous)
    expect(text(encode({ a: 2, b: 'é' }, previous))).toBe('{"a":2,"b":"é"}')
    expect(text(encode({ a: 2 }, utf8('junk')))).toBe('{"a":2}')
  })
})
