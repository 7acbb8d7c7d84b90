/**
 * A chain whose calls can be watched.
 *
 * @module
 */
import { isTraced, traced, type SessionTraces } from './events-traces.js'
import type { Chain } from './handler.js'

/** The same chain, with a trace around each call that reaches a session's record. */
export function tracedChain(chain: Chain): Chain {
  return { ...chain, ...readings(chain), ...changes(chain) }
}

function readings(chain: Chain): Pick<Chain, 'open' | 'read'> {
  return {
    open(context) {
      if (context.lock !== 'exclusive' || !isTraced('sessionz:lock')) return chain.open(context)
      const message = { name: context.name }
      return traced('sessionz:lock', message, {
        work: () => chain.open(context),
        done: () => undefined,
      })
    },
    read(id, context) {
      if (!isTraced('sessionz:read')) return chain.read(id, context)
      const message: SessionTraces['sessionz:read'] = { name: context.name }
      return traced('sessionz:read', message, {
        work: () => chain.read(id, context),
        done: (payload) => {
          if (payload !== undefined) message.bytes = payload.length
        },
      })
    },
  }
}

function changes(chain: Chain): Pick<Chain, 'write' | 'updateTimestamp' | 'destroy' | 'gc'> {
  return {
    write(id, payload, context) {
      if (!isTraced('sessionz:write')) return chain.write(id, payload, context)
      const { name } = context
      const message: SessionTraces['sessionz:write'] = { name, bytes: payload.length }
      return traced('sessionz:write', message, {
        work: () => chain.write(id, payload, context),
        done: (stored) => void (message.stored = stored),
      })
    },
    updateTimestamp(id, payload, context) {
      if (!isTraced('sessionz:touch')) return chain.updateTimestamp(id, payload, context)
      const message: SessionTraces['sessionz:touch'] = { name: context.name }
      return traced('sessionz:touch', message, {
        work: () => chain.updateTimestamp(id, payload, context),
        done: (stored) => void (message.stored = stored),
      })
    },
    destroy(id, context) {
      if (!isTraced('sessionz:destroy')) return chain.destroy(id, context)
      const message: SessionTraces['sessionz:destroy'] = { name: context.name }
      return traced('sessionz:destroy', message, {
        work: () => chain.destroy(id, context),
        done: (existed) => void (message.existed = existed),
      })
    },
    gc(maxLifetime, context) {
      if (!isTraced('sessionz:gc')) return chain.gc(maxLifetime, context)
      const message: SessionTraces['sessionz:gc'] = { name: context.name }
      return traced('sessionz:gc', message, {
        work: () => chain.gc(maxLifetime, context),
        done: (removed) => void (message.removed = removed),
      })
    },
  }
}
