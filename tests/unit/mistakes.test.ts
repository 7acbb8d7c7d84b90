/** The commonest mistakes of a first hour: each is an error that says what to do, none loses data. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { sessionMiddleware, startSession } from '../../src/adapters/node.js'
import type { SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { databaseHandler } from '../../src/handlers/database.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { storeFailure } from '../../src/lib/store-call.js'

type HttpArguments = [request: IncomingMessage, response: ServerResponse]

/** What somebody writes whom no compiler warns. */
const untyped = <T>(value: unknown): T => value as T

describe('a chain that ends with a layer', () => {
  const layers: Record<string, () => SessionHandler> = {
    encryption: () => encryptionHandler({ keys: generateKey() }),
    'hashed-id': () => hashedIdHandler(),
    cache: () => cacheHandler({ store: lruCache() }),
  }

  it.each(Object.keys(layers))('is refused, as it keeps nothing: %s', (name) => {
    const layer = layers[name] as () => SessionHandler
    const message = `handler "${name}" stores nothing: end the chain with a store`

    expect(() => createSessionManager({ handlers: [layer()] })).toThrow(new TypeError(message))
    // The order of another library: what the store above keeps would never meet the layer.
    expect(() => createSessionManager({ handlers: [memoryHandler(), layer()] })).toThrow(message)
  })
})

describe('a factory', () => {
  it.each<[string, (options: never) => unknown]>([
    ['redis', redisHandler],
    ['memcached', memcachedHandler],
    ['database', databaseHandler],
    ['encryption', encryptionHandler],
    ['cache', cacheHandler],
    ['filesHandler', (options) => filesHandler(options ?? null)],
    ['createSessionManager', (options) => createSessionManager(options ?? null)],
  ])('without its options says so: %s', (name, make) => {
    expect(() => make(untyped(undefined))).toThrow(
      new RegExp(`^"${name}" must be given options, got (undefined|null)$`),
    )
  })

  it.each<[string, object, string]>([
    ['a name of another library', { secret: 'x' }, 'unknown option "secret"; known are handlers, '],
    ['a letter case', { cookie: { httponly: true } }, 'cookie: unknown option "httponly"'],
    ['a group', { gcMaxLifetime: 5 }, 'unknown option "gcMaxLifetime"'],
    ['text for a number', { gc: { maxLifetime: '1440' } }, '"gc.maxLifetime" must be an integer'],
    ['a handler alone', { handlers: memoryHandler() }, '"handlers" must be an array of handlers'],
    ['an uncalled factory', { handlers: [memoryHandler] }, 'handlers[0] has no "open"'],
  ])('names the option that is wrong: %s', (_, options, message) => {
    expect(() => createSessionManager(untyped<SessionOptions>(options))).toThrow(message)
  })
})

describe('a save path that is none', () => {
  const here = fileURLToPath(new URL('.', import.meta.url))

  it.each([
    ['that is not there', join(here, 'not-there'), 'the folder for the file is missing (ENOENT)'],
    ['that is a file', fileURLToPath(import.meta.url), 'the save path is not a folder (ENOTDIR)'],
  ])('is told with its name: %s', async (_, savePath, reason) => {
    await using manager = createSessionManager({ handlers: [filesHandler({ savePath })] })
    const session = await manager.start()
    session.set('n', 1)

    await expect(session.commit()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      message: `files: write failed: ${reason} in ${savePath}`,
    })
  })
})

describe('a session', () => {
  it('takes no variable as a property: it would not be stored', async () => {
    const session = untyped<Record<string, unknown>>(await createSessionManager().start())

    expect(() => (session['user'] = 'ada')).toThrow(TypeError)
    expect(session['user']).toBeUndefined()
  })

  it('that has ended says why a change is refused', async () => {
    const manager = createSessionManager<{ n: number }>()
    const committed = await manager.start()
    committed.set('n', 1)
    await committed.commit()
    const destroyed = await manager.start({ id: committed.id })
    await destroyed.destroy()

    for (const change of [() => committed.set('n', 2), () => (committed.data.n = 2)]) {
      expect(change).toThrow(/the session was committed, its headers are on their way/)
    }
    expect(() => destroyed.set('n', 2)).toThrow('session.set: the session was destroyed')
  })

  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'php: a function at cart.item'],
    [
      'a class',
      new (class User {})(),
      'php: an instance of User (no codec is registered for it) at',
    ],
    [
      'a Date',
      new Date(0),
      'php: an instance of Date (no codec is registered for it) at cart.item',
    ],
  ])('names the place of what cannot be stored: %s', async (_, item, message) => {
    const session = await createSessionManager().start()
    session.set('cart', { item })

    await expect(session.commit()).rejects.toThrow(message)
  })
})

describe('a client', () => {
  /** As `redis` has it: no code, and the name in the class only. */
  class ClientClosedError extends Error {}

  it('that was never connected is told by its own word for it', () => {
    const told = storeFailure('redis', 'open', new ClientClosedError('GET secret'))

    expect(told).toMatchObject({
      message: 'redis: open failed: the store failed (ClientClosedError)',
    })
    expect(inspect(told)).not.toContain('secret')
  })

  it.each([new TypeError('secret'), new Error('secret'), { constructor: 1 }, null])(
    'that says nothing of the kind is not quoted: %s',
    (error) => {
      expect(storeFailure('redis', 'open', error)).toMatchObject({
        message: 'redis: open failed: the store failed',
      })
    },
  )
})

describe('a server', () => {
  const stops: (() => void)[] = []
  afterEach(() => stops.splice(0).forEach((stop) => stop()))

  /** What the application is told when it does this in a request. */
  async function toldIn(
    application: (...args: HttpArguments) => Promise<unknown>,
  ): Promise<unknown> {
    let told: unknown
    const server = createServer((request, response) => {
      application(request, response)
        .catch((error: unknown) => (told = error))
        .finally(() => response.end())
    })
    stops.push(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address() as { port: number }
    await (await fetch(`http://127.0.0.1:${address.port}/`)).arrayBuffer()
    return told
  }

  it.each([undefined, {}, memoryHandler()])('needs a manager, and says so: %s', async (none) => {
    const message = '"manager" must be what createSessionManager() makes'

    expect(() => sessionMiddleware(untyped<SessionManager>(none))).toThrow(new TypeError(message))
    expect(
      await toldIn((...args) => startSession(untyped<SessionManager>(none), ...args)),
    ).toMatchObject({ message })
  })

  it('refuses two managers of one name in one request, whose cookies would meet', async () => {
    const [one, two] = [createSessionManager(), createSessionManager()]
    const error = {
      code: 'ERR_SESSION_STATE',
      message: expect.stringMatching(
        /two managers .* "PHPSESSID"; give one .* another "name"/,
      ) as string,
    }

    const byStart = await toldIn(async (...args) => {
      await startSession(one, ...args)
      await startSession(two, ...args)
    })
    const byMiddleware = await toldIn(async (...args) => {
      await sessionMiddleware(one)(...args)
      await sessionMiddleware(two)(...args)
    })

    expect([byStart, byMiddleware]).toMatchObject([error, error])
  })

  it('refuses a change when the headers have left before the session was started', async () => {
    const manager = createSessionManager()

    const told = await toldIn(async (request, response) => {
      response.write('too early')
      const session = await startSession(manager, request, response)
      session.set('n', 1)
    })

    expect(told).toMatchObject({
      code: 'ERR_SESSION_STATE',
      message: 'session.set: the session was committed, its headers are on their way',
    })
  })
})
