/** The types of `sessionz/express`. Compiled against the source by `npm test`, and against `dist`. */
import { createServer, type ServerResponse } from 'node:http'
import session, {
  Cookie,
  MemoryStore,
  Session,
  Store,
  toExpressStore,
  type ActiveSession,
  type RequestStore,
  type SessionData,
  type SessionMiddleware,
  type SessionOptions,
} from 'sessionz/express'
import { memoryHandler } from 'sessionz'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<A, B>(equal: Equal<A, B>): void

declare module 'sessionz/express' {
  interface SessionData {
    user?: string
    cart?: Record<string, number>
  }
}

// All of it stands beside the function, too, as in express-session.
is<typeof session.Store, typeof Store>(true)
is<typeof session.MemoryStore, typeof MemoryStore>(true)
is<typeof session.Cookie, typeof Cookie>(true)
is<typeof session.Session, typeof Session>(true)

// Options: all of express-session's, and forwarded ones that may be undefined.
const middleware = session({
  secret: ['new', Buffer.from('old')],
  name: undefined,
  genid: (request) => `${request.headers.host}-1`,
  cookie: (request) => ({ maxAge: request.url === '/' ? null : 60_000, secure: 'auto' }),
  resave: false,
  saveUninitialized: false,
  rolling: true,
  unset: 'destroy',
  proxy: true,
  store: new MemoryStore(),
  concurrency: 'exclusive',
  lockWait: 0.5,
  holdHeaders: true,
})
is<typeof middleware, SessionMiddleware>(true)
createServer((request, response) => middleware(request, response, () => response.end()))
session()
const forwarded: SessionOptions = { cookie: { sameSite: 'lax', priority: 'high' } }
session(forwarded)
// @ts-expect-error no such option
session({ secert: 'a' })
// @ts-expect-error a number is no secret
session({ secret: 1 })
// @ts-expect-error seconds
session({ lockWait: '10' })
// @ts-expect-error no such way of concurrency here
session({ concurrency: 'merge' })
// @ts-expect-error no such word
session({ unset: 'drop' })
// @ts-expect-error no such attribute
session({ cookie: { maxage: 1 } })
// @ts-expect-error no such word
session({ cookie: { sameSite: 'Lax' } })
// @ts-expect-error an id is a text
session({ genid: () => 1 })
// @ts-expect-error a store reads
session({ store: { set: () => undefined, destroy: () => undefined } })

/** A handler as Express has them. */
export async function handle(request: Express.Request, response: ServerResponse) {
  // Variables are there, or not.
  is<typeof request.session.user, string | undefined>(true)
  is<typeof request.sessionID, string>(true)
  is<typeof request.sessionStore, RequestStore>(true)
  request.session.cart = { tea: 1 }
  // @ts-expect-error a value of the wrong type
  request.session.user = 1
  // @ts-expect-error not declared
  request.session.cat = {}
  // @ts-expect-error the id is the library's
  request.session.id = 'mine'

  // With a callback a method returns the session, without one a promise.
  const same = request.session.save((error?: unknown) => response.end(String(error)))
  is<typeof same, ActiveSession & Partial<SessionData>>(true)
  await request.session.regenerate()
  await request.session.reload()
  const saved = request.session.save()
  is<typeof saved, Promise<void>>(true)
  request.session.touch().resetMaxAge()
  const left: number | null = request.session.cookie.maxAge
  request.session.cookie.maxAge = left === null ? 1000 : left + 1000
  request.session.cookie.expires = new Date(0)
  // @ts-expect-error a text is no lifetime
  request.session.cookie.maxAge = '1000'
  await request.session.destroy()
}

/** A store of one's own. */
export class OwnStore extends Store {
  readonly records = new Map<string, SessionData>()

  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    callback(null, this.records.get(id))
  }
  set(id: string, data: SessionData, callback?: (error?: unknown) => void): void {
    this.records.set(id, data)
    callback?.()
  }
  destroy(id: string, callback?: (error?: unknown) => void): void {
    this.records.delete(id)
    callback?.()
    this.emit('disconnect')
  }
}
session({ store: new OwnStore() })
// @ts-expect-error it stores nothing
export class HalfStore extends Store {
  get(): void {}
  destroy(): void {}
}

// A chain as a store answers by promises as well.
const store = toExpressStore([memoryHandler()], { maxLifetime: 3600 })
session({ store })
is<ReturnType<typeof store.gc>, Promise<number>>(true)
is<Awaited<ReturnType<typeof store.get>>, SessionData | undefined>(true)
// @ts-expect-error no handler
toExpressStore({ read: 1 })
// @ts-expect-error no such option
toExpressStore(memoryHandler(), { ttl: 1 })
