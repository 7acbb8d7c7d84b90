import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { aeadCipher } from '../../../src/crypto/aead.js'
import { createKeyRing } from '../../../src/crypto/key-ring.js'
import { DecryptError } from '../../../src/errors.js'
import { naiveOpen, naiveSeal, naiveSealPadded } from '../../helpers/naive-envelope.js'

const ID = 'a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4'
const NAME = 'PHPSESSID'
const OVERHEAD = 4 + 8 + 16 + 12 + 16

const key = randomBytes(32)
const { seal, open } = aeadCipher(createKeyRing([key]), 32)
const bytes = (words: string) => new Uint8Array(Buffer.from(words, 'utf8'))
const hex = (digits: string) => new Uint8Array(Buffer.from(digits, 'hex'))
const idOf = (index: number) => createHash('md5').update(String(index)).digest('hex')

/** What happens to an envelope that was tampered with. */
function opens(sealed: Uint8Array, id = ID, name = NAME): boolean {
  try {
    open(sealed, id, name)
    return true
  } catch (error) {
    if (error instanceof DecryptError) return false
    throw error
  }
}

interface Vector {
  readonly name: string
  readonly id: string
  readonly key: string
  readonly salt: string
  readonly iv: string
  readonly padding: number
  readonly plain: string
  readonly sealed: string
}

const vectors = readFileSync(new URL('../../vectors/envelope.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)

describe('an envelope', () => {
  it.each(vectors)('of version 1 opens for ever: $plain padded to $padding', (vector) => {
    const { id, name, padding } = vector
    const secret = hex(vector.key)
    const parts = { key: secret, salt: hex(vector.salt), iv: hex(vector.iv), id, name, padding }

    expect(naiveSeal(hex(vector.plain), parts).toString('hex')).toBe(vector.sealed)
    expect(aeadCipher(createKeyRing([secret]), 32).open(hex(vector.sealed), id, name)).toEqual({
      payload: hex(vector.plain),
      current: true,
    })
  })

  it.each([0, 1, 31, 32, 33, 200, 16_384, 16_385, 100_000])(
    'of %i bytes is what the drawing says',
    (length) => {
      const payload = new Uint8Array(randomBytes(length))
      const sealed = seal(payload, ID, NAME)

      expect(new Uint8Array(naiveOpen(sealed, { key, id: ID, name: NAME }))).toEqual(payload)
      expect(open(sealed, ID, NAME).payload).toEqual(payload)
    },
  )

  it('is another one each time, under another key and IV', () => {
    const heads = new Set<string>()
    for (let round = 0; round < 100_000; round += 1) {
      const sealed = seal(new Uint8Array(0), ID, NAME)
      heads.add(Buffer.from(sealed.subarray(12, 40)).toString('latin1'))
    }

    expect(heads.size).toBe(100_000)
  })

  it('tells of the length only how many steps of 32 bytes it takes', () => {
    const lengths = Array.from(
      { length: 1000 },
      (_, index) => seal(new Uint8Array(index + 1), ID, NAME).length - OVERHEAD,
    )

    expect(new Set(lengths)).toEqual(new Set(Array.from({ length: 32 }, (_, n) => 32 * (n + 1))))
  })

  it('takes another step where one is asked for', () => {
    const lengths = [1, 255, 1024].map((padding) => {
      const cipher = aeadCipher(createKeyRing([key]), padding)
      return cipher.seal(new Uint8Array(300), ID, NAME).length - OVERHEAD
    })

    expect(lengths).toEqual([301, 510, 1024])
  })

  it('opens whatever step it was padded to', () => {
    const payload = bytes('counter|i:1;')
    const sealed = aeadCipher(createKeyRing([key]), 1000).seal(payload, ID, NAME)

    expect(open(sealed, ID, NAME).payload).toEqual(payload)
  })

  it('keeps what looks like padding, and changes nothing it was given', () => {
    const payload = Uint8Array.of(0x80, 0, 0, 0x80, 0)
    const sealed = seal(payload, ID, NAME)
    const before = sealed.slice()

    expect(open(sealed, ID, NAME).payload).toEqual(Uint8Array.of(0x80, 0, 0, 0x80, 0))
    expect(payload).toEqual(Uint8Array.of(0x80, 0, 0, 0x80, 0))
    expect(sealed).toEqual(before)
  })

  it('and its payload are plain byte arrays with memory of their own', () => {
    const sealed = seal(bytes('data'), ID, NAME)
    const { payload } = open(sealed, ID, NAME)

    expect([sealed.constructor, payload.constructor]).toEqual([Uint8Array, Uint8Array])
    expect(sealed.buffer.byteLength).toBe(sealed.length)
    expect(payload.buffer.byteLength).toBeLessThanOrEqual(payload.length + 32)
  })

  it.each([10, 20_000])('holds nothing of the %i bytes of its payload in clear', (length) => {
    const payload = new Uint8Array(length).fill(0x41)
    const sealed = Buffer.from(seal(payload, ID, NAME))

    expect(sealed.includes(Buffer.alloc(6, 0x41))).toBe(false)
    expect(sealed.includes(ID)).toBe(false)
    expect(sealed.includes(key)).toBe(false)
  })
})

describe('what was tampered with', () => {
  const sealed = seal(bytes('user|s:5:"admin";'.repeat(10)), ID, NAME)

  it('is refused for every single bit that was changed', () => {
    const accepted: number[] = []
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = sealed.slice()
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      if (opens(changed)) accepted.push(bit)
    }

    expect(opens(sealed)).toBe(true)
    expect(accepted).toEqual([])
  })

  it('is refused when it was cut, at either end, at every length', () => {
    const accepted: number[] = []
    for (let length = 0; length < sealed.length; length += 1) {
      if (opens(sealed.subarray(0, length))) accepted.push(length)
      if (opens(sealed.subarray(sealed.length - length))) accepted.push(-length)
    }

    expect(accepted).toEqual([])
  })

  it.each([1, 2, 15, 16, 17, 32])('is refused with %i bytes more', (more) => {
    const zeros = new Uint8Array(more)

    expect(opens(Uint8Array.of(...sealed, ...zeros))).toBe(false)
    expect(opens(Uint8Array.of(...zeros, ...sealed))).toBe(false)
    expect(opens(Uint8Array.of(...sealed.subarray(0, 40), ...zeros, ...sealed.subarray(40)))).toBe(
      false,
    )
  })

  it('is refused with a tag that is shorter or longer than 16 bytes', () => {
    const body = sealed.subarray(0, -16)
    const tag = sealed.subarray(-16)
    const lengths = [...Array.from({ length: 16 }, (_, length) => length), 17]
    const accepted = lengths.filter((length) =>
      opens(Uint8Array.of(...body, ...Uint8Array.of(...tag, 0).subarray(0, length))),
    )

    expect(accepted).toEqual([])
  })
})

describe('the place of an envelope', () => {
  it('is one session: under any other id it does not open', () => {
    const ids = Array.from({ length: 1000 }, (_, index) => idOf(index))
    const all = ids.map((id) => seal(bytes(`session of ${id}`), id, NAME))
    const others = ids.map((_, index) => ids[(index * 7 + 1) % ids.length] as string)

    const accepted = all.filter((sealed, index) => opens(sealed, others[index]))

    // 7i + 1 = i has no solution modulo 1000, so everyone is given another's
    expect(others.some((id, index) => id === ids[index])).toBe(false)
    expect(accepted).toEqual([])
    expect(all.every((sealed, index) => opens(sealed, ids[index]))).toBe(true)
  })

  it('is one cookie: under any other name it does not open', () => {
    const sealed = seal(bytes('data'), ID, NAME)

    for (const name of ['', 'PHPSESSI', 'PHPSESSIDX', 'phpsessid', 'sid']) {
      expect(opens(sealed, ID, name)).toBe(false)
    }
  })

  it('is never another one that reads the same when written in a row', () => {
    const sealed = seal(bytes('data'), 'bc', 'a')

    expect(opens(sealed, 'bc', 'a')).toBe(true)
    expect(opens(sealed, 'c', 'ab')).toBe(false)
    expect(opens(sealed, '', 'abc')).toBe(false)
    expect(opens(sealed, 'abc', '')).toBe(false)
  })

  it('may have names and ids of any length and letters', () => {
    for (const [id, name] of [
      ['', ''],
      ['é'.repeat(4096), 'ß'],
      ['a', '😀'.repeat(300)],
    ] as const) {
      expect(open(seal(bytes('data'), id, name), id, name).payload).toEqual(bytes('data'))
    }
  })
})

describe('keys', () => {
  const older = randomBytes(32)
  const oldest = randomBytes(32)
  const of = (...keys: Uint8Array[]) => aeadCipher(createKeyRing(keys), 32)

  it('of the ring all open, the first one seals', () => {
    const ring = of(key, older, oldest)
    const sealed = [key, older, oldest].map((each) => of(each).seal(bytes('data'), ID, NAME))

    expect(sealed.map((each) => ring.open(each, ID, NAME).current)).toEqual([true, false, false])
    expect(of(key).open(ring.seal(bytes('data'), ID, NAME), ID, NAME).current).toBe(true)
  })

  it('that left the ring open nothing, not even under the id of one that is there', () => {
    const sealed = of(older).seal(bytes('data'), ID, NAME)
    const renamed = sealed.slice()
    renamed.set(seal(bytes(''), ID, NAME).subarray(4, 12), 4)

    expect(opens(sealed)).toBe(false)
    expect(opens(renamed)).toBe(false)
  })
})

describe('the error', () => {
  it('is the same for every cause', () => {
    const sealed = seal(bytes('data'), ID, NAME)
    const changed = sealed.slice()
    changed[50] = (changed[50] as number) ^ 1
    const parts = { key, salt: randomBytes(16), iv: randomBytes(12), id: ID, name: NAME }
    const causes: [sealed: Uint8Array, id: string][] = [
      [new Uint8Array(0), ID],
      [bytes('0'), ID],
      [bytes('counter|i:1;'), ID],
      [sealed.subarray(0, 56), ID],
      [changed, ID],
      [sealed, 'another'],
      [aeadCipher(createKeyRing([randomBytes(32)]), 32).seal(bytes('data'), ID, NAME), ID],
      [naiveSealPadded(new Uint8Array(32), parts), ID],
      [naiveSealPadded(bytes('data'), parts), ID],
    ]

    const errors = causes.map(([each, id]) => errorOf(() => open(each, id, NAME)))

    for (const error of errors) {
      expect(error).toBeInstanceOf(DecryptError)
      expect(Object.getOwnPropertyNames(error).sort()).toEqual(['code', 'message', 'name', 'stack'])
      expect(error.message).toBe('encryption: payload does not decrypt')
    }
  })
})

function errorOf(body: () => unknown): Error {
  try {
    body()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
