/**
 * The memory handler among 10,000 sessions of about 200 bytes, beside a Map of payloads and, where it
 * is installed, lru-cache. Ids are fresh strings cut out of a header, as they are in a server: a Map
 * has to hash them too.
 *
 * Memory and pauses at a million sessions: memory-million.ts.
 */
import { createRequire } from 'node:module'
import { bench, describe } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { memoryHandler } from '../../src/handlers/memory.js'

interface Store {
  read(id: string): unknown
  write(id: string, payload: Uint8Array): unknown
  touch(id: string): unknown
}

interface LruCache {
  get(id: string): Uint8Array | undefined
  set(id: string, payload: Uint8Array): unknown
}

const SESSIONS = 10_000
const ROUNDS = 1000
const options = { time: 500, warmupTime: 100 }
const payload = new Uint8Array(195).fill(0x61)
const hexIds = Array.from({ length: SESSIONS }, (_, index) => index.toString(16).padStart(32, 'a'))

/** `Cookie: a=b; PHPSESSID=...; c=d`, and the id in it. */
function freshIds(): string[] {
  return Array.from({ length: ROUNDS }, (_, index) => {
    const header = `a=b; PHPSESSID=${hexIds[(index * 7919) % SESSIONS] as string}; c=d`
    return header.slice(15, 47)
  })
}

function sessionz(): Store {
  const chain = composeChain([memoryHandler()])
  const inserting = createContext({ isNew: true })
  const context = createContext()
  for (const id of hexIds) chain.write(id, payload, inserting)
  return {
    read: (id) => chain.read(id, context),
    write: (id, bytes) => chain.write(id, bytes, context),
    touch: (id) => chain.updateTimestamp(id, payload, context),
  }
}

function mapStore(): Store {
  const map = new Map(hexIds.map((id) => [id, { payload: payload.slice(), at: 0 }]))
  return {
    read: (id) => map.get(id)?.payload.slice(),
    write: (id, bytes) => map.set(id, { payload: bytes.slice(), at: Date.now() }),
    touch(id) {
      const entry = map.get(id)
      if (entry !== undefined) entry.at = Date.now()
    },
  }
}

function lruStore(): Store | undefined {
  try {
    const { LRUCache } = createRequire(import.meta.url)('lru-cache') as {
      LRUCache: new (options: object) => LruCache
    }
    const cache = new LRUCache({ max: 100_000, ttl: 1_440_000, updateAgeOnGet: true })
    for (const id of hexIds) cache.set(id, payload.slice())
    return {
      read: (id) => cache.get(id)?.slice(),
      write: (id, bytes) => cache.set(id, bytes.slice()),
      touch: (id) => cache.get(id),
    }
  } catch {
    return undefined // not installed
  }
}

const stores = { sessionz: sessionz(), 'Map of payloads': mapStore(), 'lru-cache': lruStore() }

for (const operation of ['read', 'write', 'touch'] as const) {
  describe(`1000 times ${operation}`, () => {
    for (const [name, store] of Object.entries(stores)) {
      let ids: string[] = []
      bench.skipIf(store === undefined)(
        name,
        () => {
          for (const id of ids) store?.[operation](id, payload)
        },
        { ...options, setup: () => void (ids = freshIds()) },
      )
    }
  })
}

describe('1000 activations: open, validate, read, touch, close', () => {
  const chain = composeChain([memoryHandler()])
  for (const id of hexIds) chain.write(id, payload, createContext({ isNew: true }))
  let ids: string[] = []

  bench(
    'sessionz',
    () => {
      for (const id of ids) {
        const context = createContext({ id })
        chain.open(context)
        chain.validateId?.(id, context)
        chain.read(id, context)
        chain.updateTimestamp(id, payload, context)
        chain.close(context)
      }
    },
    { ...options, setup: () => void (ids = freshIds()) },
  )
})
