/**
 * Storage never sees an id: every layer below this one works with a hash of it.
 *
 * Who reads the store, its backups or its logs finds nothing that could be put into a cookie.
 *
 * Names below: 64 hexadecimal digits, SHA-256 of the id's characters as UTF-8, or HMAC-SHA-256 of
 * them under a key. They are valid ids for every handler, also where case is not told apart.
 *
 * @module
 */
import { createHash, createHmac, createSecretKey } from 'node:crypto'
import {
  defineHandler,
  type SessionContext,
  type SessionHandler,
  type SessionInfo,
} from '../handler.js'
import { assertKnownKeys } from '../lib/check.js'
import { innerContext, renewContext, type InnerContext } from '../lib/inner-context.js'

/** What `hashedIdHandler` takes. `undefined` means the default; unknown names are refused. */
export interface HashedIdOptions {
  /**
   * At least 32 bytes; text counts as UTF-8. With it, names in the store can only be computed, or
   * checked against an id, by who has the key. Another key finds none of the records.
   *
   * @default none: plain SHA-256, enough for ids of 128 random bits
   */
  key?: string | Uint8Array | undefined
}

const KNOWN = { key: true } satisfies Record<keyof HashedIdOptions, true>

/** The size of the hash: a shorter key would be the weakest part. */
const KEY_BYTES = 32

/**
 * Makes a layer that hashes ids.
 *
 * Put it above the store, and above every layer that tells others of ids. What PHP writes cannot be
 * found through it. `list` names the hashes: nothing leads from them back to the ids.
 *
 * @throws {TypeError | RangeError} For an unknown option, or a key of another type or shorter.
 */
export function hashedIdHandler(options: HashedIdOptions = {}): SessionHandler {
  const hash = hashOf(options)
  const below = contextsBelow(hash)
  /** Most operations concern the id of their context, which is hashed once. */
  const nameOf = (id: string, context: SessionContext, inner: SessionContext): string => {
    if (id === context.id) return inner.id as string
    return context.listed ? id : hash(id)
  }

  /** Who asks knows one of the sessions by its own id only. */
  async function* others(
    inner: SessionContext,
    infos: AsyncIterable<SessionInfo>,
  ): AsyncIterable<SessionInfo> {
    for await (const info of infos) if (info.id !== inner.id) yield info
  }

  return defineHandler({
    name: 'hashed-id',
    renames: true,
    stores: false,
    open: (context, next) => next(below(context)),
    close: (context, next) => next(below(context)),
    read(id, context, next) {
      const inner = below(context)
      return next(nameOf(id, context, inner), inner)
    },
    write(id, payload, context, next) {
      const inner = below(context)
      return next(nameOf(id, context, inner), payload, inner)
    },
    destroy(id, context, next) {
      const inner = below(context)
      return next(nameOf(id, context, inner), inner)
    },
    gc: (maxLifetime, context, next) => next(maxLifetime, below(context)),
    updateTimestamp(id, payload, context, next) {
      const inner = below(context)
      return next(nameOf(id, context, inner), payload, inner)
    },
    validateId(id, context, next) {
      const inner = below(context)
      return next(nameOf(id, context, inner), inner)
    },
    listByOwner(owner, context, next) {
      const inner = below(context)
      return others(inner, next(owner, inner))
    },
  })
}

type Hash = (id: string) => string

/** An activation as the layers below see it, and the id that its own is the hash of. */
interface Below {
  raw: string | undefined
  readonly inner: InnerContext
}

/** Gives each context its own one for below, the same from open to close. */
function contextsBelow(hash: Hash): (context: SessionContext) => SessionContext {
  const known = new WeakMap<SessionContext, Below>()
  return (context) => {
    const below = known.get(context) ?? introduce(context, known)
    const { inner } = below
    if (below.raw !== context.id) {
      below.raw = context.id
      inner.id = context.id === undefined || context.listed ? context.id : hash(context.id)
    }
    renewContext(inner, context)
    // The chain cleared this layer's bit above; below it would stay.
    inner.entered = context.entered
    return inner
  }
}

function introduce(context: SessionContext, known: WeakMap<SessionContext, Below>): Below {
  const below: Below = { raw: undefined, inner: innerContext(context) }
  known.set(context, below)
  return below
}

function hashOf(options: HashedIdOptions): Hash {
  assertKnownKeys('hashed-id', options, KNOWN)
  const { key } = options
  if (key === undefined) return (id) => createHash('sha256').update(id).digest('hex')
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    throw new TypeError(`"key" must be a string or a Uint8Array, got ${typeof key}`)
  }
  const bytes = Buffer.from(key)
  if (bytes.length < KEY_BYTES) {
    throw new RangeError(`"key" must have at least ${KEY_BYTES} bytes, got ${bytes.length}`)
  }
  const secret = createSecretKey(bytes)
  return (id) => createHmac('sha256', secret).update(id).digest('hex')
}
