import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALPHABET, encodeId, type BitsPerCharacter } from '../../src/id/encode.js'
import { createEncoder } from '../../src/id/encoder.js'
import { createIdGenerator } from '../../src/id/generate.js'
import { assertValidId, isValidId } from '../../src/id/validate.js'

const bits = fc.constantFrom<BitsPerCharacter>(4, 5, 6)
const bytes = fc.uint8Array({ maxLength: 200 })
const idText = fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 256 })

/** Bits of bytes, lowest first: the order in which PHP takes them. */
function bitsOfBytes(input: Uint8Array): string {
  return Array.from(input, (byte) =>
    [...byte.toString(2).padStart(8, '0')].reverse().join(''),
  ).join('')
}

/** Bits of an id, lowest first in each character. */
function bitsOfId(id: string, width: number): string {
  return Array.from(id, (character) =>
    [...ALPHABET.indexOf(character).toString(2).padStart(width, '0')].reverse().join(''),
  ).join('')
}

/** The whole input as one number, as one would write it without a thought of speed. */
function naive(input: Uint8Array, length: number, width: BitsPerCharacter): string {
  let number = input.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  let id = ''
  for (let at = 0; at < length; at += 1) {
    id += ALPHABET.charAt(Number(number & ((1n << BigInt(width)) - 1n)))
    number >>= BigInt(width)
  }
  return id
}

describe('encoding ids', () => {
  it('keeps every bit of the input, and adds only zeros', () => {
    fc.assert(
      fc.property(bytes, bits, (input, bitsPerCharacter) => {
        const id = encodeId(input, { bitsPerCharacter })
        const expected = bitsOfBytes(input)
        const found = bitsOfId(id, bitsPerCharacter)
        expect(found.slice(0, expected.length)).toBe(expected)
        expect(found.slice(expected.length)).toMatch(/^0{0,5}$/)
      }),
      { numRuns: 2000 },
    )
  })

  it('gives the first characters of the whole for each length', () => {
    fc.assert(
      fc.property(bytes, bits, fc.nat(400), (input, bitsPerCharacter, wanted) => {
        const length = Math.min(wanted, Math.floor((input.length * 8) / bitsPerCharacter))
        const whole = encodeId(input, { bitsPerCharacter })
        expect(encodeId(input, { bitsPerCharacter, length })).toBe(whole.slice(0, length))
      }),
    )
  })

  it('equals its naive twin, plain and fast, after any prefix and from any place', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 210, maxLength: 230 }),
        bits,
        fc.integer({ min: 0, max: 256 }),
        fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 9 }),
        (input, bitsPerCharacter, length, prefix) => {
          const from = input.length - 210
          const expected = naive(input.subarray(from), length, bitsPerCharacter)
          const plain = encodeId(input.subarray(from), { bitsPerCharacter, length })
          const fast = createEncoder(prefix, length, bitsPerCharacter)(input, from)
          expect([plain, fast]).toEqual([expected, prefix + expected])
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('validating ids', () => {
  it('accepts exactly what the pattern accepts, for text like ids and unlike them', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      idText,
      fc
        .tuple(idText, fc.string({ unit: 'binary', maxLength: 2 }), idText)
        .map((all) => all.join('')),
    )
    fc.assert(
      fc.property(text, (id) => {
        expect(isValidId(id)).toBe(/^[A-Za-z0-9,-]{1,256}$/.test(id))
      }),
      { numRuns: 5000 },
    )
  })

  it('answers for anything, and throws nothing but an InvalidIdError', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withSparseArray: true, withTypedArray: true }),
        (value) => {
          const valid = isValidId(value)
          let code: unknown
          try {
            assertValidId(value)
          } catch (error) {
            code = (error as { code?: unknown }).code
          }
          expect(code).toBe(valid ? undefined : 'ERR_SESSION_ID')
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('accepts whatever the generator makes', () => {
    const settings = fc.record({
      length: fc.integer({ min: 22, max: 240 }),
      bitsPerCharacter: bits,
      prefix: fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 16 }),
      allowWeakIds: fc.constant(true),
    })
    fc.assert(
      fc.property(settings, (options) => {
        const { generate, length } = createIdGenerator(options)
        const id = generate()
        expect(isValidId(id, { min: length, max: length })).toBe(true)
        expect(id.startsWith(options.prefix)).toBe(true)
      }),
    )
  })
})
