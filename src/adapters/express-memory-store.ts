/** Sessions in the memory of this process, as express-session keeps them by default. */
import type { Callback, SessionData } from './express-contract.js'
import { Store } from './express-store.js'

/**
 * A store for development: sessions end with the process, no other process sees them, and those
 * that never expire are never removed.
 */
class BaseMemoryStore extends Store {
  /** Records as JSON, by id. */
  sessions = records()

  get(id: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    setImmediate(callback, null, read(this.sessions, id))
  }

  set(id: string, session: SessionData, callback?: Callback): void {
    this.sessions[id] = JSON.stringify(session)
    later(callback)
  }

  /** Takes over the cookie alone, where the session is there still. */
  touch(id: string, session: SessionData, callback?: Callback): void {
    const record = read(this.sessions, id)
    if (record) this.sessions[id] = JSON.stringify({ ...record, cookie: session.cookie })
    later(callback)
  }

  destroy(id: string, callback?: Callback): void {
    delete this.sessions[id]
    later(callback)
  }

  /** All live sessions by their ids. */
  all(callback?: (error: unknown, sessions: Record<string, SessionData>) => void): void {
    const found = Object.create(null) as Record<string, SessionData>
    for (const id of Object.keys(this.sessions)) {
      const record = read(this.sessions, id)
      if (record) found[id] = record
    }
    if (callback) setImmediate(callback, null, found)
  }

  /** How many live sessions there are. */
  length(callback: (error: unknown, length: number) => void): void {
    this.all((error, sessions) => callback(error, Object.keys(sessions).length))
  }

  clear(callback?: Callback): void {
    this.sessions = records()
    later(callback)
  }
}

/** The store of a middleware that was given none. */
export interface MemoryStore extends BaseMemoryStore {}

export const MemoryStore: typeof BaseMemoryStore = new Proxy(BaseMemoryStore, {
  apply(_, self: BaseMemoryStore) {
    Reflect.apply(Store as unknown as () => void, self, [])
    self.sessions = records()
  },
})

type Records = Record<string, string>

function records(): Records {
  return Object.create(null) as Records
}

function read(sessions: Records, id: string): SessionData | undefined {
  const text = sessions[id]
  if (!text) return undefined
  const record = JSON.parse(text) as SessionData
  const expires: unknown = record.cookie?.expires
  const date = typeof expires === 'string' ? new Date(expires) : (expires as Date | null)
  if (!(date && date <= new Date())) return record
  delete sessions[id]
  return undefined
}

function later(callback: Callback | undefined): void {
  if (callback) setImmediate(callback)
}
