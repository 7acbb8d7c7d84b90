/** The session of a request, as applications written for express-session know it. */
import {
  answer,
  type ActiveSession,
  type Callback,
  type SessionRequest,
  type RequestStore,
} from './express-contract.js'
import type { Cookie } from './express-cookie.js'

type Words = Record<string, unknown>

/**
 * `req.session`: variables as properties, beside `cookie`.
 *
 * Its methods take a callback and return the session; without one they return a promise. A variable
 * that is called like a method is not taken over from the record.
 */
export class Session implements ActiveSession {
  declare readonly id: string
  declare readonly req: SessionRequest
  declare cookie: Cookie

  constructor(request: object, data?: object | null) {
    const { sessionID } = request as SessionRequest
    Object.defineProperty(this, 'req', { value: request })
    Object.defineProperty(this, 'id', { value: sessionID })
    if (typeof data !== 'object') return
    for (const name in data) {
      if (!(name in this)) (this as Words)[name] = (data as Words)[name]
    }
  }

  save(callback: Callback): this
  save(): Promise<void>
  save(callback?: Callback): this | Promise<void> {
    return answer(this, callback, (done) => storeOf(this).set(this.id, this, done))
  }

  reload(callback: Callback): this
  reload(): Promise<void>
  reload(callback?: Callback): this | Promise<void> {
    return answer(this, callback, (done) => reload(this, done))
  }

  destroy(callback: Callback): this
  destroy(): Promise<void>
  destroy(callback?: Callback): this | Promise<void> {
    return answer(this, callback, (done) => {
      delete this.req.session
      storeOf(this).destroy(this.id, done)
    })
  }

  regenerate(callback: Callback): this
  regenerate(): Promise<void>
  regenerate(callback?: Callback): this | Promise<void> {
    return answer(this, callback, (done) => storeOf(this).regenerate(this.req, done))
  }

  touch(): this {
    return this.resetMaxAge()
  }

  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge
    return this
  }
}

function storeOf({ req }: Session): RequestStore {
  return req.sessionStore as RequestStore
}

function reload(session: Session, done: Callback): void {
  const store = storeOf(session)
  store.get(session.id, (error, record) => {
    if (error) return done(error)
    if (!record) return done(new Error('failed to load session'))
    try {
      store.createSession(session.req, record)
    } catch (broken) {
      return done(broken)
    }
    done()
  })
}
