/** Payloads from real PHP, and what is left of them after a few changes. */
import fc from 'fast-check'
import { EDIT_KINDS, mutate } from './php-mutations.js'
import { fromBase64, vectors } from './typed-value.js'

interface Row {
  readonly serialized_b64?: string
  readonly encoded_b64?: string | null
  readonly input_b64?: string
}

/** Payloads from real PHP, good ones and bad ones, values and sessions. */
export const samples: readonly Buffer[] = [
  'serialize.jsonl',
  'session-codec.jsonl',
  'unserialize-bad.jsonl',
]
  .flatMap((file) => vectors<Row>(file))
  .flatMap((row) => row.serialized_b64 ?? row.encoded_b64 ?? row.input_b64 ?? [])
  .map(fromBase64)
  .filter((bytes) => bytes.length < 400)

/** Mutated payloads, as an arbitrary over some samples: mostly one change, which goes deepest. */
export function mutated(payloads: readonly Buffer[] = samples): fc.Arbitrary<Buffer> {
  const payload = fc.nat(payloads.length - 1).map((index) => payloads[index] as Buffer)
  const edit = fc.tuple(fc.nat(EDIT_KINDS - 1), fc.nat(1999), fc.nat(1999))
  const edits = fc.oneof(
    { weight: 2, arbitrary: edit.map((one) => [one]) },
    { weight: 1, arbitrary: fc.array(edit, { maxLength: 4 }) },
  )
  return fc.tuple(payload, payload, edits).map(([sample, other, list]) => mutate(sample, other, list)) // prettier-ignore
}
