/** Broken payloads: data or a `DecodeError`, and nothing else in the process is another than before. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../src/errors.js'
import { sameBytes } from '../../src/lib/bytes.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import type { Serializer, SessionData } from '../../src/serializer.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { inertFault, prototypesSeen } from '../helpers/inert.js'
import { mutated } from '../helpers/php-samples.js'
import { difference } from '../helpers/same-value.js'
import { text } from '../helpers/typed-value.js'
import { examples, payloads } from './php-examples.js'

const RUNS = { numRuns: 10_000, includeErrorInReport: true }
const MODES = [{ exact: false }, { exact: true }]
const FORMATS = ['php', 'php_binary', 'php_serialize']

function check(truth: boolean, fault: string, bytes: Uint8Array): void {
  if (!truth) throw new Error(`${fault}: ${JSON.stringify(text(bytes))}`)
}

/** What is read, in a list; nothing when the bytes are refused as they should be. */
function readOf<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T[] {
  try {
    const value = decode(bytes)
    check(inertFault(value) === undefined, String(inertFault(value)), bytes)
    return [value]
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    check(error.offset >= 0 && error.offset <= bytes.length, 'an offset outside', bytes)
    return []
  }
}

/** Runs a property; also says whether a prototype is another than before. */
function hold(
  input: fc.Arbitrary<Buffer>,
  rule: (bytes: Buffer) => void,
  format?: string,
): boolean {
  const before = prototypesSeen()
  const given = examples(format).map((bytes): [Buffer] => [bytes])
  fc.assert(fc.property(input, rule), { ...RUNS, examples: given })
  return prototypesSeen() === before
}

describe('a mutated value', () => {
  it.each(MODES)('is refused with an offset, or data that can be written, with %o', (mode) => {
    const input = fc.oneof(mutated(), mutated(payloads.values))
    const unchanged = hold(input, (bytes) => {
      for (const value of readOf((given) => unserialize(given, mode), bytes)) {
        const again = serialize(value, mode)
        // A reference whose other places were overwritten is none, so bytes are compared and not values.
        check(sameBytes(serialize(unserialize(again, mode), mode), again), 'another value', bytes)
      }
    })

    expect(unchanged).toBe(true)
  })
})

/** The variables after the first of them changed, each as it would be read from new bytes. */
function assertRewritten({ encode, decode }: Serializer, data: SessionData, bytes: Buffer): void {
  const [first] = Object.keys(data)
  if (first === undefined) return
  data[first] = [1, 'two', { three: 3 }]
  const written = decode(encode(data, bytes))
  const ordered = Object.create(null) as SessionData
  for (const name of Object.keys(written)) ordered[name] = data[name]
  check(difference(written, decode(encode(ordered))) === undefined, 'lost', bytes)
}

/** Data of an object may refer to what is gone; there is nothing else to do then. */
function allowLinks(rewrite: () => void): void {
  try {
    rewrite()
  } catch (error) {
    if (!(error instanceof EncodeError && error.message.includes('refers to'))) throw error
  }
}

describe('a mutated session', () => {
  it.each(FORMATS)('is refused, or kept but for what changes, in format %s', (format) => {
    const serializer = serializerFor(format)
    const input = fc.oneof(mutated(), mutated(payloads.sessions[format]))
    const unchanged = hold(
      input,
      (bytes) => {
        for (const data of readOf(serializer.decode, bytes)) {
          allowLinks(() => {
            check(serializer.encode(data, bytes) === bytes, 'not kept', bytes)
            assertRewritten(serializer, data, bytes)
          })
        }
      },
      format,
    )

    expect(unchanged).toBe(true)
  })
})
