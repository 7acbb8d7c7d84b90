/**
 * Handlers composed into one linked function per operation, once.
 *
 * `composeChain([memory, encryption, database])` is outermost first: a read meets memory, then
 * encryption, then the database. (PHP Sessionz' `addHandler` registers innermost first.)
 *
 * @module
 */
import { StateError } from './errors.js'
import type { Chain, Next, SessionHandler } from './handler.js'
import { isBase, linkOne, markBase, markWrite, type Operation } from './link.js'

export { isBase }

/** Below the innermost handler: reads absent, accepts every write, collects nothing. */
const BASE: Next = {
  open: () => undefined,
  close: () => undefined,
  read: () => undefined,
  write: () => true,
  destroy: () => false,
  gc: () => 0,
  updateTimestamp: () => true,
  validateId: () => false,
  createId: () => {
    throw new StateError('chain: no handler below makes ids')
  },
  list: async function* () {},
  count: () => 0,
  listByOwner: async function* () {},
}

const ALWAYS: readonly Operation[] = ['open', 'close', 'read', 'write', 'destroy', 'gc']
const OPTIONAL = ['validateId', 'createId', 'list', 'count'] as const

for (const operation of Object.values(BASE)) markBase(operation)

/**
 * Composes handlers, outermost first.
 *
 * Synchronous handlers stay synchronous. A handler that calls `next` twice in one operation gets a
 * `StateError`.
 *
 * @throws {TypeError} For something that is not a handler, the same handler twice, or copies of what
 *   others change.
 * @throws {RangeError} For more than 31 handlers.
 */
export function composeChain(handlers: readonly SessionHandler[]): Chain {
  checkHandlers(handlers)
  const linked: Record<string, unknown> = {}
  for (const operation of ALWAYS) linked[operation] = linkAll(operation, handlers)
  linked['updateTimestamp'] = linkTimestamp(handlers)
  for (const operation of OPTIONAL) {
    if (handlers.some((handler) => handler[operation])) {
      linked[operation] = linkAll(operation, handlers)
    }
  }
  if (ownersFault(handlers) === undefined) linked['listByOwner'] = linkAll('listByOwner', handlers)
  return linked as unknown as Chain // every operation of the contract was linked above
}

/** Why sessions of an owner can be neither found nor ended through a chain; `undefined` where they can. */
export function ownersFault(handlers: readonly SessionHandler[]): string | undefined {
  const innermost = handlers.at(-1)
  if (!innermost?.listByOwner) {
    return `handler "${innermost?.name ?? 'none'}" keeps no index of owners`
  }
  const copying = handlers.findIndex(({ copies }) => copies === true)
  const renaming = handlers.findLastIndex(({ renames }) => renames === true)
  if (copying === -1 || copying > renaming) return undefined
  const [above, below] = [handlers[copying]?.name, handlers[renaming]?.name]
  return `handler "${above}" would keep copies of what "${below}" knows by another id`
}

function checkHandlers(handlers: readonly SessionHandler[]): void {
  if (handlers.length > 31) throw new RangeError('a chain takes at most 31 handlers')
  const seen = new Set<SessionHandler>()
  for (const [index, handler] of handlers.entries()) {
    const missing = ALWAYS.find((operation) => typeof handler?.[operation] !== 'function')
    if (missing !== undefined) {
      throw new TypeError(
        `handlers[${index}] has no "${missing}": build handlers by defineHandler()`,
      )
    }
    if (seen.has(handler))
      throw new TypeError(`handler "${handler.name}" stands in the chain twice`)
    seen.add(handler)
  }
  assertTrueCopies(handlers)
}

/** What others change can only be answered by who holds it (docs/decisions/0018-copies-and-others.md). */
function assertTrueCopies(handlers: readonly SessionHandler[]): void {
  const cache = handlers.findIndex(({ copies }) => copies === true)
  const store = handlers.findLastIndex(({ shared }) => shared === true)
  if (cache === -1 || cache > store) return
  const [above, below] = [handlers[cache]?.name, handlers[store]?.name]
  throw new TypeError(
    `handlers[${cache}]: "${above}" answers from copies, and others change what "${below}" keeps`,
  )
}

function linkAll<K extends Operation>(operation: K, handlers: readonly SessionHandler[]): Next[K] {
  let next = base(operation, handlers)
  for (let index = handlers.length - 1; index >= 0; index -= 1) {
    next = linkOne(operation, handlers[index] as SessionHandler, next, 1 << index)
  }
  return next
}

/** What stands below the innermost handler, where that one lacks an operation others have. */
function base<K extends Operation>(operation: K, handlers: readonly SessionHandler[]): Next[K] {
  const innermost = handlers.at(-1)
  if (innermost === undefined || innermost[operation]) return BASE[operation]
  if (operation === 'list' || operation === 'count') return cannot(operation) as Next[K]
  if (operation === 'validateId') return validateByReading(handlers, innermost) as Next[K]
  return BASE[operation]
}

/** A cache above a store that cannot list must not answer that there is nothing. */
function cannot(operation: string): () => never {
  return () => {
    throw new StateError(`chain: the innermost handler has no "${operation}"`)
  }
}

/** An id is known when the innermost handler can read it. */
function validateByReading(
  handlers: readonly SessionHandler[],
  innermost: SessionHandler,
): Next['validateId'] {
  const read = linkOne('read', innermost, BASE.read, 1 << (handlers.length - 1))
  return async (id, context) => (await read(id, context)) !== undefined
}

/**
 * A handler that writes but cannot touch is asked to write: PHP's rule for a save handler without
 * `updateTimestamp`.
 */
function linkTimestamp(handlers: readonly SessionHandler[]): Next['updateTimestamp'] {
  let next: Next['updateTimestamp'] = BASE.updateTimestamp
  let below: Next['write'] = BASE.write
  for (let index = handlers.length - 1; index >= 0; index -= 1) {
    const handler = handlers[index] as SessionHandler
    const wrote = linkOne('write', handler, below, 1 << index)
    if (handler.updateTimestamp) {
      markWrite(next, below)
      next = linkOne('updateTimestamp', handler, next, 1 << index)
    } else if (wrote !== below) next = wrote
    below = wrote
  }
  return next
}
