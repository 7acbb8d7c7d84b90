import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aeadCipher } from '../../src/crypto/aead.js'
import type { SessionCipher } from '../../src/crypto/cipher.js'
import { defuseCipher } from '../../src/crypto/defuse.js'
import { createKeyRing } from '../../src/crypto/key-ring.js'
import { DecryptError } from '../../src/errors.js'
import { sameBytes } from '../../src/lib/bytes.js'
import { defuseKey } from '../helpers/defuse.js'
import { naiveOpen, naiveSeal } from '../helpers/naive-envelope.js'

const key = randomBytes(32)
const own = aeadCipher(createKeyRing([key]), 32)
const ciphers: readonly (readonly [string, SessionCipher])[] = [
  ['our envelope', own],
  ["Defuse's format", defuseCipher(defuseKey())],
]

const payloads = fc.uint8Array({ maxLength: 5000 })
const words = fc.string({ unit: 'grapheme', maxLength: 300 })
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

/** The payload, or the error; anything but a `DecryptError` fails the test. */
function opened(cipher: SessionCipher, sealed: Uint8Array, [id, name]: readonly [string, string]) {
  try {
    return cipher.open(sealed, id, name).payload
  } catch (error) {
    expect(error).toBeInstanceOf(DecryptError)
    return undefined
  }
}

describe.each(ciphers)('%s', (_, cipher) => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(payloads, words, words, (payload, id, name) => {
        expect(opened(cipher, cipher.seal(payload, id, name), [id, name])).toEqual(payload)
      }),
      { numRuns: 500 },
    )
  })

  it('opens nothing else, and fails by its own error only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), words, (bytes, id) => {
        expect(opened(cipher, bytes, [id, 'name'])).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  it('opens nothing that was spliced of two messages', () => {
    fc.assert(
      fc.property(payloads, payloads, fc.nat(), fc.nat(), (a, b, cut, paste) => {
        const [one, other] = [cipher.seal(a, 'id', 'name'), cipher.seal(b, 'id', 'name')]
        const spliced = Uint8Array.of(
          ...one.subarray(0, 1 + (cut % (one.length - 1))),
          ...other.subarray(1 + (paste % (other.length - 1))),
        )
        fc.pre(!sameBytes(spliced, one) && !sameBytes(spliced, other)) // both begin the same

        expect(opened(cipher, spliced, ['id', 'name'])).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})

describe('our envelope', () => {
  it('equals the plainest way to make it, and opens what that makes', () => {
    fc.assert(
      fc.property(
        payloads,
        words,
        words,
        fc.integer({ min: 1, max: 300 }),
        exactly(16),
        exactly(12),
        (payload, id, name, padding, salt, iv) => {
          const sealed = naiveSeal(payload, { key, salt, iv, id, name, padding })

          expect(opened(own, sealed, [id, name])).toEqual(payload)
          const mine = own.seal(payload, id, name)
          expect(new Uint8Array(naiveOpen(mine, { key, id, name }))).toEqual(payload)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('opens in no other place', () => {
    fc.assert(
      fc.property(words, words, words, words, (id, name, otherId, otherName) => {
        fc.pre(id !== otherId || name !== otherName)

        expect(opened(own, own.seal(key, id, name), [otherId, otherName])).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })
})
