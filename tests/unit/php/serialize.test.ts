import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { EncodeError } from '../../../src/errors.js'
import { floatText } from '../../../src/php/float.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference, PhpSerializable } from '../../../src/php/values.js'
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

describe('scalars', () => {
  it.each([
    [null, 'N;'],
    [undefined, 'N;'],
    [true, 'b:1;'],
    [0, 'i:0;'],
    [-0, 'd:-0;'],
    [9, 'i:9;'],
    [10, 'i:10;'],
    [-1234567890, 'i:-1234567890;'],
    [2147483647, 'i:2147483647;'],
    [-2147483648, 'i:-2147483648;'],
    [2147483648, 'i:2147483648;'],
    [Number.MAX_SAFE_INTEGER, 'i:9007199254740991;'],
    [Number.MIN_SAFE_INTEGER, 'i:-9007199254740991;'],
    [2 ** 53, 'd:9007199254740992;'],
    [5n, 'i:5;'],
    [2n ** 63n - 1n, 'i:9223372036854775807;'],
    [0.1, 'd:0.1;'],
    [1e17, 'd:1.0E+17;'],
    [1e-5, 'd:1.0E-5;'],
    [NaN, 'd:NAN;'],
    ['', 's:0:"";'],
    ['hallo', 's:5:"hallo";'],
    ['é', 's:2:"\xc3\xa9";'],
    ['😀', 's:4:"\xf0\x9f\x98\x80";'],
    [Uint8Array.of(0xff, 0x22), 's:2:"\xff"";'],
    [Buffer.from('a'), 's:1:"a";'],
  ])('%s', (value, bytes) => {
    expect(write(value)).toBe(bytes)
  })

  it('have the length of their bytes where it has more digits than that of their characters', () => {
    for (const length of [3, 5, 33, 34, 50, 64, 65, 333, 334, 500, 3334, 40_000]) {
      const value = 'é'.repeat(length)

      expect(write(value)).toBe(`s:${length * 2}:"${text(Buffer.from(value))}";`)
      expect(write(value.slice(1) + 'a')).toMatch(new RegExp(`^s:${length * 2 - 1}:`))
    }
  })
})

describe('containers', () => {
  it('are arrays of PHP', () => {
    expect(write([])).toBe('a:0:{}')
    expect(write({})).toBe('a:0:{}')
    expect(write([1, [2]])).toBe('a:2:{i:0;i:1;i:1;a:1:{i:0;i:2;}}')
    expect(write({ a: 1, b: { c: null } })).toBe('a:2:{s:1:"a";i:1;s:1:"b";a:1:{s:1:"c";N;}}')
    expect(write(Object.assign(Object.create(null), { a: 1 }))).toBe('a:1:{s:1:"a";i:1;}')
    expect(write(new Map<unknown, unknown>([['b', 1], [0, 2]]))).toBe('a:2:{s:1:"b";i:1;i:0;i:2;}') // prettier-ignore
  })

  it('write keys that PHP takes for integers as integers', () => {
    expect(write({ '7': 1, '-5': 2, '01': 3, '-0': 4, '1.5': 5, '': 6 })).toBe(
      'a:6:{i:7;i:1;i:-5;i:2;s:2:"01";i:3;s:2:"-0";i:4;s:3:"1.5";i:5;s:0:"";i:6;}',
    )
    expect(write({ '9223372036854775807': 1, '9223372036854775808': 2 })).toBe(
      'a:2:{i:9223372036854775807;i:1;s:19:"9223372036854775808";i:2;}',
    )
    expect(
      write(
        new Map<unknown, number>([
          ['7', 1],
          [8n, 2],
          [-0, 3],
          [Uint8Array.of(0xff), 4],
          [Buffer.from('12'), 5],
        ]),
      ),
    ).toBe(
      // prettier-ignore
      'a:5:{i:7;i:1;i:8;i:2;i:0;i:3;s:1:"\xff";i:4;i:12;i:5;}',
    )
  })

  it('leave out properties that are undefined, and count without them', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`k${index}`, index]))

    expect(write({ a: undefined, b: 1, c: undefined })).toBe('a:1:{s:1:"b";i:1;}')
    expect(write({ ...many, k3: undefined, k4: undefined, k5: { x: undefined } })).toBe(
      serializedWithout(many, ['k3', 'k4'], { k5: {} }),
    )
    expect(write([undefined, 1])).toBe('a:2:{i:0;N;i:1;i:1;}')
    expect(write([, 1])).toBe('a:2:{i:0;N;i:1;i:1;}') // eslint-disable-line no-sparse-arrays
    expect(write(new Map([['a', undefined]]))).toBe('a:0:{}')
    expect(write(new PhpObject('A', { a: undefined, b: 1 }))).toBe('O:1:"A":1:{s:1:"b";i:1;}')
  })

  it('write own __proto__ keys as any other', () => {
    const value = JSON.parse('{"__proto__":{"a":1},"constructor":2}') as unknown

    expect(write(value)).toBe('a:2:{s:9:"__proto__";a:1:{s:1:"a";i:1;}s:11:"constructor";i:2;}')
  })

  it('may come from another realm', () => {
    const value: unknown = runInContext('({ a: [1], m: new Map([[1, 2]]) })', createContext())

    expect(write(value)).toBe('a:2:{s:1:"a";a:1:{i:0;i:1;}s:1:"m";a:1:{i:1;i:2;}}')
  })

  it('are written twice where they are in two places', () => {
    const shared = [1]

    expect(write([shared, shared])).toBe('a:2:{i:0;a:1:{i:0;i:1;}i:1;a:1:{i:0;i:1;}}')
  })
})

function serializedWithout(
  source: Record<string, unknown>,
  without: readonly string[],
  changed: Record<string, unknown>,
): string {
  const rest = Object.entries({ ...source, ...changed }).filter(([key]) => !without.includes(key))
  return write(Object.fromEntries(rest))
}

describe('values of PHP', () => {
  it('are written as they were read', () => {
    const object = new PhpObject('App\\User', { id: 7 })
      .define({ name: 'email', visibility: 'protected', value: 'a@b.c' })
      .define({ name: 'hash', visibility: 'private', value: 'h' })

    expect(write(object)).toBe(
      'O:8:"App\\User":3:{s:2:"id";i:7;s:8:"\0*\0email";s:5:"a@b.c";s:14:"\0App\\User\0hash";s:1:"h";}',
    )
    expect(write(new PhpEnum('Suit', 'Hearts'))).toBe('E:11:"Suit:Hearts";')
    expect(write(new PhpSerializable('Old', Buffer.from('abc')))).toBe('C:3:"Old":3:{abc}')
  })

  it('do not take keys of properties for integers', () => {
    const object = new PhpObject('stdClass', { '0': 1 })
    object.members.set(5, 2)

    expect(write(object)).toBe('O:8:"stdClass":2:{s:1:"0";i:1;i:5;i:2;}')
  })

  it('are one object wherever the same instance is', () => {
    const object = new PhpObject('A')
    object.set('self', object)

    expect(write([object, [object]])).toBe(
      'a:2:{i:0;O:1:"A":1:{s:4:"self";r:2;}i:1;a:1:{i:0;r:2;}}',
    )
    expect(write([new PhpObject('A'), new PhpObject('A')])).not.toContain('r:')
  })

  it('are one case of an enum, whichever instance', () => {
    expect(write([new PhpEnum('S', 'H'), new PhpEnum('S', 'H'), new PhpEnum('S', 'K')])).toBe(
      'a:3:{i:0;E:3:"S:H";i:1;r:2;i:2;E:3:"S:K";}',
    )
  })

  it('refer to places by the slots PHP counts', () => {
    const object = new PhpObject('A')
    const reference = new PhpReference(1)

    expect(write([object, object, reference, reference, object])).toBe(
      'a:5:{i:0;O:1:"A":0:{}i:1;r:2;i:2;i:1;i:3;R:4;i:4;r:2;}',
    )
    expect(write([new PhpReference(object), object])).toBe('a:2:{i:0;O:1:"A":0:{}i:1;r:2;}')
    expect(write([object, new PhpReference(object)])).toBe('a:2:{i:0;O:1:"A":0:{}i:1;R:2;}')
  })

  it('count the slots in the data of an object that serialized itself', () => {
    const object = new PhpObject('A')
    const old = new PhpSerializable('Old', Buffer.from('a:1:{i:0;i:1;}'))

    expect(write([old, object, object])).toBe(
      'a:3:{i:0;C:3:"Old":14:{a:1:{i:0;i:1;}}i:1;O:1:"A":0:{}i:2;r:5;}',
    )
  })

  it('may close a circle through a reference', () => {
    const list: unknown[] = [1]
    list.push(new PhpReference(list))

    expect(write(list)).toBe('a:2:{i:0;i:1;i:1;a:2:{i:0;i:1;i:1;R:3;}}')
    expect(write(unserialize('a:1:{i:0;a:1:{i:0;R:2;}}'))).toBe('a:1:{i:0;a:1:{i:0;R:2;}}')
  })

  it('have names of any bytes', () => {
    const bytes = Buffer.from('O:3:"A\xffB":1:{s:2:"\xe9\xff";N;}', 'latin1')

    expect(serialize(unserialize(bytes))).toEqual(new Uint8Array(bytes))
  })
})

describe('values that PHP does not have', () => {
  const cycle: unknown[] = []
  cycle.push({ cycle })

  it.each([
    [{ a: [() => 1] }, 'a function', ['a', 0]],
    [{ a: Symbol('s') }, 'a symbol', ['a']],
    [[new Date()], 'an instance of Date', [0]],
    [{ user: new (class User {})() }, 'an instance of User', ['user']],
    [new Set([1]), 'an instance of Set', []],
    [new Float64Array(1), 'an instance of Float64Array', []],
    [{ a: { b: 2n ** 63n } }, '64 bits', ['a', 'b']],
    [{ a: '\ud800' }, 'surrogate', ['a']],
    [['x'.repeat(100) + '\udc00'], 'surrogate', [0]],
    [{ 'a\ud800': 1 }, 'surrogate', ['a\ud800']],
    [new Map([[1.5, 1]]), 'key that PHP does not have', []],
    [{ m: new Map<unknown, number>([[1, 1], ['1', 2]]) }, 'the same in PHP', ['m']], // prettier-ignore
    [new Map([[{}, 1]]), 'key that PHP does not have', []],
    [new Map([['a', new Map([['b', () => 1]])]]), 'a function', ['a', 'b']],
    [new PhpObject('A', { p: [() => 1] }), 'a function', ['p', 0]],
    [[new PhpReference(new PhpReference(1))], 'a reference to a reference', [0]],
    [cycle, 'a cycle', expect.any(Array)],
  ])('are errors that say where: %#', (value, reason, path) => {
    const error = failure(value)

    expect(error.message).toContain(reason)
    expect(error.path).toEqual(path)
    expect(error.code).toBe('ERR_SESSION_ENCODE')
  })

  it('include cycles, found before anything grows', () => {
    const big = { text: 'x'.repeat(100_000), self: undefined as unknown }
    big.self = [[[big]]]

    expect(failure(big).message).toContain('a cycle')
    expect(failure(big).path.length).toBeLessThan(20)
  })

  it('include getters that fail, with their error as the cause', () => {
    const cause = new Error('no')
    const value = {
      a: {
        get b(): number {
          throw cause
        },
      },
    }

    expect(failure(value).path).toEqual(['a', 'b'])
    expect(failure(value).cause).toBe(cause)
  })

  it('never name what was in them', () => {
    expect(failure({ a: Symbol('secret') }).message).not.toContain('secret')
    expect(failure({ a: 'secret\ud800' }).message).not.toContain('secret')
  })
})

describe('limits', () => {
  const nest = (levels: number): unknown => {
    let value: unknown = null
    for (let level = 0; level < levels; level += 1) value = [value]
    return value
  }

  it('allow 4096 levels, and others on demand', () => {
    expect(write(nest(4096))).toContain('N;')
    expect(failure(nest(4097)).message).toContain('nesting deeper than 4096')
    expect(() => serialize(nest(3), { maxDepth: 2 })).toThrow('nesting deeper than 2')
    expect(serialize(nest(100_000), { maxDepth: 0 }).length).toBeGreaterThan(1_000_000)
    expect(() => serialize([[]], { maxDepth: 1 })).not.toThrow()
  })

  it.each([50_000, 1_000_000])('refuse %i levels without the stack running out', (levels) => {
    expect(failure(nest(levels)).path).toHaveLength(4096)
  })

  it('are options, checked by name and value', () => {
    expect(() => serialize(1, { depth: 1 } as never)).toThrow(TypeError)
    expect(() => serialize(1, { maxDepth: -1 })).toThrow(RangeError)
  })
})

describe('the bytes', () => {
  it('are memory of their own and no Buffer', () => {
    const first = serialize(['first'])
    const copy = text(first)

    serialize(['second', 'x'.repeat(100)])

    expect(text(first)).toBe(copy)
    expect(first.constructor).toBe(Uint8Array)
    expect(first.buffer.byteLength).toBe(first.length)
  })

  it('are right when a getter serializes, too', () => {
    const value = {
      get inner(): string {
        return write({ deep: [1, 2, 3] })
      },
      after: 'x',
    }

    expect(unserialize(serialize(value))).toEqual(
      Object.assign(Object.create(null) as object, {
        inner: write({ deep: [1, 2, 3] }),
        after: 'x',
      }),
    )
  })

  it('are whole where they outgrow the first memory', () => {
    const value = Array.from({ length: 20_000 }, (_, index) => `item ${index} é`)

    expect(unserialize(serialize(value))).toEqual(value)
  })
})

describe('floats with few decimals', () => {
  it('are written as their text is', () => {
    const values = [0.01, -0.01, 0.1, 9.99, -9.9, 0.05, 1.005, 21474836.47, 21474836.48, 123456.789, 1e-7, 0.30000000000000004] // prettier-ignore
    for (let cents = -2000; cents < 2000; cents += 7) values.push(cents / 100, cents / 100 + 1e-13)

    const written = text(serialize(values.filter((value) => !Number.isInteger(value))))
    const expected = values.filter((value) => !Number.isInteger(value))

    expect(written).toBe(
      `a:${expected.length}:{${expected.map((value, index) => `i:${index};d:${floatText(value)};`).join('')}}`,
    )
  })
})
