/** The class that stores for express-session extend. */
import { EventEmitter } from 'node:events'
import type { Callback, SessionData, SessionRequest, RequestStore } from './express-contract.js'
import { Cookie } from './express-cookie.js'
import { Session } from './express-session.js'

/** Base of all stores. It emits `disconnect` and `connect`: between them requests have no session. */
abstract class BaseStore extends EventEmitter {
  /** Reads a record; `undefined` or `null` where there is none. */
  abstract get(
    id: string,
    callback: (error: unknown, session?: SessionData | null) => void,
  ): unknown
  /** Creates or replaces a record. */
  abstract set(id: string, session: SessionData, callback?: Callback): unknown
  /** Removes a record, if there is one. */
  abstract destroy(id: string, callback?: Callback): unknown

  /** Removes the session of a request and gives it a new one. */
  regenerate(request: object, callback: Callback): void {
    const { sessionID } = request as SessionRequest
    this.destroy(sessionID as string, (error) => {
      ;(this as unknown as RequestStore).generate(request as SessionRequest)
      callback(error)
    })
  }

  /** Reads a session outside of any request; `undefined` where there is none. */
  load(id: string, callback: (error?: unknown, session?: Session & SessionData) => void): void {
    this.get(id, (error, record) => {
      if (error) return callback(error)
      if (!record) return callback()
      const request = { sessionID: id, sessionStore: this }
      callback(null, this.createSession(request, record))
    })
  }

  /** Makes the session of a request from its record, whose `cookie` becomes a `Cookie`. */
  createSession(request: object, record: SessionData): Session & SessionData {
    const { cookie } = record
    const expires: unknown = cookie.expires
    const { originalMaxAge } = cookie
    record.cookie = new Cookie(cookie)
    if (typeof expires === 'string') record.cookie.expires = new Date(expires)
    record.cookie.originalMaxAge = originalMaxAge
    const session = new Session(request, record)
    ;(request as SessionRequest).session = session
    return session
  }
}

/** A store: its `get`, `set` and `destroy` call back; so do `touch`, `all`, `length` and `clear`. */
export interface Store extends BaseStore {}

/** Stores of before 2015 say `Store.call(this)`, which a class refuses. */
export const Store: typeof BaseStore = new Proxy(BaseStore, {
  apply(_, self: object) {
    EventEmitter.call(self as EventEmitter)
  },
})
