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
import type { RedisKeys } from '../stores/redis-keys.js'
import { secondsOf, type RedisRecords } from '../stores/redis-records.js'

export interface RedisParts {
  readonly keys: RedisKeys
  readonly fence: RedisFence
  readonly locks: RedisLocks
  /** For what no lock of the context covers. */
  readonly records: RedisRecords
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
  return {
    async open(context) {
      const { id, isNew, lock, strict } = context
      finds.forget(context)
      if (lock !== 'exclusive' || !isValidId(id) || (isNew && strict)) return
      const entry = await locks.open(id, context, newGrip(keys, id, context))
      if (entry !== undefined) finds.keep(id, entry.payload, context)
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

function reads(finds: Finds): Pick<RedisOperations, 'read' | 'validateId'> {
  return {
    async read(id, context) {
      if (!isValidId(id)) return undefined
      const payload = await finds.find(id, context)
      finds.forget(context)
      return payload
    },
    async validateId(id, context) {
      if (!isValidId(id)) return false
      const payload = await finds.find(id, context)
      finds.keep(id, payload, context)
      return payload !== undefined
    },
  }
}

type Changes = Pick<RedisOperations, 'write' | 'destroy' | 'updateTimestamp'>

function changes({ keys, fence, locks, records }: RedisParts, finds: Finds): Changes {
  /** Under the lock of the context where it is the lock of this id. */
  function change(
    id: string,
    context: SessionContext,
    how: { locked: (grip: Grip) => Promise<Outcome>; single: (key: string) => Promise<boolean> },
  ): Promise<boolean> {
    finds.forget(context)
    const grip = locks.gripOf(id, context)
    if (grip === undefined) return how.single(keys.record(id))
    return locks.change(context, () => how.locked(grip))
  }

  return {
    async write(id, payload, context) {
      assertValidId(id)
      const { isNew: create, closing } = context
      const storing = { payload, seconds: secondsOf(context), create }
      return change(id, context, {
        locked: (grip) => fence.write(grip, storing, closing),
        single: (key) => records.write(key, storing),
      })
    },
    async destroy(id, context) {
      if (!isValidId(id)) return false
      const { closing } = context
      return change(id, context, {
        locked: (grip) => fence.destroy(grip, closing),
        single: (key) => records.destroy(key),
      })
    },
    async updateTimestamp(id, _payload, context) {
      if (!isValidId(id)) return false
      const { closing } = context
      const seconds = secondsOf(context)
      return change(id, context, {
        locked: (grip) => fence.touch(grip, seconds, closing),
        single: (key) => records.touch(key, seconds),
      })
    },
  }
}

/** What was found in an activation, for the read that follows: Redis is asked once. */
interface Finds {
  find(id: string, context: SessionContext): Promise<Payload | undefined>
  keep(id: string, payload: Payload | undefined, context: SessionContext): void
  forget(context: SessionContext): void
}

function findsOf({ keys, fence, locks, records }: RedisParts): Finds {
  type Find = { readonly id: string; readonly payload: Payload | undefined }
  const finds = new WeakMap<SessionContext, Find>()
  return {
    async find(id, context) {
      const known = finds.get(context)
      if (known?.id === id) return known.payload
      const payload = await records.read(keys.record(id))
      const grip = locks.gripOf(id, context)
      if (grip !== undefined) fence.note(grip, payload)
      return payload
    },
    keep: (id, payload, context) => void finds.set(context, { id, payload }),
    forget: (context) => void finds.delete(context),
  }
}
