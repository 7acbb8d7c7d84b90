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
import { serialize, unserialize } from 'sessionz/php'

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

export const used = [user, certain, code, unknown, handler, serialize, unserialize]
