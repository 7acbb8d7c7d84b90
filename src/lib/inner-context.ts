/**
 * Contexts that a handler gives to layers below it in the place of its own.
 *
 * Layers tell activations apart by their context, so it is the same object from open to close, brought
 * up to date for each operation: the manager still settles fields. Plain fields: an object of accessors
 * costs ten times a hash.
 *
 * @module
 */
import type { SessionContext } from '../handler.js'

/** A context whose fields its maker still settles. */
export type InnerContext = { -readonly [K in keyof SessionContext]: SessionContext[K] }

/** A context like this one, of no id yet. */
export function innerContext(context: SessionContext): InnerContext {
  return {
    savePath: context.savePath,
    name: context.name,
    id: undefined,
    isNew: context.isNew,
    readOnly: context.readOnly,
    strict: context.strict,
    lock: context.lock,
    lockWaitMs: context.lockWaitMs,
    lockLeaseMs: context.lockLeaseMs,
    closing: context.closing,
    maxLifetime: context.maxLifetime,
    // Asked for only by who has to wait.
    get signal() {
      return context.signal
    },
    now: context.now,
    entered: 0,
  }
}

/** Brings over what may have changed since; the id is the maker's business. */
export function renewContext(inner: InnerContext, context: SessionContext): void {
  inner.isNew = context.isNew
  inner.readOnly = context.readOnly
  inner.strict = context.strict
  inner.lock = context.lock
  inner.closing = context.closing
}
