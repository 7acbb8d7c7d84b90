/**
 * How one session goes from a place to another: written there first, so that nothing is lost when the
 * process ends between.
 *
 * @module
 */
import type { SessionInfo } from '../handler.js'
import { sameBytes } from '../lib/bytes.js'
import { takeMetadata } from '../metadata.js'
import type { Place } from './place.js'
import { Problem } from './problems.js'
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
export function mover(move: Move) {
  const { source, target, converts, keep } = move
  assertSameNames(move)
  const converted = (payload: Uint8Array) =>
    converts ? target.serializer.encode(source.serializer.decode(payload)) : payload

  async function put(info: SessionInfo, payload: Uint8Array, owner?: string): Promise<Outcome> {
    const session = { id: info.id, listed: target.renames && source.renames }
    const now = await clockOf(source, info)
    const ownership = owner === undefined ? undefined : { owner, former: undefined }
    const fields = { ...session, isNew: true, lock: 'exclusive', now, ownership } as const
    const made = await within(target, fields, async (context) =>
      target.chain.write(info.id, payload, context),
    )
    if (made) return 'moved'
    const other = await payloadOf(target, session)
    return other !== undefined && sameBytes(other, payload) ? 'same' : 'differs'
  }

  return async (info: SessionInfo): Promise<Outcome> => {
    const { id } = info
    return within(source, { id, listed: true, lock: 'exclusive' }, async (context) => {
      const payload = await source.chain.read(id, context)
      if (payload === undefined) return 'gone'
      const owner = ownerOf(move, info, payload)
      const outcome = await put(info, converted(payload), owner)
      if (keep || outcome === 'differs') return outcome
      if (owner !== undefined) context.ownership = { owner: undefined, former: owner }
      await source.chain.destroy(id, context)
      return outcome
    })
  }
}

/** A hash must never become an id: who reads the names of the old place could use it. */
function assertSameNames({ source, target }: Move): void {
  if (!source.renames || target.renames) return
  throw new Problem(
    'the old place has hashes of ids: the new one must have the hashed-id handler, too',
  )
}

/** Whom a session belongs to: as the list says, else as its record does. */
function ownerOf({ source }: Move, info: SessionInfo, payload: Uint8Array): string | undefined {
  if (info.owner !== undefined || source.chain.listByOwner === undefined) return info.owner
  try {
    return takeMetadata(source.serializer.decode(payload))?.owner
  } catch {
    return undefined
  }
}
