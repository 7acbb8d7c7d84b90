/** The published kits over the cache: each cache above each kind of store, one process and several. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import {
  cacheHandler,
  lruCache,
  memcachedCache,
  redisCache,
  type RedisClient,
} from '../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import type { CacheStore } from '../../src/lib/cache-store.js'
import {
  handlerCases,
  layerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import type { Daemon } from '../helpers/daemon.js'
import { temporaryFolder } from '../helpers/folders.js'
import { memjs, startMemcached, type Memjs } from '../helpers/memcached-server.js'
import { ioRedisClient, nodeRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { ioRedisCluster, nodeRedisCluster } from '../helpers/redis-cluster-clients.js'
import { startRedis, startRedisCluster, type RedisCluster } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'
import { slowLayer } from '../helpers/slow-layer.js'

type Layers = (cache: SessionHandler) => SessionHandler[]

/** One chain for each process; a cache in memory has one process only. */
function fixture(makeCache: () => CacheStore, layers: Layers, base: () => SessionHandler) {
  let nowMs = 1_700_000_000_000
  const cache = makeCache()
  const another = () => [...layers(cacheHandler({ store: cache })), base()]
  return {
    handlers: another(),
    another,
    now: () => nowMs,
    advance: (seconds: number) => void (nowMs += seconds * 1000),
  } satisfies HandlerFixture
}

/** The same store for each process. */
function memoryBase(): () => SessionHandler {
  const store = memoryHandler()
  return () => store
}

function filesBase(): () => SessionHandler {
  const savePath = temporaryFolder()
  return () => filesHandler({ savePath })
}

interface Row {
  readonly create: (makeCache: () => CacheStore) => HandlerFixture
  readonly capabilities?: HandlerCapabilities
}

const hashed = (made: HandlerFixture): HandlerFixture => ({
  ...made,
  listedAs: (id) => createHash('sha256').update(id).digest('hex'),
})

const keys = generateKey()
const encryption = () => encryptionHandler({ keys })

const ABOVE_MEMORY: Row = { create: (cache) => fixture(cache, (layer) => [layer], memoryBase()) }

/** One row for each: what is added here is held to all that the others are. */
const ROWS: Readonly<Record<string, Row>> = {
  'above memory': ABOVE_MEMORY,
  'below encryption, above memory': {
    create: (cache) => fixture(cache, (layer) => [encryption(), layer], memoryBase()),
  },
  'below encryption and hashed ids, above memory that takes its time': {
    create: (cache) =>
      hashed(
        fixture(
          cache,
          (layer) => [encryption(), hashedIdHandler(), layer, slowLayer()],
          memoryBase(),
        ),
      ),
  },
}

/** Takes processes, and so locks between them. */
const FILES: Row = {
  create: (cache) => fixture(cache, (layer) => [layer], filesBase()),
  capabilities: { longestId: 242 },
}

function kit(name: string, row: Row, makeCache: () => CacheStore, shared = false): void {
  describe(`handler contract: ${name}`, () => {
    const cases = handlerCases(() => row.create(makeCache), { ...row.capabilities, shared })
    for (const { name, run } of cases) it(name, run)
  })
}

/** The kit asks for layers that have not met a record that others made: each has its own cache. */
function laws(makeCache: () => CacheStore): void {
  describe('laws of layers', () => {
    const cases = layerCases(() => ({ layers: [cacheHandler({ store: makeCache() })] }))
    for (const { name, run } of cases) it(name, run)
  })
}

describe('the cache in memory', () => {
  for (const [name, row] of Object.entries(ROWS)) kit(name, row, lruCache)

  laws(lruCache)
})

describeWith('perl', 'the cache in memory, above files', () => {
  kit('above files', FILES, lruCache)
})

const CLIENTS: Readonly<Record<string, (port: number) => Promise<TestClient>>> = {
  ioredis: ioRedisClient,
  redis: nodeRedisClient,
}

describeWith('redis-server', 'the cache in Redis', () => {
  let server: Daemon
  let made = 0

  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  describe.each(Object.entries(CLIENTS))('over %s', (_, connect) => {
    let connected: TestClient
    beforeAll(async () => {
      connected = await connect(server.port)
    })
    afterAll(() => connected.end())

    /** A cache that is empty. */
    const makeCache = () => redisCache(connected.client, { prefix: `test:${(made += 1)}:` })

    for (const [name, row] of Object.entries(ROWS)) kit(name, row, makeCache, true)

    describeWith('perl', 'above files', () => {
      kit('above files', FILES, makeCache, true)
    })

    laws(makeCache)
  })
})

const CLUSTER_CLIENTS: Readonly<
  Record<string, (ports: readonly number[]) => Promise<TestClient<RedisClient>>>
> = { ioredis: ioRedisCluster, redis: nodeRedisCluster }

describeWith('redis-server', 'the cache in a Redis Cluster', () => {
  let cluster: RedisCluster
  let made = 0

  beforeAll(async () => {
    cluster = await startRedisCluster()
  }, 60_000)
  afterAll(() => cluster.stop())

  describe.each(Object.entries(CLUSTER_CLIENTS))('over %s', (_, connect) => {
    let connected: TestClient<RedisClient>
    beforeAll(async () => {
      connected = await connect(cluster.nodes.map(({ port }) => port))
    })
    afterAll(() => connected.end())

    /** A cache that is empty; ids of a case lie on different servers. */
    const makeCache = () => redisCache(connected.client, { prefix: `test:${(made += 1)}:` })

    kit('above memory', ABOVE_MEMORY, makeCache, true)
    laws(makeCache)
  })
})

describeWith('memcached', 'the cache in Memcached', () => {
  let server: Daemon
  let client: Memjs
  let made = 0

  beforeAll(async () => {
    server = await startMemcached()
    client = await memjs(server.port)
  })
  afterAll(async () => {
    client.close()
    await server.stop()
  })

  const makeCache = () => memcachedCache(client, { prefix: `test:${(made += 1)}:` })

  for (const [name, row] of Object.entries(ROWS)) kit(name, row, makeCache, true)
  laws(makeCache)
})
