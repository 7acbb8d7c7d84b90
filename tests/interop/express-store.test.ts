/** express-session's own stores as the innermost handler, and an express application beside it. */
import { createHash, createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import express from 'express'
import expressSession from 'express-session'
import { describe, expect, it, vi } from 'vitest'
import { defineHandler, type Payload, type SessionHandler } from '../../src/handler.js'
import {
  expressStoreHandler,
  type ExpressStore,
  type ExpressStoreOptions,
} from '../../src/handlers/express-store.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import { serve } from '../helpers/exchange.js'
import { temporaryFolder } from '../helpers/folders.js'

const require = createRequire(new URL('package.json', import.meta.url))
const { MemoryStore } = expressSession

type Class<T> = new (options: object) => T
const FileStore = (require('session-file-store') as (session: object) => Class<ExpressStore>)(
  expressSession,
)

const fileStore = (path: string) =>
  new FileStore({ path, retries: 0, reapInterval: -1, logFn: () => undefined })

/** These stores read the machine's clock: the one of the contexts runs ahead of it. */
function fixture(...handlers: SessionHandler[]): HandlerFixture {
  let aheadMs = 0
  return {
    handlers,
    now: () => Date.now() + aheadMs,
    advance: (seconds) => void (aheadMs += seconds * 1000),
  }
}

/** The machine's clock is what the store itself looks at. */
function onMachineTime(...handlers: SessionHandler[]): HandlerFixture {
  vi.useFakeTimers({ toFake: ['Date'] })
  return {
    handlers,
    now: Date.now,
    advance: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000),
    cleanup: () => void vi.useRealTimers(),
  }
}

const overMemory = (options?: ExpressStoreOptions) =>
  expressStoreHandler(new MemoryStore(), options)

/** Makes JSON of any payload, so that a store of variables has variables. */
const asVariable = () =>
  defineHandler({
    name: 'as-variable',
    async read(id, context, next) {
      const payload = await next(id, context)
      return payload && unwrapped(payload)
    },
    write: (id, payload, context, next) => next(id, wrapped(payload), context),
    updateTimestamp: (id, payload, context, next) => next(id, wrapped(payload), context),
  })
const wrapped = (payload: Payload): Payload =>
  Buffer.from(JSON.stringify({ text: Buffer.from(payload).toString('latin1') }))
const unwrapped = (payload: Payload): Payload =>
  Buffer.from((JSON.parse(Buffer.from(payload).toString()) as { text: string }).text, 'latin1')

/** Files are named by the id and `.json`, and 11 more while they are written; nothing lists them. */
const FILES = { longestId: 239, lists: false, collects: false } satisfies HandlerCapabilities

const ROWS: Readonly<Record<string, readonly [() => HandlerFixture, HandlerCapabilities?]>> = {
  'MemoryStore of express-session': [() => fixture(overMemory())],
  'MemoryStore, variables': [() => fixture(asVariable(), overMemory({ format: 'variables' }))],
  'MemoryStore that alone says what has expired': [
    () => onMachineTime(overMemory({ expiry: 'store' })),
    { collects: false, ages: false },
  ],
  'hashed ids, above MemoryStore': [
    () => ({
      ...fixture(hashedIdHandler(), overMemory()),
      listedAs: (id) => createHash('sha256').update(id).digest('hex'),
    }),
  ],
  'memory as a cache, above MemoryStore': [
    () => fixture(memoryHandler({ maxAge: 1 }), overMemory()),
  ],
  'session-file-store': [() => fixture(expressStoreHandler(fileStore(temporaryFolder()))), FILES],
}

for (const [name, [create, capabilities]] of Object.entries(ROWS)) {
  describe(`handler contract: ${name}`, () => {
    for (const { name, run } of handlerCases(create, capabilities)) it(name, run)
  })
}

interface Shop {
  cart: Record<string, number>
}

/** An express application with a cart, on a store. */
function shopOn(store: expressSession.Store) {
  const app = express()
  app.use(expressSession({ store, secret: 'secret', resave: false, saveUninitialized: false }))
  app.get('/', (request, response) => {
    const session = request.session as unknown as Partial<Shop>
    session.cart = { ...session.cart, tea: (session.cart?.['tea'] ?? 0) + 1 }
    response.json(session.cart)
  })
  return app
}

/** The cookie that express-session signs. */
function signed(id: string): string {
  const mac = createHmac('sha256', 'secret').update(id).digest('base64').replace(/=+$/, '')
  return `connect.sid=${encodeURIComponent(`s:${id}.${mac}`)}`
}

describe('an express application beside a manager, in the format of variables', () => {
  const stores: [string, () => expressSession.Store][] = [
    ['MemoryStore', () => new MemoryStore()],
    ['session-file-store', () => fileStore(temporaryFolder()) as unknown as expressSession.Store],
  ]

  it.each(stores)('works on the same sessions: %s', async (_, make) => {
    const store = make()
    const manager = createSessionManager<Shop>({
      handlers: [expressStoreHandler(store, { format: 'variables' })],
      serializer: 'json',
    })
    const session = await manager.start({})
    session.set('cart', { coffee: 2 })
    await session.commit()
    await using server = await serve(shopOn(store))
    const visit = async () => {
      const { body } = await server.ask({ headers: { cookie: signed(session.id) } })
      return JSON.parse(body) as unknown
    }

    for (const tea of [1, 2]) {
      expect(await visit()).toEqual({ coffee: 2, tea })
    }

    const again = await manager.start({ id: session.id })
    expect(again.get('cart')).toEqual({ coffee: 2, tea: 2 })
    await again.destroy()
    expect(await visit()).toEqual({ tea: 1 }) // a session of its own
    await manager.close()
  })
})

describe('session-file-store', () => {
  it('keeps the payload of any serializer, and no variable of it in plain sight', async () => {
    const path = temporaryFolder()
    const manager = createSessionManager<Shop>({ handlers: [expressStoreHandler(fileStore(path))] })
    const session = await manager.start({})
    session.set('cart', { coffee: 2 })
    await session.commit()

    expect(readdirSync(path)).toEqual([`${session.id}.json`])
    const record = JSON.parse(readFileSync(join(path, `${session.id}.json`), 'utf8')) as {
      cookie: object
      sessionz: string
    }
    expect(Buffer.from(record.sessionz, 'base64').toString()).toContain('cart|a:1:')
    expect(record.cookie).toMatchObject({ originalMaxAge: 1_441_000, path: '/', httpOnly: true })
    expect((await manager.start({ id: session.id })).get('cart')).toEqual({ coffee: 2 })
    await manager.close()
  })
})
