/**
 * One visitor's session in one request.
 *
 * @module
 */
import type { Rejection } from './events.js'
import type { MaybePromise, Payload } from './handler.js'
import type { HeaderList } from './http/headers.js'
import { run } from './lib/flow.js'
import { sealed } from './lib/sealed.js'
import { noteUpdate } from './merge.js'
import { takeMetadata } from './metadata.js'
import type { SessionData } from './serializer.js'
import { end, TOUCHED, type Ending } from './session-end.js'
import { flashOf, type Flash } from './session-flash.js'
import { destroy, reload, resume, suspend } from './session-life.js'
import { setOwner } from './session-owner.js'
import { regenerate, type RegenerateOptions } from './session-regenerate.js'
import {
  assertActive,
  assertWritable,
  close,
  knownId,
  reasonFor,
  removeVariables,
  type SessionState,
  type SessionStatus,
  type Substitute,
} from './session-state.js'
import { sidOf } from './session-sid.js'

/** The state of a session, for the functions of this library that work on it from outside. */
let stateOf: (session: object) => SessionState | undefined

/**
 * A started session. `Data` types its variables; every one of them may be missing.
 *
 * Made by `manager.start()`. It ends with `commit()`, `abort()` or `destroy()`.
 */
export class Session<Data extends object = SessionData> {
  readonly #state: SessionState

  /** Use `manager.start()`. */
  constructor(state: SessionState) {
    this.#state = state
    Object.preventExtensions(this) // `session.user = ...` would be lost without a word
  }

  static {
    stateOf = (session) => (#state in session ? (session as Session).#state : undefined)
  }

  /** The id, a secret. After `regenerate()` the new one. */
  get id(): string {
    return knownId(this.#state)
  }

  /**
   * `name=id` for links of visitors without a cookie, else the empty text: PHP's constant `SID`.
   * Always empty unless `useOnlyCookies` is off.
   */
  get sid(): string {
    return sidOf(this.#state, this)
  }

  /** Name of the cookie. */
  get name(): string {
    return this.#state.settings.name
  }

  /** True until the session has a record in storage. */
  get isNew(): boolean {
    return this.#state.storedId === undefined
  }

  /**
   * Whom the session belongs to: what `manager.listByOwner()` and `destroyByOwner()` find it by.
   *
   * A text of 1 to 255 characters, no secret. Set, it takes effect with `commit()`; `undefined` is
   * nobody. `regenerate()` keeps it, `clear()` ends it.
   *
   * @throws {TypeError | RangeError} For any other value, a number too.
   * @throws {StateError} When the session is over, read-only, or in a chain that finds none by owner.
   */
  get owner(): string | undefined {
    return this.#state.metadata?.owner
  }

  set owner(owner: string | undefined) {
    setOwner(this.#state, owner)
  }

  get status(): SessionStatus {
    return this.#state.status
  }

  /** True when changes cannot be stored. */
  get readOnly(): boolean {
    return this.#state.readOnly
  }

  /**
   * What stands in for the session because storage was down at the start (`onStoreError`):
   * `anonymous` is an empty session, `stale` the data this process saw last. Both are read-only.
   * `undefined` for a session as it should be.
   */
  get degraded(): Substitute | undefined {
    return this.#state.degraded?.as
  }

  /**
   * Why the id that the visitor sent led to no session, where it did not; so a page can say that one
   * has expired. `undefined` where it did, and where none was sent.
   */
  get rejected(): Rejection | undefined {
    return this.#state.rejected
  }

  /**
   * The variables: plain values, to read and to change.
   *
   * Once the session has ended, a change is a `StateError` instead of being lost.
   */
  get data(): Partial<Data> {
    const { data, status } = this.#state
    if (status === 'active') return data as Partial<Data>
    const copy = Object.assign(Object.create(null) as SessionData, data)
    return sealed(copy, `session.data: ${reasonFor(this.#state)}`) as Partial<Data>
  }

  /** The value of a variable. */
  get<K extends keyof Data & string>(key: K): Data[K] | undefined {
    return this.#state.data[key] as Data[K] | undefined
  }

  /** Whether there is such a variable. */
  has(key: keyof Data & string): boolean {
    return Object.hasOwn(this.#state.data, key)
  }

  /** @throws {StateError} When the session has ended or is read-only. */
  set<K extends keyof Data & string>(key: K, value: Data[K]): void {
    assertWritable(this.#state, 'set')
    this.#state.data[key] = value
  }

  /** Removes a variable. @returns Whether there was one. */
  delete(key: keyof Data & string): boolean {
    assertWritable(this.#state, 'delete')
    const existed = this.has(key)
    delete this.#state.data[key]
    return existed
  }

  /**
   * Changes a variable by a function of its value.
   *
   * In mode `merge` the function runs again on the newest value at commit, so that no parallel
   * change is lost; it must therefore do nothing but compute.
   * @returns What the function made of the value known now.
   */
  update<K extends keyof Data & string>(
    key: K,
    change: (value: Data[K] | undefined) => Data[K],
  ): Data[K] {
    assertWritable(this.#state, 'update')
    const { data, settings, storedId } = this.#state
    const value = change(data[key] as Data[K] | undefined)
    const step = change as (value: unknown) => unknown
    if (settings.concurrency === 'merge' && storedId !== undefined) {
      noteUpdate(this.#state, key, { step, value })
    }
    data[key] = value
    return value
  }

  /** Variables for the next request only, such as the message after a redirect. */
  get flash(): Flash<Data> {
    return flashOf<Data>(this.#state)
  }

  /**
   * Stores the session and releases it: PHP's `session_write_close()`.
   *
   * An unchanged session is only touched, a new one without data leaves no trace, one whose data
   * is gone is destroyed. Calling it again answers the same headers.
   *
   * @returns The headers to send with the response, never before this has settled.
   * @throws {StateError} When changes cannot be stored: started read-only, or held too long.
   * @throws {EncodeError} When a value cannot be written; what is stored stays.
   * @throws {StoreError | LockLostError | LockTimeoutError} When storage fails.
   */
  async commit(): Promise<HeaderList> {
    return await end(this.#state, TOUCHED)
  }

  /** Drops the changes and releases the session: PHP's `session_abort()`. */
  async abort(): Promise<void> {
    if (this.#state.status !== 'active') return
    this.#state.status = 'aborted'
    await run(close(this.#state))
  }

  /** Drops the changes and reads the session anew: PHP's `session_reset()`. */
  async reset(): Promise<void> {
    assertActive(this.#state, 'reset')
    await run(reload(this.#state))
  }

  /** Removes every variable, and the owner: PHP's `session_unset()`. */
  clear(): void {
    assertWritable(this.#state, 'clear')
    setOwner(this.#state, undefined)
    removeVariables(this.#state)
  }

  /**
   * Gives the session a new id and keeps its data. Call it whenever somebody logs in or out.
   * It takes effect with `commit()`; `abort()` undoes it. The old record is destroyed, or forwards
   * for `grace` seconds.
   */
  async regenerate(options: RegenerateOptions = {}): Promise<void> {
    assertWritable(this.#state, 'regenerate')
    await run(regenerate(this.#state, options))
  }

  /**
   * Removes the session from storage, its data and the visitor's cookie: PHP's
   * `session_destroy()`, with what PHP's manual asks to do beside it.
   *
   * @returns The headers to send, as `commit()`.
   */
  async destroy(): Promise<HeaderList> {
    assertWritable(this.#state, 'destroy')
    await run(destroy(this.#state))
    return await end(this.#state, TOUCHED)
  }

  /**
   * Stores the session, lends its lock away while `body` runs, and reads it anew afterwards. For
   * calls to other services that use the same session. @returns What `body` returned.
   */
  async suspend<T>(body: () => MaybePromise<T>): Promise<T> {
    assertWritable(this.#state, 'suspend')
    await run(suspend(this.#state))
    try {
      return await body()
    } finally {
      await run(resume(this.#state))
    }
  }

  /** The data as bytes: PHP's `session_encode()`. */
  encode(): Payload {
    return this.#state.host.serializer.encode(this.#state.data, this.#state.payload)
  }

  /**
   * Takes over the variables of encoded bytes: PHP's `session_decode()`. Those of `php` and `php_binary`
   * are laid over the data, those of `php_serialize` take its place.
   *
   * PHP differs: bytes that cannot be decoded destroy the session there; here they change nothing.
   *
   * @throws {DecodeError}
   */
  decode(payload: Payload): void {
    assertWritable(this.#state, 'decode')
    const { serializer } = this.#state.host
    const decoded = serializer.decode(payload)
    takeMetadata(decoded)
    if (serializer.replaces === true) removeVariables(this.#state)
    Object.assign(this.#state.data, decoded)
  }

  /** `await using session = ...` commits at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state.status === 'active') await this.commit()
  }

  /** Nothing of a session is printed but its name and state. */
  toJSON(): object {
    return { name: this.name, status: this.status, isNew: this.isNew }
  }

  [Symbol.for('nodejs.util.inspect.custom')](): object {
    return this.toJSON()
  }
}

/** What is known of a session inside; for adapters. @throws {TypeError} For anything else. */
export function stateFor(session: object): SessionState {
  const state = stateOf(session)
  if (state === undefined) throw new TypeError('not a session of this library')
  return state
}

/** Ends a session like `commit()`, but at once where the chain is synchronous; for adapters. */
export function settle(session: object, how: Ending = TOUCHED): MaybePromise<HeaderList> {
  return end(stateFor(session), how)
}
