/** The published kit over a real Memcached: several processes, outages and strangers included. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import { cutProxy, type CutProxy } from '../helpers/cut-proxy.js'
import type { Daemon } from '../helpers/daemon.js'
import { memcachedClock } from '../helpers/memcached-clock.js'
import { memjs, startMemcached, type Memjs } from '../helpers/memcached-server.js'
import { describeWith } from '../helpers/services.js'

const CAPABILITIES = {
  ages: false, // an item has its end, not its age
  collects: false,
  lists: false,
  shared: true,
  breaks: true,
  strangers: true,
  longestId: 231,
} satisfies HandlerCapabilities

/** Whole ids fit where they are hashed. */
const HASHED = { ...CAPABILITIES, longestId: 256 } satisfies HandlerCapabilities

const KEY = generateKey()

interface Row {
  readonly layers: readonly (() => SessionHandler)[]
  readonly capabilities?: HandlerCapabilities
  readonly listedAs?: (id: string) => string
}

const sha256 = (id: string) => createHash('sha256').update(id).digest('hex')

const ROWS: Readonly<Record<string, Row>> = {
  memcached: { layers: [] },
  'hashed ids, above memcached': {
    layers: [hashedIdHandler],
    capabilities: HASHED,
    listedAs: sha256,
  },
  'encryption, above memcached': { layers: [() => encryptionHandler({ keys: KEY })] },
  'encryption, above hashed ids, above memcached': {
    layers: [() => encryptionHandler({ keys: KEY }), hashedIdHandler],
    capabilities: HASHED,
    listedAs: sha256,
  },
  'a cache, above memcached': {
    layers: [() => cacheHandler({ store: lruCache() })],
    capabilities: { ...CAPABILITIES, shared: false, breaks: false },
  },
  'memory that keeps nothing, above memcached': {
    layers: [() => memoryHandler()],
    capabilities: { ...CAPABILITIES, strangers: false }, // the layer has a list, nothing below it
  },
}

describeWith('memcached', 'handler contract: memcached', () => {
  let daemon: Daemon
  let proxy: CutProxy
  let admin: Memjs
  let fixtures = 0

  beforeAll(async () => {
    daemon = await startMemcached('-I', '4m')
    proxy = await cutProxy(daemon.port)
    admin = await memjs(daemon.port)
  })

  afterAll(async () => {
    admin.close()
    await proxy.stop()
    await daemon.stop()
  })

  async function create({ layers, listedAs }: Row): Promise<HandlerFixture> {
    fixtures += 1
    // As long as PHP's, and no other fixture's.
    const prefix = `t${String(fixtures).padStart(4, '0')}.sess.key`
    const clock = memcachedClock(admin)
    const clients: Memjs[] = []
    const make = async () => {
      const client = await memjs(proxy.port)
      clients.push(client)
      const options = { client: clock.clocked(client), prefix, maxItemBytes: 2_000_000 }
      return [...layers.map((layer) => layer()), memcachedHandler({ ...options, timeout: 0.2 })]
    }
    return {
      handlers: await make(),
      another: make,
      now: clock.now,
      advance: clock.advance,
      listedAs,
      breakDown() {
        proxy.hang()
        return async () => {
          proxy.mend()
          for (const client of clients) await recovered(client)
        }
      },
      async settleStranger() {
        const keys = ['homepage', `${prefix}`, `${prefix}lock.nobody`, 'a'.repeat(32)]
        for (const key of keys) await admin.set(key, 'mine', { expires: 0 })
        return async () => {
          const values = await Promise.all(keys.map((key) => admin.get(key)))
          return values.every(({ value }) => value?.toString() === 'mine')
        }
      },
      cleanup: () => {
        for (const client of clients) client.close()
      },
    }
  }

  for (const [name, row] of Object.entries(ROWS)) {
    const cases = handlerCases(() => create(row), row.capabilities ?? CAPABILITIES)
    for (const each of cases) it(`${name}: ${each.name}`, each.run)
  }

  it('leaves out what concerns age, lists and gc, and nothing else', () => {
    const make = () => create(ROWS['memcached'] as Row)
    const whole = { ...CAPABILITIES, ages: true, collects: true, lists: true }
    const names = new Set(handlerCases(make, CAPABILITIES).map((each) => each.name))
    const left = handlerCases(make, whole).filter((each) => !names.has(each.name))

    expect(left.length).toBeGreaterThan(0)
    for (const { name } of left) expect(name).toMatch(/gc|list|as old as it is/)
  })
})

/** Asks until the client has a connection again; fifty times at the most. */
async function recovered(client: Memjs): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    // What is under way when a connection closes gets no answer from memjs.
    const late = new Promise<false>((resolve) => setTimeout(resolve, 200, false))
    const answered = client.get('homepage').then(
      () => true,
      () => false,
    )
    if (await Promise.race([answered, late])) return
  }
  throw new Error('the client finds no connection')
}
