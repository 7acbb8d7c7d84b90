/**
 * Whom a session belongs to: part of its record, and told to the store with each change of it.
 *
 * @module
 */
import { StateError } from './errors.js'
import type { Ownership } from './handler.js'
import { assertOwner } from './lib/owner.js'
import { assertWritable, type SessionState } from './session-state.js'

/**
 * Gives the session to an owner, from its commit on; `undefined` is nobody.
 *
 * @throws {TypeError | RangeError} For what names no owner.
 * @throws {StateError} When the session has ended, is read-only, or is kept by a chain that cannot be
 *   asked by owner.
 */
export function setOwner(state: SessionState, owner: string | undefined): void {
  assertWritable(state, 'owner')
  if (owner !== undefined) {
    assertOwner('session.owner', owner)
    if (state.host.chain.listByOwner === undefined) {
      throw new StateError('session.owner: this chain cannot find sessions by owner')
    }
  }
  if (state.metadata?.owner === owner) return
  const { owner: _, ...others } = state.metadata ?? {}
  if (owner !== undefined) state.metadata = { ...others, owner }
  else state.metadata = Object.keys(others).length === 0 ? undefined : others
}

/** What storage is told with a write or a touch of the record that it has. */
export function ownershipOf({
  metadata,
  formerOwner: former,
}: SessionState): Ownership | undefined {
  const owner = metadata?.owner
  return owner === undefined && former === undefined ? undefined : { owner, former }
}

/** What storage is told with a record that it does not have yet. */
export function ownershipOfNew({ metadata }: SessionState): Ownership | undefined {
  const owner = metadata?.owner
  return owner === undefined ? undefined : { owner, former: undefined }
}

/** What storage is told with the end of a record. */
export function givenUp(former: string | undefined): Ownership | undefined {
  return former === undefined ? undefined : { owner: undefined, former }
}
