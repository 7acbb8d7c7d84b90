import { describe, expect, it } from 'vitest'
import { createEncoder } from '../../../src/id/encoder.js'
import { encodeId } from '../../../src/id/encode.js'
import { idVectors } from '../../helpers/id-vectors.js'

const counted = (count: number) =>
  Uint8Array.from({ length: count }, (_, at) => (at * 89 + 171) & 255)

describe('the fast encoder', () => {
  it.each(['modern', 'pattern'] as const)('writes what PHP wrote: %s', (kind) => {
    const vectors = idVectors(kind)

    expect(vectors.length).toBeGreaterThan(50)
    for (const { id, bits, length, raw_b64 = '', id_out } of vectors) {
      const raw = new Uint8Array(Buffer.from(raw_b64, 'base64'))
      expect(createEncoder('', length, bits)(raw, 0), id).toBe(id_out)
    }
  })

  it('writes whole digests as PHP 5 did, whose last bits fill no character', () => {
    for (const { id, bits, length, raw_b64 = '', id_out } of idVectors('legacy')) {
      const raw = new Uint8Array(Buffer.from(raw_b64, 'base64'))
      expect(createEncoder('', length, bits)(raw, 0), id).toBe(id_out)
    }
  })

  it.each([4, 5, 6] as const)('equals encodeId for every length at %i bits', (bits) => {
    for (let length = 0; length <= 256; length += 1) {
      const bytes = counted(200)
      const expected = encodeId(bytes, { bitsPerCharacter: bits, length })
      expect(createEncoder('', length, bits)(bytes, 0), `length ${length}`).toBe(expected)
    }
  })

  it.each([4, 5, 6] as const)('wipes exactly the bytes it used, at %i bits', (bits) => {
    for (const length of [1, 22, 26, 31, 32, 33, 255]) {
      const bytes = counted(260)
      const used = Math.ceil((length * bits) / 8)

      createEncoder('', length, bits)(bytes, 7)

      const expected = counted(260).fill(0, 7, 7 + used)
      expect(bytes, `length ${length}`).toEqual(expected)
    }
  })

  it('puts the prefix before each id, odd or even, and keeps nothing of the id before', () => {
    for (const prefix of ['a', 'ab', 'user-', ',']) {
      const encode = createEncoder(prefix, 27, 5)

      const first = encode(counted(17), 0)
      const second = encode(new Uint8Array(17), 0)

      expect(first).toBe(prefix + encodeId(counted(17), { bitsPerCharacter: 5, length: 27 }))
      expect(second).toBe(prefix + '0'.repeat(27))
    }
  })
})
