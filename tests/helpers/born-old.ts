/** Sessions that began on the old side of a move. */
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'

/** A layer that makes new records on the old side: the kit then finds there all it has made. */
export function bornOld(from: readonly SessionHandler[], moving: SessionHandler): SessionHandler {
  const [old, both] = [composeChain(from), composeChain([moving])]
  return defineHandler({
    name: 'born-old',
    async write(id, payload, context, next) {
      const { isNew, now, maxLifetime } = context
      if (!isNew) return next(id, payload, context)
      const fields = { id, now, maxLifetime, lock: 'none' } as const
      if (await both.validateId?.(id, createContext(fields))) return false
      return old.write(id, payload, createContext({ ...fields, isNew }))
    },
    updateTimestamp: (id, payload, context, next) => next(id, payload, context),
  })
}
