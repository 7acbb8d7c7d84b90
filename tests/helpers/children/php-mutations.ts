/**
 * Reads mutated payloads with every reader of PHP's formats, and says what came of it.
 *
 * Arguments: a file with one payload a line in base64, the seed, how many inputs. The last line it
 * writes is a `MutationReport`; where it crashes there is none.
 */
import { readFileSync } from 'node:fs'
import { DecodeError } from '../../../src/errors.js'
import { serialize } from '../../../src/php/serialize.js'
import { unserialize } from '../../../src/php/unserialize.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { inertFault, prototypesSeen } from '../inert.js'
import { mutate, randoms, type Edit } from '../php-mutations.js'

/** What the process says at its end. */
export interface MutationReport {
  readonly inputs: number
  /** How many readings made a value. */
  readonly accepted: number
  /** What broke a rule: the rule and the input as latin-1 text. */
  readonly faults: readonly string[]
  readonly slowest: { readonly ms: number; readonly bytes: number }
  readonly heapBytes: number
}

/** Longest time for an input of less than 2 KB, on a busy machine too. */
const LIMIT_MS = 250
/** What takes longer than this is tried again: most of it is a pause of the machine. */
const AGAIN_MS = 5

// Half the time of this test would be spent on stacks that nobody looks at.
Error.stackTraceLimit = 0

const [, , file = '', seed = '0', count = '0'] = process.argv
const samples = readFileSync(file, 'latin1')
  .split('\n')
  .map((line) => Buffer.from(line, 'base64'))
const next = randoms(Number(seed))

const EXACT = { exact: true }

interface Reading {
  decode(bytes: Uint8Array): unknown
  /** Nothing that was read may fail here. */
  encode(value: never, bytes: Uint8Array): Uint8Array
}

const READERS: readonly Reading[] = [
  { decode: (bytes) => unserialize(bytes), encode: (value) => serialize(value) },
  { decode: (bytes) => unserialize(bytes, EXACT), encode: (value) => serialize(value, EXACT) },
  serializerFor('php'),
  serializerFor('php', EXACT),
  serializerFor('php_binary'),
  serializerFor('php_serialize'),
  serializerFor('php_serialize', EXACT),
]

const faults: string[] = []
let accepted = 0
const slowest = { ms: 0, bytes: 0 }

function fault(rule: string, bytes: Buffer): void {
  if (faults.length < 10) faults.push(`${rule}: ${JSON.stringify(bytes.toString('latin1'))}`)
}

function input(): Buffer {
  const pick = (): Buffer => samples[next() % samples.length] as Buffer
  const edit = (): Edit => [next(), next(), next()]
  const edits = Array.from({ length: 1 + (next() % 2) * (next() % 4) }, edit)
  return mutate(pick(), pick(), edits)
}

/** What a reader makes of bytes, in a list; nothing where it refuses them. */
function attempt({ decode }: Reading, bytes: Buffer): unknown[] {
  try {
    return [decode(bytes)]
  } catch (error) {
    if (!(error instanceof DecodeError)) fault(`another error, ${String(error)}`, bytes)
    else if (!(error.offset >= 0 && error.offset <= bytes.length)) fault('an offset', bytes)
    return []
  }
}

function readWith(reader: Reading, bytes: Buffer): void {
  for (const value of attempt(reader, bytes)) {
    accepted += 1
    const wrong = inertFault(value)
    if (wrong !== undefined) fault(wrong, bytes)
    try {
      reader.encode(value as never, bytes)
    } catch (error) {
      fault(`not written again, ${String(error)}`, bytes)
    }
  }
}

function readAll(bytes: Buffer): number {
  const started = performance.now()
  for (const reader of READERS) readWith(reader, bytes)
  return performance.now() - started
}

const before = prototypesSeen()
for (let run = 0; run < Number(count); run += 1) {
  const bytes = input()
  let ms = readAll(bytes)
  for (let again = 0; again < 2 && ms > AGAIN_MS; again += 1) ms = Math.min(ms, readAll(bytes))
  if (ms > slowest.ms) Object.assign(slowest, { ms, bytes: bytes.length })
  if (ms > LIMIT_MS && bytes.length < 2048) fault(`${ms} ms`, bytes)
}
if (prototypesSeen() !== before) fault('a prototype was changed', Buffer.alloc(0))

const report: MutationReport = {
  inputs: Number(count),
  accepted,
  faults,
  slowest,
  heapBytes: process.memoryUsage().heapUsed,
}
process.stdout.write(`${JSON.stringify(report)}\n`)
