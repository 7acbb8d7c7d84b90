/**
 * Sessions for tests: one without a server, and visitors who have one already.
 *
 * @module
 */
import { createSessionManager, type SessionManager } from '../manager.js'
import type { SessionOptions } from '../options/options.js'
import type { SessionData } from '../serializer.js'
import type { Session } from '../session.js'
import type { CookieJar } from './cookie-jar.js'

/**
 * A started session for code that takes one: in memory, stored with its data as on a second visit,
 * new where there is no data.
 *
 * @param options As of a manager.
 */
export async function createTestSession<Data extends object = SessionData>(
  data: Partial<Data> = {},
  options: SessionOptions = {},
): Promise<Session<Data>> {
  const manager = createSessionManager<Data>({ gc: { probability: 0 }, ...options })
  if (Object.keys(data).length === 0) return await manager.start()
  return await manager.start(await actingAs(manager, data))
}

/** A visitor with a session; also the request that `manager.start()` takes. */
export interface Visitor {
  /** The session's id. */
  readonly sessionId: string
  /** The value of the `Cookie` header. */
  readonly cookieHeader: string
  /** Headers for `fetch`, `app.inject()` and `app.request()`. */
  readonly headers: { readonly cookie: string }
}

/**
 * Stores a session with this data and answers the visitor whose session it is: logged in, without the
 * way through the login.
 *
 * @param jar Gets the cookie, as if the visitor had been there.
 * @throws {TypeError} Without data: nothing would be stored.
 */
export async function actingAs<Data extends object>(
  manager: SessionManager<Data>,
  data: Partial<Data>,
  jar?: CookieJar,
): Promise<Visitor> {
  if (Object.keys(data).length === 0) throw new TypeError('actingAs: "data" has no variable')
  const session = await manager.start({ secure: jar?.url.startsWith('https:') })
  Object.assign(session.data, data)
  const headers = await session.commit()
  jar?.store(headers)
  // A comma, which ids may have, is no character of a cookie.
  const cookieHeader = `${manager.name}=${encodeURIComponent(session.id)}`
  return { sessionId: session.id, cookieHeader, headers: { cookie: cookieHeader } }
}
