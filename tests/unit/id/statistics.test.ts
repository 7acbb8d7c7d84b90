import { randomFillSync } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { ALPHABET } from '../../../src/id/encode.js'
import { createIdGenerator, type IdOptions } from '../../../src/id/generate.js'
import { uniformity } from '../../helpers/uniform.js'

const IDS = 1_000_000

const KINDS: readonly (readonly [string, IdOptions, string])[] = [
  ['32 x 4 bits', {}, ALPHABET.slice(0, 16)],
  ['26 x 5 bits', { length: 26, bitsPerCharacter: 5 }, ALPHABET.slice(0, 32)],
  ['22 x 6 bits', { length: 22, bitsPerCharacter: 6 }, ALPHABET],
]

/**
 * False alarms: 80 positions are looked at. One beyond the 1 in 10^12 bounds on either side has a
 * chance of 1.6 in 10^10. More than 5 of at most 32 beyond the 99.9 % point have a chance below
 * C(32,6) * 10^-18 = 9 in 10^13. Together below 10^-9 per run.
 */
describe('a million ids', () => {
  it.each(KINDS)(
    'of %s are all different and evenly spread at each position',
    (_, options, alphabet) => {
      const result = uniformity(createIdGenerator(options).generate, IDS, alphabet)

      expect(result.distinct).toBe(IDS)
      expect(result.impossible).toBe(0)
      expect(result.rare).toBeLessThanOrEqual(5)
    },
  )
})

describe('the count itself', () => {
  const bytes = new Uint8Array(8)
  const draw = (character: (byte: number) => string) => () => {
    randomFillSync(bytes)
    return Array.from(bytes, character).join('')
  }

  it('finds an alphabet taken by the remainder of a byte', () => {
    const biased = draw((byte) => ALPHABET.charAt(byte % 63))

    const result = uniformity(biased, 20_000, ALPHABET)

    expect(result.impossible).toBe(8)
  })

  it('finds one byte of 256 that is drawn wrong', () => {
    const biased = draw((byte) => (byte === 7 ? 'a' : ALPHABET.charAt(byte & 63)))

    expect(uniformity(biased, 200_000, ALPHABET).impossible).toBe(8)
  })

  it('finds a counter, which is too even to be chance', () => {
    let state = 0
    const even = () => ALPHABET.charAt((state += 1) & 15).repeat(8)

    const result = uniformity(even, 20_000, ALPHABET.slice(0, 16))

    expect([result.impossible, result.distinct]).toEqual([8, 16])
  })

  it('finds a character of another alphabet', () => {
    const foreign = draw((byte) => '0123456789abcdeF'.charAt(byte & 15))

    expect(uniformity(foreign, 1000, ALPHABET.slice(0, 16)).impossible).toBe(8)
  })
})

describe('memory of ids', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void

  function heapAfter(work: () => unknown): number {
    collect()
    const before = process.memoryUsage().heapUsed
    const kept = work()
    collect()
    const after = process.memoryUsage().heapUsed
    expect(kept).toBeDefined()
    return after - before
  }

  it.each(KINDS)('of %s is that of one flat string each', (_, options) => {
    const prefix = 'ab,-'
    const { generate, length } = createIdGenerator({ ...options, prefix })
    generate()

    const bytes = heapAfter(() => Array.from({ length: 100_000 }, generate))

    // 8 for the slot, up to 24 for header and alignment; a string of two parts takes 32 more.
    expect(bytes / 100_000).toBeLessThan(length + 8 + 24 + 8)
  })

  it('is not kept by one id of many', () => {
    const { generate } = createIdGenerator()

    const bytes = heapAfter(() => {
      const kept: string[] = []
      for (let made = 0; made < 500_000; made += 1) {
        const id = generate()
        if (made % 500 === 0) kept.push(id)
      }
      return kept
    })

    // 1,000 ids of 56 bytes; with the text around each of them it would be 16 MB.
    expect(bytes).toBeLessThan(1_000_000)
  })
})
