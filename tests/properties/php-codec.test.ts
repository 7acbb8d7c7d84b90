/** Sessions of JavaScript's own formats, and sessions of PHP's formats that replace one another. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SessionData } from '../../src/serializer.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { sessionData } from '../helpers/php-values.js'

const RUNS = { numRuns: 10_000, includeErrorInReport: true }

const record = (entries: readonly (readonly [string, unknown])[]): SessionData => {
  const data = Object.create(null) as SessionData
  for (const [name, value] of entries) data[name] = value
  return data
}

describe("a format of JavaScript's own", () => {
  it.each(['json', 'v8'])('reads what it wrote, in format %s', (format) => {
    const { encode, decode } = serializerFor(format)
    const json = fc.jsonValue({ maxDepth: 2 }).map((value) => structuredClone(value))
    const held = fc.property(fc.dictionary(fc.string(), json, { maxKeys: 4 }), (data) => {
      const bytes = encode(data)
      const same = encode(decode(bytes), bytes) === bytes
      return same && JSON.stringify(decode(bytes)) === JSON.stringify(data)
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})

describe('a session written over another', () => {
  it('holds the current values, in every format of PHP', { timeout: 120_000 }, () => {
    const format = fc
      .constantFrom('php', 'php_binary', 'php_serialize')
      .map((name) => serializerFor(name))
    const held = fc.property(
      format,
      sessionData,
      sessionData,
      ({ encode, decode }, before, after) => {
        const previous = encode(before)
        const data = record([...Object.entries(decode(previous)), ...Object.entries(after)])
        for (const key of Object.keys(before).slice(0, 1)) delete data[key]

        const bytes = encode(data, previous)
        const read = decode(bytes)
        const order = Object.keys(read)

        const fresh = encode(record(order.map((key) => [key, data[key]])))
        const names = [...order].sort().join() === Object.keys(data).sort().join()
        // A copy: the data that was read would also keep the order it was read in.
        return names && Buffer.compare(encode({ ...read }), fresh) === 0
      },
    )

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})
