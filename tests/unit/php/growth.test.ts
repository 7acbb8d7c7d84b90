/** Time grows with the bytes and not with their square, up to sixteen megabytes. */
import { deserialize, serialize as toV8 } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { phpSerializer } from '../../../src/serializers/php.js'
import { measureGrowth, slope, type Growth, type GrowthOptions } from '../../helpers/growth.js'
import { LARGE_VALUES, sessionOf, VALUES, type Shape } from '../../helpers/php-shapes.js'

const MB = 2 ** 20
const BOUND = 1.1
/** A loaded machine takes many tries until each size had its undisturbed run; most shapes need one. */
const TRIES = 20
const SIXTEEN: GrowthOptions = { sizes: [MB, 4 * MB, 16 * MB], runs: 1, bound: BOUND, tries: TRIES }
const FOUR: GrowthOptions = { ...SIXTEEN, sizes: [MB / 4, MB, 4 * MB] }
const TWO: GrowthOptions = { ...SIXTEEN, sizes: [MB / 8, MB / 2, 2 * MB] }
const UNLIMITED = { maxDepth: 0 }
const TIMEOUT = { timeout: 240_000 }

/** What was read; nothing of what was refused. */
function read(bytes: Uint8Array): unknown[] {
  try {
    return [unserialize(bytes, UNLIMITED)]
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return []
  }
}

/**
 * The exponent of reading and writing. Past the caches of a processor memory itself gets slower with
 * its size: where that shows, the engine's own copy of the same value is the measure of it.
 */
function exponentOf(shape: Shape, options: GrowthOptions): number {
  const growth = measureGrowth((size) => {
    const bytes = shape(size)
    return () => read(bytes).forEach((value) => serialize(value, UNLIMITED))
  }, options)
  return growth.exponent <= BOUND ? growth.exponent : growth.exponent - excessOf(shape, options)
}

/** By how much the exponent of the engine's copy is more than 1. */
function excessOf(shape: Shape, options: GrowthOptions): number {
  const copy: Growth = measureGrowth((size) => {
    const [value] = read(shape(size))
    return () => deserialize(toV8(value))
  }, options)
  return Math.max(0, copy.exponent - 1)
}

describe('the exponent of growth', () => {
  const points = [1, 2, 4, 8]

  it.each([1, 2, 0.5])('is the slope of a line in logarithms: %d', (exponent) => {
    const line = points.map((x) => [Math.log(x), Math.log(3 * x ** exponent)] as const)

    expect(slope(line)).toBeCloseTo(exponent, 10)
  })

  it('of a parser that cuts off what it has read is that of a square', () => {
    const growth = measureGrowth(
      (size) => () => {
        let rest = Buffer.alloc(size, 'N;')
        let values = 0
        while (rest.length > 0) {
          rest = Buffer.from(rest.subarray(512))
          values += 1
        }
        return values
      },
      { sizes: [MB / 4, MB / 2, MB], runs: 2, bound: BOUND, tries: 1 },
    )

    expect(growth.exponent).toBeGreaterThan(1.6)
  })
})

describe('up to sixteen megabytes', () => {
  it.each(Object.entries(VALUES))('of %s take time in proportion', TIMEOUT, (_, shape) => {
    expect(exponentOf(shape, SIXTEEN)).toBeLessThanOrEqual(BOUND)
  })
})

describe('up to four megabytes, many times that in memory,', () => {
  it.each(Object.entries(LARGE_VALUES))('of %s take time in proportion', TIMEOUT, (_, shape) => {
    expect(exponentOf(shape, FOUR)).toBeLessThanOrEqual(BOUND)
  })
})

/** Sessions by what their variables are, and which of them change. */
const SESSIONS: Readonly<
  Record<string, readonly [value: (index: number) => string, every: number]>
> = {
  // prettier-ignore
  'one change': [() => 'd:5;', Infinity],
  'all changed': [() => 'd:5;', 1],
  'one change among objects': [() => 'O:1:"A":1:{s:1:"a";d:5;}', Infinity],
  'one change among references': [(index) => (index === 0 ? 'O:1:"A":0:{}' : 'r:1;'), Infinity],
  'every third changed among references': [(index) => (index === 0 ? 'O:1:"A":0:{}' : 'r:1;'), 3],
}

describe('a session written over the one before', () => {
  it.each(Object.entries(SESSIONS))(
    'with %s takes time in proportion',
    TIMEOUT,
    (_, [value, every]) => {
      // prettier-ignore
      const growth = measureGrowth(
      (size) => {
        const previous = sessionOf(Math.floor(size / (9 + value(1).length)), value)
        const data = phpSerializer.decode(previous)
        Object.keys(data).forEach((name, index) => {
          if (index % every === Math.min(every - 1, 1)) data[name] = 'changed'
        })
        return () => phpSerializer.encode(data, previous)
      },
      TWO,
    )

      expect(growth.exponent).toBeLessThanOrEqual(BOUND)
    },
  )
})
