/** What PHP's codec is measured with: the values of five kinds of sessions. */

export interface Sample {
  readonly name: string
  readonly value: Readonly<Record<string, unknown>> | readonly unknown[]
  /** Least operations a second that are wanted, as a ratio to JSON's. */
  readonly goals: { readonly write: number; readonly read: number }
  /** The number of which a request changes one, where the value can be a session. */
  readonly counter?: string
}

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

const cart = {
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
}

const nested = {
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
}

const list = Array.from({ length: 52_000 }, (_, index) =>
  index % 2 === 0 ? `item number ${index}` : (index * 7919) % 1_000_003,
)

const unicode = {
  title: 'Überraschung — 日本語のテキスト',
  body: 'Příliš žluťoučký kůň úpěl ďábelské ódy. 日本語テキスト、絵文字😀🎉 '.repeat(40),
  list: ['ä', 'ö', 'ü', 'ß', '€'],
  text: 'Съешь же ещё этих мягких французских булок'.repeat(10),
}

export const SAMPLES: readonly Sample[] = [
  {
    name: 'login, 270 B',
    value: login,
    goals: { write: 0.65, read: 0.6 },
    counter: 'last_seen',
  },
  { name: 'cart, 4 KB', value: cart, goals: { write: 0.6, read: 0.6 }, counter: 'total' },
  { name: 'nested, 110 KB', value: nested, goals: { write: 0.65, read: 0.65 } },
  { name: 'list, 1.2 MB', value: list, goals: { write: 0.5, read: 0.5 } },
  { name: 'unicode, 5 KB', value: unicode, goals: { write: 0.95, read: 0.32 } },
]
