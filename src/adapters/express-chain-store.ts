/** A chain of handlers as a store for express-session. */
import { composeChain } from '../chain.js'
import type { SessionHandler } from '../handler.js'
import {
  assertFunction,
  assertInteger,
  assertKnownKeys,
  assertNumber,
  assertString,
} from '../lib/check.js'
import { toStoredId } from './express-chain-records.js'
import { chainWork, type ChainWork, type Fields } from './express-chain-work.js'
import type { Callback, SessionData } from './express-contract.js'
import type { Session } from './express-session.js'
import { Store } from './express-store.js'

/** What `toExpressStore` takes. `undefined` means the default; unknown names are refused. */
export interface ToExpressStoreOptions {
  /**
   * Seconds after its last use after which a session is absent; at least as long as the longest
   * `cookie.maxAge`. @default 86400
   */
  maxLifetime?: number | undefined
  /** Handed to the handlers as PHP's `session.save_path`. @default '' */
  savePath?: string | undefined
  /** Handed to the handlers as PHP's `session.name`. @default 'connect.sid' */
  name?: string | undefined
  /** Longest wait for a session's lock, seconds. @default 10 */
  lockWait?: number | undefined
  /** Milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined
}

const DEFAULTS = {
  maxLifetime: 86_400,
  savePath: '',
  name: 'connect.sid',
  lockWait: 10,
  now: Date.now,
} satisfies ToExpressStoreOptions

/**
 * Makes a store of handlers, outermost first, for express-session and for `sessionz/express`.
 *
 * A session that was destroyed elsewhere while a request had it stays destroyed: its changes are
 * dropped, and `sessionz:interrupted` is published.
 *
 * @throws {TypeError | RangeError} For what is no handler, and naming an option.
 */
export function toExpressStore(
  handlers: SessionHandler | readonly SessionHandler[],
  options: ToExpressStoreOptions = {},
): ChainStore {
  const chain = composeChain([handlers].flat() as SessionHandler[])
  return new ChainStore(chainWork(chain, resolve(options)))
}

type Answer<T> = (error: unknown, value?: T) => void

/** A store over a chain. Its methods call back, and return promises where they cannot. */
export class ChainStore extends Store {
  readonly #work: ChainWork

  constructor(work: ChainWork) {
    super()
    this.#work = work
  }

  get(id: string, callback?: Answer<SessionData | undefined>): Promise<SessionData | undefined> {
    return told(callback, async () => this.#work.read(toStoredId(id)))
  }

  /** Stores a session; one that came from here only where its record is there still. */
  set(id: string, session: SessionData, callback?: Callback): Promise<void> {
    return told(callback, async () => this.#work.write(toStoredId(id), session))
  }

  /** Renews a session, with this one's cookie; its variables stay as they are stored. */
  touch(id: string, session: SessionData, callback?: Callback): Promise<void> {
    return told(callback, async () => this.#work.touch(toStoredId(id), session))
  }

  destroy(id: string, callback?: Callback): Promise<void> {
    return told(callback, async () => this.#work.destroy(toStoredId(id)))
  }

  /** All live sessions by their ids. */
  all(callback?: Answer<Record<string, SessionData>>): Promise<Record<string, SessionData>> {
    return told(callback, () => this.#work.all())
  }

  /** How many sessions there are. */
  length(callback?: Answer<number>): Promise<number> {
    return told(callback, () => this.#work.count())
  }

  clear(callback?: Callback): Promise<void> {
    return told(callback, () => this.#work.clear())
  }

  /** Removes what was not used for `maxLifetime`. @returns How many. */
  gc(callback?: Answer<number>): Promise<number> {
    return told(callback, () => this.#work.gc())
  }

  /**
   * Waits until nobody else has the session, wherever the chain keeps it.
   *
   * @returns Gives it back.
   * @throws {LockTimeoutError}
   */
  async lock(id: string, waitMs: number): Promise<() => Promise<void>> {
    return await this.#work.lock(toStoredId(id), waitMs)
  }

  override createSession(request: object, record: SessionData): Session & SessionData {
    const session = super.createSession(request, record)
    this.#work.hasRecord(session)
    return session
  }
}

/** Calls back in a turn of its own, so that what the callback throws is no rejection of ours. */
function told<T>(callback: Answer<T> | undefined, work: () => Promise<T>): Promise<T> {
  const promise = work()
  if (callback === undefined) promise.catch(() => undefined)
  else {
    promise.then(
      (value) => process.nextTick(callback, null, value),
      (error: unknown) => process.nextTick(callback, error),
    )
  }
  return promise
}

function resolve(options: ToExpressStoreOptions): Fields {
  assertKnownKeys('toExpressStore', options, DEFAULTS)
  const {
    maxLifetime = DEFAULTS.maxLifetime,
    savePath = DEFAULTS.savePath,
    name = DEFAULTS.name,
    lockWait = DEFAULTS.lockWait,
    now = DEFAULTS.now,
  } = options
  assertInteger('maxLifetime', maxLifetime, 1, 2_147_483_647)
  assertString('savePath', savePath)
  assertString('name', name)
  assertNumber('lockWait', lockWait, 0, 86_400)
  assertFunction('now', now)
  return { maxLifetime, savePath, name, lockWaitMs: lockWait * 1000, now }
}
