/**
 * Changes of records together with the index of owners: an entry is made before its record, and taken
 * out after it, so that no session is without one.
 *
 * @module
 */
import type { SessionContext } from '../handler.js'
import type { RedisOwners } from '../stores/redis-owners.js'

/** Makes a change; `closing` says whether it may give the lock back. */
export type OwnedChange = (closing: boolean) => Promise<boolean>

/** Runs changes with what their contexts say of owners. Without that, nothing is done besides. */
export interface RedisOwned {
  /** Stores or touches the record. */
  keep(id: string, context: SessionContext, change: OwnedChange): Promise<boolean>
  /** Removes the record. */
  drop(id: string, context: SessionContext, change: OwnedChange): Promise<boolean>
}

export function redisOwned({ bind, unbind }: RedisOwners): RedisOwned {
  async function handOver(
    id: string,
    context: SessionContext,
    change: OwnedChange,
  ): Promise<boolean> {
    const { owner, former } = context.ownership ?? {}
    if (owner !== undefined) await bind(owner, id, context)
    if (former === undefined) return change(context.closing)
    // Under the lock still: the next one may give the session back.
    const done = await change(false)
    if (done) await unbind(former, id)
    return done
  }

  return {
    async keep(id, context, change) {
      const { ownership, closing } = context
      if (ownership === undefined) return change(closing)
      const { owner, former } = ownership
      if (owner === undefined || owner !== former) return handOver(id, context, change)
      // The entry is there: to renew it needs no round trip of its own.
      const [done] = await Promise.all([change(closing), bind(owner, id, context)])
      return done
    },
    async drop(id, { ownership, closing }, change) {
      const done = await change(closing)
      if (ownership?.former !== undefined) await unbind(ownership.former, id)
      return done
    },
  }
}
