import { describe, expect, it } from 'vitest'
import { SessionError } from '../../../src/errors.js'
import { assertValidId, assertValidPrefix, isValidId } from '../../../src/id/validate.js'
import { idVectors, prefixVectors } from '../../helpers/id-vectors.js'

const ALL = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ,-'

/** THREATS: what travels in a cookie to become a path, a key or a header. */
const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['a parent directory', '../../etc/passwd'],
  ['an absolute path', '/etc/passwd'],
  ['a Windows path', '..\\windows'],
  ['a NUL', 'abc\0def'],
  ['a newline at the end', 'abcdef\n'],
  ['a header', 'abc\r\nSet-Cookie: a=b'],
  ['a percent sign', '%2e%2e%2f'],
  ['a dot', 'a.b'],
  ['a space', 'a b'],
  ['quotes and brackets', '"<script>\''],
  ['a separator of keys', 'a:b;c|d_e*'],
  ['unicode that looks like a letter', 'аbc'],
  ['a full-width letter', 'ａｂｃ'],
  ['a letter whose low byte is a letter', '\u0161\u0141'],
  ['half a surrogate pair', 'abc\ud800'],
  ['four kilobytes', 'a'.repeat(4096)],
  ['nothing', ''],
  ['undefined', undefined],
  ['null', null],
  ['a number', 12345],
  ['an array of ids', ['abcdef']],
  ['a String object', new String('abcdef')],
  ['an object that turns into an id', { toString: () => 'abcdef', length: 6 }],
  ['a symbol', Symbol('abcdef')],
  ['a bigint', 10n],
  ['a function', () => 'abcdef'],
  [
    'a proxy that throws',
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('touched')
        },
      },
    ),
  ],
]

describe('isValidId', () => {
  it('accepts each character of the alphabet and no other one of 65,536', () => {
    const accepted = Array.from({ length: 0x1_00_00 }, (_, code) =>
      String.fromCharCode(code),
    ).filter((character) => isValidId(character))

    expect(accepted.sort().join('')).toBe([...ALL].sort().join(''))
  })

  it.each(HOSTILE)('refuses %s', (_, id) => {
    expect(isValidId(id)).toBe(false)
  })

  it('refuses one wrong character anywhere', () => {
    for (let at = 0; at < 256; at += 1) {
      expect(isValidId(`${'a'.repeat(at)}/${'a'.repeat(255 - at)}`), `at ${at}`).toBe(false)
    }
  })

  it('lets none of a million random texts with a foreign character pass', () => {
    let state = 1
    const next = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const foreign = './\\%\0\n\r\t ;:_*|"\'<>?=&+~@#$^()[]{}!`\x7f\u00e9\u0130\u212a\uffff'
    let passed = 0
    for (let round = 0; round < 1_000_000; round += 1) {
      const at = next(32)
      const text = ALL.slice(0, at) + foreign.charAt(next(foreign.length)) + ALL.slice(at, 32)
      if (isValidId(text)) passed += 1
    }

    expect(passed).toBe(0)
  })

  it('takes 1 to 256 characters, or what it is told', () => {
    const lengths = (bounds?: { min?: number; max?: number }) =>
      [0, 1, 21, 22, 250, 251, 256, 257].filter((length) => isValidId('a'.repeat(length), bounds))

    expect(lengths()).toEqual([1, 21, 22, 250, 251, 256])
    expect(lengths({ min: 22 })).toEqual([22, 250, 251, 256])
    expect(lengths({ max: 250 })).toEqual([1, 21, 22, 250])
    expect(lengths({ min: 22, max: 22 })).toEqual([22])
  })

  it('accepts nothing when a bound is not a number', () => {
    expect(isValidId('abc', { min: NaN })).toBe(false)
    expect(isValidId('abc', { max: NaN })).toBe(false)
  })

  it('accepts every id that PHP made', () => {
    const ids = (['modern', 'pattern', 'legacy', 'real'] as const).flatMap(idVectors)

    expect(ids.filter(({ id_out }) => !isValidId(id_out))).toEqual([])
    expect(ids).toHaveLength(459)
  })
})

describe('assertValidId', () => {
  it('lets ids pass', () => {
    expect(() => assertValidId('abc,DEF-012')).not.toThrow()
  })

  it.each(HOSTILE)('throws an InvalidIdError that does not repeat %s', (_, id) => {
    const thrown = catchError(() => assertValidId(id))

    expect(thrown).toBeInstanceOf(SessionError)
    expect(thrown).toMatchObject({ name: 'InvalidIdError', code: 'ERR_SESSION_ID' })
    if (typeof id === 'string' && id !== '' && id !== 'a b' && id !== 'a.b') {
      expect((thrown as Error).message).not.toContain(id)
    }
  })

  it('names the bounds it was given', () => {
    expect(() => assertValidId('abc', { min: 22 })).toThrow('22 to 256 characters')
    expect(() => assertValidId('abc', { max: 2 })).toThrow('1 to 2 characters')
  })
})

describe('assertValidPrefix', () => {
  it('refuses what PHP refuses, and a NUL, which PHP lets pass', () => {
    expect(prefixVectors).toHaveLength(10)
    for (const { id, prefix_b64, result } of prefixVectors) {
      const prefix = Buffer.from(prefix_b64, 'base64').toString('latin1')
      const taken = catchError(() => assertValidPrefix(prefix, 0)) === undefined
      expect(taken, id).toBe(result !== false && !prefix.includes('\0'))
    }
  })

  it('refuses an id longer than 256 characters in all, which PHP makes and cannot use', () => {
    expect(() => assertValidPrefix('a', 256)).toThrow(RangeError)
    expect(() => assertValidPrefix('a', 255)).not.toThrow()
    expect(() => assertValidPrefix('', 256)).not.toThrow()
  })

  it('refuses what is not text', () => {
    expect(() => assertValidPrefix(7, 32)).toThrow(TypeError)
  })
})

function catchError(run: () => void): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
