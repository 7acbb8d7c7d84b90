/**
 * Three versions of a session become one: what was read, what is here, what is stored now.
 *
 * @module
 */
import { StateError } from './errors.js'
import type { Payload } from './handler.js'
import { EMPTY, sameBytes } from './lib/bytes.js'
import type { Conflict, ConflictPolicy } from './options/options.js'
import type { Serializer, SessionData } from './serializer.js'
import type { PendingUpdate, SessionState } from './session-state.js'

/** What a merge made, and the variables that both sides had changed. */
export interface Merged {
  readonly data: SessionData
  readonly conflicts: readonly string[]
}

/** The variables of `data` that no longer equal what `base` holds. */
export function changedKeys(serializer: Serializer, base: Payload, data: SessionData): string[] {
  if (sameBytes(serializer.encode(data, base), base)) return []
  const before = serializer.decode(base)
  const keys = new Set([...Object.keys(before), ...Object.keys(data)])
  return [...keys].filter((key) => !sameValue(serializer, key, before, data))
}

/** Equal is: written to the same bytes, alone. */
export function sameValue(
  serializer: Serializer,
  key: string,
  a: SessionData,
  b: SessionData,
): boolean {
  return sameBytes(variable(serializer, key, a), variable(serializer, key, b))
}

/** The bytes of one variable alone; none when it is not there. */
function variable(serializer: Serializer, key: string, data: SessionData): Payload {
  if (!Object.hasOwn(data, key)) return EMPTY
  const single = Object.create(null) as SessionData
  single[key] = data[key]
  return serializer.encode(single)
}

/**
 * Notes a function that changes a variable, so that a merge can run it again on the newest value.
 * A variable that was changed by other means too counts as assigned: running would lose that.
 */
export function noteUpdate(
  state: SessionState,
  key: string,
  { step, value }: { step: (value: unknown) => unknown; value: unknown },
): void {
  const { host, data, payload } = state
  const updates = (state.updates ??= new Map<string, PendingUpdate>())
  const { serializer } = host
  const pending = updates.get(key)
  const before = pending?.result ?? variable(serializer, key, serializer.decode(payload as Payload))
  const assigned = !sameBytes(before, variable(serializer, key, data))
  if (assigned) updates.delete(key)
  else {
    const result = variable(serializer, key, { ...data, [key]: value })
    updates.set(key, { steps: [...(pending?.steps ?? []), step], result })
  }
}

export interface MergeInput {
  readonly serializer: Serializer
  readonly base: Payload
  readonly mine: SessionData
  readonly newest: Payload
  readonly updates: ReadonlyMap<string, PendingUpdate> | undefined
  readonly conflict: ConflictPolicy
}

/**
 * The newest stored data with the changes of this side laid over it.
 *
 * Variables changed by `update` are computed again on the newest value, so they never conflict. A
 * variable that both sides changed is a conflict even when both made the same value: two "+ 1" look
 * the same.
 */
export function merge(input: MergeInput): Merged {
  const { serializer, base, mine, newest, updates, conflict } = input
  const theirs = serializer.decode(newest)
  const changed = changedKeys(serializer, base, mine)
  const moved = sameBytes(base, newest) ? [] : changedKeys(serializer, base, theirs)
  const before = serializer.decode(base)
  const conflicts: string[] = []
  for (const key of new Set([...changed, ...(updates?.keys() ?? [])])) {
    const update = updates?.get(key)
    if (update !== undefined && sameBytes(update.result, variable(serializer, key, mine))) {
      theirs[key] = rerun(update, theirs[key])
    } else if (!moved.includes(key)) {
      assign(theirs, key, mine)
    } else {
      conflicts.push(key)
      const sides = { key, base: before[key], mine: mine[key], theirs: theirs[key] }
      resolveConflict(conflict, sides, { mine, theirs })
    }
  }
  return { data: theirs, conflicts }
}

function rerun({ steps }: PendingUpdate, value: unknown): unknown {
  return steps.reduce((current, step) => step(current), value)
}

function assign(target: SessionData, key: string, source: SessionData): void {
  if (Object.hasOwn(source, key)) target[key] = source[key]
  else delete target[key]
}

function resolveConflict(
  policy: ConflictPolicy,
  conflict: Conflict,
  { mine, theirs }: { mine: SessionData; theirs: SessionData },
): void {
  if (policy === 'theirs') return
  if (policy === 'mine') return assign(theirs, conflict.key, mine)
  if (policy === 'error') {
    throw new StateError('session: a variable was changed here and elsewhere; nothing was written')
  }
  theirs[conflict.key] = policy(conflict)
}
