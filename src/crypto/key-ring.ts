/**
 * Keys of our own envelope: how they are made, checked, named and found.
 *
 * Text form: `szk1_`, then base64url of 32 random bytes and the first 4 bytes of their SHA-256, so
 * that a key which lost or changed a character is refused and not used.
 *
 * @module
 */
import { createHash, createHmac, createSecretKey, KeyObject, randomBytes } from 'node:crypto'
import { assertStrongKey, KEY_BYTES } from './weak-key.js'

/**
 * A key: text from `generateKey()`, 32 random bytes, or a secret `KeyObject` of 32 bytes. Bytes are
 * copied.
 */
export type EncryptionKey = string | Uint8Array | KeyObject

/** A key and the name that envelopes know it by. */
export interface RingKey {
  readonly secret: KeyObject
  /** Eight bytes that tell nothing of the key. */
  readonly id: Uint8Array
  /** True for the one key that seals. */
  readonly current: boolean
}

/** The current key, and all that open. */
export interface KeyRing {
  readonly current: RingKey
  /** @returns `undefined` when no key of the ring has this id. */
  find(id: Uint8Array): RingKey | undefined
}

/** Length of a key's id, in bytes. */
export const KEY_ID_BYTES = 8

const PREFIX = 'szk1_'
const TEXT = /^szk1_[\w-]{48}$/
const CHECK_BYTES = 4
const ID_LABEL = 'sessionz key id 1'

/**
 * Makes a key.
 *
 * @returns 53 characters of A-Z a-z 0-9 _ -, to be kept where other secrets are.
 */
export function generateKey(): string {
  const bytes = randomBytes(KEY_BYTES)
  const text = PREFIX + Buffer.concat([bytes, checksum(bytes)]).toString('base64url')
  bytes.fill(0)
  return text
}

/**
 * Checks keys and makes a ring of them, the current one first.
 *
 * @throws {TypeError | RangeError} Naming the key by its position: no key, a weak one, one twice.
 */
export function createKeyRing(keys: readonly EncryptionKey[]): KeyRing {
  const byId = new Map<string, RingKey>()
  const ring = keys.map((key, index) => ringKey(`keys[${index}]`, key, index === 0))
  for (const [index, key] of ring.entries()) {
    const name = nameOf(key.id)
    if (byId.has(name)) throw new RangeError(`"keys[${index}]" stands in the ring twice`)
    byId.set(name, key)
  }
  const [current] = ring
  if (current === undefined) throw new RangeError('"keys" must hold at least one key')
  return { current, find: (id) => byId.get(nameOf(id)) }
}

function ringKey(label: string, key: EncryptionKey, current: boolean): RingKey {
  const bytes = bytesOf(label, key)
  try {
    assertStrongKey(label, bytes, 'generateKey()')
    const secret = createSecretKey(bytes)
    const digest = createHmac('sha256', secret).update(ID_LABEL).digest()
    return { secret, id: new Uint8Array(digest.subarray(0, KEY_ID_BYTES)), current }
  } finally {
    bytes.fill(0)
  }
}

/** A copy of the key's bytes, to be wiped by who asked for it. */
function bytesOf(label: string, key: EncryptionKey): Uint8Array {
  if (typeof key === 'string') return parseKey(label, key)
  if (key instanceof Uint8Array) return Uint8Array.from(key)
  if (key instanceof KeyObject && key.type === 'secret') return key.export()
  throw new TypeError(`"${label}" must be text from generateKey(), 32 bytes or a secret KeyObject`)
}

function parseKey(label: string, text: string): Uint8Array {
  if (!TEXT.test(text)) {
    throw new RangeError(
      `"${label}" is not a key from generateKey(); a passphrase is none, see scrypt of node:crypto`,
    )
  }
  const bytes = new Uint8Array(Buffer.from(text.slice(PREFIX.length), 'base64url'))
  const key = bytes.slice(0, KEY_BYTES)
  const intact = checksum(key).equals(bytes.subarray(KEY_BYTES))
  bytes.fill(0)
  if (!intact) throw new RangeError(`"${label}" has lost or changed characters: its check fails`)
  return key
}

function checksum(key: Uint8Array): Buffer {
  return createHash('sha256').update(key).digest().subarray(0, CHECK_BYTES)
}

function nameOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')
}
