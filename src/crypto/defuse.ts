/**
 * The format of defuse/php-encryption, versions 2.x: what PHP Sessionz' EncryptionHandler stores, and
 * WordPress sites with `WP_SESSION_ENC_KEY`.
 *
 * ```
 *  0   4  DE F5 02 00
 *  4  32  salt, random
 * 36  16  IV, random
 * 52   n  payload under AES-256-CTR
 * 52+n 32 HMAC-SHA-256 of all before
 * ```
 *
 * Stored as hexadecimal text. Both keys come from the secret by HKDF-SHA-256 with the salt. Nothing
 * binds a message to its session, and its length is the payload's.
 *
 * @see https://github.com/defuse/php-encryption/blob/master/docs/CryptoDetails.md
 * @module
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { DecryptError } from '../errors.js'
import type { SessionCipher } from './cipher.js'
import { parseDefuseKey } from './defuse-key.js'

const VERSION = Uint8Array.of(0xde, 0xf5, 0x02, 0x00)
const MARK = Buffer.from(VERSION).toString('hex')
const SALT_AT = VERSION.length
const IV_AT = SALT_AT + 32
const HEADER = IV_AT + 16
const MAC = 32

const ALGORITHM = 'aes-256-ctr'
/** What a key is for, and the number of HKDF's one block. */
const FOR_MAC = Buffer.from('DefusePHP|V2|KeyForAuthentication\x01', 'latin1')
const FOR_CIPHER = Buffer.from('DefusePHP|V2|KeyForEncryption\x01', 'latin1')

/**
 * Makes the cipher of PHP Sessionz, for `encryptionHandler({ cipher })`.
 *
 * PHP differs: Sessionz stores an empty session, and the text `0`, in plain text; here they are
 * encrypted as all others are, and plain text is refused.
 *
 * @param keys A key as `Key::saveToAsciiSafeString()` writes it, or several: the first one seals, all
 *   of them open.
 * @throws {TypeError | RangeError} For what is no such key, without quoting it.
 */
export function defuseCipher(keys: string | readonly string[]): SessionCipher {
  const list = typeof keys === 'string' ? [keys] : keys
  const secrets = list.map((key, index) => parseDefuseKey(`keys[${index}]`, key))
  const [current] = secrets
  if (current === undefined) throw new RangeError('"keys" must hold at least one key')

  return {
    name: 'defuse',
    recognizes: isMarked,
    seal: (payload) => toHex(sealDefuse(payload, current)),
    open(sealed) {
      const raw = fromHex(sealed)
      for (const secret of secrets) {
        const payload = openDefuse(raw, secret)
        if (payload !== undefined) return { payload, current: secret === current }
      }
      throw new DecryptError()
    },
  }
}

/** The version, as text: its digits may be of either case. */
function isMarked(sealed: Uint8Array): boolean {
  const mark = Buffer.from(sealed.subarray(0, VERSION.length * 2)).toString('latin1')
  return mark.toLowerCase() === MARK
}

/** Seals without the hexadecimal text around it. */
export function sealDefuse(payload: Uint8Array, secret: KeyObject): Uint8Array {
  const sealed = new Uint8Array(HEADER + payload.length + MAC)
  sealed.set(VERSION)
  sealed.set(randomBytes(HEADER - SALT_AT), SALT_AT)
  const extracted = extract(secret, sealed)
  const key = expand(extracted, FOR_CIPHER)
  const cipher = createCipheriv(ALGORITHM, key, sealed.subarray(IV_AT, HEADER))
  key.fill(0)
  sealed.set(cipher.update(payload), HEADER)
  sealed.set(macOf(sealed, extracted), sealed.length - MAC)
  extracted.fill(0)
  return sealed
}

/** @returns `undefined` for what this key did not seal. */
export function openDefuse(sealed: Uint8Array, secret: KeyObject): Uint8Array | undefined {
  if (sealed.length < HEADER + MAC) return undefined
  if (!VERSION.every((byte, index) => sealed[index] === byte)) return undefined
  const extracted = extract(secret, sealed)
  try {
    const genuine = timingSafeEqual(macOf(sealed, extracted), sealed.subarray(-MAC))
    return genuine ? decrypt(sealed, extracted) : undefined
  } finally {
    extracted.fill(0)
  }
}

function decrypt(sealed: Uint8Array, extracted: Buffer): Uint8Array {
  const key = expand(extracted, FOR_CIPHER)
  const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(IV_AT, HEADER))
  key.fill(0)
  const payload = decipher.update(sealed.subarray(HEADER, sealed.length - MAC))
  return new Uint8Array(payload.buffer, payload.byteOffset, payload.length)
}

function macOf(sealed: Uint8Array, extracted: Buffer): Buffer {
  const key = expand(extracted, FOR_MAC)
  const mac = createHmac('sha256', key)
  key.fill(0)
  return mac.update(sealed.subarray(0, sealed.length - MAC)).digest()
}

/** The first half of HKDF-SHA-256. Both halves by hand, as two keys have the first in common. */
function extract(secret: KeyObject, sealed: Uint8Array): Buffer {
  const bytes = secret.export()
  const mac = createHmac('sha256', sealed.subarray(SALT_AT, IV_AT)).update(bytes)
  bytes.fill(0)
  return mac.digest()
}

/** The second half, for 32 bytes: its first block. */
function expand(extracted: Buffer, info: Buffer): Buffer {
  return createHmac('sha256', extracted).update(info).digest()
}

function toHex(raw: Uint8Array): Uint8Array {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('hex')
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** @throws {DecryptError} For a letter that is no hexadecimal digit, or half a byte. */
function fromHex(sealed: Uint8Array): Uint8Array {
  const text = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.length).toString('latin1')
  const raw = Buffer.from(text, 'hex') // ends at the first letter that is none
  if (raw.length * 2 !== text.length) throw new DecryptError()
  return raw
}
