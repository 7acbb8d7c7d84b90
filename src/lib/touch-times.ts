/**
 * When this process used sessions last, for storage that does not tell.
 *
 * @module
 */

/** Some megabytes; of a session that is not remembered the next use is a touch too many, no more. */
const MAX_ENTRIES = 50_000

export interface TouchTimes {
  get(id: string): number | undefined
  set(id: string, touchedMs: number): void
}

/** Times by id, as many as are worth it; the oldest go. */
export function touchTimes(): TouchTimes {
  const times = new Map<string, number>()
  return {
    get: (id) => times.get(id),
    set(id, touchedMs) {
      times.delete(id)
      times.set(id, touchedMs)
      if (times.size > MAX_ENTRIES) times.delete(times.keys().next().value as string)
    },
  }
}
