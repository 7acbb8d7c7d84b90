/**
 * PHP's value codec beside JSON and its peers, on the values of five kinds of sessions.
 *
 * The source is bundled first, as it is published: the bundler writes the codec's constants where
 * they are used, and the test runner's own modules would look each of them up.
 *
 * Ratios to JSON of one run are what counts; the goals are at least, writing: login 0.65, cart 0.60,
 * nested 0.65, list 0.50, unicode 0.95; reading: 0.60, 0.60, 0.65, 0.50, 0.32.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, bench, describe } from 'vitest'
import { bundle } from '../helpers/bundle.js'
import { peer } from '../helpers/peer.js'

interface Codec {
  readonly serialize: (value: unknown) => Uint8Array | string
  readonly unserialize: (bytes: Uint8Array | string) => unknown
}

const folder = mkdtempSync(join(tmpdir(), 'sessionz-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function load(): Promise<Codec> {
  const file = join(folder, 'php.mjs')
  await bundle("export { serialize, unserialize } from 'sessionz/php'", file)
  return (await import(pathToFileURL(file).href)) as Codec
}

/** A peer, or nothing where the workspace is not installed. */
async function find<T>(name: string, pick: (module: T) => Codec): Promise<[string, Codec][]> {
  try {
    return [[name, pick(await peer<T>(name))]]
  } catch {
    return []
  }
}

const sessionz = await load()
const peers = [
  ...(await find<{ default: Codec }>('php-serialize', (module) => module.default ?? module)),
  ...(await find<{ default: { php: { var: Codec } } }>(
    'locutus',
    (module) => module.default.php.var,
  )),
]

const login = {
  user_id: 42,
  name: 'Ada Lovelace',
  roles: ['admin', 'editor'],
  csrf: 'a3f5c8d1e9b7',
  last_seen: 1700000000,
  remember: true,
  flash: { notice: 'Welcome back' },
  score: 4.5,
  locale: null,
}

const VALUES: Record<string, unknown> = {
  'login, 270 B': login,
  'cart, 4 KB': {
    id: 'c-1029',
    currency: 'EUR',
    items: Array.from({ length: 24 }, (_, index) => ({
      sku: `SKU-${1000 + index * 37}`,
      name: `Product number ${index}`,
      qty: 1 + (index % 4),
      price: 9.99 + index * 1.25,
      tags: ['new', 'sale'],
      gift: index % 3 === 0,
    })),
    total: 599.5,
    coupon: null,
    address: { street: '12 Long Road', city: 'Springfield', zip: '12345', country: 'US' },
  },
  'nested, 110 KB': {
    users: Array.from({ length: 420 }, (_, index) => ({
      id: index,
      name: `User ${index}`,
      email: `user${index}@example.com`,
      active: index % 2 === 0,
      score: index * 1.5 + 0.25,
      roles: ['a', 'b'],
      profile: { age: 20 + (index % 50), city: `City ${index % 20}`, flags: { x: true, y: null } },
    })),
    meta: { page: 1, total: 420 },
  },
  'list, 1.2 MB': Array.from({ length: 52_000 }, (_, index) =>
    index % 2 === 0 ? `item number ${index}` : (index * 7919) % 1_000_003,
  ),
  'unicode, 5 KB': {
    title: 'Überraschung — 日本語のテキスト',
    body: 'Příliš žluťoučký kůň úpěl ďábelské ódy. 日本語テキスト、絵文字😀🎉 '.repeat(40),
    list: ['ä', 'ö', 'ü', 'ß', '€'],
    text: 'Съешь же ещё этих мягких французских булок'.repeat(10),
  },
}

const options = { time: 500, warmupTime: 500 }
let consumed: unknown

for (const [name, value] of Object.entries(VALUES)) {
  const json = JSON.stringify(value)
  const bytes = sessionz.serialize(value)
  const text = Buffer.from(bytes as Uint8Array).toString('utf8')

  describe(`write ${name}`, () => {
    bench('JSON.stringify', () => void (consumed = JSON.stringify(value)), options)
    bench('sessionz', () => void (consumed = sessionz.serialize(value)), options)
    for (const [peerName, { serialize }] of peers) {
      bench(peerName, () => void (consumed = serialize(value)), options)
    }
  })

  describe(`read ${name}`, () => {
    bench('JSON.parse', () => void (consumed = JSON.parse(json)), options)
    bench('sessionz', () => void (consumed = sessionz.unserialize(bytes)), options)
    for (const [peerName, { unserialize }] of peers) {
      bench(peerName, () => void (consumed = unserialize(text)), options)
    }
  })
}

describe('read what is hard to read', () => {
  const worst: Record<string, Uint8Array> = {
    '1 MB of one string': Buffer.from(`s:1000000:"${'x'.repeat(1_000_000)}";`),
    '1 MB of nesting': Buffer.alloc(1_000_000, 'a:1:{i:0;'),
    '1 MB of references': Buffer.from(
      `a:90000:{${Array.from({ length: 90_000 }, (_, index) => `i:${index};R:1;`).join('')}}`,
    ),
  }
  for (const [name, bytes] of Object.entries(worst)) {
    bench(
      name,
      () => {
        try {
          consumed = sessionz.unserialize(bytes)
        } catch (error) {
          consumed = error
        }
      },
      options,
    )
  }
})

/** Keeps the results, so that the engine cannot leave the work out. */
export const last = (): unknown => consumed
