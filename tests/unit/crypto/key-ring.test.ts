import {
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  scryptSync,
} from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createKeyRing, generateKey, type EncryptionKey } from '../../../src/crypto/key-ring.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const pattern = (byteAt: (index: number) => number) =>
  Uint8Array.from({ length: 32 }, (_, n) => byteAt(n))

function errorOf(key: unknown): Error {
  try {
    createKeyRing([key as EncryptionKey])
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('generateKey', () => {
  it('makes keys that are taken, each another one', () => {
    const keys = Array.from({ length: 1000 }, generateKey)

    expect(new Set(keys).size).toBe(1000)
    expect(keys.every((key) => /^szk1_[A-Za-z0-9_-]{48}$/.test(key))).toBe(true)
    expect(createKeyRing(keys).current.secret.symmetricKeySize).toBe(32)
  })

  it('makes keys in which every changed character is found', () => {
    const key = generateKey()
    const accepted: number[] = []
    for (let at = 0; at < key.length; at += 1) {
      const other = key[at] === 'A' ? 'B' : 'A'
      const changed = key.slice(0, at) + other + key.slice(at + 1)
      if (errorsOf(changed) === undefined) accepted.push(at)
    }

    expect(accepted).toEqual([])
  })
})

function errorsOf(key: EncryptionKey): unknown {
  try {
    createKeyRing([key])
    return undefined
  } catch (error) {
    return error
  }
}

describe('a ring', () => {
  it('finds each key by its id, and nothing by another', () => {
    const keys = [generateKey(), generateKey(), randomBytes(32)]
    const ring = createKeyRing(keys)
    const ids = keys.map((key) => createKeyRing([key]).current.id)

    expect(ids.map((id) => ring.find(id)?.current)).toEqual([true, false, false])
    expect(ids.map((id) => hex(ring.find(id)?.id ?? new Uint8Array()))).toEqual(ids.map(hex))
    expect(ring.find(new Uint8Array(8))).toBeUndefined()
  })

  it('names a key by eight bytes that follow from it and do not show it', () => {
    const key = randomBytes(32)
    const { id } = createKeyRing([key]).current

    const digest = createHmac('sha256', key).update('sessionz key id 1').digest()
    expect(hex(id)).toBe(hex(digest.subarray(0, 8)))
    expect(hex(key)).not.toContain(hex(id))
  })

  it('takes text, bytes and key objects, all the same', () => {
    const text = generateKey()
    const bytes = Buffer.from(text.slice(5), 'base64url').subarray(0, 32)
    const ids = [text, bytes, new Uint8Array(bytes), createSecretKey(bytes)].map((key) =>
      hex(createKeyRing([key]).current.id),
    )

    expect(new Set(ids).size).toBe(1)
  })

  it('takes what scrypt makes of a passphrase', () => {
    const key = scryptSync('correct horse battery staple', 'a salt of its own', 32)

    expect(createKeyRing([key]).current.id).toHaveLength(8)
  })

  it('copies the bytes it is given, and leaves them as they are', () => {
    const bytes = randomBytes(32)
    const before = hex(bytes)
    const ring = createKeyRing([bytes])
    expect(hex(bytes)).toBe(before)
    bytes.fill(0)

    expect(hex(ring.current.secret.export())).toBe(before)
  })

  it('shows no key when it is printed', () => {
    const text = generateKey()
    const bytes = Buffer.from(text.slice(5), 'base64url').subarray(0, 32)
    const ring = createKeyRing([text])

    for (const shown of [inspect(ring, { depth: 9, showHidden: true }), JSON.stringify(ring)]) {
      expect(shown).not.toContain(text.slice(5, 30))
      expect(shown).not.toContain(bytes.toString('hex'))
      expect(shown).not.toContain([...bytes.subarray(0, 8)].join(', '))
    }
  })
})

describe('a key is refused', () => {
  it.each([
    ['31 bytes', randomBytes(31), 'must be 32 bytes, got 31'],
    ['33 bytes', randomBytes(33), 'must be 32 bytes, got 33'],
    ['no bytes', new Uint8Array(0), 'must be 32 bytes, got 0'],
    ['zeros', new Uint8Array(32), 'its bytes are not random'],
    ['one byte 32 times', new Uint8Array(32).fill(0xa7), 'its bytes are not random'],
    ['16 bytes twice', pattern((n) => ((n % 16) * 37 + 11) & 0xff), 'its bytes are not random'],
    ['bytes in a row', pattern((n) => n), 'its bytes are not random'],
    ['bytes in a row, backwards', pattern((n) => 255 - n * 3), 'its bytes are not random'],
    [
      '32 hexadecimal digits',
      Buffer.from(randomBytes(16).toString('hex')),
      'its bytes are not random',
    ],
    ['a passphrase as bytes', Buffer.from('The quick, brown fox jumps; over'), 'it is text'],
    ['base64 as bytes', Buffer.from('Zm9vYmFyQUJDREVGR0hJSktMTU5PUFFS'), 'it is text'],
    ['a passphrase', 'correct horse battery staple and more of it', 'not a key from generateKey()'],
    ['an empty text', '', 'not a key from generateKey()'],
    ['hexadecimal text', randomBytes(32).toString('hex'), 'not a key from generateKey()'],
    ['a key with blanks', ` ${generateKey()}`, 'not a key from generateKey()'],
    ['a key that was cut', generateKey().slice(0, -1), 'not a key from generateKey()'],
    ['a key object of 16 bytes', createSecretKey(randomBytes(16)), 'must be 32 bytes, got 16'],
  ])('%s', (_, key, words) => {
    const error = errorOf(key)

    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toContain(words)
    expect(error.message).toContain('"keys[0]"')
    expect(error.message).toContain('generateKey()')
  })

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 42],
    ['a public key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  ])('%s', (_, key) => {
    const error = errorOf(key)

    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toContain('"keys[0]" must be text from generateKey()')
  })

  it('without its text, its bytes or a part of them in the message', () => {
    const secrets = [`szk1_${'Ab3-'.repeat(12)}`, 'open sesame, and be quick', 'k'.repeat(32)]

    for (const secret of secrets) {
      const shown = inspect(errorOf(secret)).split('\n')[0] as string
      expect(shown).not.toContain(secret.slice(5, 13))
    }
  })

  it('twice in a ring, under any form', () => {
    const text = generateKey()
    const bytes = Buffer.from(text.slice(5), 'base64url').subarray(0, 32)

    expect(() => createKeyRing([text, generateKey(), bytes])).toThrow(
      new RangeError('"keys[2]" stands in the ring twice'),
    )
  })

  it('where there is none', () => {
    expect(() => createKeyRing([])).toThrow(new RangeError('"keys" must hold at least one key'))
  })
})
