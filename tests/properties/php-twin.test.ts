/** The reader and the writer, which take short ways, against twins that take none. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../../src/errors.js'
import { foreignFormat } from '../../src/php/foreign.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { naiveEncode, naiveSerialize } from '../helpers/naive-php-writer.js'
import { naiveSession, naiveUnserialize, Refusal } from '../helpers/naive-php.js'
import { mutated } from '../helpers/php-samples.js'
import { phpValue, sessionData } from '../helpers/php-values.js'
import { difference } from '../helpers/same-value.js'
import { text, wire } from '../helpers/typed-value.js'
import { examples, payloads } from './php-examples.js'

const RUNS = { numRuns: 10_000, includeErrorInReport: true }
/** The twin does not know what PHP's own classes ask of their properties. */
const INERT = { allowedClasses: false }
const FORMATS = ['php', 'php_binary', 'php_serialize']

/** A value in a list of one; nothing when the bytes are refused. */
function attempt(read: () => unknown, refusal: typeof DecodeError | typeof Refusal): unknown[] {
  try {
    return [read()]
  } catch (error) {
    if (!(error instanceof refusal)) throw error
    return []
  }
}

/** References that may lead into the data of an object that serialized itself: not for the twin. */
const DATA_LINKS = /C:[^]*[rR]:\d|[rR]:\d[^]*C:/

function compare(bytes: Uint8Array, read: () => unknown, naive: () => unknown): void {
  fc.pre(!DATA_LINKS.test(text(bytes)))
  const fault = difference(attempt(naive, Refusal), attempt(read, DecodeError))
  if (fault !== undefined) throw new Error(`${fault}, in ${JSON.stringify(text(bytes))}`)
}

const inputs = (format?: string): typeof RUNS & { examples: [Buffer][] } => ({
  ...RUNS,
  examples: examples(format).map((bytes) => [bytes]),
})

describe('the reader and its naive twin', () => {
  it('make the same value of a payload, or both refuse it', () => {
    const held = fc.property(mutated(), (bytes) => {
      compare(bytes, () => unserialize(bytes, INERT), () => naiveUnserialize(bytes)) // prettier-ignore
    })

    expect(() => fc.assert(held, inputs())).not.toThrow()
  })

  it('make the same value of what was written, mutated or not', () => {
    const generated = mutated(payloads.values)
    const held = fc.property(generated, (bytes) => {
      compare(bytes, () => unserialize(bytes, INERT), () => naiveUnserialize(bytes)) // prettier-ignore
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })

  it.each(FORMATS)('make the same variables of a session, in format %s', (format) => {
    const { decode } = serializerFor(format, INERT)
    const generated = fc.oneof(mutated(), mutated(payloads.sessions[format]))
    const held = fc.property(generated, (bytes) => {
      fc.pre(foreignFormat(bytes) === undefined)
      compare(bytes, () => decode(bytes), () => naiveSession(format, bytes).data) // prettier-ignore
    })

    expect(() => fc.assert(held, inputs(format))).not.toThrow()
  })
})

describe('the writer and its naive twin', () => {
  it('write the same bytes of a value', () => {
    const held = fc.property(phpValue, (value) => text(serialize(value)) === naiveSerialize(value))

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })

  it('write the same bytes of a value behind the end of the short way', () => {
    const held = fc.property(phpValue, (value) => {
      const deep = Array.from({ length: 8 }).reduce<unknown>((inner) => [inner], value)
      return text(serialize(deep)) === naiveSerialize(deep)
    })

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })

  it.each(FORMATS)('write the same bytes of a session, in format %s', (format) => {
    const { encode } = serializerFor(format)
    const held = fc.property(sessionData, (data) => text(encode(data)) === naiveEncode(format, data)) // prettier-ignore

    expect(() => fc.assert(held, RUNS)).not.toThrow()
  })
})

describe('the twin', () => {
  it.each(examples().map((bytes) => text(bytes)))('has been asked about %j', (input) => {
    const bytes = wire(input)

    expect(difference(attempt(() => naiveUnserialize(bytes), Refusal), attempt(() => unserialize(bytes, INERT), DecodeError))).toBeUndefined() // prettier-ignore
  })
})
