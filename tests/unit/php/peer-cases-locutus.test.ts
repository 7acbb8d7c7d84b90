/**
 * What the examples in the source of locutus 2 and 3 and their tests cover of `serialize` and
 * `unserialize`, in our own values: one row or test here for each case there, and one for each kind
 * of value that their reader knows. Where the answer differs on purpose, the title says so.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpObject, PhpReference } from '../../../src/php/values.js'
import { text, wire } from '../../helpers/typed-value.js'

const write = (value: unknown): string => text(serialize(value))
/** Text as UTF-8, as their users pass it. */
const utf8 = (bytes: string): string => text(Buffer.from(bytes))

describe('the examples of locutus', () => {
  it.each<[what: string, value: unknown, bytes: string]>([
    ['a list of names', ['Ada', 'B.', 'Love'], 'a:3:{i:0;s:3:"Ada";i:1;s:2:"B.";i:2;s:4:"Love";}'],
    ['names by key', { one: 'Ada', two: 'B.' }, 'a:2:{s:3:"one";s:3:"Ada";s:3:"two";s:2:"B.";}'],
    [
      'three names by key',
      { a: 'Ada', b: 'B.', c: 'Love' },
      'a:3:{s:1:"a";s:3:"Ada";s:1:"b";s:2:"B.";s:1:"c";s:4:"Love";}',
    ],
    [
      'keys and values of two, three and four bytes a character',
      { ř: 'ř', 東: '東', '𩸽': '𩸽' },
      utf8('a:3:{s:2:"ř";s:2:"ř";s:3:"東";s:3:"東";s:4:"𩸽";s:4:"𩸽";}'),
    ],
    ['a list of null and empty text', [null, '', null], 'a:3:{i:0;N;i:1;s:0:"";i:2;N;}'],
  ])('%s', (_what, value, bytes) => {
    expect(write(value)).toBe(bytes)
    expect(unserialize(wire(bytes))).toEqual(value)
  })

  it('an stdClass, on purpose an object of its class, so that it goes back as one', () => {
    const bytes = 'O:8:"stdClass":2:{s:2:"on";b:1;s:1:"n";i:3;}'

    const value = unserialize(bytes)

    expect(value).toEqual(new PhpObject('stdClass', { on: true, n: 3 }))
    expect(write(value)).toBe(bytes)
  })

  it('escaped text, in values and keys, with digits in either case', () => {
    expect(unserialize('S:3:"\\74\\65\\61";')).toBe('tea')
    expect(unserialize('S:4:"t\\C5\\afx";')).toBe('tůx')
    expect(unserialize('a:1:{S:3:"\\74ea";i:1;}')).toEqual({ tea: 1 })
  })

  it.each([undefined, null, 7, {}])('%s instead of bytes is a mistake, not false', (value) => {
    expect(() => unserialize(value as never)).toThrow(TypeError)
  })
})

describe('failures, for all of which locutus answers false', () => {
  const notes = vi.spyOn(console, 'error')
  beforeEach(() => void notes.mockClear())
  afterEach(() => expect(notes).not.toHaveBeenCalled())

  it('a stored false is false', () => {
    expect(unserialize('b:0;')).toBe(false)
    expect(unserialize('a:1:{i:0;b:0;}')).toEqual([false])
  })

  it.each<[what: string, bytes: string, offset: number]>([
    ['nothing', '', 0],
    ['something else', 'hello', 0],
    ['a bool that is none', 'b:2;', 0],
    ['an int with a fraction', 'i:1.5;', 0],
    ['a float with letters', 'd:1.5z;', 0],
    ['text shorter than it says', 's:5:"abc";', 10],
    ['text longer than it says', 's:2:"abc";', 7],
    ['text counted in characters', 's:2:"řř";', 7],
    ['escaped text that ends early', 'S:3:"\\74\\65";', 12],
    ['a count that nothing follows', 'a:3', 0],
    ['a count below zero', 'a:-1:{}', 0],
    ['an array that is not closed', 'a:1:{i:0;i:1;', 13],
    ['an array of more than it says', 'a:1:{i:0;i:1;i:1;i:2;}', 13],
    ['a key that is null', 'a:1:{N;i:1;}', 7],
    ['a reference to nothing', 'a:1:{i:0;R:9;}', 13],
    ['an object that is not closed', 'O:8:"stdClass":0:{', 18],
  ])('%s is an error with its offset', (_what, bytes, offset) => {
    const failure = expect.objectContaining({ code: 'ERR_SESSION_DECODE', offset })

    expect(() => unserialize(bytes)).toThrow(failure)
    expect(() => unserialize(bytes)).toThrow(DecodeError)
  })
})

describe('kinds of values that their reader knows', () => {
  it.each<[bytes: string, value: unknown]>([
    ['i:+41;', 41],
    ['i:-41;', -41],
    ['d:4.;', 4],
    ['d:.25;', 0.25],
    ['d:25e-2;', 0.25],
    ['d:2.5E+3;', 2500],
    ['d:INF;', Infinity],
    ['d:-INF;', -Infinity],
    ['d:NAN;', NaN],
    ['N;', null],
    ['b:1;', true],
  ])('%s', (bytes, value) => {
    expect(unserialize(bytes)).toBe(value)
  })

  it('a reference, which stays one: a change in one place is seen in the other', () => {
    const list = unserialize('a:2:{i:0;i:6;i:1;R:2;}') as PhpReference[]
    const [first, second] = list as [PhpReference, PhpReference]

    first.value = 7

    expect(second.value).toBe(7)
    expect(write(list)).toBe('a:2:{i:0;i:7;i:1;R:2;}')
  })

  it('an object in two places, which is one object', () => {
    const bytes = 'a:2:{i:0;O:8:"stdClass":0:{}i:1;r:2;}'
    const [first, second] = unserialize(bytes) as [unknown, unknown]

    expect(first).toBe(second)
    expect(write([first, second])).toBe(bytes)
  })

  it('a key that comes twice: the last value, in the first place, as PHP', () => {
    const value = unserialize('a:3:{s:1:"a";i:1;s:1:"b";i:2;s:1:"a";i:3;}')

    expect(Object.entries(value as object)).toEqual([
      ['a', 3],
      ['b', 2],
    ])
  })

  it('keys like ints are ints, but for those with a 0 in front', () => {
    expect(write({ 12: 'a', '012': 'b', '-3': 'c' })).toBe(
      'a:3:{i:12;s:1:"a";s:3:"012";s:1:"b";i:-3;s:1:"c";}',
    )
  })

  it('a function: on purpose an error with the path, where they leave it out', () => {
    expect(() => serialize({ a: [() => 1] })).toThrow(expect.objectContaining({ path: ['a', 0] }))
  })

  it('undefined: null in a list, and on purpose left out as a property', () => {
    expect(write(undefined)).toBe('N;')
    expect(write([undefined])).toBe('a:1:{i:0;N;}')
    expect(write({ a: undefined, b: 1 })).toBe('a:1:{s:1:"b";i:1;}')
  })
})

describe('a key named __proto__', () => {
  const nested = 's:9:"__proto__";a:1:{s:5:"admin";b:1;}s:2:"id";i:7;'

  it.each([
    ['in an array', `a:2:{${nested}}`, (value: unknown) => value as object],
    ['one level down', `a:1:{i:0;a:2:{${nested}}}`, (value: unknown) => (value as object[])[0]],
  ])('%s is a key of its own, and nothing is inherited', (_what, bytes, from) => {
    const value = from(unserialize(bytes)) as Record<string, unknown>

    expect(Object.keys(value)).toEqual(['__proto__', 'id'])
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect([value['admin'], value['id']]).toEqual([undefined, 7])
    expect(write(unserialize(bytes))).toBe(bytes)
  })

  it('in an stdClass is a property', () => {
    const bytes = `O:8:"stdClass":2:{${nested}}`
    const value = unserialize(bytes) as PhpObject

    expect(Object.getPrototypeOf(value)).toBe(PhpObject.prototype)
    expect(value.get('admin')).toBeUndefined()
    expect(value.get('__proto__')).toEqual({ admin: true })
    expect(write(value)).toBe(bytes)
  })
})
