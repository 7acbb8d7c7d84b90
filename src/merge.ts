/**
 * Three versions of a session become one: what was read, what is here, what is stored now.
 *
 * @module
 */
import { StateError } from './errors.js'
import type { Payload } from './handler.js'
import { sameBytes } from './lib/bytes.js'
import type { Conflict, ConflictPolicy } from './options/options.js'
import type { Serializer, SessionData } from './serializer.js'
import type { PendingUpdate } from './session-state.js'

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
function sameValue(serializer: Serializer, key: string, a: SessionData, b: SessionData): boolean {
  if (Object.hasOwn(a, key) !== Object.hasOwn(b, key)) return false
  return sameBytes(serializer.encode(only(key, a)), serializer.encode(only(key, b)))
}

function only(key: string, data: SessionData): SessionData {
  const single = Object.create(null) as SessionData
  single[key] = data[key]
  return single
}

export interface MergeInput {
  readonly serializer: Serializer
  readonly base: Payload
  readonly mine: SessionData
  readonly newest: Payload
  readonly updates: ReadonlyMap<string, PendingUpdate>
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
  for (const key of new Set([...changed, ...updates.keys()])) {
    const update = updates.get(key)
    if (update !== undefined && Object.is(update.result, mine[key])) {
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
