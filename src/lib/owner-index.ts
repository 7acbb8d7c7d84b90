/**
 * Which ids belong to whom, in memory.
 *
 * @module
 */

export interface OwnerIndex {
  /** How many ids belong to somebody. */
  readonly size: number
  /** Gives an id to an owner; `undefined` is nobody. */
  set(id: string, owner: string | undefined): void
  ownerOf(id: string): string | undefined
  /** The ids of an owner as they are now. */
  idsOf(owner: string): readonly string[]
}

export function ownerIndex(): OwnerIndex {
  const owners = new Map<string, string>()
  const ids = new Map<string, Set<string>>()

  function drop(id: string, owner: string): void {
    const others = ids.get(owner)
    others?.delete(id)
    if (others?.size === 0) ids.delete(owner)
    owners.delete(id)
  }

  function add(id: string, owner: string): void {
    const others = ids.get(owner)
    if (others === undefined) ids.set(owner, new Set([id]))
    else others.add(id)
    owners.set(id, owner)
  }

  return {
    get size() {
      return owners.size
    },
    set(id, owner) {
      const former = owners.get(id)
      if (former === owner) return
      if (former !== undefined) drop(id, former)
      if (owner !== undefined) add(id, owner)
    },
    ownerOf: (id) => owners.get(id),
    idsOf: (owner) => [...(ids.get(owner) ?? [])],
  }
}
