import { describe, expect, it } from 'vitest'
import {
  forwarded,
  resolveTrust,
  type Trust,
  type TrustProxy,
} from '../../../src/adapters/trust-proxy.js'

type Words = Readonly<Record<string, string>>

const seen = (trustProxy: TrustProxy, headers: Words, address = '127.0.0.1') =>
  forwarded((name) => headers[name], address, resolveTrust(trustProxy) as Trust)

describe('who is trusted', () => {
  it.each<[TrustProxy, string, boolean]>([
    [true, '203.0.113.9', true],
    ['loopback', '127.0.0.1', true],
    ['loopback', '::1', true],
    ['loopback', '::ffff:127.0.0.1', true],
    ['loopback', '10.0.0.1', false],
    ['linklocal, uniquelocal', '192.168.7.7', true],
    [['10.0.0.0/8', 'fc00::/7'], '10.255.0.1', true],
    [['10.0.0.0/8', 'fc00::/7'], 'fd12::1', true],
    [['10.0.0.0/8'], '11.0.0.1', false],
    [['192.0.2.1'], '192.0.2.1', true],
    [['192.0.2.1'], '192.0.2.1:443', true],
    [['192.0.2.1'], '192.0.2.2', false],
    [['192.0.2.1'], '', false],
    [['0.0.0.0/0'], 'unknown', false],
    [(address) => address === 'unix', 'unix', true],
  ])('%j and %s: %s', (trustProxy, address, expected) => {
    expect(seen(trustProxy, { 'x-forwarded-proto': 'https' }, address).secure).toBe(
      expected ? true : undefined,
    )
  })

  it.each([false, 0] as const)('is nobody by %s', (trustProxy) => {
    expect(resolveTrust(trustProxy)).toBeUndefined()
  })

  it.each<[unknown, string]>([
    [-1, '"trustProxy" must be'],
    [1.5, '"trustProxy" must be'],
    [{}, '"trustProxy" must be'],
    ['proxy.test', '"trustProxy" must name addresses'],
    [['10.0.0.0/33'], '"trustProxy" must name addresses'],
    [['10.0.0.0/8/8'], '"trustProxy" must name addresses'],
    [['10.0.0.0/x'], '"trustProxy" must name addresses'],
    [[''], '"trustProxy" must name addresses'],
  ])('cannot be %j', (trustProxy, message) => {
    expect(() => resolveTrust(trustProxy as TrustProxy)).toThrow(message)
  })
})

describe('what is believed', () => {
  it.each<[string, TrustProxy, Words, boolean | undefined, string | undefined]>([
    ['nothing, where nothing is said', true, {}, undefined, undefined],
    [
      'one proxy',
      1,
      { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.test' },
      true,
      'shop.test',
    ],
    ['any letter case', 1, { 'x-forwarded-proto': 'HTTPS' }, true, undefined],
    ['a plain connection before the proxy', 1, { 'x-forwarded-proto': 'http' }, false, undefined],
    [
      'not what the visitor wrote on the left',
      1,
      { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'evil.test, shop.test' },
      false,
      'shop.test',
    ],
    ['the outer one of two', 2, { 'x-forwarded-proto': 'https, http' }, true, undefined],
    [
      'a header that the outer one of two wrote alone',
      2,
      { 'x-forwarded-proto': 'https' },
      true,
      undefined,
    ],
    [
      'the leftmost, where all are trusted',
      true,
      { 'x-forwarded-proto': 'https, http, http' },
      true,
      undefined,
    ],
    [
      'as far as the addresses go',
      ['127.0.0.1', '10.0.0.0/8'],
      { 'x-forwarded-for': '203.0.113.9, 10.0.0.2', 'x-forwarded-proto': 'https, http' },
      true,
      undefined,
    ],
    [
      'no further',
      ['127.0.0.1'],
      { 'x-forwarded-for': '203.0.113.9, 10.0.0.2', 'x-forwarded-proto': 'https, http' },
      false,
      undefined,
    ],
    [
      'Forwarded',
      1,
      { forwarded: 'for=192.0.2.43;proto=https;host="shop.test:8443"' },
      true,
      'shop.test:8443',
    ],
    [
      'Forwarded of several',
      1,
      { forwarded: 'for=x;proto=https, for="[2001:db8::1]:47011";proto=http' },
      false,
      undefined,
    ],
    [
      'Forwarded by addresses',
      ['127.0.0.1', '2001:db8::/32'],
      { forwarded: 'for=1.2.3.4;proto=https, for="[2001:db8::1]:47011";proto=http' },
      true,
      undefined,
    ],
    [
      'quotes with commas and backslashes in them',
      1,
      { forwarded: 'for="a,b;c\\"d";proto="https"' },
      true,
      undefined,
    ],
    [
      'X-Forwarded-Proto before Forwarded',
      1,
      { 'x-forwarded-proto': 'http', forwarded: 'proto=https' },
      false,
      undefined,
    ],
    [
      'no empty words',
      1,
      { 'x-forwarded-proto': '', 'x-forwarded-host': ' ' },
      undefined,
      undefined,
    ],
    ['no broken element', 1, { forwarded: ';;=,"' }, undefined, undefined],
  ])('%s', (_, trustProxy, headers, secure, host) => {
    expect(seen(trustProxy, headers)).toEqual({ secure, host })
  })

  it('is nothing of what an unknown address says', () => {
    const spoofed = {
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
      forwarded: 'proto=https',
    }

    expect(seen('loopback', spoofed, '203.0.113.9')).toEqual({ secure: undefined, host: undefined })
  })

  it('is found in a long header without delay', () => {
    const forwardedHeader = `${'for="'.repeat(3000)}${'\\'.repeat(1000)}${',;='.repeat(1000)}`

    expect(seen(true, { forwarded: forwardedHeader }).secure).toBeUndefined()
  })
})
