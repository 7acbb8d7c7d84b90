/**
 * Hash functions by the names that PHP's `session.hash_function` takes.
 *
 * @module
 */
import { createHash, getHashes, type Hash } from 'node:crypto'

/** One hash function. */
export interface Digest {
  /** Size of its result. */
  readonly bytes: number
  /** Hashes without keeping the input. */
  readonly of: (input: Uint8Array) => Uint8Array
}

/** Functions of any length give as many bits as their name says; newer Node versions want it said. */
const OUTPUT_BYTES: ReadonlyMap<string, number> = new Map([
  ['shake128', 16],
  ['shake256', 32],
])

/** @throws {TypeError | RangeError} For a name that is not a hash function here. */
export function digestFor(hashFunction: unknown): Digest {
  const name = nodeName(hashFunction)
  const outputLength = OUTPUT_BYTES.get(name)
  const create = () => createHash(name, outputLength === undefined ? {} : { outputLength })
  const bytes = probe(create).length
  return { bytes, of: (input) => create().update(input).digest() }
}

/** Numbers as PHP reads them: 0 is md5, any other one sha1. Names in upper and lower case alike. */
function nodeName(hashFunction: unknown): string {
  if (typeof hashFunction !== 'string' && typeof hashFunction !== 'number') {
    throw new TypeError(`"hashFunction" must be a name, 0 or 1, got ${typeof hashFunction}`)
  }
  const text = String(hashFunction).toLowerCase()
  if (/^[+-]?\d+$/.test(text)) return Number(text) === 0 ? 'md5' : 'sha1'
  // PHP writes sha512/256 where OpenSSL writes sha512-256.
  for (const wanted of [text, text.replace('/', '-')]) {
    const name = getHashes().find((each) => each.toLowerCase() === wanted)
    if (name !== undefined) return name
  }
  throw unusable()
}

/** A function may be listed and yet be switched off, md5 in FIPS mode for one. */
function probe(create: () => Hash): Uint8Array {
  try {
    return create().digest()
  } catch (cause) {
    throw unusable({ cause })
  }
}

function unusable(options?: ErrorOptions): RangeError {
  return new RangeError(
    '"hashFunction" must be "md5", "sha1" or another name of crypto.getHashes()',
    options,
  )
}
