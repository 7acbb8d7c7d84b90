import { createHash, getHashes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { digestFor } from '../../../src/id/digest.js'

const input = Uint8Array.of(1, 2, 3)

describe('hash functions by PHP names', () => {
  it.each<[string | number, string]>([
    [0, 'md5'],
    ['0', 'md5'],
    ['00', 'md5'],
    [-0, 'md5'],
    [1, 'sha1'],
    ['1', 'sha1'],
    [512, 'sha1'],
    ['-7', 'sha1'],
    ['md5', 'md5'],
    ['MD5', 'md5'],
    ['Sha1', 'sha1'],
    ['SHA256', 'sha256'],
    ['sha512', 'sha512'],
    ['sha512/256', 'sha512-256'],
    ['SHA3-384', 'sha3-384'],
    ['RIPEMD160', 'ripemd160'],
  ])('reads %s as %s', (hashFunction, name) => {
    const expected = createHash(name).update(input).digest()

    expect(Buffer.from(digestFor(hashFunction).of(input)).equals(expected)).toBe(true)
    expect(digestFor(hashFunction).bytes).toBe(expected.length)
  })

  it('knows every hash function that node:crypto lists', () => {
    expect(getHashes().length).toBeGreaterThan(20)
    for (const name of getHashes()) {
      const digest = digestFor(name)
      expect(digest.of(input), name).toHaveLength(digest.bytes)
      expect(digest.bytes, name).toBeGreaterThanOrEqual(16)
    }
  })

  it('lets functions of any length give what their name says', () => {
    expect(digestFor('shake128').bytes).toBe(16)
    expect(digestFor('SHAKE256').bytes).toBe(32)
  })

  it.each(['', 'md6', '1.5', '0x1', ' ', '+', 'md5 ', '__proto__', NaN, 1.5, Infinity])(
    'refuses "%s"',
    (hashFunction) => {
      expect(() => digestFor(hashFunction)).toThrow(RangeError)
      expect(() => digestFor(hashFunction)).toThrow('"hashFunction"')
    },
  )

  it.each([null, true, {}, Symbol('md5'), ['md5'], 1n])(
    'refuses what is no name: case %#',
    (value) => {
      expect(() => digestFor(value)).toThrow(TypeError)
    },
  )
})
