/** The types of the entries beside the core. Compiled against the source by `npm test`, and against `dist`. */
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createSessionManager, type Session } from 'sessionz'
import { databaseHandler, ownLayout, postgres, sqlite } from 'sessionz/handlers/database'
import { redisHandler } from 'sessionz/handlers/redis'
import { sessionMiddleware, startSession, type RequestSessionData } from 'sessionz/node'
import { PhpObject, serialize, unserialize } from 'sessionz/php'
import { fromPhpIni } from 'sessionz/php-ini'
import { actingAs, cookieJar, createTestSession, fakeClock } from 'sessionz/testing'
import { createSessionStorage, withSession } from 'sessionz/web'

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<A, B>(equal: Equal<A, B>): void

interface Shop {
  user: string
  cart: Record<string, number>
}

declare module 'sessionz/node' {
  interface RequestSessionData {
    visits: number
  }
}

const manager = createSessionManager<Shop>()

// Requests of node:http and node:http2 have a session whose variables are declared once.
const middleware = sessionMiddleware(createSessionManager<RequestSessionData>())
createServer(async (request, response) => {
  await middleware(request, response)
  is<typeof request.session, Session<RequestSessionData>>(true)
  const visits: number | undefined = request.session.get('visits')
  // @ts-expect-error a value of the wrong type
  request.session.set('visits', 'many')
  // @ts-expect-error it is there, or not; nobody puts another in its place
  request.session = undefined
  response.end(String(visits))
})
createSecureServer(async (request, response) => {
  await middleware(request, response)
  is<typeof request.session, Session<RequestSessionData>>(true)
  response.end()
})

// A session that is started by hand is one of its manager.
createServer(async (request, response) => {
  const session = await startSession(manager, request, response, { readOnly: true })
  is<typeof session, Session<Shop>>(true)
  // @ts-expect-error no such option
  await startSession(manager, request, response, { readonly: true })
})

// What else the framework passes comes behind the session.
export const GET = withSession(manager, (request, session, context: { id: number }) => {
  is<typeof session, Session<Shop>>(true)
  return new Response(`${request.url} ${context.id}`)
})
is<Parameters<typeof GET>, [request: Request, context: { id: number }]>(true)
// @ts-expect-error a route answers
withSession(manager, (request, session) => session.get('user'))
const storage = createSessionStorage(manager, { secure: true })
is<Awaited<ReturnType<typeof storage.getSession>>, Session<Shop>>(true)
is<Awaited<ReturnType<typeof storage.commitSession>>, string>(true)

// Options of a php.ini are options of a manager, and overrides are checked.
createSessionManager(fromPhpIni('session.name = SHOP\n', { name: undefined }))
// @ts-expect-error no such option
fromPhpIni('', { nmae: 'A' })

// Bytes in, unknown out.
is<ReturnType<typeof serialize>, Uint8Array>(true)
is<ReturnType<typeof unserialize>, unknown>(true)
const object: unknown = unserialize(serialize(new PhpObject('Shop')))
// @ts-expect-error a value is not serialized yet
unserialize(1)

// Clients are whatever has the methods that are called.
databaseHandler({
  database: postgres({ query: async () => ({ rows: [], rowCount: 0 }) } as never),
  layout: ownLayout(),
})
// @ts-expect-error no database
databaseHandler({ layout: ownLayout() })
// @ts-expect-error no client
redisHandler({ client: {} })
// @ts-expect-error no database
sqlite('sessions.db')

// Tests know the variables too.
async function tests(): Promise<void> {
  const session = await createTestSession<Shop>({ user: 'ada' })
  is<typeof session, Session<Shop>>(true)
  const clock = fakeClock(new Date(0))
  const jar = cookieJar('http://shop.example', { now: clock.now })
  const visitor = await actingAs(manager, { user: 'ada' }, jar)
  await manager.start(visitor)
  await fetch('http://shop.example', { headers: visitor.headers })
  // @ts-expect-error a value of the wrong type
  await actingAs(manager, { user: 1 })
}

export const used = [object, tests]
