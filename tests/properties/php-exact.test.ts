/** Exact mode: what PHP wrote comes back byte for byte, and every value as itself. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { exactSessionData, exactValue } from '../helpers/php-values.js'
import { phpText, sessionText } from '../helpers/php-text.js'
import { difference } from '../helpers/same-value.js'
import { text } from '../helpers/typed-value.js'
import { exactExamples } from './php-examples.js'

const RUNS = { numRuns: 10_000, includeErrorInReport: true }
const FORMATS = ['php', 'php_binary', 'php_serialize']
const EXACT = { exact: true }

const rewritten = (bytes: Uint8Array): Uint8Array => serialize(unserialize(bytes, EXACT), EXACT)

/** Throws with both texts, in the shape that shows where they part. */
function assertSameText(written: Uint8Array, bytes: Uint8Array): void {
  if (Buffer.compare(written, bytes) === 0) return
  throw new Error(`${JSON.stringify(text(bytes))} became ${JSON.stringify(text(written))}`)
}

describe('in exact mode', () => {
  it('what PHP writes is written back to the same bytes', () => {
    const held = fc.property(phpText, (bytes) => assertSameText(rewritten(bytes), bytes))
    const examples = exactExamples().map((bytes): [Buffer] => [bytes])

    expect(() => fc.assert(held, { ...RUNS, examples })).not.toThrow()
  })

  it('any value is read as the value that was written', () => {
    const held = fc.property(exactValue, (value) => {
      const bytes = serialize(value, EXACT)
      const fault = difference(value, unserialize(bytes, EXACT))
      if (fault !== undefined) throw new Error(`${fault}, in ${JSON.stringify(text(bytes))}`)
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })

  it.each(FORMATS)('a session of PHP is written back to the same bytes, in format %s', (format) => {
    const { encode, decode } = serializerFor(format, EXACT)
    const held = fc.property(sessionText(format), (bytes) => {
      assertSameText(encode(decode(bytes)), bytes)
      if (encode(decode(bytes), bytes) !== bytes) throw new Error('not the bytes themselves')
    })
    const examples = exactExamples(format).map((bytes): [Buffer] => [bytes])

    expect(() => fc.assert(held, { ...RUNS, examples })).not.toThrow()
  })

  it.each(FORMATS)('variables are read as they were written, in format %s', (format) => {
    const { encode, decode } = serializerFor(format, EXACT)
    const held = fc.property(exactSessionData, (data) => {
      const bytes = encode(data)
      const fault = difference(data, decode(bytes))
      if (fault !== undefined) throw new Error(`${fault}, in ${JSON.stringify(text(bytes))}`)
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})
