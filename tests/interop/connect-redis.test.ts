/** connect-redis as the innermost handler, on a real Redis, and an express application beside it. */
import { createHmac } from 'node:crypto'
import { RedisStore } from 'connect-redis'
import express from 'express'
import expressSession from 'express-session'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { expressStoreHandler } from '../../src/handlers/express-store.js'
import type { SessionHandler } from '../../src/handler.js'
import { createSessionManager } from '../../src/manager.js'
import { handlerCases, type HandlerFixture } from '../../src/testing/index.js'
import type { Daemon } from '../helpers/daemon.js'
import { serve } from '../helpers/exchange.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'

describeWith('redis-server', 'connect-redis', () => {
  let redis: Daemon
  let client: ReturnType<typeof createClient>

  beforeAll(async () => {
    // What was acknowledged survives a kill.
    redis = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    const url = `redis://127.0.0.1:${redis.port}`
    client = createClient({ url, socket: { reconnectStrategy: 20 }, disableOfflineQueue: true })
    client.on('error', () => undefined)
    await client.connect()
  })

  afterAll(async () => {
    client.destroy()
    await redis.stop()
  })

  let stores = 0
  const newStore = () => new RedisStore({ client, prefix: `s${(stores += 1)}:` })

  /** The store reads the machine's clock: the one of the contexts runs ahead of it. */
  function fixture(...layers: (() => SessionHandler)[]): HandlerFixture {
    const store = newStore()
    let aheadMs = 0
    const make = () => [
      ...layers.map((layer) => layer()),
      expressStoreHandler(store, { timeout: 0.5 }),
    ]
    return {
      handlers: make(),
      now: () => Date.now() + aheadMs,
      advance: (seconds) => void (aheadMs += seconds * 1000),
      breakDown: outage,
      settleStranger: () => strangerBeside(),
    }
  }

  async function outage() {
    await redis.halt('SIGKILL')
    return async () => {
      await redis.start()
      await vi.waitUntil(() => client.isReady)
    }
  }

  async function strangerBeside() {
    await client.set('mine', 'untouched')
    return async () => (await client.get('mine')) === 'untouched'
  }

  const sealing = () => encryptionHandler({ keys: generateKey() })

  describe('handler contract', () => {
    const capabilities = { breaks: true, strangers: true }
    for (const { name, run } of handlerCases(() => fixture(), capabilities)) it(name, run)
  })

  describe('handler contract: encryption above it', () => {
    for (const { name, run } of handlerCases(() => fixture(sealing))) it(name, run)
  })

  it('serves an express application and a manager the same sessions', async () => {
    const store = newStore()
    const manager = createSessionManager<{ cart: Record<string, number> }>({
      handlers: [expressStoreHandler(store, { format: 'variables' })],
      serializer: 'json',
    })
    const session = await manager.start({})
    session.set('cart', { coffee: 2 })
    await session.commit()
    const app = express()
    app.use(expressSession({ store, secret: 'secret', resave: false, saveUninitialized: false }))
    app.get('/', (request, response) => {
      const visitor = request.session as unknown as { cart: Record<string, number> }
      visitor.cart = { ...visitor.cart, tea: 1 }
      response.json(visitor.cart)
    })
    await using server = await serve(app)
    const mac = createHmac('sha256', 'secret').update(session.id).digest('base64')
    const value = encodeURIComponent(`s:${session.id}.${mac.replace(/=+$/, '')}`)

    const { body } = await server.ask({ headers: { cookie: `connect.sid=${value}` } })
    const again = await manager.start({ cookieHeader: `PHPSESSID=${session.id}` })

    expect(JSON.parse(body)).toEqual({ coffee: 2, tea: 1 })
    expect(again.get('cart')).toEqual({ coffee: 2, tea: 1 })
    await again.abort()
    await manager.close()
  })
})
