/**
 * Under which keys a session lies: phpredis' names.
 *
 * @module
 * @see redis_session.c of phpredis, redis_session_key_string, generate_lock_key
 */
import { isValidId } from '../id/validate.js'

/** phpredis' own prefix; for a Cluster it has another one, `PHPREDIS_CLUSTER_SESSION:`. */
export const PREFIX = 'PHPREDIS_SESSION:'

export interface RedisKeys {
  record(id: string): string
  lock(id: string): string
  /** The set of the sessions of an owner. No id begins with `_`. */
  owner(owner: string): string
  /** The id of a record's key; `undefined` for a lock and whatever else has such a name. */
  idOf(key: string): string | undefined
  /** What `SCAN` finds the keys by. */
  readonly pattern: string
  /** Whether the record and its lock lie in one slot of a Cluster. */
  readonly together: boolean
}

export function redisKeys(prefix: string): RedisKeys {
  return {
    record: (id) => prefix + id,
    lock: (id) => `${prefix}${id}_LOCK`,
    owner: (owner) => `${prefix}_OWNER:${owner}`,
    idOf(key) {
      const id = key.startsWith(prefix) ? key.slice(prefix.length) : ''
      return isValidId(id) ? id : undefined // no id has a "_"
    },
    pattern: `${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`,
    together: hasHashTag(prefix),
  }
}

/**
 * What stands between the first `{` and the next `}` decides the slot alone.
 *
 * @see https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
function hasHashTag(prefix: string): boolean {
  const from = prefix.indexOf('{')
  return from >= 0 && prefix.indexOf('}', from) > from + 1
}
