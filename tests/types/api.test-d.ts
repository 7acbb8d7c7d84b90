/** The types that users rely on. Compiled against the source by `npm test`, and against `dist`. */
import {
  createSessionManager,
  defineHandler,
  filesHandler,
  memoryHandler,
  type HeaderList,
  type Serializer,
  type Session,
  type SessionData,
  type SessionErrorCode,
  type SessionEvents,
  type SessionHandler,
  type SessionInfo,
  type SessionManager,
} from 'sessionz'
import {
  cacheHandler,
  lruCache,
  memcachedCache,
  redisCache,
  type CacheStore,
  type MemcachedClient,
  type RedisClient,
} from 'sessionz/handlers/cache'
import {
  defuseCipher,
  encryptionHandler,
  generateKey,
  type SessionCipher,
} from 'sessionz/handlers/encryption'
import { hashedIdHandler } from 'sessionz/handlers/hashed-id'
import { migratingHandler } from 'sessionz/handlers/migrating'
import { serialize, unserialize } from 'sessionz/php'
import { z } from 'zod'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<A, B>(equal: Equal<A, B>): void

interface Shop {
  user: string
  cart: Record<string, number>
}

declare const untyped: SessionManager
declare const session: Session<Shop>

// A manager hands out sessions of its own kind, and sessions without a kind hold anything.
is<ReturnType<SessionManager<Shop>['start']>, Promise<Session<Shop>>>(true)
is<ReturnType<typeof untyped.start>, Promise<Session<SessionData>>>(true)
createSessionManager<Shop>().start({ cookieHeader: undefined }, { readOnly: true })

// Every variable may be missing.
is<(typeof session)['data'], Partial<Shop>>(true)
const user: string | undefined = session.get('user')
session.set('cart', { coffee: 1 })
session.update('user', (name = 'nobody') => name.trim())
// @ts-expect-error a value of the wrong type
session.set('user', 1)
// @ts-expect-error a variable that is not declared
session.get('other')
// @ts-expect-error it may be missing
const certain: string = session.get('user')

// Flash data are variables too, and a session of one kind passes where any will do.
const notice: string | undefined = session.flash.get('user')
session.flash.set('user', 'ada')
session.flash.keep('user', 'cart')
is<typeof session.flash.all, Partial<Shop>>(true)
const any: Session = session
// @ts-expect-error a value of the wrong type
session.flash.now('user', 1)
// @ts-expect-error a variable that is not declared
session.flash.get('other')

// Who is asked for the current session may have none.
is<ReturnType<SessionManager<Shop>['current']>, Session<Shop> | undefined>(true)
is<ReturnType<typeof untyped.run<number>>, number>(true)
createSessionManager({ ambient: true })

// A schema types the session.
const byZod = createSessionManager({ schema: z.object({ user: z.string().optional() }) })
is<Awaited<ReturnType<typeof byZod.start>>, Session<{ user?: string | undefined }>>(true)
createSessionManager({ version: 2, upgrade: (data, from) => ({ ...data, from }) })
// @ts-expect-error no validator
createSessionManager({ schema: (data: unknown) => data })

// What ends a session says which headers to send.
is<ReturnType<typeof session.commit>, Promise<HeaderList>>(true)
is<ReturnType<typeof session.destroy>, Promise<HeaderList>>(true)
is<ReturnType<typeof session.abort>, Promise<void>>(true)
is<Awaited<ReturnType<typeof session.suspend<number>>>, number>(true)
is<HeaderList[number], readonly [name: string, value: string]>(true)

// Options say what they take, and `undefined` is the default.
createSessionManager({ handlers: [memoryHandler(), filesHandler()], lockWait: 0.5 })
createSessionManager({ name: undefined, cookie: { sameSite: undefined } })
// @ts-expect-error no such option
createSessionManager({ nmae: 'A' })
// @ts-expect-error no such mode
createSessionManager({ concurrency: 'optimistic' })

// A handler may answer at once or later; what it leaves out passes through.
const handler: SessionHandler = defineHandler({
  name: 'mine',
  read: async (id, context, next) => next(id, context),
  write: (id, payload, context, next) => next(id, payload, context),
})
// @ts-expect-error no name
defineHandler({ close: handler.close })
// @ts-expect-error absent is undefined, not null
defineHandler({ name: 'mine', read: () => null })

// Errors and events are closed sets.
const code: SessionErrorCode = 'ERR_SESSION_STORE'
// @ts-expect-error no such code
const unknown: SessionErrorCode = 'ERR_SESSION_OTHER'
is<SessionEvents['sessionz:gc']['removed'], number>(true)
is<SessionInfo['touchedMs'], number>(true)

// Bytes are Uint8Array, in serializers too.
is<ReturnType<Serializer['encode']>, Uint8Array>(true)
is<ReturnType<typeof session.encode>, Uint8Array>(true)

// It can be disposed of.
export async function disposed(): Promise<void> {
  await using manager = createSessionManager<Shop>()
  await using current = await manager.start()
  current.set('user', 'Ada')
}

export const used = [notice, any, user, certain, code, unknown, handler, serialize, unserialize]

// Encryption takes keys or a cipher, and no secret shows in its type.
const sealed: SessionHandler = encryptionHandler({
  keys: [generateKey(), new Uint8Array(32)],
  previous: [defuseCipher('')],
})
is<ReturnType<typeof generateKey>, string>(true)
const homemade: SessionCipher = {
  name: 'mine',
  seal: (payload, id, name) => (is<typeof id | typeof name, string>(true), payload),
  open: (bytes) => ({ payload: bytes, current: true }),
}
encryptionHandler({ cipher: homemade })
// @ts-expect-error `open` says whether the record is current
encryptionHandler({ cipher: { ...homemade, open: (bytes: Uint8Array) => ({ payload: bytes }) } })
// @ts-expect-error a list of ciphers, not of keys
encryptionHandler({ keys: generateKey(), previous: [generateKey()] })

// A cache takes the clients as they are, and nothing that is none.
declare const redis: RedisClient
declare const memcached: MemcachedClient
const cached: SessionHandler = cacheHandler({ store: redisCache(redis), onError: 'bypass' })
cacheHandler({ store: memcachedCache(memcached, { prefix: 'a:' }), retryAfter: 0.5 })
cacheHandler({ store: lruCache({ maxEntries: 1 }), invalidation: undefined })
const ownCache: CacheStore = { ...lruCache(), name: 'mine', shared: true }
cacheHandler({ store: ownCache })
// @ts-expect-error no cache
cacheHandler({})
// @ts-expect-error no such policy
cacheHandler({ store: ownCache, onError: 'stale' })
// @ts-expect-error no client
redisCache({})

// A move has two sides and a mode.
migratingHandler({ from: [filesHandler()], to: [sealed, cached, memoryHandler()], mode: 'lazy' })
migratingHandler({ from: [filesHandler()], to: [hashedIdHandler()], mode: 'read-old' })
// @ts-expect-error no such mode
migratingHandler({ from: [], to: [], mode: 'both' })
// @ts-expect-error a mode is needed
migratingHandler({ from: [], to: [] })
