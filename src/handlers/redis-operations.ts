/**
 * What the Redis handler does with one session: under its lock where the context holds it, else by
 * single commands.
 *
 * @module
 */
import type { Payload, SessionContext, SessionHandler } from '../handler.js'
import { assertValidId, isValidId } from '../id/validate.js'
import { lockToken } from '../lib/lease.js'
import type { Grip, Outcome, RedisFence } from '../locks/redis-fence.js'
import type { RedisLocks } from './redis-locks.js'
import type { RedisOwned } from './redis-owned.js'
import type { RedisKeys } from '../stores/redis-keys.js'
import { secondsOf, type RedisRecords } from '../stores/redis-records.js'

export interface RedisParts {
  readonly keys: RedisKeys
  readonly fence: RedisFence
  readonly locks: RedisLocks
  /** For what no lock of the context covers. */
  readonly records: RedisRecords
  readonly owned: RedisOwned
}

type RedisOperations = Required<
  Pick<
    SessionHandler,
    'open' | 'close' | 'read' | 'write' | 'destroy' | 'updateTimestamp' | 'validateId'
  >
>

export function redisOperations(parts: RedisParts): RedisOperations {
  const finds = findsOf(parts)
  return { ...activations(parts, finds), ...reads(finds), ...changes(parts, finds) }
}

function activations(
  { keys, locks }: RedisParts,
  finds: Finds,
): Pick<RedisOperations, 'open' | 'close'> {
  async function enter(id: string, context: SessionContext): Promise<void> {
    const entry = await locks.open(id, context, newGrip(keys, id, context))
    if (entry !== undefined) finds.keep(id, entry.payload, context)
  }

  return {
    open(context) {
      const { id, isNew, lock, strict } = context
      finds.forget(context)
      if (lock !== 'exclusive' || !isValidId(id) || (isNew && strict)) return undefined
      return enter(id, context)
    },
    close(context) {
      finds.forget(context)
      return locks.close(context)
    },
  }
}

function newGrip(keys: RedisKeys, id: string, { lockLeaseMs }: SessionContext): Grip {
  return {
    key: keys.record(id),
    lockKey: keys.lock(id),
    token: lockToken(),
    leaseMs: Math.ceil(lockLeaseMs),
    seen: undefined,
  }
}

// What is known already is answered at once: the manager then need not wait, nor watch a deadline.

function reads(finds: Finds): Pick<RedisOperations, 'read' | 'validateId'> {
  return {
    read(id, context) {
      if (!isValidId(id)) return undefined
      const known = finds.known(id, context)
      finds.forget(context)
      return known === undefined ? finds.look(id, context) : known.payload
    },
    validateId(id, context) {
      if (!isValidId(id)) return false
      const known = finds.known(id, context)
      return known === undefined ? finds.isThere(id, context) : known.payload !== undefined
    },
  }
}

type Changes = Pick<RedisOperations, 'write' | 'destroy' | 'updateTimestamp'>

function changes({ keys, fence, locks, records, owned }: RedisParts, finds: Finds): Changes {
  /** Under the lock of the context where it is the lock of this id. */
  function change(
    id: string,
    context: SessionContext,
    how: {
      readonly closing: boolean
      readonly locked: (grip: Grip) => Promise<Outcome>
      readonly single: (key: string) => Promise<boolean>
    },
  ): Promise<boolean> {
    finds.forget(context)
    const grip = locks.gripOf(id, context)
    if (grip === undefined) return how.single(keys.record(id))
    return locks.change(context, () => how.locked(grip), how.closing)
  }

  return {
    async write(id, payload, context) {
      assertValidId(id)
      const storing = { payload, seconds: secondsOf(context), create: context.isNew }
      return owned.keep(id, context, (closing) =>
        change(id, context, {
          closing,
          locked: (grip) => fence.write(grip, storing, closing),
          single: (key) => records.write(key, storing),
        }),
      )
    },
    async destroy(id, context) {
      if (!isValidId(id)) return false
      return owned.drop(id, context, (closing) =>
        change(id, context, {
          closing,
          locked: (grip) => fence.destroy(grip, closing),
          single: (key) => records.destroy(key),
        }),
      )
    },
    async updateTimestamp(id, _payload, context) {
      if (!isValidId(id)) return false
      const seconds = secondsOf(context)
      return owned.keep(id, context, (closing) =>
        change(id, context, {
          closing,
          locked: (grip) => fence.touch(grip, seconds, closing),
          single: (key) => records.touch(key, seconds),
        }),
      )
    },
  }
}

interface Find {
  readonly id: string
  readonly payload: Payload | undefined
}

/** What was found in an activation, for the read that follows: Redis is asked once. */
interface Finds {
  known(id: string, context: SessionContext): Find | undefined
  look(id: string, context: SessionContext): Promise<Payload | undefined>
  /** Looks, and keeps what it finds. */
  isThere(id: string, context: SessionContext): Promise<boolean>
  keep(id: string, payload: Payload | undefined, context: SessionContext): void
  forget(context: SessionContext): void
}

function findsOf({ keys, fence, locks, records }: RedisParts): Finds {
  const finds = new WeakMap<SessionContext, Find>()
  const keep: Finds['keep'] = (id, payload, context) => void finds.set(context, { id, payload })

  async function look(id: string, context: SessionContext): Promise<Payload | undefined> {
    const payload = await records.read(keys.record(id))
    const grip = locks.gripOf(id, context)
    if (grip !== undefined) fence.note(grip, payload)
    return payload
  }

  return {
    known(id, context) {
      const known = finds.get(context)
      return known?.id === id ? known : undefined
    },
    look,
    async isThere(id, context) {
      const payload = await look(id, context)
      keep(id, payload, context)
      return payload !== undefined
    },
    keep,
    forget: (context) => void finds.delete(context),
  }
}
