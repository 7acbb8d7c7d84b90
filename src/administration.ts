/**
 * What concerns storage and no visitor.
 *
 * @module
 */
import { ownerAdministration, type OwnerAdministration } from './administration-owners.js'
import { createContext, type Activation } from './context.js'
import { StateError } from './errors.js'
import type { SessionHandler, SessionInfo } from './handler.js'
import { isValidId } from './id/validate.js'
import { run } from './lib/flow.js'
import { remove, type Start } from './load.js'
import { createPrefixedId } from './new-id.js'

/** The part of a manager that is about storage. */
export interface Administration extends OwnerAdministration {
  /**
   * Makes an id that storage does not know: PHP's `session_create_id()`.
   *
   * @throws {InvalidIdError} For a prefix with other characters than A-Z a-z 0-9 , -
   */
  createId(prefix?: string): Promise<string>
  /** Removes one session, under its lock. @returns Whether there was one. */
  destroy(id: string): Promise<boolean>
  /** Lists the live sessions. @throws {StateError} When no handler of the chain can. */
  list(): AsyncIterable<SessionInfo>
  /** Counts the live sessions. @throws {StateError} When no handler of the chain can. */
  count(): Promise<number>
}

/** @param begin Refuses when the manager is closed. */
export function administration(begin: () => Start): Administration {
  return {
    ...ownerAdministration(begin),
    async createId(prefix = '') {
      const start = begin()
      return await createPrefixedId(start, prefix, adminContext(start))
    },
    async destroy(id) {
      const start = begin()
      return isValidId(id) ? await run(remove(start, id)) : false
    },
    list() {
      const start = begin()
      const { list } = start.host.chain
      if (list === undefined) throw new StateError('manager: this chain cannot list')
      return list(adminContext(start))
    },
    async count() {
      const start = begin()
      const { count } = start.host.chain
      if (count === undefined) throw new StateError('manager: this chain cannot count')
      return await count(adminContext(start))
    },
  }
}

function adminContext({ settings }: Start): Activation {
  const { savePath, name, now, gc } = settings
  return createContext({ savePath, name, now, maxLifetime: gc.maxLifetime, lock: 'none' })
}

/** Ends every handler, also when one of them fails. */
export async function disposeAll(handlers: readonly SessionHandler[]): Promise<void> {
  const results = await Promise.allSettled(handlers.map(async (handler) => handler.dispose?.()))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
