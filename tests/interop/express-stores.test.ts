/** Stores of other people on the drop-in, on real servers. */
import type { EventEmitter } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StoreLike } from '../../src/adapters/express.js'
import type { NodeRedisClient } from '../../src/stores/redis.js'
import type { Daemon } from '../helpers/daemon.js'
import {
  IMPLEMENTATIONS,
  idOf,
  lineOf,
  serveSessions,
  type Factory,
  type Handler,
} from '../helpers/express-drop-in.js'
import { temporaryFolder } from '../helpers/folders.js'
import { peer } from '../helpers/peer.js'
import { startPostgres, type PostgresServer, type TestPool } from '../helpers/postgres-server.js'
import { nodeRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'

const shop: Handler = (request, response) => {
  const end = () => response.end(String(request.session?.['user'] ?? 'nobody'))
  if (request.url === '/login') {
    return void request.session.regenerate((error) => {
      if (error) throw error
      request.session['user'] = 'ada'
      end()
    })
  }
  if (request.url === '/logout') return void request.session.destroy(() => response.end('gone'))
  if (request.url === '/reload') return void request.session.reload(end)
  if (request.url === '/count') {
    request.session['n'] = Number(request.session['n'] ?? 0) + 1
    return response.end(String(request.session['n']))
  }
  return end()
}

/** What every store has to go through. */
function storeCases(session: Factory, make: () => StoreLike | Promise<StoreLike>): void {
  it('logs in, reloads, renews and logs out', async () => {
    const options = { store: await make(), cookie: { maxAge: 60_000 } }
    await using server = await serveSessions(session, options, shop)
    const visit = server.visitor()
    const bodies: string[] = []

    for (const path of ['/', '/login', '/', '/reload', '/login', '/', '/logout', '/']) {
      bodies.push((await visit(path)).body)
    }

    expect(bodies).toEqual(['nobody', 'ada', 'ada', 'ada', 'ada', 'ada', 'gone', 'nobody'])
    expect(server.errors).toEqual([])
  })

  it('keeps what one visit after the other counts', async () => {
    await using server = await serveSessions(session, { store: await make() }, shop)
    const visit = server.visitor()
    const bodies: string[] = []

    for (let n = 0; n < 5; n += 1) bodies.push((await visit('/count')).body)

    expect(bodies).toEqual(['1', '2', '3', '4', '5'])
  })

  it('keeps sessions when the original takes over, and back', async () => {
    const store = await make()
    const servers = await Promise.all(
      IMPLEMENTATIONS.map(([, each]) => serveSessions(each, { store }, shop)),
    )
    const [first, second] = servers as [(typeof servers)[number], (typeof servers)[number]]
    const login = await first.ask({ path: '/login' })
    const headers = { cookie: lineOf(login)?.split(';')[0] }

    const bodies = [(await second.ask({ headers })).body, (await first.ask({ headers })).body]
    for (const server of servers) await server[Symbol.asyncDispose]()

    expect([idOf(login), ...bodies]).toEqual([expect.any(String), 'ada', 'ada'])
  })
}

describe.each(IMPLEMENTATIONS)('session-file-store with %s', (_, session) => {
  storeCases(session, async () => {
    const { default: classOf } = await peer<{
      default: (session: Factory) => new (options: object) => StoreLike
    }>('session-file-store')
    const FileStore = classOf(session)
    return new FileStore({
      path: temporaryFolder(),
      retries: 0,
      reapInterval: -1,
      logFn: () => undefined,
    })
  })
})

describeWith('redis-server', 'connect-redis', () => {
  let redis: Daemon
  let connection: TestClient<NodeRedisClient>
  let stores = 0

  beforeAll(async () => {
    redis = await startRedis()
    connection = await nodeRedisClient(redis.port)
  })

  afterAll(async () => {
    await connection.end()
    await redis.stop()
  })

  describe.each(IMPLEMENTATIONS)('with %s', (_, session) => {
    storeCases(session, async () => {
      const { RedisStore } = await peer<{
        RedisStore: new (options: object) => StoreLike
      }>('connect-redis')
      return new RedisStore({ client: connection.client, prefix: `s${(stores += 1)}:` })
    })
  })
})

describeWith('postgres', 'connect-pg-simple', () => {
  let postgres: PostgresServer
  let pool: TestPool
  const open: { close(): unknown }[] = []

  beforeAll(async () => {
    postgres = await startPostgres()
    pool = await postgres.pool()
    // Its end does not wait for its connections; the server, going down, may reach one of them first.
    ;(pool as unknown as EventEmitter).on('error', () => undefined)
  })

  afterAll(async () => {
    for (const store of open) await store.close()
    await pool.end()
    await postgres.stop()
  })

  describe.each(IMPLEMENTATIONS)('with %s', (_, session) => {
    storeCases(session, async () => {
      const { default: classOf } = await peer<{
        default: (session: Factory) => new (options: object) => StoreLike & { close(): unknown }
      }>('connect-pg-simple')
      const PgStore = classOf(session)
      const store = new PgStore({ pool, createTableIfMissing: true, pruneSessionInterval: false })
      open.push(store)
      return store
    })
  })
})
