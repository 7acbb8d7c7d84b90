/** The published kits over a cache in Memcached, above each kind of store. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler } from '../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { memcachedCache } from '../../src/stores/memcached-cache.js'
import {
  handlerCases,
  layerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import type { Daemon } from '../helpers/daemon.js'
import { temporaryFolder } from '../helpers/folders.js'
import { memjs, startMemcached, type Memjs } from '../helpers/memcached-server.js'
import { describeWith } from '../helpers/services.js'
import { slowLayer } from '../helpers/slow-layer.js'

describeWith('memcached', 'the cache in Memcached', () => {
  let daemon: Daemon
  const clients: Memjs[] = []
  let made = 0

  beforeAll(async () => {
    daemon = await startMemcached('-I', '4m')
    for (let index = 0; index < 2; index += 1) clients.push(await memjs(daemon.port))
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    await daemon.stop()
  })

  /** A cache that is empty, for several processes with a client each. */
  function caches(): () => SessionHandler {
    const prefix = `test:${(made += 1)}:`
    let processes = 0
    return () => {
      const client = clients[(processes += 1) % 2] as Memjs
      return cacheHandler({ store: memcachedCache(client, { prefix, maxItemBytes: 2_000_000 }) })
    }
  }

  function fixture(
    layers: (cache: SessionHandler) => SessionHandler[],
    base: () => SessionHandler,
  ): HandlerFixture {
    let nowMs = 1_700_000_000_000
    const cache = caches()
    const another = () => [...layers(cache()), base()]
    return {
      handlers: another(),
      another,
      now: () => nowMs,
      advance: (seconds) => void (nowMs += seconds * 1000),
    }
  }

  /** The same store for each process. */
  const memoryBase = () => {
    const store = memoryHandler()
    return () => store
  }
  const filesBase = () => {
    const savePath = temporaryFolder()
    return () => filesHandler({ savePath })
  }
  const hashed = (fixture: HandlerFixture): HandlerFixture => ({
    ...fixture,
    listedAs: (id) => createHash('sha256').update(id).digest('hex'),
  })
  const keys = generateKey()

  const kit = (name: string, create: () => HandlerFixture, more: HandlerCapabilities = {}) =>
    describe(`handler contract: ${name}`, () => {
      for (const each of handlerCases(create, { shared: true, ...more })) it(each.name, each.run)
    })

  kit('above memory', () => fixture((cache) => [cache], memoryBase()))
  kit('below encryption and hashed ids, above memory that takes its time', () =>
    hashed(
      fixture(
        (cache) => [encryptionHandler({ keys }), hashedIdHandler(), cache, slowLayer()],
        memoryBase(),
      ),
    ),
  )
  describeWith('perl', 'and files', () => {
    kit('above files', () => fixture((cache) => [cache], filesBase()), { longestId: 242 })
  })

  describe('laws of layers', () => {
    const cases = layerCases(() => ({ layers: [caches()()] }))
    for (const { name, run } of cases) it(name, run)
  })
})
