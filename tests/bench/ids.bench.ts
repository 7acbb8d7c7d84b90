/**
 * New session ids against `randomBytes(16).toString('hex')`, what most servers do, and against peers.
 *
 * The goal is 15 times its speed for each alphabet, with used bytes wiped. The two slower ways of the
 * encoder stay here to show why it is written as it is: PHP's loop, and decoding a Buffer.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { bench, describe } from 'vitest'
import { encodeId } from '../../src/id/encode.js'
import { createEncoder } from '../../src/id/encoder.js'
import { createIdGenerator } from '../../src/id/generate.js'
import { isValidId } from '../../src/id/validate.js'
import { createRandomPool } from '../../src/lib/random-pool.js'
import { peer } from '../helpers/peer.js'

const options = { time: 1000, warmupTime: 300 }
const ROUNDS = 1000

/** A thousand ids a turn, so that the bench's own cost is small; the result is looked at. */
function ids(generate: () => unknown): () => void {
  return () => {
    let last: unknown
    for (let round = 0; round < ROUNDS; round += 1) last = generate()
    if (last === undefined) throw new Error('no id')
  }
}

/** A peer, or `undefined` where `tests/interop` is not installed. */
async function optional<T>(name: string): Promise<T | undefined> {
  return await peer<T>(name).catch(() => undefined)
}

const nanoid = await optional<{ nanoid: (size?: number) => string }>('nanoid')
const uidSafe = await optional<{ default: { sync: (bytes: number) => string } }>('uid-safe')

const pool = createRandomPool()
const text = Buffer.alloc(32)

const encode = createEncoder('', 32, 4)
function throughCodes(): string {
  const from = pool.reserve(16)
  return encode(pool.bytes, from)
}

/** 4 bits by way of a Buffer: the table of the encoder, then one latin1 decoding. */
const PAIRS = Array.from({ length: 256 }, (_, byte) =>
  encodeId(Uint8Array.of(byte), { bitsPerCharacter: 4 }),
)
function throughBuffer(): string {
  const from = pool.reserve(16)
  for (let at = 0; at < 16; at += 1) {
    const pair = PAIRS[pool.bytes[from + at] ?? 0] ?? ''
    text[at * 2] = pair.charCodeAt(0)
    text[at * 2 + 1] = pair.charCodeAt(1)
    pool.bytes[from + at] = 0
  }
  return text.toString('latin1', 0, 32)
}

/** PHP's loop on every id. */
function throughLoop(): string {
  const from = pool.reserve(16)
  const bytes = pool.bytes.subarray(from, from + 16)
  const id = encodeId(bytes, { bitsPerCharacter: 4 })
  bytes.fill(0)
  return id
}

describe('new ids, 1000 a turn', () => {
  const hex = () => randomBytes(16).toString('hex')
  const six = createIdGenerator({ length: 22, bitsPerCharacter: 6 })
  const five = createIdGenerator({ length: 26, bitsPerCharacter: 5 })

  bench("randomBytes(16).toString('hex')", ids(hex), options)
  bench('4 bits x 32', ids(createIdGenerator().generate), options)
  bench('5 bits x 26', ids(five.generate), options)
  bench('6 bits x 22', ids(six.generate), options)
  bench('4 bits x 32 with a prefix', ids(createIdGenerator({ prefix: 'web1-' }).generate), options)
  bench(
    'md5 x 4 bits, the rule of PHP 5',
    ids(createIdGenerator({ hashFunction: 0 }).generate),
    options,
  )
  bench('randomUUID()', ids(randomUUID), options)
  bench.skipIf(nanoid === undefined)(
    'nanoid(22)',
    ids(() => nanoid?.nanoid(22)),
    options,
  )
  bench.skipIf(uidSafe === undefined)(
    'uid-safe(24)',
    ids(() => uidSafe?.default.sync(24)),
    options,
  )
})

describe('ways to write 4 bits, 1000 a turn', () => {
  bench('character codes', ids(throughCodes), options)
  bench('a Buffer', ids(throughBuffer), options)
  bench("PHP's loop", ids(throughLoop), options)
})

describe('checking ids, 1000 a turn', () => {
  const longest = Buffer.alloc(256, 'a').toString('latin1')
  const wrong = Buffer.from(`${longest.slice(1)}/`).toString('latin1')
  const huge = Buffer.alloc(1 << 20, 'a').toString('latin1')

  bench(
    '32 characters',
    ids(() => isValidId('0123456789abcdef0123456789abcdef')),
    options,
  )
  bench(
    '256 characters',
    ids(() => isValidId(longest)),
    options,
  )
  bench(
    '256 characters, the last one wrong',
    ids(() => isValidId(wrong)),
    options,
  )
  bench(
    '1 MB',
    ids(() => isValidId(huge)),
    options,
  )
})
