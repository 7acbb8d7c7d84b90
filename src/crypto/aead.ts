/**
 * Our own envelope: AES-256-GCM under a key of its own for every message, bound to the session's id
 * and to the cookie's name, padded.
 *
 * ```
 *  0   4  F5 53 5A 01: no text of any kind, "SZ", version 1
 *  4   8  id of the key
 * 12  16  salt, random
 * 28  12  IV, random
 * 40   n  ciphertext of: payload, 80, and 00 up to a multiple of the padding
 * 40+n 16 tag
 * ```
 *
 * `associated` is the label, bytes 0 to 39, then name and id, each in UTF-8 behind its length (four
 * bytes, big endian). The message's key is HMAC-SHA-256(key, associated), and GCM authenticates
 * `associated` as well. 224 random bits go into each key and IV, so messages need not be counted.
 *
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  type CipherGCM,
  type KeyObject,
} from 'node:crypto'
import { DecryptError } from '../errors.js'
import { createRandomPool } from '../lib/random-pool.js'
import type { SessionCipher } from './cipher.js'
import { KEY_ID_BYTES, type KeyRing } from './key-ring.js'

const MAGIC = Uint8Array.of(0xf5, 0x53, 0x5a, 0x01)
const LABEL = Buffer.from('sessionz envelope 1\0', 'latin1')
const SALT_AT = MAGIC.length + KEY_ID_BYTES
const IV_AT = SALT_AT + 16
const HEADER = IV_AT + 12
const TAG = 16
/** The smallest holds the mark of the padding and nothing else. */
const SMALLEST = HEADER + 1 + TAG
const MARK = 0x80

const ALGORITHM = 'aes-256-gcm'
/** Without it Node 20 and 24 take tags of 4 bytes, which can be guessed. */
const OPTIONS = { authTagLength: TAG } as const

/** Up to here one update over a copy is faster than two over what is there, measured. */
const COPIED = 16 * 1024

/**
 * Makes the cipher of a ring.
 *
 * @param padding Payload, mark and zeros add up to a multiple of so many bytes.
 */
export function aeadCipher(ring: KeyRing, padding: number): SessionCipher {
  const { secret, id: keyId } = ring.current
  const writeHeader = headerWriter(keyId)
  const associate = associator()
  const marks = new Uint8Array(padding)
  marks[0] = MARK

  return {
    name: ALGORITHM,
    recognizes: isMarked,
    seal(payload, id, name) {
      const pad = marks.subarray(0, padding - (payload.length % padding))
      const sealed = unfilled(HEADER + payload.length + pad.length + TAG)
      writeHeader(sealed)
      const associated = associate(sealed, id, name)
      const key = messageKey(secret, associated)
      const cipher = createCipheriv(ALGORITHM, key, sealed.subarray(IV_AT, HEADER), OPTIONS)
      key.fill(0)
      cipher.setAAD(associated)
      encryptInto(sealed, cipher, payload, pad)
      return sealed
    },
    open(sealed, id, name) {
      const key = isEnvelope(sealed) ? ring.find(sealed.subarray(MAGIC.length, SALT_AT)) : undefined
      if (key === undefined) throw new DecryptError()
      const padded = decrypt(sealed, key.secret, associate(sealed, id, name))
      return { payload: unpadded(padded), current: key.current }
    },
  }
}

/** Memory of its own, whatever is in it: every byte of an envelope is written. */
function unfilled(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

/** Writes a header with fresh salt and IV. */
function headerWriter(keyId: Uint8Array): (sealed: Uint8Array) => void {
  const pool = createRandomPool()
  return (sealed) => {
    sealed.set(MAGIC)
    sealed.set(keyId, MAGIC.length)
    const from = pool.reserve(HEADER - SALT_AT)
    const random = pool.bytes.subarray(from, from + HEADER - SALT_AT)
    sealed.set(random, SALT_AT)
    random.fill(0)
  }
}

/**
 * Writes down what a message is bound to; lengths come first, so that no two places make the same
 * bytes. They are good until the next call.
 */
function associator(): (sealed: Uint8Array, id: string, name: string) => Buffer {
  let bytes = Buffer.alloc(0)

  function writeText(text: string, at: number): number {
    const length = bytes.write(text, at + 4)
    bytes.writeUInt32BE(length, at)
    return at + 4 + length
  }

  return (sealed, id, name) => {
    const most = LABEL.length + HEADER + 8 + 3 * (id.length + name.length)
    if (bytes.length < most) bytes = Buffer.concat([LABEL, Buffer.alloc(most)])
    bytes.set(sealed.subarray(0, HEADER), LABEL.length)
    return bytes.subarray(0, writeText(id, writeText(name, LABEL.length + HEADER)))
  }
}

/** The plaintext of a short message stands where its ciphertext goes, and only until then. */
function encryptInto(
  sealed: Uint8Array,
  cipher: CipherGCM,
  payload: Uint8Array,
  pad: Uint8Array,
): void {
  const end = sealed.length - TAG
  if (payload.length > COPIED) {
    sealed.set(cipher.update(payload), HEADER)
    sealed.set(cipher.update(pad), HEADER + payload.length)
  } else {
    sealed.set(payload, HEADER)
    sealed.set(pad, HEADER + payload.length)
    sealed.set(cipher.update(sealed.subarray(HEADER, end)), HEADER)
  }
  cipher.final() // nothing is left over in a stream mode
  sealed.set(cipher.getAuthTag(), end)
}

function decrypt(sealed: Uint8Array, secret: KeyObject, associated: Buffer): Uint8Array {
  const key = messageKey(secret, associated)
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(IV_AT, HEADER), OPTIONS)
  key.fill(0)
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG))
  decipher.setAAD(associated)
  const padded = decipher.update(sealed.subarray(HEADER, sealed.length - TAG))
  try {
    decipher.final()
  } catch {
    padded.fill(0) // what nobody vouches for is not kept, and why it failed is not told
    throw new DecryptError()
  }
  return padded
}

function messageKey(secret: KeyObject, associated: Buffer): Buffer {
  return createHmac('sha256', secret).update(associated).digest()
}

function isEnvelope(sealed: Uint8Array): boolean {
  return sealed.length >= SMALLEST && isMarked(sealed)
}

function isMarked(sealed: Uint8Array): boolean {
  return MAGIC.every((byte, index) => sealed[index] === byte)
}

/** Whoever sealed it knew the key, so this tells nothing to anybody else. */
function unpadded(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1
  while (end >= 0 && padded[end] === 0) end -= 1
  if (padded[end] !== MARK) throw new DecryptError()
  return new Uint8Array(padded.buffer, padded.byteOffset, end)
}
