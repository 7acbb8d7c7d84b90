/** Time grows with the bytes and not with their square: two megabytes of each shape take no age. */
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { phpSerializer } from '../../../src/serializers/php.js'
import { wire } from '../../helpers/typed-value.js'

const SIZE = 2_000_000
/** Ten times what it takes on a busy machine; a square would take a hundred times that. */
const LIMIT_MS = 15_000

const array = (entry: (index: number) => string): Buffer => {
  const count = Math.floor(SIZE / entry(10_000).length)
  return wire(`a:${count}:{${Array.from({ length: count }, (_, index) => entry(index)).join('')}}`)
}

const padded = (index: number): string => String(index).padStart(8, 'k')

const SHAPES: Record<string, Buffer> = {
  integers: array((index) => `i:${index};i:${index * 7};`),
  strings: array((index) => `i:${index};s:5:"abcde";`),
  'names that never come again': array((index) => `s:8:"${padded(index)}";N;`),
  'one name': array(() => 's:4:"same";N;'),
  'keys out of order': array((index) => `i:${1_000_000 - index};N;`),
  'keys far apart': array((index) => `i:${index * 1000};N;`),
  'keys that are not UTF-8': array((index) => `s:9:"\xff${padded(index)}";N;`),
  objects: array((index) => `i:${index};O:1:"A":1:{s:1:"a";N;}`),
  'objects with names that are not UTF-8': array((index) => `i:${index};O:2:"A\xff":0:{}`),
  arrays: array((index) => `i:${index};a:1:{i:0;a:0:{}}`),
  'unicode text': array((index) => `i:${index};s:6:"\xc3\xa9\xc3\xa9\xc3\xa9";`),
  references: array((index) => (index === 0 ? 'i:0;O:1:"A":0:{}' : `i:${index};r:2;`)),
  'references to the root': array((index) => `i:${index};R:1;`),
  'objects that serialized themselves': array((index) => `i:${index};C:1:"A":4:{i:1;}`),
  'integers of 64 bits': array((index) => `i:${index};i:9223372036854775807;`),
  'one long string': wire(`s:${SIZE}:"${'x'.repeat(SIZE)}";`),
  'one long escaped string': wire(`S:${SIZE / 3}:"${'\\61'.repeat(SIZE / 3)}";`),
  'one long integer': wire(`i:${'0'.repeat(SIZE)}1;`),
  'one long length': wire(`s:${'9'.repeat(SIZE)}:"";`),
  'one long float': wire(`d:0.${'1'.repeat(SIZE)};`),
  'one deep array': Buffer.alloc(SIZE, 'a:1:{i:0;'),
}

function elapsed(run: () => void): number {
  const started = performance.now()
  run()
  return performance.now() - started
}

describe('two megabytes', () => {
  it.each(Object.entries(SHAPES))('of %s are read and written in proportion', (_, bytes) => {
    const took = elapsed(() => {
      try {
        serialize(unserialize(bytes))
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
      }
    })

    expect(took).toBeLessThan(LIMIT_MS)
  })

  it('of variables, in part, are written over each other in proportion', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => padded(index))
    const variables = names.map((name) => `${name}|O:1:"A":0:{}`).join('')

    for (const previous of [wire(variables), wire(`${variables}last|r:1;`)]) {
      const data = phpSerializer.decode(previous)
      for (const [index, name] of names.entries()) if (index % 3 === 0) data[name] = 1

      expect(elapsed(() => phpSerializer.encode(data, previous))).toBeLessThan(LIMIT_MS)
    }
  })
})
