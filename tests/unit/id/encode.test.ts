import { runInNewContext } from 'node:vm'
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { encodeId, type EncodeIdOptions } from '../../../src/id/encode.js'
import { isValidId } from '../../../src/id/validate.js'
import { idVectors, type IdVector } from '../../helpers/id-vectors.js'

const bytesOf = ({ raw_b64 = '' }: IdVector) => new Uint8Array(Buffer.from(raw_b64, 'base64'))

const ALPHABETS = { 4: /^[0-9a-f]+$/, 5: /^[0-9a-v]+$/, 6: /^[0-9a-zA-Z,-]+$/ }

describe('encodeId', () => {
  it('takes bits from the low end', () => {
    expect(encodeId(Uint8Array.of(0x95), { bitsPerCharacter: 4 })).toBe('59')
  })

  it.each([
    ['modern', 105],
    ['pattern', 51],
  ] as const)('writes what PHP 8.2 wrote of the same random bytes: %s', (kind, count) => {
    const vectors = idVectors(kind)

    expect(vectors).toHaveLength(count)
    for (const vector of vectors) {
      const { id, bits, length, raw_used_bytes, id_out } = vector
      const used = bytesOf(vector).subarray(0, raw_used_bytes)
      const options = { bitsPerCharacter: bits, length }
      expect(encodeId(bytesOf(vector), options), id).toBe(id_out)
      expect(encodeId(used, options), `${id}, used bytes only`).toBe(id_out)
      expect(() => encodeId(used.subarray(1), options), `${id}, one less`).toThrow(RangeError)
    }
  })

  it('writes whole digests as PHP 5 did', () => {
    const vectors = idVectors('legacy')

    expect(vectors).toHaveLength(78)
    for (const vector of vectors) {
      const { id, bits, length, id_out } = vector
      expect(encodeId(bytesOf(vector), { bitsPerCharacter: bits }), id).toBe(id_out)
      expect(id_out, id).toHaveLength(length)
    }
  })

  it('writes the digests of PHP 5 from what PHP 5 hashed', () => {
    const known = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'ripemd160']
    const vectors = idVectors('legacy').filter((row) => known.includes(row.hash_function ?? ''))

    expect(vectors.length).toBeGreaterThan(20)
    for (const { id, bits, hash_function, hashed_text, entropy_b64, id_out } of vectors) {
      const digest = createHash(hash_function ?? '')
        .update(hashed_text ?? '')
        .update(Buffer.from(entropy_b64 ?? '', 'base64'))
        .digest()
      expect(encodeId(digest, { bitsPerCharacter: bits }), id).toBe(id_out)
    }
  })

  it.each([
    ['md5', [32, 26, 22]],
    ['sha1', [40, 32, 27]],
    ['sha224', [56, 45, 38]],
    ['sha256', [64, 52, 43]],
    ['sha384', [96, 77, 64]],
    ['sha512', [128, 103, 86]],
  ])('writes %s in PHP 5 lengths for 4, 5 and 6 bits', (name, lengths) => {
    const digest = createHash(name).digest()

    const ids = ([4, 5, 6] as const).map((bitsPerCharacter) =>
      encodeId(digest, { bitsPerCharacter }),
    )

    expect(ids.map((id) => id.length)).toEqual(lengths)
  })

  it('knows the alphabet and length of every id that real PHP drew', () => {
    const vectors = idVectors('real')

    expect(vectors).toHaveLength(225)
    for (const { id, bits, length, id_out } of vectors) {
      expect(id_out, id).toHaveLength(length)
      expect(id_out, id).toMatch(ALPHABETS[bits])
      expect(isValidId(id_out), id).toBe(true)
    }
  })

  it('pads the last character with zeros above the bits that remain', () => {
    expect(encodeId(Uint8Array.of(0xff), { bitsPerCharacter: 5 })).toBe('v7')
    expect(encodeId(Uint8Array.of(0xff), { bitsPerCharacter: 6 })).toBe('-3')
  })

  it('writes nothing for no bytes', () => {
    expect(encodeId(new Uint8Array(0), { bitsPerCharacter: 6 })).toBe('')
    expect(encodeId(Uint8Array.of(1), { bitsPerCharacter: 6, length: 0 })).toBe('')
  })

  it('leaves the bytes it was given alone', () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5)

    encodeId(bytes, { bitsPerCharacter: 5 })

    expect(bytes).toEqual(Uint8Array.of(1, 2, 3, 4, 5))
  })

  it('takes bytes of another realm, and megabytes', () => {
    const foreign = runInNewContext('Uint8Array.of(0x95)') as Uint8Array

    expect(encodeId(foreign, { bitsPerCharacter: 4 })).toBe('59')
    expect(encodeId(new Uint8Array(1 << 20), { bitsPerCharacter: 4 })).toHaveLength(1 << 21)
  })

  it.each<[string, unknown, unknown, ErrorConstructor, string]>([
    ['text for bytes', 'ab', { bitsPerCharacter: 4 }, TypeError, 'bytes'],
    ['a plain array', [1, 2], { bitsPerCharacter: 4 }, TypeError, 'bytes'],
    ['no bits', new Uint8Array(4), {}, TypeError, 'bitsPerCharacter'],
    ['3 bits', new Uint8Array(4), { bitsPerCharacter: 3 }, RangeError, 'bitsPerCharacter'],
    ['7 bits', new Uint8Array(4), { bitsPerCharacter: 7 }, RangeError, 'bitsPerCharacter'],
    ['4.5 bits', new Uint8Array(4), { bitsPerCharacter: 4.5 }, RangeError, 'bitsPerCharacter'],
    [
      'a negative length',
      new Uint8Array(4),
      { bitsPerCharacter: 4, length: -1 },
      RangeError,
      'length',
    ],
    [
      'a length of text',
      new Uint8Array(4),
      { bitsPerCharacter: 4, length: '2' },
      TypeError,
      'length',
    ],
    ['too few bytes', new Uint8Array(4), { bitsPerCharacter: 4, length: 9 }, RangeError, 'bytes'],
    ['an unknown option', new Uint8Array(4), { bitsPerCharacter: 4, size: 2 }, TypeError, 'size'],
  ])('refuses %s', (_, bytes, options, error, word) => {
    const encode = () => encodeId(bytes as Uint8Array, options as EncodeIdOptions)

    expect(encode).toThrow(error)
    expect(encode).toThrow(word)
  })
})
