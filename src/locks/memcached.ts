/**
 * php-memcached's lock: an item under a key of its own, put there by `add`. PHP looks at nothing but
 * that it is there; its value tells us whose it is.
 *
 * PHP differs: it deletes the item of whoever holds the lock by then. Here only the item that was put
 * is removed, by its version.
 *
 * @module
 * @see php_memcached_session.c, s_lock_session
 */
import { StoreError } from '../errors.js'
import type { SessionContext } from '../handler.js'
import { sameBytes } from '../lib/bytes.js'
import { keepLease, lockToken, pollFor, pollLimits } from '../lib/lease.js'

/** The version of the lock's item. */
type Cas = bigint

/** What a lock asks of a server, and how long its items are to be kept. */
export interface MemcachedLockCommands {
  get(key: string): Promise<{ readonly value: Uint8Array; readonly cas: Cas } | undefined>
  add(key: string, value: Uint8Array, expires: number): Promise<Cas | 'absent' | 'exists'>
  swap(
    key: string,
    value: Uint8Array,
    placing: { readonly expires: number; readonly cas: Cas },
  ): Promise<Cas | 'absent' | 'exists'>
  delete(key: string, cas?: Cas): Promise<'done' | 'absent' | 'exists'>
}

export interface MemcachedLockOptions {
  readonly commands: MemcachedLockCommands
  /** Who waits, for errors. */
  readonly handler: string
  /** A time from now as the server takes it. */
  readonly expiresIn: (seconds: number, nowMs: number) => number
}

/** A lock that was granted; it is renewed until it is released. */
export interface MemcachedLock {
  /** Whether it may be somebody else's by now. */
  readonly lost: boolean
  /** Gives it back. Never fails: what the server does not hear of ends with the lease. */
  release(): Promise<void>
}

/** The lock of a key, for a context and until `waitMs` from now. */
export type TakeMemcachedLock = (
  key: string,
  context: SessionContext,
  waitMs: number,
) => Promise<MemcachedLock>

/** An item of ours: its value is nobody else's, its version is the last that was heard of. */
interface Mark {
  readonly key: string
  readonly token: Uint8Array
  cas: Cas
}

/** @throws From what it answers: {LockTimeoutError | StateError | StoreError} */
export function memcachedLocks(options: MemcachedLockOptions): TakeMemcachedLock {
  const { commands, handler, expiresIn } = options
  return async (key, context, waitMs) => {
    const { lockLeaseMs, now } = context
    const token = new Uint8Array(Buffer.from(lockToken()))
    const expires = () => expiresIn(lockLeaseMs / 1000, now())
    const mark: Mark = { key, token, cas: 0n }
    const attempt = async () => {
      const stored = await commands.add(key, token, expires())
      return typeof stored === 'bigint' ? stored : undefined
    }
    try {
      mark.cas = await pollFor(attempt, pollLimits(handler, waitMs, context))
    } catch (error) {
      // The last try may have been heard. Nobody waits until that is known.
      if (error instanceof StoreError) void removeMark(commands, mark)
      throw error
    }
    return granted(commands, mark, { leaseMs: lockLeaseMs, expires })
  }
}

interface Terms {
  readonly leaseMs: number
  readonly expires: () => number
}

function granted(
  commands: MemcachedLockCommands,
  mark: Mark,
  { leaseMs, expires }: Terms,
): MemcachedLock {
  let renewal: Promise<unknown> = Promise.resolve()
  const renew = () => {
    const renewed = renewMark(commands, mark, expires())
    renewal = renewed.catch(() => undefined)
    return renewed
  }
  const lease = keepLease({ leaseMs, renew })
  return {
    get lost() {
      return lease.lost
    },
    async release() {
      lease.stop()
      await renewal // it changes the version
      await removeMark(commands, mark)
    },
  }
}

/** @returns `false` when the lock is gone, or somebody else's. */
async function renewMark(
  commands: MemcachedLockCommands,
  mark: Mark,
  expires: number,
): Promise<boolean> {
  const put = () => commands.swap(mark.key, mark.token, { expires, cas: mark.cas })
  let stored = await put()
  if (stored === 'exists' && (await findMark(commands, mark))) stored = await put()
  if (typeof stored === 'bigint') mark.cas = stored
  return typeof stored === 'bigint'
}

/** Removes the item where it is still ours. What fails here ends with the lease. */
async function removeMark(commands: MemcachedLockCommands, mark: Mark): Promise<void> {
  try {
    const known = mark.cas !== 0n && (await commands.delete(mark.key, mark.cas)) !== 'exists'
    if (!known && (await findMark(commands, mark))) await commands.delete(mark.key, mark.cas)
  } catch {
    // A server that is down: its locks are leases.
  }
}

/** Looks up the version of our item: an answer that never came may have told another one. */
async function findMark(commands: MemcachedLockCommands, mark: Mark): Promise<boolean> {
  const item = await commands.get(mark.key)
  if (item === undefined || !sameBytes(item.value, mark.token)) return false
  mark.cas = item.cas
  return true
}
