import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createHash } from 'node:crypto'
import { StateError } from '../../../src/errors.js'
import {
  createIdGenerator,
  createUniqueId,
  encodeId,
  type IdOptions,
} from '../../../src/id/generate.js'
import { isValidId } from '../../../src/id/validate.js'
import { idVectors, prefixVectors } from '../../helpers/id-vectors.js'

/** What node:crypto answers next, and all memory it was asked to fill. */
const crypto = vi.hoisted(() => ({
  pinned: undefined as Uint8Array | undefined,
  filled: [] as Uint8Array[],
}))

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>()
  const randomFillSync = (bytes: Uint8Array) => {
    real.randomFillSync(bytes)
    if (crypto.pinned !== undefined) bytes.set(crypto.pinned)
    crypto.filled.push(bytes)
    return bytes
  }
  return { ...real, randomFillSync }
})

beforeEach(() => {
  crypto.pinned = undefined
  crypto.filled = []
})

const ALPHABETS = { 4: /^[0-9a-f]+$/, 5: /^[0-9a-v]+$/, 6: /^[0-9a-zA-Z,-]+$/ }
const BITS = [4, 5, 6] as const

describe('the id generator', () => {
  it('makes the ids that PHP 8.2 makes of the same random bytes', () => {
    const vectors = [...idVectors('modern'), ...idVectors('pattern')]

    expect(vectors).toHaveLength(156)
    for (const { id, bits, length, raw_b64 = '', id_out } of vectors) {
      crypto.pinned = Buffer.from(raw_b64, 'base64')
      const options = { length, bitsPerCharacter: bits, allowWeakIds: true }
      expect(createIdGenerator(options).generate(), id).toBe(id_out)
    }
  })

  it('makes 32 characters of 128 bits by default', () => {
    const generator = createIdGenerator()

    expect(generator).toMatchObject({ bits: 128, length: 32 })
    expect(generator.generate()).toMatch(/^[0-9a-f]{32}$/)
  })

  it.each(BITS)('makes every length from 22 to 256 at %i bits', (bitsPerCharacter) => {
    for (let length = 22; length <= 256; length += 1) {
      const generator = createIdGenerator({ length, bitsPerCharacter, allowWeakIds: true })
      const id = generator.generate()
      expect(id).toMatch(ALPHABETS[bitsPerCharacter])
      expect([id.length, generator.length, generator.bits]).toEqual([
        length,
        length,
        length * bitsPerCharacter,
      ])
    }
  })

  it('takes the prefixes of session_create_id and puts them first', () => {
    for (const { id, prefix_b64, bits, result } of prefixVectors) {
      const prefix = Buffer.from(prefix_b64, 'base64').toString('latin1')
      if (result === false || prefix.includes('\0')) continue
      const generator = createIdGenerator({ prefix, bitsPerCharacter: bits })
      const made = generator.generate()
      expect(made.startsWith(prefix), id).toBe(true)
      expect([made.length, isValidId(made)], id).toEqual([generator.length, true])
    }
  })

  it('refuses bad options when it is made, not when it is used', () => {
    expect(() => createIdGenerator({ length: 21 })).toThrow(RangeError)
    expect(() => createIdGenerator({ size: 32 } as IdOptions)).toThrow(TypeError)
    expect(() => createIdGenerator({ length: 22 })).toThrow('"allowWeakIds"')
    expect(crypto.filled).toEqual([])
  })

  it.each<[string, IdOptions, number]>([
    ['4 bits', {}, 16],
    ['5 bits', { length: 26, bitsPerCharacter: 5 }, 17],
    ['6 bits', { length: 22, bitsPerCharacter: 6 }, 17],
    ['md5', { hashFunction: 'md5' }, 32],
    ['sha512', { hashFunction: 'sha512', hashBitsPerCharacter: 5 }, 80],
  ])('wipes random bytes as it uses them: %s', (_, options, bytesPerId) => {
    const { generate } = createIdGenerator(options)
    generate()
    const [pool] = crypto.filled

    for (let ids = 1; ids <= 1024 / bytesPerId; ids += 1) {
      const used = pool?.subarray(0, ids * bytesPerId) ?? []
      expect(used.every((byte) => byte === 0)).toBe(true)
      generate()
    }

    expect(crypto.filled).toHaveLength(2)
    expect(pool).toEqual(new Uint8Array(1024))
  })

  it('leaves the bytes of the ids to come alone', () => {
    const { generate } = createIdGenerator()
    generate()
    const [pool] = crypto.filled
    const expected = encodeId(pool?.slice(16, 32) ?? new Uint8Array(), { bitsPerCharacter: 4 })

    expect(generate()).toBe(expected)
  })

  it('shares no random bytes between generators', () => {
    createIdGenerator().generate()
    createIdGenerator().generate()

    expect(crypto.filled).toHaveLength(2)
    expect(crypto.filled[0]).not.toBe(crypto.filled[1])
  })
})

describe('the rule of PHP 4 to 7.0', () => {
  const LENGTHS = {
    md5: [32, 26, 22],
    sha1: [40, 32, 27],
    sha224: [56, 45, 38],
    sha256: [64, 52, 43],
    sha384: [96, 77, 64],
    sha512: [128, 103, 86],
  }

  it.each(Object.entries(LENGTHS))('makes %s ids of its lengths', (hashFunction, lengths) => {
    for (const [index, hashBitsPerCharacter] of BITS.entries()) {
      const generator = createIdGenerator({ hashFunction, hashBitsPerCharacter, prefix: 'p-' })
      const id = generator.generate()
      expect(id.slice(2)).toMatch(ALPHABETS[hashBitsPerCharacter])
      expect(id).toHaveLength((lengths[index] ?? 0) + 2)
      expect(generator.length).toBe(id.length)
    }
  })

  it('encodes the digest of fresh random bytes, at least 32 and 16 more than the digest', () => {
    for (const [hashFunction, seedBytes] of [
      [0, 32],
      ['1', 36],
      ['sha512', 80],
    ] as const) {
      const seed = Buffer.alloc(seedBytes, hashFunction.toString().length)
      crypto.pinned = seed
      const name = hashFunction === 0 ? 'md5' : hashFunction === '1' ? 'sha1' : 'sha512'
      const digest = createHash(name).update(seed).digest()

      const id = createIdGenerator({ hashFunction, hashBitsPerCharacter: 5 }).generate()

      expect(id).toBe(encodeId(digest, { bitsPerCharacter: 5 }))
    }
  })

  it('makes a new id each time', () => {
    const { generate } = createIdGenerator({ hashFunction: 'SHA256', hashBitsPerCharacter: 6 })

    expect(new Set(Array.from({ length: 5000 }, generate)).size).toBe(5000)
  })
})

describe('createUniqueId', () => {
  /** Makes id1, id2, ... */
  function counting() {
    let made = 0
    return { generate: () => `id${(made += 1)}`, made: () => made }
  }

  it('returns the first id that is free, at once when the probe is synchronous', () => {
    const asked: string[] = []
    const isTaken = (id: string) => asked.push(id) < 3

    expect(createUniqueId(counting(), isTaken)).toBe('id3')
    expect(asked).toEqual(['id1', 'id2', 'id3'])
  })

  it('waits for a probe that takes its time', async () => {
    const unique = createUniqueId(counting(), async (id) => id !== 'id4')

    expect(unique).toBeInstanceOf(Promise)
    await expect(unique).resolves.toBe('id4')
  })

  it('waits only from the first promise on', async () => {
    const unique = createUniqueId(counting(), (id) =>
      id === 'id1' ? true : Promise.resolve(false),
    )

    await expect(unique).resolves.toBe('id2')
  })

  it('waits for a source that takes its time', async () => {
    const source = { generate: async () => 'slow' }

    await expect(createUniqueId(source, () => false)).resolves.toBe('slow')
  })

  it('gives up after 4 attempts, without an id in the error', async () => {
    const source = counting()

    expect(() => createUniqueId(source, () => true)).toThrow(StateError)
    expect(source.made()).toBe(4)
    expect(() => createUniqueId(source, () => true)).not.toThrow(/id\d/)
    await expect(createUniqueId(counting(), async () => true)).rejects.toThrow(StateError)
  })

  it('tries as often as it is told', () => {
    const source = counting()

    expect(() => createUniqueId(source, () => true, 1)).toThrow('1 new')
    expect(source.made()).toBe(1)
    expect(() => createUniqueId(source, () => true, 0)).toThrow(RangeError)
    expect(() => createUniqueId(source, () => true, 1.5)).toThrow(RangeError)
  })

  it('passes on what the probe throws', async () => {
    const broken = () => {
      throw new Error('down')
    }

    expect(() => createUniqueId(counting(), broken)).toThrow('down')
    await expect(createUniqueId(counting(), async () => broken())).rejects.toThrow('down')
  })
})
