/** The published kit over real Redis: both clients, one server and a Cluster, alone and below layers. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler, redisCache } from '../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { redisHandler, type RedisOptions } from '../../src/handlers/redis.js'
import { redisCommands, type RedisClient } from '../../src/stores/redis.js'
import { handlerCases, type HandlerFixture } from '../../src/testing/index.js'
import { cutProxy, type CutProxy } from '../helpers/cut-proxy.js'
import type { Daemon } from '../helpers/daemon.js'
import { answering, redisClock } from '../helpers/redis-clock.js'
import { ioRedisClient, nodeRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { ioRedisCluster, nodeRedisCluster } from '../helpers/redis-cluster-clients.js'
import { startRedis, startRedisCluster, type RedisCluster } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'

const CAPABILITIES = {
  ages: false,
  collects: false,
  shared: true,
  strangers: true,
  owners: true,
} as const

const keys = generateKey()
const encryption = () => encryptionHandler({ keys })

/** Layers above the handler, outermost first. */
interface Layers {
  readonly make: (client: RedisClient) => SessionHandler[]
  readonly listedAs?: (id: string) => string
}

const sha256 = (id: string) => createHash('sha256').update(id).digest('hex')

const ALONE: Layers = { make: () => [] }
/** Copies and records in one Redis, or in one Cluster. */
const CACHED: Layers = { make: (client) => [cacheHandler({ store: redisCache(client) })] }
const LAYERS: Readonly<Record<string, Layers>> = {
  'encryption, above redis': { make: () => [encryption()] },
  'hashed ids, above redis': { make: () => [hashedIdHandler()], listedAs: sha256 },
  'a cache in redis, above redis': CACHED,
  'memory that keeps nothing, above redis': { make: () => [memoryHandler()] },
  'encryption, hashed ids, above redis': {
    make: () => [encryption(), hashedIdHandler()],
    listedAs: sha256,
  },
}

interface Place {
  readonly client: RedisClient
  readonly options?: Omit<RedisOptions, 'client'>
  /** Where the server is reached through one. */
  readonly proxy?: CutProxy
}

/** The server cannot be reached, and what was sent meanwhile never gets there. */
function hang({ proxy, client }: Place): () => Promise<void> {
  proxy?.hang()
  return async () => {
    proxy?.mend()
    await answering(client)
  }
}

/** What others keep: under other names, and under ours as no session has them. */
async function settle(client: RedisClient, prefix = 'PHPREDIS_SESSION:') {
  const { send } = redisCommands(client)
  const keysOfOthers = ['cart:7', 'PHPREDIS', `${prefix}not_an_id`, `${prefix}a b`, `x${prefix}abc`]
  for (const key of keysOfOthers) await send(key, ['SET', key, 'mine'])
  const hash = `${prefix}${'h'.repeat(32)}`
  await send(hash, ['HSET', hash, 'field', 'mine'])
  return async () => {
    const values = await Promise.all(keysOfOthers.map((key) => send(key, ['GET', key])))
    const field = await send(hash, ['HGET', hash, 'field'])
    return [...values, field].every((value) => String(value) === 'mine')
  }
}

async function fixture(place: Place, layers: Layers) {
  const { client, options = {} } = place
  const clock = redisClock(client)
  await clock.wipe()
  const another = () => [...layers.make(client), redisHandler({ client, ...options })]
  return {
    handlers: another(),
    another,
    now: Date.now,
    advance: clock.advance,
    breakDown: () => hang(place),
    settleStranger: () => settle(client, options.prefix),
    listedAs: layers.listedAs,
  } satisfies HandlerFixture
}

type Connect = (port: number) => Promise<TestClient<RedisClient>>

const CLIENTS: Readonly<Record<string, Connect>> = {
  // It would send again what it got no answer to, and so destroy after the outage.
  ioredis: (port) => ioRedisClient(port, { autoResendUnfulfilledCommands: false }),
  'node-redis': nodeRedisClient,
}

for (const [name, connect] of Object.entries(CLIENTS)) {
  describeWith('redis-server', `redis over ${name}`, () => {
    let daemon: Daemon
    let proxy: CutProxy
    let open: TestClient<RedisClient>

    beforeAll(async () => {
      daemon = await startRedis()
      proxy = await cutProxy(daemon.port)
      open = await connect(proxy.port)
    })
    afterAll(async () => {
      await open.end()
      await proxy.stop()
      await daemon.stop()
    })

    const create = () => fixture({ client: open.client, proxy, options: { timeout: 0.5 } }, ALONE)
    for (const { name: law, run } of handlerCases(create, { ...CAPABILITIES, breaks: true })) {
      it(law, run)
    }
  })
}

describeWith('redis-server', 'redis below layers', () => {
  let daemon: Daemon
  let open: TestClient<RedisClient>

  beforeAll(async () => {
    daemon = await startRedis()
    open = await ioRedisClient(daemon.port)
  })
  afterAll(async () => {
    await open.end()
    await daemon.stop()
  })

  for (const [name, layers] of Object.entries(LAYERS)) {
    const create = () => fixture({ client: open.client }, layers)
    for (const { name: law, run } of handlerCases(create, CAPABILITIES)) {
      it(`${name}: ${law}`, run)
    }
  }

  const plain = () => fixture({ client: open.client, options: { scripts: false } }, ALONE)
  for (const { name: law, run } of handlerCases(plain, CAPABILITIES)) {
    it(`without scripts: ${law}`, run)
  }
})

const CLUSTER_CLIENTS: Readonly<
  Record<string, (ports: readonly number[]) => Promise<TestClient<RedisClient>>>
> = { ioredis: ioRedisCluster, 'node-redis': nodeRedisCluster }

for (const [name, connect] of Object.entries(CLUSTER_CLIENTS)) {
  describeWith('redis-server', `a Cluster over ${name}`, () => {
    let cluster: RedisCluster
    let open: TestClient<RedisClient>

    beforeAll(async () => {
      cluster = await startRedisCluster()
      open = await connect(cluster.nodes.map(({ port }) => port))
    }, 60_000)
    afterAll(async () => {
      await open.end()
      await cluster.stop()
    })

    for (const prefix of [undefined, '{sessions}:']) {
      const create = () => fixture({ client: open.client, options: { prefix } }, ALONE)
      const naming = prefix === undefined ? "phpredis' names" : 'a hash tag'
      for (const { name: law, run } of handlerCases(create, CAPABILITIES)) {
        it(`with ${naming}: ${law}`, run)
      }
    }

    const cached = () => fixture({ client: open.client }, CACHED)
    for (const { name: law, run } of handlerCases(cached, CAPABILITIES)) {
      it(`below a cache: ${law}`, run)
    }
  })
}
