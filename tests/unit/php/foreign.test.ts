/** Formats of PHP extensions are told from PHP's own. */
import { describe, expect, it } from 'vitest'
import { DecodeError, EncodeError } from '../../../src/errors.js'
import { foreignFormat } from '../../../src/php/foreign.js'
import { isMsgpackSession } from '../../../src/php/msgpack.js'
import { serializerFor } from '../../../src/serializers/registry.js'
import { wire } from '../../helpers/typed-value.js'

const SESSIONS: Record<string, string> = {
  'msgpack of an empty session': '\x90',
  'msgpack of PHP': '\x82\xc0\x01\xa1a\x01',
  'msgpack that also reads as a session': '\x82\xc0\x01\xa1a\xa8x;y|i:1;',
  'msgpack with every kind of value': [
    '\xde\x00\x09\xc0\xc0\x01\xc2\x02\xc3\x03\xca\0\0\0\0\x04\xcb\0\0\0\0\0\0\0\0',
    '\x05\xd0\0\x06\xd9\x02ab\x07\xc7\x01\0x\x08\xdc\x00\x02\xe0\x7f',
  ].join(''),
  'igbinary of an empty session': '\0\0\0\x02\x14\0',
  'igbinary that also reads as a session': '\0\0\0\x02\x14\x01\x11\x01a|i:1;',
  'igbinary of an older version': '\0\0\0\x01\x14\0',
}

describe('another format', () => {
  const cases = Object.entries(SESSIONS).flatMap(([title, bytes]) =>
    ['php', 'php_binary', 'php_serialize'].map((name) => [title, name, bytes] as const),
  )

  it.each(cases)('%s is named by %s', (title, name, bytes) => {
    const run = () => serializerFor(name).decode(wire(bytes))

    expect(run).toThrow(DecodeError)
    expect(run).toThrow(`not ${title.split(' ')[0] as string}, which is not supported`)
  })

  it.each([
    '',
    'a|i:1;',
    '\x01ai:1;',
    '\xc3\xa9|i:1;',
    '\xd0\xb0|i:1;',
    '\xde\xa1|i:1;',
    '\x81|i:1;',
    '\x81ai:1;',
    '\x82\xc0\x01\xa1a',
    '\x81\xa1a\x01\x01',
    '\xde\xff\xff\x01',
    '\xdf\xff\xff\xff\xff\x01',
    '\x91\x01',
    '\x82\x01\x01\xa1a\x01',
    '\x81\xc0\xc1',
    '\x81\xc0\xcf\0',
    '\0\0\0\x03\x14\0',
    '\0\0\0',
  ])('is not found in %j', (bytes) => {
    expect(foreignFormat(wire(bytes))).toBeUndefined()
  })

  it('is looked for in time that grows with the bytes', () => {
    const deep = Buffer.concat([wire('\x81\xc0'), Buffer.alloc(4_000_000, 0x91)])

    expect(isMsgpackSession(deep)).toBe(false)
    expect(isMsgpackSession(Buffer.concat([deep, wire('\x90')]))).toBe(true)
  })

  it('is never written', () => {
    const { encode } = serializerFor('php')

    expect(() => encode({ '\0\0\0\x02': 1 })).toThrow(EncodeError)
    expect(() => encode({ '\0\0\0\x02': 1 })).toThrow('a first variable that reads as igbinary')
    expect(encode({ a: 1, '\0\0\0\x02': 1 })).toHaveLength(15)
  })
})
