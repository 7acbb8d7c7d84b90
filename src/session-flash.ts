/**
 * Flash data: variables for the next request only, such as the message after a redirect.
 *
 * They are ordinary variables, for PHP too. Their names stand in the reserved variable (see
 * `metadata.ts`), and a request that looked at its session removes those it was shown at its end.
 *
 * @module
 */
import type { Payload } from './handler.js'
import { sameValue } from './merge.js'
import { takeMetadata } from './metadata.js'
import type { SessionData } from './serializer.js'
import { assertWritable, type FlashNotes, type SessionState } from './session-state.js'

/** Variables that go away by themselves. */
export interface Flash<Data extends object = SessionData> {
  /** What is shown to this request, by name: a copy. */
  // First, so that TypeScript compares kinds of sessions by what they hold.
  readonly all: Partial<Data>
  /** Sets a variable for the next request. @throws {StateError} As `session.set()`. */
  set<K extends keyof Data & string>(key: K, value: Data[K]): void
  /** Sets a variable for this request only. @throws {StateError} As `session.set()`. */
  now<K extends keyof Data & string>(key: K, value: Data[K]): void
  /** What the last request, or `now()`, has left for this one. */
  get<K extends keyof Data & string>(key: K): Data[K] | undefined
  /** Keeps variables for one more request; all of them when none is named. */
  keep(...keys: (keyof Data & string)[]): void
}

/** What was flashed before this request is shown to it. */
function flashNotes(state: SessionState): FlashNotes {
  state.flash ??= { shown: new Set(state.metadata?.flash), next: new Set(), aging: false }
  return state.flash
}

/** The flash data of a session. */
export function flashOf<Data extends object>(state: SessionState): Flash<Data> {
  const write = (operation: string, key: string, value: unknown): FlashNotes => {
    assertWritable(state, `flash.${operation}`)
    state.data[key] = value
    return flashNotes(state)
  }
  return {
    set(key, value) {
      const { shown, next } = write('set', key, value)
      shown.delete(key)
      next.add(key)
    },
    now(key, value) {
      const { shown, next } = write('now', key, value)
      shown.add(key)
      next.delete(key)
    },
    get(key) {
      const { shown } = flashNotes(state)
      return shown.has(key) ? (state.data[key] as Data[typeof key] | undefined) : undefined
    },
    get all() {
      const { shown } = flashNotes(state)
      const entries = Object.entries(state.data).filter(([key]) => shown.has(key))
      return Object.fromEntries(entries) as Partial<Data>
    },
    keep(...keys) {
      assertWritable(state, 'flash.keep')
      const { shown, next } = flashNotes(state)
      for (const key of keys.length > 0 ? keys : shown) if (shown.has(key)) next.add(key)
    },
  }
}

/** At the end of a request that looked at its session: what it was shown goes. */
export function ageFlash(state: SessionState): void {
  const unused = state.flash === undefined && state.metadata?.flash === undefined
  if (unused || state.readOnly || state.status !== 'active') return
  const notes = flashNotes(state)
  notes.aging = true
  if (isMerged(state)) return
  for (const key of goners(notes)) delete state.data[key]
  setNames(state, notes.next)
}

/** Before the session is lent away: nothing goes, and nothing is forgotten. */
export function lendFlash(state: SessionState): void {
  const { shown, next } = flashNotes(state)
  if (!isMerged(state)) setNames(state, new Set([...shown, ...next]))
}

/** After the session was read anew: what came meanwhile is for the next request. */
export function renewFlash({ flash, metadata }: SessionState): void {
  if (flash === undefined) return
  const names = new Set(metadata?.flash)
  for (const key of flash.shown) if (!names.has(key)) flash.shown.delete(key)
  flash.next.clear()
  for (const key of names) if (!flash.shown.has(key)) flash.next.add(key)
}

/** What a merge is to see: variables that go at its end count as not changed. */
export function withoutFlash(state: SessionState, mine: SessionData, base: SessionData): void {
  if (state.flash?.aging !== true) return
  for (const key of goners(state.flash)) {
    if (Object.hasOwn(base, key)) mine[key] = base[key]
    else delete mine[key]
  }
}

/**
 * After a merge: what was shown goes unless somebody has flashed it anew, and the names of both
 * sides stand side by side.
 */
export function mergeFlash(state: SessionState, mine: SessionData, base: SessionData): void {
  const { flash, data, payload, host } = state
  if (flash === undefined) return
  const newest = host.serializer.decode(payload as Payload)
  const names = new Set(takeMetadata(newest)?.flash)
  const added = flash.aging ? flash.next : new Set([...flash.shown, ...flash.next])
  for (const key of flash.aging ? goners(flash) : []) {
    if (!names.has(key) || !sameValue(host.serializer, key, base, data)) continue
    delete data[key]
    names.delete(key)
  }
  for (const key of added) {
    if (!Object.hasOwn(data, key) && Object.hasOwn(mine, key)) data[key] = mine[key]
    names.add(key)
  }
  setNames(state, names)
}

/** What goes with the next write: shown, and not kept. */
function goners({ shown, next }: FlashNotes): string[] {
  return [...shown].filter((key) => !next.has(key))
}

/** Whether the end of the session lays its changes over what is stored then. */
function isMerged({ settings, storedId }: SessionState): boolean {
  return settings.concurrency === 'merge' && storedId !== undefined
}

function setNames(state: SessionState, names: ReadonlySet<string>): void {
  const flash = [...names].filter((key) => Object.hasOwn(state.data, key))
  const { flash: _, ...rest } = state.metadata ?? {}
  if (flash.length > 0) state.metadata = { ...rest, flash }
  else state.metadata = Object.keys(rest).length > 0 ? rest : undefined
}
