/**
 * Contexts that a handler gives to layers below it in the place of its own.
 *
 * Layers tell activations apart by their context, so it is the same object from open to close, brought
 * up to date for each operation: the manager still settles fields.
 *
 * @module
 */
import type { LockMode, Ownership, SessionContext } from '../handler.js'

/** A context whose fields its maker still settles. */
export type InnerContext = { -readonly [K in keyof SessionContext]: SessionContext[K] }

/** A context like this one, of no id yet. */
export function innerContext(context: SessionContext): InnerContext {
  return new InContext(context)
}

/** A class for its getter: in a literal of its own it costs V8 30 times as much. */
class InContext implements InnerContext {
  readonly savePath: string
  readonly name: string
  id: string | undefined = undefined
  isNew: boolean
  readOnly: boolean
  strict: boolean
  lock: LockMode
  readonly lockWaitMs: number
  readonly lockLeaseMs: number
  closing: boolean
  readonly maxLifetime: number
  ownership: Ownership | undefined
  listed: boolean
  readonly now: () => number
  entered = 0
  /** Not to be seen by who looks at what is below. */
  readonly #outer: SessionContext

  constructor(outer: SessionContext) {
    this.#outer = outer
    this.savePath = outer.savePath
    this.name = outer.name
    this.isNew = outer.isNew
    this.readOnly = outer.readOnly
    this.strict = outer.strict
    this.lock = outer.lock
    this.lockWaitMs = outer.lockWaitMs
    this.lockLeaseMs = outer.lockLeaseMs
    this.closing = outer.closing
    this.maxLifetime = outer.maxLifetime
    this.ownership = outer.ownership
    this.listed = outer.listed
    this.now = outer.now
  }

  /** Asked for only by who has to wait. */
  get signal(): AbortSignal {
    return this.#outer.signal
  }

  /** What is learned below is told above. */
  get touchedMs(): number | undefined {
    return this.#outer.touchedMs
  }

  set touchedMs(touchedMs) {
    this.#outer.touchedMs = touchedMs
  }
}

/** Brings over what may have changed since; the id is the maker's business. */
export function renewContext(inner: InnerContext, context: SessionContext): void {
  inner.isNew = context.isNew
  inner.readOnly = context.readOnly
  inner.strict = context.strict
  inner.lock = context.lock
  inner.closing = context.closing
  inner.ownership = context.ownership
  inner.listed = context.listed
}
