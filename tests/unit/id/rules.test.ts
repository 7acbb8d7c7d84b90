import { describe, expect, it } from 'vitest'
import { resolveIdRule, type IdOptions } from '../../../src/id/rules.js'
import { iniVectors } from '../../helpers/id-vectors.js'

const BITS = [4, 5, 6] as const

/** As PHP reads an ini value: a decimal number and nothing behind it; `undefined` otherwise. */
function iniNumber(value: string): number | undefined {
  return /^\s*[+-]?\d+$/.test(value) ? Number(value) : undefined
}

describe('options of the id generator', () => {
  it('are 32 characters of 4 bits by default, as in PHP', () => {
    const rule = resolveIdRule({})

    expect(rule).toEqual({
      prefix: '',
      length: 32,
      bitsPerCharacter: 4,
      bits: 128,
      digest: undefined,
    })
  })

  it('mean the default where they are undefined', () => {
    const options: Record<keyof IdOptions, undefined> = {
      length: undefined,
      bitsPerCharacter: undefined,
      hashFunction: undefined,
      hashBitsPerCharacter: undefined,
      prefix: undefined,
      allowWeakIds: undefined,
    }

    expect(resolveIdRule(options)).toEqual(resolveIdRule({}))
  })

  it('take the numbers that PHP takes for sid_length and sid_bits_per_character', () => {
    expect(iniVectors).toHaveLength(14)
    for (const { id, option, value, accepted } of iniVectors) {
      const key = option === 'session.sid_length' ? 'length' : 'bitsPerCharacter'
      const number = iniNumber(value)
      const taken =
        number !== undefined && isTaken({ [key]: number, allowWeakIds: true } as IdOptions)
      expect(taken, `${id} ${option}=${value}`).toBe(accepted)
    }
  })

  it('refuse every length and alphabet below 128 bits unless weak ids are allowed by name', () => {
    for (const bitsPerCharacter of BITS) {
      for (let length = 22; length <= 256; length += 1) {
        const bits = length * bitsPerCharacter
        const options = { length, bitsPerCharacter }
        expect(isTaken(options), `${length} x ${bitsPerCharacter}`).toBe(bits >= 128)
        expect(resolveIdRule({ ...options, allowWeakIds: true })).toMatchObject({
          ...options,
          bits,
        })
      }
    }
  })

  it.each<[IdOptions, number]>([
    [{ length: 22 }, 88],
    [{ length: 25, bitsPerCharacter: 5 }, 125],
    [{ length: 31, allowWeakIds: false }, 124],
  ])('say how weak %o is and what is strong', (options, bits) => {
    expect(() => resolveIdRule(options)).toThrow(RangeError)
    expect(() => resolveIdRule(options)).toThrow(`ids of ${bits} bits`)
    expect(() => resolveIdRule(options)).toThrow('"allowWeakIds"')
  })

  it.each([
    ['md5', 128, [32, 26, 22]],
    ['sha1', 160, [40, 32, 27]],
    ['sha224', 224, [56, 45, 38]],
    ['sha256', 256, [64, 52, 43]],
    ['sha384', 384, [96, 77, 64]],
    ['sha512', 512, [128, 103, 86]],
  ])('give %s PHP 5 lengths and the entropy of the digest', (hashFunction, bits, lengths) => {
    const rules = BITS.map((hashBitsPerCharacter) =>
      resolveIdRule({ hashFunction, hashBitsPerCharacter }),
    )

    expect(rules.map((rule) => rule.length)).toEqual(lengths)
    expect(rules.map((rule) => rule.bits)).toEqual([bits, bits, bits])
    expect(resolveIdRule({ hashFunction }).bitsPerCharacter).toBe(4)
  })

  it('do not count the prefix as entropy', () => {
    expect(() => resolveIdRule({ length: 22, prefix: 'a'.repeat(40) })).toThrow('ids of 88 bits')
  })

  it.each<[string, object, ErrorConstructor, string]>([
    ['an unknown option', { sidLength: 32 }, TypeError, '"sidLength"'],
    ['a length below 22', { length: 21, bitsPerCharacter: 6 }, RangeError, '"length"'],
    ['a length above 256', { length: 257 }, RangeError, '22..256'],
    ['a fractional length', { length: 32.5 }, RangeError, '"length"'],
    ['a length of text', { length: '32' }, TypeError, '"length"'],
    ['NaN', { length: NaN }, RangeError, '"length"'],
    ['3 bits', { bitsPerCharacter: 3 }, RangeError, '4..6'],
    ['7 bits', { bitsPerCharacter: 7 }, RangeError, '4..6'],
    ['bits of text', { bitsPerCharacter: '5' }, TypeError, '"bitsPerCharacter"'],
    ['8 hash bits', { hashFunction: 'md5', hashBitsPerCharacter: 8 }, RangeError, '4..6'],
    ['hash bits alone', { hashBitsPerCharacter: 5 }, TypeError, '"hashFunction"'],
    ['hash and length', { hashFunction: 'md5', length: 32 }, TypeError, '"length"'],
    [
      'hash and bits',
      { hashFunction: 0, bitsPerCharacter: 5 },
      TypeError,
      '"hashBitsPerCharacter"',
    ],
    ['an unknown hash', { hashFunction: 'md6' }, RangeError, '"hashFunction"'],
    ['a hash of null', { hashFunction: null }, TypeError, '"hashFunction"'],
    ['a prefix with a slash', { prefix: 'a/b' }, RangeError, '"prefix"'],
    ['a prefix with a NUL', { prefix: 'a\0b' }, RangeError, '"prefix"'],
    ['a prefix with a newline', { prefix: 'ab\n' }, RangeError, '"prefix"'],
    ['a prefix of another type', { prefix: 1 }, TypeError, '"prefix"'],
    ['257 characters', { length: 256, prefix: 'a' }, RangeError, 'at most 0 characters'],
    ['129 before sha512', { hashFunction: 'sha512', prefix: 'a'.repeat(129) }, RangeError, '128'],
    ['weakness of text', { allowWeakIds: 'yes' }, TypeError, '"allowWeakIds"'],
  ])('refuse %s', (_, options, error, words) => {
    expect(() => resolveIdRule(options)).toThrow(error)
    expect(() => resolveIdRule(options)).toThrow(words)
  })

  it('take a prefix that fills 256 characters', () => {
    expect(resolveIdRule({ hashFunction: 'sha512', prefix: 'a'.repeat(128) }).length).toBe(128)
    expect(isTaken({ prefix: 'aZ9,-', length: 251 })).toBe(true)
  })
})

function isTaken(options: IdOptions): boolean {
  try {
    resolveIdRule(options)
    return true
  } catch {
    return false
  }
}
