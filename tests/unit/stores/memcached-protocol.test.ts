import { describe, expect, it } from 'vitest'
import { encodeRequest, expiresIn, readAnswer } from '../../../src/stores/memcached-protocol.js'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('a request', () => {
  it.each([
    [
      'add',
      encodeRequest(
        { command: 'add', key: 'memc.sess.key.lock.m8', value: bytes('1'), expires: 0 },
        0x10000,
      ),
      '80020015 08000000 0000001e 00010000 0000000000000000',
    ],
    [
      'get',
      encodeRequest({ command: 'get', key: 'memc.sess.key.m8' }, 0x20000),
      '800c0010 00000000 00000010 00020000 0000000000000000',
    ],
    [
      'set',
      encodeRequest(
        { command: 'set', key: 'memc.sess.key.m8', value: bytes('n|i:1;'), expires: 1440 },
        0x30000,
      ),
      '80010010 08000000 0000001e 00030000 0000000000000000',
    ],
    [
      'delete',
      encodeRequest({ command: 'delete', key: 'memc.sess.key.lock.m8' }, 0x40000),
      '80040015 00000000 00000015 00040000 0000000000000000',
    ],
  ])('has the header that php-memcached sends: %s', (_, request, header) => {
    expect(request.subarray(0, 24).toString('hex')).toBe(hex(header).toString('hex'))
  })

  it('has flags 0, the expiry, the key and the value behind it, and the version in it', () => {
    const request = encodeRequest(
      { command: 'set', key: 'k', value: bytes('v'), expires: 1440, cas: 0x1122334455667788n },
      7,
    )

    expect(request.subarray(16).toString('hex')).toBe(
      hex('1122334455667788 00000000 000005a0 6b 76').toString('hex'),
    )
  })

  it('of a touch has the expiry alone', () => {
    const request = encodeRequest({ command: 'touch', key: 'k', expires: 2 }, 7)

    expect(request.subarray(4, 12).toString('hex')).toBe('0400000000000005')
    expect(request.subarray(24).toString('hex')).toBe('000000026b')
  })
})

describe('an answer', () => {
  const response = (header: object, key = 'k') => ({
    header: { magic: 0x81, opcode: 0x0c, status: 0, cas: hex('00000000000000ff'), ...header },
    key: Buffer.from(key),
    val: Buffer.from('value'),
  })
  const get = { command: 'get', key: 'k' } as const

  it('has a value of its own and its version', () => {
    const received = response({})
    const { status, value, cas } = readAnswer(get, received)
    received.val.fill(0)

    expect({ status, value, cas }).toEqual({ status: 'done', value: bytes('value'), cas: 255n })
    expect(value.constructor).toBe(Uint8Array)
  })

  it.each([
    [1, 'absent'],
    [2, 'exists'],
    [5, 'absent'],
  ])('with status %i says: %s', (status, said) => {
    expect(readAnswer(get, response({ status })).status).toBe(said)
  })

  it.each([
    ['of another command', response({ opcode: 0x01 }), 'WRONG_ANSWER'],
    ['that is a request', response({ magic: 0x80 }), 'WRONG_ANSWER'],
    ['for another key', response({}, 'other'), 'WRONG_ANSWER'],
    ['that is an error', response({ status: 0x82 }), 'OUT_OF_MEMORY'],
    ['that is too large', response({ status: 3 }), 'TOO_LARGE'],
    ['with a status of the future', response({ status: 0x1234 }), 'UNKNOWN_STATUS'],
  ])('%s is a failure with a code', (_, received, code) => {
    expect(() => readAnswer(get, received)).toThrow(expect.objectContaining({ code }))
  })
})

describe('an expiry', () => {
  const DAY = 86_400
  const NOW = 1_700_000_000_500

  it.each([
    [0, 2],
    [1, 2],
    [1.2, 3],
    [1440, 1441],
    [30 * DAY - 1, 30 * DAY],
    [30 * DAY, 1_700_000_000 + 30 * DAY + 1],
    [3650 * DAY, 1_700_000_000 + 3650 * DAY + 1],
    [2 ** 32, 2 ** 32 - 1],
  ])('for %d seconds is %d', (seconds, expires) => {
    expect(expiresIn(seconds, NOW)).toBe(expires)
  })
})
