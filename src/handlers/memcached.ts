/**
 * php-memcached's session handler: the same keys, values, times and locks, so that PHP with
 * `session.save_handler=memcached` and Node serve the same live sessions.
 *
 * `<prefix><id>` holds the payload and nothing else, flags 0; `<prefix>lock.<id>` is there while the
 * session is locked. It is the innermost handler.
 *
 * @module
 * @see php_memcached_session.c
 */
import { InvalidIdError, LockLostError, StoreError } from '../errors.js'
import type { Payload, SessionContext, SessionHandler } from '../handler.js'
import { assertValidId, isValidId } from '../id/validate.js'
import { assertInteger, assertKnownKeys } from '../lib/check.js'
import { contextLocks } from '../locks/keyed-mutex-contexts.js'
import { memcachedLocks } from '../locks/memcached.js'
import {
  assertSettings,
  expiresIn,
  LONGEST_KEY,
  MAX_ITEM_BYTES,
  memcachedCommands,
  type Cas,
  type MemcachedClient,
  type MemcachedCommands,
} from '../stores/memcached.js'
import { memcachedVisits, type Visit, type Visits } from './memcached-visits.js'

export type { MemcachedClient } from '../stores/memcached.js'

/** What `memcachedHandler` takes. `undefined` means the default; unknown names are refused. */
export interface MemcachedOptions {
  /** A client of `memjs`. It is used, never closed. */
  client: MemcachedClient
  /**
   * What stands before each id: PHP's `memcached.sess_prefix`. At most 200 visible ASCII characters.
   *
   * @default 'memc.sess.key.'
   */
  prefix?: string | undefined
  /** Seconds after which one call has failed; fractions are allowed. @default 1 */
  timeout?: number | undefined
  /** Most requests that wait for one session; a further one fails at once. @default 1000 */
  maxWaiters?: number | undefined
  /**
   * Largest payload, in bytes. A server refuses items above its `-I` (1 MiB, key and bookkeeping
   * included), and removes what was there before.
   *
   * @default 1048000
   */
  maxItemBytes?: number | undefined
}

const NAME = 'memcached'

const DEFAULTS = {
  client: undefined,
  prefix: 'memc.sess.key.',
  timeout: 1,
  maxWaiters: 1000,
  maxItemBytes: MAX_ITEM_BYTES,
}

/** PHP's word between the prefix and the id of a lock. */
const LOCK = 'lock.'

/** What each operation works with. */
interface Store {
  readonly commands: MemcachedCommands
  readonly visits: Visits
  readonly prefix: string
  readonly maxItemBytes: number
}

/**
 * Makes a handler that keeps sessions in Memcached as PHP does.
 *
 * Memcached may drop any record at any time, and drops all of them when it is restarted: a session
 * is then absent.
 *
 * @throws {TypeError | RangeError} Naming what is no client, or an option that is unknown or out of
 *   range.
 */
export function memcachedHandler(options: MemcachedOptions): SessionHandler {
  const { client, prefix, timeout, maxWaiters, maxItemBytes } = resolve(options)
  const commands = memcachedCommands(client, { handler: NAME, timeoutMs: timeout * 1000 })
  const visits = memcachedVisits({
    get: (id) => commands.get(prefix + id),
    take: memcachedLocks({ commands, handler: NAME, expiresIn }),
    lockKey: (id) => prefix + LOCK + id,
    queue: contextLocks({ handler: NAME, maxWaiters }),
  })
  return { name: NAME, ...operations({ commands, visits, prefix, maxItemBytes }), gc: () => 0 }
}

type Operations = Omit<SessionHandler, 'name' | 'gc'>

function operations(store: Store): Operations {
  const { commands, visits, prefix } = store
  const isKey = (id: string | undefined): id is string => isValidId(id) && fits(id, prefix)
  return {
    async open(context) {
      if (isKey(context.id)) await visits.open(context.id, context)
    },
    close: (context) => visits.close(context),
    read: async (id, context) => (isKey(id) ? (await visits.take(id, context))?.value : undefined),
    async write(id, payload, context) {
      assertValidId(id)
      if (!fits(id, prefix)) throw tooLong(prefix)
      assertSize(payload, store.maxItemBytes)
      return write(store, { id, payload, context })
    },
    async destroy(id, context) {
      forget(visits.of(id, context))
      return isKey(id) && (await commands.delete(prefix + id)) === 'done'
    },
    updateTimestamp: async (id, _payload, context) =>
      isKey(id) && commands.touch(prefix + id, expiryOf(context)),
    validateId: async (id, context) => isKey(id) && visits.look(id, context),
  }
}

interface Writing {
  readonly id: string
  readonly payload: Payload
  readonly context: SessionContext
}

/** Creates what must not be there, or updates what must be. */
async function write(store: Store, { id, payload, context }: Writing): Promise<boolean> {
  const { commands, visits, prefix } = store
  const key = prefix + id
  const expires = expiryOf(context)
  const visit = visits.of(id, context)
  if (visit?.overtaken || visit?.lock?.lost) throw new LockLostError(NAME)
  const isOwn = visit?.cas !== undefined // read or created in this activation
  if (context.isNew && !isOwn) return kept(visit, await commands.add(key, payload, expires))
  if (visit?.lock === undefined) return kept(visit, await commands.replace(key, payload, expires))
  return update(store, visit, { key, payload, expires })
}

interface Update {
  readonly key: string
  readonly payload: Payload
  readonly expires: number
}

/**
 * Puts the payload over the version that this activation knows, and over no other: a lock that the
 * server has dropped loses no update.
 */
async function update(
  { commands }: Store,
  visit: Visit,
  { key, payload, expires }: Update,
): Promise<boolean> {
  const cas = visit.cas ?? (await commands.get(key))?.cas
  if (cas === undefined) return false
  const stored = await commands.swap(key, payload, { expires, cas })
  if (stored !== 'exists') return kept(visit, stored)
  visit.overtaken = true // nor may a second try write over what somebody else did
  throw new LockLostError(NAME)
}

function kept(visit: Visit | undefined, stored: Cas | 'absent' | 'exists'): boolean {
  forget(visit)
  if (typeof stored !== 'bigint') return false
  if (visit !== undefined) visit.cas = stored
  return true
}

/** What was known of the record is so no more. */
function forget(visit: Visit | undefined): void {
  if (visit === undefined) return
  visit.found = undefined
  visit.cas = undefined
}

function expiryOf({ maxLifetime, now }: SessionContext): number {
  return expiresIn(maxLifetime, now())
}

/** Whether the keys of an id, that of its lock among them, are as short as keys have to be. */
function fits(id: string, prefix: string): boolean {
  return prefix.length + LOCK.length + id.length <= LONGEST_KEY
}

function tooLong(prefix: string): InvalidIdError {
  const most = LONGEST_KEY - LOCK.length - prefix.length
  return new InvalidIdError(`memcached: after this prefix an id has at most ${most} characters`)
}

/** @throws {StoreError} Before the server is asked: it would remove the record that is there. */
function assertSize(payload: Payload, maxItemBytes: number): void {
  if (payload.length <= maxItemBytes) return
  const reason = `the payload has ${payload.length} bytes, more than "maxItemBytes" (${maxItemBytes})`
  throw new StoreError(NAME, 'write', reason)
}

function resolve(options: MemcachedOptions) {
  assertKnownKeys(NAME, options, DEFAULTS)
  const {
    client,
    prefix = DEFAULTS.prefix,
    timeout = DEFAULTS.timeout,
    maxWaiters = DEFAULTS.maxWaiters,
    maxItemBytes = DEFAULTS.maxItemBytes,
  } = options
  assertSettings({ prefix, timeout, maxItemBytes })
  assertInteger('maxWaiters', maxWaiters, 0)
  return { client, prefix, timeout, maxWaiters, maxItemBytes }
}
