/**
 * Encryption layer: what is below it never sees a payload, only sealed ones. Stores nothing.
 *
 * Wire formats: src/crypto/aead.ts (our own), src/crypto/defuse.ts (PHP Sessionz').
 *
 * @module
 */
import { aeadCipher } from '../crypto/aead.js'
import type { Opened, SessionCipher } from '../crypto/cipher.js'
import { defuseCipher } from '../crypto/defuse.js'
import { createKeyRing, generateKey, type EncryptionKey } from '../crypto/key-ring.js'
import { publish } from '../events.js'
import {
  defineHandler,
  type MaybePromise,
  type Payload,
  type SessionContext,
  type SessionHandler,
} from '../handler.js'
import { assertFunction, assertInteger, assertKnownKeys } from '../lib/check.js'
import { isPromise } from '../lib/flow.js'
import { writeInstead } from '../link.js'

export { defuseCipher, generateKey }
export type { EncryptionKey, Opened, SessionCipher }

/** What `encryptionHandler` takes: `keys`, or a `cipher`. */
export interface EncryptionOptions {
  /** The key that seals; of several, the first one. All of them open. */
  keys?: EncryptionKey | readonly EncryptionKey[] | undefined
  /** Payloads are padded to a multiple of so many bytes, 1 to 65536. @default 32 */
  padding?: number | undefined
  /** Instead of `keys`: another format, such as `defuseCipher(key)`. */
  cipher?: SessionCipher | undefined
  /**
   * Formats of older records: what begins as one of them does is opened by it, and sealed with the
   * current key at its session's next commit. One cipher for each format, with all its keys.
   *
   * @default none
   */
  previous?: readonly SessionCipher[] | undefined
}

const NAME = 'encryption'

const DEFAULTS = {
  keys: undefined,
  padding: 32,
  cipher: undefined,
  previous: [] as readonly SessionCipher[],
} satisfies EncryptionOptions

/** The sealed record that an activation last read or wrote. */
interface Seen {
  readonly id: string
  readonly sealed: Payload
  readonly current: boolean
}

/**
 * Makes a layer that encrypts every payload on its way down.
 *
 * What does not open (another key, another session's record, a changed bit, plain text) is a
 * `DecryptError`; nothing is ever handed out or stored unencrypted. A record that an older key sealed
 * is sealed with the current one when its session is next committed, changed or not, if that is done
 * under the session's lock.
 *
 * @throws {TypeError | RangeError} Naming an option, and never quoting a key.
 */
export function encryptionHandler(options: EncryptionOptions): SessionHandler {
  const cipher = resolve(options)
  /** By activation: what was read is not sealed again for a touch. */
  const seen = new WeakMap<SessionContext, Seen>()

  function open(id: string, sealed: Payload | undefined, context: SessionContext) {
    if (sealed === undefined) return undefined
    const { payload, current } = cipher.open(sealed, id, context.name)
    seen.set(context, { id, sealed, current })
    return payload
  }

  /** Passes on what the store says, and tells of a record that is under the current key now. */
  function renewed(done: MaybePromise<boolean>): MaybePromise<boolean> {
    if (isPromise(done)) return done.then(renewed)
    if (done) publish('sessionz:resealed', () => ({ handler: NAME }))
    return done
  }

  return defineHandler({
    name: NAME,
    stores: false,
    read(id, context, next) {
      seen.delete(context)
      const sealed = next(id, context)
      if (isPromise(sealed)) return sealed.then((later) => open(id, later, context))
      return open(id, sealed, context)
    },
    write(id, payload, context, next) {
      const last = seen.get(context)
      seen.delete(context)
      const done = next(id, cipher.seal(payload, id, context.name), context)
      return last?.id === id && !last.current ? renewed(done) : done
    },
    updateTimestamp(id, payload, context, next) {
      const last = seen.get(context)
      if (last?.id !== id) return next(id, cipher.seal(payload, id, context.name), context)
      if (last.current || context.lock !== 'exclusive') return next(id, last.sealed, context)
      seen.delete(context)
      return renewed(writeInstead(next)(id, cipher.seal(payload, id, context.name), context))
    },
  })
}

function resolve(options: EncryptionOptions): SessionCipher {
  assertKnownKeys(NAME, options, DEFAULTS)
  const { keys, padding = DEFAULTS.padding, previous = DEFAULTS.previous } = options
  if ((keys === undefined) === (options.cipher === undefined)) {
    throw new TypeError('encryption: give either "keys" or "cipher"')
  }
  assertInteger('padding', padding, 1, 65_536)
  const cipher = options.cipher ?? aeadCipher(createKeyRing(listOf(keys)), padding)
  assertCipher('cipher', cipher)
  if (!Array.isArray(previous)) throw new TypeError('"previous" must be a list of ciphers')
  return previous.length === 0 ? cipher : withPrevious(cipher, previous)
}

function assertCipher(label: string, cipher: SessionCipher): void {
  assertFunction(`${label}.seal`, cipher?.seal)
  assertFunction(`${label}.open`, cipher?.open)
}

/** The first bytes decide who opens a record: nobody else tries, whatever comes of it. */
function withPrevious(cipher: SessionCipher, previous: readonly SessionCipher[]): SessionCipher {
  const names = new Set([cipher.name])
  for (const [index, { name, recognizes }] of previous.entries()) {
    const label = `previous[${index}]`
    assertCipher(label, previous[index] as SessionCipher)
    assertFunction(`${label}.recognizes`, recognizes)
    if (names.has(name)) throw new RangeError(`"${label}": give all keys of a format to one cipher`)
    names.add(name)
  }
  return {
    name: cipher.name,
    seal: (payload, id, name) => cipher.seal(payload, id, name),
    open(sealed, id, name) {
      const older = previous.find((each) => each.recognizes?.(sealed))
      if (older === undefined) return cipher.open(sealed, id, name)
      return { payload: older.open(sealed, id, name).payload, current: false }
    },
  }
}

function listOf(keys: EncryptionOptions['keys']): readonly EncryptionKey[] {
  return Array.isArray(keys) ? (keys as readonly EncryptionKey[]) : [keys as EncryptionKey]
}
