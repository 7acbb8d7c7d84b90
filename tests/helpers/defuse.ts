/** Defuse's keys and vectors, for tests. */
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** One message of the real defuse/php-encryption, and what that library says of it. */
export interface DefuseVector {
  readonly id: string
  readonly key: string
  readonly hex: string
  readonly raw_b64?: string
  readonly plain_b64?: string
  /** `ok`, or the class of the exception. */
  readonly verdict: string
}

export function defuseVectors(): DefuseVector[] {
  const text = readFileSync(new URL('../vectors/defuse.jsonl', import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DefuseVector)
}

/** A key as PHP's `Key::createNewRandomKey()->saveToAsciiSafeString()` makes it. */
export function defuseKey(secret: Uint8Array = randomBytes(32)): string {
  const checked = Buffer.concat([Buffer.from('def00000', 'hex'), secret])
  return Buffer.concat([checked, createHash('sha256').update(checked).digest()]).toString('hex')
}
