/**
 * How one session goes from a place to another: written there first, so that nothing is lost when the
 * process ends between.
 *
 * @module
 */
import type { SessionInfo } from '../handler.js'
import { sameBytes } from '../lib/bytes.js'
import type { Place } from './place.js'
import { clockOf, payloadOf, within } from './sessions.js'

/** The move of all sessions. */
export interface Move {
  readonly source: Place
  readonly target: Place
  /** Whether they are decoded, and encoded in the format of the target. */
  readonly converts: boolean
  /** Whether the old ones stay. */
  readonly keep: boolean
}

/**
 * `moved`, or what was in the way: `same` was there already, `differs` is another one of this id;
 * `gone` ended meanwhile.
 */
export type Outcome = 'moved' | 'same' | 'differs' | 'gone'

/**
 * Moves single sessions. Both locks are held meanwhile, the old place's first: as `migratingHandler`
 * takes them.
 */
export function mover({ source, target, converts, keep }: Move) {
  const converted = (payload: Uint8Array) =>
    converts ? target.serializer.encode(source.serializer.decode(payload)) : payload

  async function put(info: SessionInfo, payload: Uint8Array): Promise<Outcome> {
    const { id } = info
    const now = await clockOf(source, info)
    const fields = { id, isNew: true, lock: 'exclusive', now } as const
    const made = await within(target, fields, async (context) =>
      target.chain.write(id, payload, context),
    )
    if (made) return 'moved'
    const other = await payloadOf(target, id)
    return other !== undefined && sameBytes(other, payload) ? 'same' : 'differs'
  }

  return async (info: SessionInfo): Promise<Outcome> => {
    const { id } = info
    return within(source, { id, lock: 'exclusive' }, async (context) => {
      const payload = await source.chain.read(id, context)
      if (payload === undefined) return 'gone'
      const outcome = await put(info, converted(payload))
      if (!keep && outcome !== 'differs') await source.chain.destroy(id, context)
      return outcome
    })
  }
}
