/**
 * Microseconds of CPU that sessions in Redis add to a request, over the same server without them: one
 * small session for each of eight connections, a private Redis on loopback, everything in one run.
 * The table counts the server's process only, its client of Redis included.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, bench, describe } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/node.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import type { RedisClient } from '../../src/stores/redis.js'
import { ioRedisClient, nodeRedisClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'

const interop = createRequire(new URL('../interop/package.json', import.meta.url))
const REQUESTS = 2000

type Work = 'plain' | 'read' | 'write' | 'new'

const WORK: Record<Work, { path: string; known: boolean }> = {
  plain: { path: '/plain', known: true },
  read: { path: '/read', known: true },
  write: { path: '/write', known: true },
  new: { path: '/write', known: false },
}

const body = (n: unknown) => `visits: ${String(n).padStart(8)}`

const withoutSessions: RequestListener = (_, res) => void res.end(body(0))

function sessionz(client: RedisClient, concurrency: 'exclusive' | 'none'): RequestListener {
  const handlers = [redisHandler({ client })]
  const session = sessionMiddleware(createSessionManager({ handlers, concurrency }))
  return (req, res) => {
    session(req, res, () => {
      if (req.url === '/plain') return res.end(body(0))
      const n = Number(req.session.get('n') ?? 0)
      if (req.url === '/write') req.session.set('n', n + 1)
      return res.end(body(n))
    })
  }
}

type Middleware = (...args: [...Parameters<RequestListener>, () => void]) => void

const { RedisStore } = interop('connect-redis') as { RedisStore: new (options: object) => object }

function expressSession(client: RedisClient): RequestListener {
  const connect = interop('connect') as () => RequestListener & { use(run: Middleware): void }
  const session = interop('express-session') as (options: object) => Middleware
  const app = connect()
  const store = new RedisStore({ client })
  app.use(session({ secret: 'secret', resave: false, saveUninitialized: false, store }))
  app.use((req, res) => {
    const own = req.session as unknown as { n?: number }
    if (req.url === '/plain') return void res.end(body(0))
    const n = own.n ?? 0
    if (req.url === '/write') own.n = n + 1
    return void res.end(body(n))
  })
  return app
}

interface FastifyCookie {
  readonly Signer: new (secret: string, algorithm: string) => object
}

interface FastifyLike {
  readonly server: Server
  register(plugin: unknown, options?: object): Promise<unknown>
  get(path: string, run: (request: { session?: { n?: number } }) => string): void
  ready(): Promise<unknown>
}

/** The two of Fastify, whose plain server has a price of its own. */
async function fastify(client: RedisClient | undefined): Promise<Server> {
  const app = (interop('fastify') as () => FastifyLike)()
  if (client !== undefined) {
    const cookie = interop('@fastify/cookie') as FastifyCookie
    await app.register(cookie)
    const secret = new cookie.Signer('a secret of more than 32 characters', 'sha256')
    const options = { secret, saveUninitialized: false, store: new RedisStore({ client }) }
    await app.register(interop('@fastify/session'), { ...options, cookie: { secure: false } })
  }
  app.get('/plain', () => body(0))
  app.get('/read', (request) => body(request.session?.n ?? 0))
  app.get('/write', (request) => {
    if (request.session === undefined) return body(0)
    request.session.n = (request.session.n ?? 0) + 1
    return body(request.session.n)
  })
  await app.ready()
  return app.server
}

const browser = spawn(
  process.execPath,
  [fileURLToPath(new URL('http-client.mjs', import.meta.url))],
  { stdio: ['pipe', 'pipe', 'inherit'] },
)
const lines = createInterface({ input: browser.stdout })[Symbol.asyncIterator]()

/** CPU of this process for one round, in microseconds a request. */
async function round(port: number, work: Work): Promise<number> {
  browser.stdin.write(`${JSON.stringify({ port, count: REQUESTS, ...WORK[work] })}\n`)
  await lines.next()
  const before = process.cpuUsage()
  browser.stdin.write('start\n')
  await lines.next()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / REQUESTS
}

interface Candidate {
  readonly name: string
  readonly port: number
  /** The server it is compared with. */
  readonly base: string
  readonly best: Partial<Record<Work, number>>
}

async function listen(name: string, base: string, server: Server): Promise<Candidate> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { name, base, port: (server.address() as AddressInfo).port, best: {} }
}

const daemon = await startRedis()
const io = await ioRedisClient(daemon.port)
const node = await nodeRedisClient(daemon.port)

const plain = (name: string, run: RequestListener) => listen(name, 'node:http', createServer(run))
const candidates = await Promise.all([
  plain('node:http', withoutSessions),
  plain('sessionz, ioredis, with the lock', sessionz(io.client, 'exclusive')),
  plain('sessionz, node-redis, with the lock', sessionz(node.client, 'exclusive')),
  plain('sessionz, ioredis, without a lock', sessionz(io.client, 'none')),
  plain('sessionz, node-redis, without a lock', sessionz(node.client, 'none')),
  plain('express-session + connect-redis on connect', expressSession(node.client)),
  listen('fastify', 'fastify', await fastify(undefined)),
  listen('@fastify/session + connect-redis', 'fastify', await fastify(node.client)),
])

for (const work of Object.keys(WORK) as Work[]) {
  describe(`${REQUESTS} requests: ${work}`, () => {
    for (const { name, port, best } of candidates) {
      const options = { iterations: 10, time: 0, warmupIterations: 3, warmupTime: 0 }
      bench(
        name,
        async () => {
          best[work] = Math.min(best[work] ?? Infinity, await round(port, work))
        },
        options,
      )
    }
  })
}

afterAll(async () => {
  browser.kill()
  await Promise.all([io.end(), node.end()])
  await daemon.stop()
  const rows = candidates.map(({ name, base, best }) => {
    const zero = candidates.find((each) => each.name === base)?.best
    const added = (Object.keys(WORK) as Work[]).map((work) => {
      return [work, Number(((best[work] ?? 0) - (zero?.[work] ?? 0)).toFixed(1))] as const
    })
    return { server: name, ...Object.fromEntries(added) }
  })
  console.log('microseconds of CPU added to a request, with sessions in Redis')
  console.table(rows)
})
