/** Servers that do the same with a session, each with sessions of somebody else. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { sessionMiddleware } from 'sessionz/node'
import { memoryHandler } from 'sessionz/handlers/memory'
import { redisHandler } from 'sessionz/handlers/redis'
import { createSessionManager, type SessionHandler, type SessionOptions } from 'sessionz'
import type { RedisClient } from '../../src/stores/redis.js'
import { ioRedisClient, nodeRedisClient } from '../helpers/redis-clients.js'
import { slowLayer } from '../helpers/slow-layer.js'

const interop = createRequire(new URL('../interop/package.json', import.meta.url))

export interface Contender {
  readonly name: string
  /** Name of the server that it is compared with: the same one without sessions. */
  readonly base: string
  /** Packages that have to be installed. */
  readonly needs: readonly string[]
  /** @param redisPort 0 where sessions are kept in memory. */
  readonly make: (redisPort: number) => Promise<Server> | Server
}

const HTTP: Contender = {
  name: 'node:http',
  base: 'node:http',
  needs: [],
  make: () => createServer((_, res) => void res.end(body(0))),
}

const FASTIFY: Contender = {
  name: 'fastify',
  base: 'fastify',
  needs: ['fastify'],
  make: () => fastify(undefined),
}

/** In memory. */
export const MEMORY: readonly Contender[] = [
  HTTP,
  onHttp('sessionz', [], () => sessionz([memoryHandler()])),
  onHttp('sessionz, asynchronous store', [], () => sessionz([slowLayer(), memoryHandler()])),
  onHttp('express-session on connect', ['express-session', 'connect'], () => expressSession()),
  FASTIFY,
  {
    name: '@fastify/session',
    base: 'fastify',
    needs: ['fastify', '@fastify/cookie', '@fastify/session'],
    make: () => fastify({}),
  },
]

/** In Redis on the same machine. */
export const REDIS: readonly Contender[] = [
  HTTP,
  onHttp('sessionz, ioredis', ['ioredis'], async (port) => sessionz(await byIoRedis(port))),
  onHttp('sessionz, node-redis', ['redis'], async (port) => sessionz(await byNodeRedis(port))),
  onHttp('sessionz, ioredis, no lock', ['ioredis'], async (port) =>
    sessionz(await byIoRedis(port), { concurrency: 'none' }),
  ),
  onHttp(
    'express-session on connect',
    ['express-session', 'connect', 'connect-redis', 'redis'],
    async (port) => expressSession(await redisStore(port)),
  ),
  FASTIFY,
  {
    name: '@fastify/session',
    base: 'fastify',
    needs: ['fastify', '@fastify/cookie', '@fastify/session', 'connect-redis', 'redis'],
    make: async (port) => fastify({ store: await redisStore(port) }),
  },
]

function onHttp(
  name: string,
  needs: readonly string[],
  listener: (port: number) => Promise<RequestListener> | RequestListener,
): Contender {
  return {
    name,
    base: 'node:http',
    needs,
    make: async (port) => createServer(await listener(port)),
  }
}

/** A body of 20 bytes or so, as all of them send it. */
function body(n: unknown): string {
  return `visits: ${String(n).padStart(8)}`
}

function sessionz(handlers: SessionHandler[], options: SessionOptions = {}): RequestListener {
  const session = sessionMiddleware(createSessionManager({ handlers, ...options }))
  return (req, res) => {
    session(req, res, () => {
      if (req.url === '/plain') return res.end(body(0))
      const n = Number(req.session.get('n') ?? 0)
      if (req.url === '/write') req.session.set('n', n + 1)
      return res.end(body(n))
    })
  }
}

async function byIoRedis(port: number): Promise<SessionHandler[]> {
  return [redisHandler({ client: (await ioRedisClient(port)).client })]
}

async function byNodeRedis(port: number): Promise<SessionHandler[]> {
  return [redisHandler({ client: (await nodeRedisClient(port)).client })]
}

async function redisStore(port: number): Promise<object> {
  const { client } = await nodeRedisClient(port)
  const { RedisStore } = interop('connect-redis') as {
    RedisStore: new (options: { client: RedisClient }) => object
  }
  return new RedisStore({ client })
}

type Middleware = (...args: [...Parameters<RequestListener>, () => void]) => void

function expressSession(store?: object): RequestListener {
  const connect = interop('connect') as () => RequestListener & { use(run: Middleware): void }
  const session = interop('express-session') as (options: object) => Middleware
  const app = connect()
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

/** @param options Of its sessions; `undefined` for none. */
async function fastify(options: object | undefined): Promise<Server> {
  const app = (interop('fastify') as () => FastifyLike)()
  if (options !== undefined) await registerSessions(app, options)
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

async function registerSessions(app: FastifyLike, options: object): Promise<void> {
  const cookie = interop('@fastify/cookie') as FastifyCookie
  await app.register(cookie)
  const secret = new cookie.Signer('a secret of more than 32 characters', 'sha256')
  const rest = { saveUninitialized: false, cookie: { secure: false } }
  await app.register(interop('@fastify/session'), { secret, ...rest, ...options })
}
