/**
 * The contracts a chain stands on: what a handler may do, what it is told, and what it answers.
 *
 * @module
 */

/** Serialized bytes of one session. Nobody changes a payload after handing it over. */
export type Payload = Uint8Array

/** A plain value where the work was synchronous, a promise where it was not. */
export type MaybePromise<T> = T | Promise<T>

/**
 * How long a storing handler keeps a session locked.
 *
 * - `exclusive`: from `open` to `close`
 * - `read`: no longer than a whole, consistent read needs; nothing, where reads are whole by nature
 * - `none`: no longer than each single operation needs to be whole
 */
export type LockMode = 'exclusive' | 'read' | 'none'

/** Whom a session belongs to: what a store keeps beside its record, to find it by. */
export interface Ownership {
  /** The owner from the operation on; `undefined` is nobody. */
  readonly owner: string | undefined
  /** The owner until then, as far as the activation knows. */
  readonly former: string | undefined
}

/** One activation of one session, from `open` to `close`. Handlers keep no other "current session". */
export interface SessionContext {
  /** Where sessions are stored, in the words of the handler: PHP's `session.save_path`. */
  readonly savePath: string
  /** Name of the cookie or parameter: PHP's `session.name`. */
  readonly name: string
  /** The id `open` locks; `undefined` for work that concerns no single session, such as gc. */
  readonly id: string | undefined
  /** True when no record is expected: a write then creates and must not find one. */
  readonly isNew: boolean
  /** True when nothing will be written in this activation. */
  readonly readOnly: boolean
  /** True when an id that storage does not know is not adopted, so that it needs no lock. */
  readonly strict: boolean
  readonly lock: LockMode
  /** Longest wait for the lock, in milliseconds; after it `open` throws a `LockTimeoutError`. */
  readonly lockWaitMs: number
  /** How long a lock lives without renewal, in milliseconds, where locks are leases. */
  readonly lockLeaseMs: number
  /**
   * True when only `close` follows the next operation of this context: a store may give the lock back
   * in the same call, and so save a round trip.
   */
  readonly closing: boolean
  /** Idle lifetime in seconds: a record not written or touched for longer is absent. */
  readonly maxLifetime: number
  /**
   * Whom the record belongs to, for `write`, `updateTimestamp` and `destroy`. Where a store can be
   * asked by owner, the same call brings that up to date. `undefined` where nobody has or had it.
   */
  readonly ownership: Ownership | undefined
  /** True when ids are as a list named them: a layer that changes ids passes these on as they are. */
  readonly listed: boolean
  /** Aborted when the activation's time is over or its visitor has gone. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. The only clock a handler reads. */
  readonly now: () => number
  /**
   * When the record was last written or touched, live or expired: a storing handler that knows says so
   * here when it answers `read` or `validateId`. Milliseconds since the epoch.
   */
  touchedMs: number | undefined
  /** Bookkeeping of the chain: the layers whose `next` was called. Handlers leave it alone. */
  entered: number
}

/** What is known of a stored session without reading its payload. */
export interface SessionInfo {
  /** The id; below a layer that changes ids, what storage knows it by. */
  readonly id: string
  /** Last write or touch, milliseconds since the epoch. */
  readonly touchedMs: number
  /** Size of the stored record in bytes. */
  readonly bytes: number
  /** Whom it belongs to, where the store can tell. */
  readonly owner?: string
}

/** The composed chain: each operation runs through all layers. */
export interface Chain {
  /** Takes the lock of `context.id` where the mode asks for it. */
  open(context: SessionContext): MaybePromise<void>
  /** Releases what `open` took, in every outcome. Closing twice does nothing. */
  close(context: SessionContext): MaybePromise<void>
  /** The payload; `undefined` when never written, expired or destroyed. */
  read(id: string, context: SessionContext): MaybePromise<Payload | undefined>
  /**
   * Stores the payload. With `context.isNew` it creates, else it updates.
   *
   * @returns `false` when the record was to be updated and is gone, or was to be created and exists.
   */
  write(id: string, payload: Payload, context: SessionContext): MaybePromise<boolean>
  /** Removes the record. @returns Whether there was one. */
  destroy(id: string, context: SessionContext): MaybePromise<boolean>
  /** Removes what was not written or touched for `maxLifetime` seconds. @returns How many. */
  gc(maxLifetime: number, context: SessionContext): MaybePromise<number>
  /**
   * Marks the record as used without changing it; a handler without it is asked to write.
   *
   * @returns `false` when the record is gone; nothing is created then.
   */
  updateTimestamp(id: string, payload: Payload, context: SessionContext): MaybePromise<boolean>
  /** Whether storage knows the id. `undefined` when no handler of the chain defines it. */
  readonly validateId?: ((id: string, context: SessionContext) => MaybePromise<boolean>) | undefined
  /** Makes a new id. `undefined` when no handler of the chain defines it. */
  readonly createId?: ((context: SessionContext) => MaybePromise<string>) | undefined
  /** Lists the live sessions. `undefined` when no handler of the chain can. */
  readonly list?: ((context: SessionContext) => AsyncIterable<SessionInfo>) | undefined
  /** Counts the live sessions. `undefined` when no handler of the chain can. */
  readonly count?: ((context: SessionContext) => MaybePromise<number>) | undefined
  /** Lists the live sessions of an owner. `undefined` when the innermost handler cannot. */
  readonly listByOwner?:
    ((owner: string, context: SessionContext) => AsyncIterable<SessionInfo>) | undefined
}

/** The rest of the chain, operation by operation, as a handler is given it. */
export type Next = { readonly [K in keyof Chain]-?: NonNullable<Chain[K]> }

/**
 * One layer. It gets each operation with `next`, the rest of the chain, and calls it at most once.
 *
 * A storing handler keeps bytes; a layer changes, watches or caches them. Layers keep no state of a
 * single session outside the context (a `WeakMap` by context is the usual place).
 */
export interface SessionHandler {
  /** Lower-case name for errors and diagnostics. */
  readonly name: string
  /** A layer that may answer a read from a copy, without asking the store whether it is still true. */
  readonly copies?: boolean | undefined
  /**
   * A storing handler whose records others change as well, programs that tell no cache of it: a chain
   * with a layer that `copies` above it is refused.
   */
  readonly shared?: boolean | undefined
  /** A layer that changes ids: what `listByOwner` names below it has another name above. */
  readonly renames?: boolean | undefined
  /** `false` for a layer that keeps no records: a manager refuses it as the innermost handler. */
  readonly stores?: boolean | undefined
  open(context: SessionContext, next: Next['open']): MaybePromise<void>
  close(context: SessionContext, next: Next['close']): MaybePromise<void>
  read(id: string, context: SessionContext, next: Next['read']): MaybePromise<Payload | undefined>
  write(
    id: string,
    payload: Payload,
    context: SessionContext,
    next: Next['write'],
  ): MaybePromise<boolean>
  destroy(id: string, context: SessionContext, next: Next['destroy']): MaybePromise<boolean>
  gc(maxLifetime: number, context: SessionContext, next: Next['gc']): MaybePromise<number>
  updateTimestamp?(
    id: string,
    payload: Payload,
    context: SessionContext,
    next: Next['updateTimestamp'],
  ): MaybePromise<boolean>
  validateId?(id: string, context: SessionContext, next: Next['validateId']): MaybePromise<boolean>
  createId?(context: SessionContext, next: Next['createId']): MaybePromise<string>
  list?(context: SessionContext, next: Next['list']): AsyncIterable<SessionInfo>
  count?(context: SessionContext, next: Next['count']): MaybePromise<number>
  /**
   * The live sessions whose last write or touch named this owner (`context.ownership`), without a walk
   * through all of them. A storing handler that has it keeps such an index; a layer that changes ids
   * leaves out the session of `context.id`.
   */
  listByOwner?(
    owner: string,
    context: SessionContext,
    next: Next['listByOwner'],
  ): AsyncIterable<SessionInfo>
  /** Frees what the handler holds beyond single sessions: helpers, timers, connections it made. */
  dispose?(): MaybePromise<void>
}

/** What `defineHandler` takes: a name and the operations the layer takes part in. */
export type HandlerDefinition = Pick<SessionHandler, 'name'> & Partial<Omit<SessionHandler, 'name'>>

/** Operations that `defineHandler` filled in; the chain links past them, so they cost nothing. */
const passThrough = new WeakSet<object>()

const PASS = {
  open: (context, next) => next(context),
  close: (context, next) => next(context),
  read: (id, context, next) => next(id, context),
  write: (id, payload, context, next) => next(id, payload, context),
  destroy: (id, context, next) => next(id, context),
  gc: (maxLifetime, context, next) => next(maxLifetime, context),
} satisfies Partial<SessionHandler>

for (const operation of Object.values(PASS)) passThrough.add(operation)

/** What is no operation. */
const FIELDS: ReadonlySet<string> = new Set(['name', 'copies', 'shared', 'renames', 'stores'])

/**
 * Makes a handler of the operations given; those left out pass through at no cost.
 *
 * @throws {TypeError} When the name is missing or an operation is not a function.
 */
export function defineHandler(definition: HandlerDefinition): SessionHandler {
  if (typeof definition.name !== 'string' || definition.name === '') {
    throw new TypeError('a handler needs a "name"')
  }
  for (const [key, value] of Object.entries(definition)) {
    if (!FIELDS.has(key) && value !== undefined && typeof value !== 'function') {
      throw new TypeError(`handler "${definition.name}": "${key}" must be a function`)
    }
  }
  return { ...PASS, ...definition }
}

/** Whether an operation of a handler only passes through. */
export function isPassThrough(operation: object): boolean {
  return passThrough.has(operation)
}
