import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../src/errors.js'
import { serialize } from '../../src/php/serialize.js'
import { unserialize } from '../../src/php/unserialize.js'
import { PhpEnum, PhpObject, PhpReference } from '../../src/php/values.js'
import { sameBytes } from '../../src/lib/bytes.js'
import type { Serializer, SessionData } from '../../src/serializer.js'
import { serializerFor } from '../../src/serializers/registry.js'
import { fromBase64, text, vectors, wire } from '../helpers/typed-value.js'

const record = (entries: readonly (readonly [string, unknown])[]): SessionData => {
  const data = Object.create(null) as SessionData
  for (const [name, value] of entries) data[name] = value
  return data
}

/** No integers, which JavaScript moves to the front; never a lone surrogate. */
const name = fc
  .string({ unit: 'grapheme', maxLength: 12 })
  .filter((key) => !/^-?\d+$/.test(key) && !key.includes('|'))

const scalar = fc.oneof(
  fc.constantFrom(null, true, false, '__proto__', 'constructor', '";}', 'a|i:1;'),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'grapheme', minLength: 60, maxLength: 300 }),
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
)

/** Values as they come out of reading: bytes only where they are not text, and so on. */
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map(record),
    fc
      .array(fc.tuple(fc.oneof(name, fc.integer()), tie('value')), { maxLength: 5 })
      .map((entries) => new Map(entries)),
    fc.array(fc.tuple(name, tie('value')), { maxLength: 3 }).map((entries) => {
      const object = new PhpObject('App\\Thing')
      for (const [key, value] of entries) {
        object.define({ name: key, visibility: 'private', value })
      }
      return object
    }),
    fc.constantFrom('Hearts', 'Spades').map((suit) => new PhpEnum('Suit', suit)),
  ),
}))

const isObject = (value: unknown): boolean => value instanceof PhpObject || value instanceof PhpEnum

/**
 * Variables, some of which are the same object or the same reference. A reference to an object is
 * read as the object itself, so there is none.
 */
const session = fc
  .tuple(fc.uniqueArray(name, { maxLength: 6 }), fc.array(anyValue, { minLength: 6 }), fc.nat(3))
  .map(([names, values, shared]) => {
    const object = new PhpObject('Shared', { value: values[0] })
    const reference = new PhpReference(values.find((value) => !isObject(value)))
    const pool = [object, reference, [object, { reference }], ...values]
    return record(names.map((key, index) => [key, pool[(index * 7 + shared) % pool.length]]))
  })

describe('any value', () => {
  it('is read as it was written, once it has been through PHP', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = serialize(value)
        const read = unserialize(bytes)

        expect(serialize(read)).toEqual(bytes)
        expect(unserialize(serialize(read))).toEqual(read)
      }),
      { numRuns: 250 },
    )
  })

  it.each(['php', 'php_serialize'])('survives a session in format %s', (format) => {
    const { encode, decode } = serializerFor(format)

    fc.assert(
      fc.property(session, (data) => {
        const bytes = encode(data)
        const read = decode(bytes)

        expect(encode(read)).toEqual(bytes)
        expect(encode(read, bytes)).toBe(bytes)
      }),
      { numRuns: 150 },
    )
  })

  it.each(['json', 'v8'])('of its own survives a session in format %s', (format) => {
    const { encode, decode } = serializerFor(format)
    const json = fc.jsonValue().map((value) => structuredClone(value))

    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), (data) => {
        const bytes = encode(data)

        expect(encode(decode(bytes), bytes)).toBe(bytes)
        expect(JSON.stringify(decode(bytes))).toBe(JSON.stringify(data))
      }),
      { numRuns: 200 },
    )
  })
})

describe('a session written over another', () => {
  it.each(['php', 'php_serialize'])('holds the current values, in format %s', (format) => {
    const { encode, decode } = serializerFor(format)

    fc.assert(
      fc.property(session, session, (before, after) => {
        const previous = encode(before)
        const data = record([...Object.entries(decode(previous)), ...Object.entries(after)])
        for (const key of Object.keys(before).slice(0, 1)) delete data[key]

        const bytes = encode(data, previous)
        const order = Object.keys(decode(bytes))

        expect([...order].sort()).toEqual(Object.keys(data).sort())
        expect(encode(decode(bytes))).toEqual(encode(record(order.map((key) => [key, data[key]]))))
      }),
      { numRuns: 150 },
    )
  })
})

interface Row {
  readonly serialized_b64?: string
  readonly encoded_b64?: string | null
  readonly input_b64?: string
}

const samples = ['serialize.jsonl', 'session-codec.jsonl', 'unserialize-bad.jsonl']
  .flatMap((file) => vectors<Row>(file))
  .flatMap((row) => row.serialized_b64 ?? row.encoded_b64 ?? row.input_b64 ?? [])
  .map(fromBase64)
  .filter((bytes) => bytes.length < 400)

/** A small generator of its own: twenty thousand runs, the same ones each time. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    yield state
  }
}

const PIECES = ['R:1;', 'r:2;', 'i:1;', 's:9:"__proto__";', '}', '"', ';', ':', '0', '|', '\0', 'a:1:{', 'O:1:"A":1:{', 'E:3:"A:B";', 'C:1:"A":2:{N;}', '\xff', '9'] // prettier-ignore

function mutate(sample: Buffer, next: () => number): Buffer {
  let bytes = sample
  for (let turn = next() % 4; turn >= 0; turn -= 1) {
    const at = next() % (bytes.length + 1)
    const end = Math.min(bytes.length, at + (next() % 12))
    const piece = wire(PIECES[next() % PIECES.length] as string)
    const middle = [piece, Buffer.alloc(0), bytes.subarray(at, end), Buffer.of(next() & 0xff)]
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      middle[next() % middle.length] as Buffer,
      bytes.subarray(next() % 2 === 0 ? at : end),
    ])
  }
  return bytes
}

/** Every object in a value, each once. */
function objectsIn(root: unknown): Set<object> {
  const found = new Set<object>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null || found.has(value)) continue
    found.add(value)
    if (value instanceof Map) open.push(...(value as Map<unknown, unknown>).values())
    else if (value instanceof PhpObject) open.push(...value.members.values())
    else if (!ArrayBuffer.isView(value)) open.push(...(Object.values(value) as unknown[]))
  }
  return found
}

const PROTOTYPES = new Set<unknown>([
  null,
  ...[Array, Map, Uint8Array, PhpObject, PhpEnum, PhpReference].map(({ prototype }) => prototype),
])

/** Whether all values are still there after the first variable has changed. */
function isRewritten(
  { encode, decode }: Pick<Serializer, 'encode' | 'decode'>,
  data: SessionData,
  previous: Uint8Array,
): boolean {
  const [first] = Object.keys(data)
  if (first === undefined) return true
  const changed = record(Object.entries({ ...data, [first]: [1, 'two', { three: 3 }] }))
  const read = decode(encode(changed, previous))
  const order = Object.keys(read).map((key) => [key, changed[key]] as const)
  return sameBytes(encode(read), encode(record(order)))
}

/** The same; what only the data of an object refers to cannot be taken away from it. */
function isKept(...given: Parameters<typeof isRewritten>): boolean {
  try {
    return isRewritten(...given)
  } catch (error) {
    return error instanceof EncodeError && error.message.includes('refers to what is not written')
  }
}

describe('twenty thousand mutants of what PHP wrote', () => {
  it('are data or a DecodeError, and leave every prototype alone', () => {
    const source = numbers(2024)
    const next = (): number => source.next().value >>> 8
    const before = Object.getOwnPropertyNames(Object.prototype)
    const { php, array } = { php: serializerFor('php'), array: serializerFor('php_serialize') }
    let read = 0

    for (let run = 0; run < 20_000; run += 1) {
      const bytes = mutate(samples[next() % samples.length] as Buffer, next)
      for (const { encode, decode } of [php, array]) {
        let data: SessionData
        try {
          data = decode(bytes)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
          if (error.offset < 0 || error.offset > bytes.length) throw new Error('a wrong offset')
          continue
        }
        read += 1
        if (encode(data, bytes) !== bytes) throw new Error(`not kept: ${text(bytes)}`)
        if (!isKept({ encode, decode }, data, bytes)) throw new Error(`lost: ${text(bytes)}`)
        for (const object of objectsIn(data)) {
          if (PROTOTYPES.has(Object.getPrototypeOf(object))) continue
          if ('className' in object) continue
          throw new Error(`a prototype: ${text(bytes)}`)
        }
      }
    }

    expect(read).toBeGreaterThan(500)
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
  })
})
