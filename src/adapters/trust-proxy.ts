/**
 * What proxies in front of a server say of a request, as far as they are trusted.
 *
 * @module
 * @see RFC 7239 (Forwarded)
 */
import { BlockList, isIP } from 'node:net'

/**
 * Which proxies are believed: all of them, so many in front of the server, those at some addresses
 * (`10.0.0.0/8`, `::1`, `loopback`), or those that a function knows by address and distance.
 */
export type TrustProxy =
  boolean | number | string | readonly string[] | ((address: string, hop: number) => boolean)

/** Whether the client at this distance is a proxy to believe; 0 is who connected. */
export type Trust = (address: string, hop: number) => boolean

/** Headers by their name in lower case. */
export type HeaderLookUp = (name: string) => string | undefined

/** What was asked of the first proxy that is trusted. `undefined` where none says. */
export interface Forwarded {
  readonly secure: boolean | undefined
  readonly host: string | undefined
}

const NOTHING: Forwarded = { secure: undefined, host: undefined }

/** Ranges by name, as in Express. */
const RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** @returns `undefined` where nobody is trusted. @throws {TypeError | RangeError} */
export function resolveTrust(value: TrustProxy): Trust | undefined {
  if (value === false || value === 0) return undefined
  if (value === true) return () => true
  if (typeof value === 'function') return value
  if (typeof value === 'number') return trustHops(value)
  if (typeof value === 'string') return trustAddresses(value.split(','))
  if (Array.isArray(value)) return trustAddresses(value as readonly string[])
  throw new TypeError(
    '"trustProxy" must be true, a number of proxies, their addresses or a function',
  )
}

function trustHops(count: number): Trust {
  if (!Number.isInteger(count) || count < 0) {
    throw new RangeError(`"trustProxy" must be an integer in 0..32 or addresses, got ${count}`)
  }
  return (_, hop) => hop < count
}

function trustAddresses(entries: readonly string[]): Trust {
  const list = new BlockList()
  for (const entry of entries) {
    const name = String(entry).trim()
    for (const range of Object.hasOwn(RANGES, name) ? (RANGES[name] as string[]) : [name]) {
      addRange(list, range)
    }
  }
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/^([\d.]+):\d+$/, '$1')
    const version = isIP(plain)
    return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}

function addRange(list: BlockList, range: string): void {
  const [address = '', length, ...rest] = range.split('/')
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const prefix = length === undefined ? bits : Number(length)
  if (
    version === 0 ||
    rest.length > 0 ||
    !(Number.isInteger(prefix) && prefix >= 0 && prefix <= bits)
  ) {
    throw new RangeError('"trustProxy" must name addresses like 10.0.0.1, 10.0.0.0/8 or loopback')
  }
  list.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
}

/** How many addresses of a chain are looked at. */
const MAX_HOPS = 32

/**
 * Reads `X-Forwarded-Proto` and `X-Forwarded-Host`, or where they are missing `Forwarded`.
 *
 * Proxies add their words on the right, and whoever asks first may send words as well. So the chain is
 * walked from the right as far as the proxies are trusted, and only the words of the last of these
 * count.
 *
 * @param address Of who connected.
 */
export function forwarded(look: HeaderLookUp, address: string, trust: Trust): Forwarded {
  const elements = elementsOf(look('forwarded') ?? '')
  const clients = listOf(look('x-forwarded-for')) ?? elements.map((each) => each.get('for') ?? '')
  const hops = trustedHops([address, ...clients.reverse()], trust)
  if (hops === 0) return NOTHING
  const word = (header: string, key: string): string | undefined => {
    const words = listOf(look(header)) ?? elements.map((each) => each.get(key) ?? '')
    return words[Math.max(0, words.length - hops)] || undefined
  }
  const scheme = word('x-forwarded-proto', 'proto')?.toLowerCase()
  return {
    secure: scheme === undefined ? undefined : scheme === 'https' || scheme === 'wss',
    host: word('x-forwarded-host', 'host'),
  }
}

function trustedHops(addresses: readonly string[], trust: Trust): number {
  let hop = 0
  while (hop < MAX_HOPS && trust(addresses[hop] ?? '', hop)) hop += 1
  return hop
}

function listOf(header: string | undefined): string[] | undefined {
  return header?.split(',').map((word) => word.trim())
}

/** `for=...;proto=https, for=...`: the pairs of each proxy. */
function elementsOf(header: string): Map<string, string>[] {
  if (header === '') return []
  return partsOf(header, ',').map((element) => {
    const pairs = partsOf(element, ';').map((pair) => {
      const equals = pair.indexOf('=')
      return [pair.slice(0, equals).trim().toLowerCase(), valueOf(pair.slice(equals + 1))] as const
    })
    return new Map(pairs)
  })
}

/** Splits outside of quotes. */
function partsOf(text: string, separator: ',' | ';'): string[] {
  const parts =
    separator === ',' ? /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g : /(?:[^";]|"(?:[^"\\]|\\.)*"?)+/g
  return text.match(parts) ?? []
}

/** Without quotes, and an IPv6 address without its brackets and port. */
function valueOf(text: string): string {
  const plain = text
    .trim()
    .replace(/^"((?:[^"\\]|\\.)*)"?$/s, '$1')
    .replace(/\\(.)/gs, '$1')
  return /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(plain)?.[1] ?? plain
}
