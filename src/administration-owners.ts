/**
 * The sessions of one owner: found and ended without a walk through all of them.
 *
 * @module
 */
import { createContext, type Activation } from './context.js'
import { StateError } from './errors.js'
import type { SessionInfo } from './handler.js'
import { assertKnownKeys } from './lib/check.js'
import { run } from './lib/flow.js'
import { assertOwner } from './lib/owner.js'
import { remove, type Start } from './load.js'
import { stateFor, type Session } from './session.js'
import { givenUp } from './session-owner.js'

/** What `destroyByOwner` takes; unknown names are refused. */
export interface DestroyByOwnerOptions {
  /** A session that stays, or its id: usually the one that asks. @default none */
  except?: Pick<Session, 'id' | 'status'> | string | undefined
}

/** The part of a manager that is about owners. */
export interface OwnerAdministration {
  /**
   * Lists the live sessions of an owner.
   *
   * @throws {TypeError | RangeError} For what names no owner.
   * @throws {StateError} When the chain cannot find sessions by owner.
   */
  listByOwner(owner: string): AsyncIterable<SessionInfo>
  /**
   * Removes every session of an owner, each under its lock: "log out everywhere". Requests under way
   * bring none of them back. What cannot be removed hinders no other; it is thrown when all were tried.
   *
   * @returns How many were removed.
   * @throws {LockTimeoutError | StoreError} When a session was locked for too long, or storage failed.
   * @throws {TypeError | RangeError | StateError} As `listByOwner`.
   */
  destroyByOwner(owner: string, options?: DestroyByOwnerOptions): Promise<number>
}

/** @param begin Refuses when the manager is closed. */
export function ownerAdministration(begin: () => Start): OwnerAdministration {
  return {
    listByOwner(owner) {
      const start = begin()
      return lister(start, owner)(contextOf(start))
    },
    async destroyByOwner(owner, options = {}) {
      const start = begin()
      assertKnownKeys('destroyByOwner', options, { except: undefined })
      const { except } = options
      const excepted = typeof except === 'object' ? storedIdOf(except) : () => except
      return await destroyAll(start, owner, excepted)
    },
  }
}

/** The id under which storage holds a session, or will: also one that gets a new id meanwhile. */
function storedIdOf(session: object): () => string {
  const state = stateFor(session)
  return () => state.storedId ?? state.id
}

type Lister = (context: Activation) => AsyncIterable<SessionInfo>

function lister({ host }: Start, owner: string): Lister {
  assertOwner('owner', owner)
  const { listByOwner } = host.chain
  if (listByOwner === undefined) {
    throw new StateError('manager: this chain cannot find sessions by owner')
  }
  return (context) => listByOwner(owner, context)
}

function contextOf({ settings }: Start, id?: string): Activation {
  const { savePath, name, now, gc } = settings
  return createContext({ id, savePath, name, now, maxLifetime: gc.maxLifetime, lock: 'none' })
}

/** Sessions that are removed at once; a lock that is held does not hold up the others. */
const AT_ONCE = 8

/** Who gets a new id while its old one is removed is found the next time. */
const MOST_PASSES = 10

async function destroyAll(
  start: Start,
  owner: string,
  except: () => string | undefined,
): Promise<number> {
  const list = lister(start, owner)
  const tried = new Set<string>()
  const failures: unknown[] = []
  let removed = 0
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    const ids = await idsOf(list, contextOf(start, except()))
    const fresh = ids.filter((id) => !tried.has(id))
    if (fresh.length === 0) break
    for (const id of fresh) tried.add(id)
    removed += await destroyEach(start, { ids: fresh, owner, failures })
  }
  if (failures.length > 0) throw failures[0]
  return removed
}

async function idsOf(list: Lister, context: Activation): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of list(context)) if (id !== context.id) ids.push(id)
  return ids
}

interface Doomed {
  readonly ids: readonly string[]
  readonly owner: string
  /** Where what went wrong is put. */
  readonly failures: unknown[]
}

async function destroyEach(start: Start, { ids, owner, failures }: Doomed): Promise<number> {
  const left = ids.values()
  let removed = 0
  async function work(): Promise<void> {
    for (const id of left) {
      try {
        const fields = { listed: true, ownership: givenUp(owner) }
        if (await run(remove({ ...start, outage: undefined }, id, fields))) removed += 1
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, ids.length) }, work))
  return removed
}
