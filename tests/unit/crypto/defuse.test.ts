import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { defuseCipher, openDefuse } from '../../../src/crypto/defuse.js'
import { parseDefuseKey } from '../../../src/crypto/defuse-key.js'
import { DecryptError } from '../../../src/errors.js'
import { defuseKey, defuseVectors } from '../../helpers/defuse.js'

const vectors = defuseVectors()
const readable = vectors.filter(({ verdict }) => verdict === 'ok')
const refused = vectors.filter(({ verdict }) => verdict === 'WrongKeyOrModifiedCiphertextException')
const badKeys = vectors.filter(({ verdict }) => verdict === 'BadFormatException')

const bytes = (words: string) => new Uint8Array(Buffer.from(words, 'utf8'))
const base64 = (text = '') => new Uint8Array(Buffer.from(text, 'base64'))
const textOf = (payload: Uint8Array) => Buffer.from(payload).toString('latin1')
const open = (key: string | string[], hex: string) =>
  defuseCipher(key).open(bytes(hex), 'id', 'name')

/** The format in plain words, by Node's own HKDF. */
function naiveSeal(payload: Uint8Array, secret: Uint8Array): Buffer {
  const salt = randomBytes(32)
  const iv = randomBytes(16)
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', secret, salt, info, 32))
  const cipher = createCipheriv('aes-256-ctr', derive('DefusePHP|V2|KeyForEncryption'), iv)
  const body = Buffer.concat([
    Buffer.from('def50200', 'hex'),
    salt,
    iv,
    cipher.update(payload),
    cipher.final(),
  ])
  const mac = createHmac('sha256', derive('DefusePHP|V2|KeyForAuthentication')).update(body)
  return Buffer.concat([body, mac.digest()])
}

describe("messages of PHP's library", () => {
  it('are all here, of every verdict', () => {
    expect(readable.length + refused.length + badKeys.length).toBe(vectors.length)
    expect([readable, refused, badKeys].every((kind) => kind.length > 0)).toBe(true)
  })

  it.each(readable)('$id opens, as text and as bytes', ({ key, hex, plain_b64, raw_b64 }) => {
    const payload = base64(plain_b64)

    expect(open(key, hex)).toEqual({ payload, current: true })
    expect(openDefuse(base64(raw_b64), parseDefuseKey('key', key))).toEqual(payload)
  })

  it.each(refused)('$id is refused', ({ key, hex }) => {
    expect(() => open(key, hex)).toThrow(new DecryptError())
  })

  it.each(badKeys)('$id is no key', ({ key }) => {
    expect(() => defuseCipher(key)).toThrow(RangeError)
  })
})

describe('a message', () => {
  const secret = randomBytes(32)
  const key = defuseKey(secret)
  const { seal } = defuseCipher(key)

  it.each([0, 1, 15, 16, 17, 4096, 100_000])('of %i bytes is read back', (length) => {
    const payload = new Uint8Array(randomBytes(length))

    expect(open(key, textOf(seal(payload, 'id', 'name'))).payload).toEqual(payload)
    expect(open(key, naiveSeal(payload, secret).toString('hex')).payload).toEqual(payload)
  })

  it('is small letters of hexadecimal text, another one each time', () => {
    const texts = Array.from({ length: 100 }, () => textOf(seal(bytes('0'), 'id', 'name')))

    expect(texts.every((text) => /^def50200[0-9a-f]{162}$/.test(text))).toBe(true)
    expect(new Set(texts).size).toBe(100)
  })

  it('is read in capital letters too, as PHP does', () => {
    const text = textOf(seal(bytes('data'), 'id', 'name')).toUpperCase()

    expect(open(key, text).payload).toEqual(bytes('data'))
  })

  it('is refused for every single bit of it that was changed', () => {
    const sealed = naiveSeal(bytes('user|s:5:"admin";'), secret)
    const accepted: number[] = []
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed)
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      if (openDefuse(changed, parseDefuseKey('key', key)) !== undefined) accepted.push(bit)
    }

    expect(accepted).toEqual([])
  })

  it('is refused when it was cut or made longer', () => {
    const text = textOf(seal(bytes('data'), 'id', 'name'))
    const others = Array.from({ length: text.length }, (_, length) => text.slice(0, length))

    for (const other of [...others, `${text}0`, `${text}00`, `00${text}`, `${text} `, ` ${text}`]) {
      expect(() => open(key, other)).toThrow(new DecryptError())
    }
  })

  it.each(['', '0', 'counter|i:1;', '{"a":1}', 'é'.repeat(200)])(
    'is never plain text: %j is refused',
    (text) => {
      expect(() => open(key, text)).toThrow(new DecryptError())
    },
  )

  it('is a plain byte array with memory of its own', () => {
    const sealed = seal(bytes('data'), 'id', 'name')
    const { payload } = open(key, textOf(sealed))

    expect([sealed.constructor, payload.constructor]).toEqual([Uint8Array, Uint8Array])
    expect(payload.buffer.byteLength).toBeLessThanOrEqual(payload.length + 32)
  })
})

describe('several keys', () => {
  const [key, older, oldest] = [defuseKey(), defuseKey(), defuseKey()]
  const sealedBy = (...keys: string[]) => textOf(defuseCipher(keys).seal(bytes('data'), 'id', 'n'))

  it('all open, and the first one seals', () => {
    const found = [key, older, oldest].map((each) => open([key, older, oldest], sealedBy(each)))

    expect(found.map(({ current }) => current)).toEqual([true, false, false])
    expect(open(key, sealedBy(key, older)).current).toBe(true)
    expect(() => open([key, older], sealedBy(oldest))).toThrow(new DecryptError())
  })
})

describe('a key', () => {
  it('may have a line end behind it, and capital letters', () => {
    const key = defuseKey()
    const sealed = textOf(
      defuseCipher(`${key.toUpperCase()}\r\n`).seal(bytes('data'), 'id', 'name'),
    )

    expect(open(key, sealed).payload).toEqual(bytes('data'))
  })

  it.each([
    ['of another version', `def00001${defuseKey().slice(8)}`, 'version DEF00000'],
    ['that was cut', defuseKey().slice(0, -2), '136 hexadecimal digits'],
    ['with another letter', `${defuseKey().slice(0, -1)}g`, '136 hexadecimal digits'],
    ['with a blank before it', ` ${defuseKey()}`, '136 hexadecimal digits'],
    ['that is empty', '', '136 hexadecimal digits'],
    ['of zeros', defuseKey(new Uint8Array(32)), 'weak key'],
    ['of text', defuseKey(Buffer.from('The quick, brown fox jumps; over')), 'weak key'],
  ])('%s is refused, and not quoted', (_, key, words) => {
    expect(() => defuseCipher(key)).toThrow(RangeError)
    expect(() => defuseCipher(key)).toThrow(words)
    expect(() => defuseCipher(key)).not.toThrow(key.slice(8, 24) || 'nothing')
  })

  it('is needed', () => {
    expect(() => defuseCipher([])).toThrow(new RangeError('"keys" must hold at least one key'))
    expect(() => defuseCipher([undefined as unknown as string])).toThrow(TypeError)
  })
})
