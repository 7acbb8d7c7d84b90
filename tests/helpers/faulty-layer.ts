/** A layer that stands for a store which fails: at once, by not answering, or in one operation only. */
import { StoreError } from '../../src/errors.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'

/** `down` fails at once, `hung` never answers, `raw` throws what a client throws. */
export type Fault = 'none' | 'down' | 'hung' | 'raw'

export interface FaultyLayer {
  readonly handler: SessionHandler
  /** What happens to every operation, or to those named in `only`. */
  fault: Fault
  only: readonly string[]
  /** Operations that reached the store, also those that failed. */
  readonly asked: string[]
}

/** Put it above a store that works. */
export function faultyLayer(): FaultyLayer {
  const asked: string[] = []
  const layer: FaultyLayer = { fault: 'none', only: [], asked, handler: makeHandler() }
  return layer

  function pass<T>(operation: string, next: () => T): T | Promise<never> {
    asked.push(operation)
    const hit = layer.only.length === 0 || layer.only.includes(operation)
    if (layer.fault === 'none' || !hit) return next()
    if (layer.fault === 'hung') return new Promise<never>(() => undefined)
    if (layer.fault === 'down') throw new StoreError('faulty', operation, 'told to fail')
    return Promise.reject(Object.assign(new Error('connect to 10.0.0.1'), { code: 'ECONNREFUSED' }))
  }

  function makeHandler(): SessionHandler {
    return defineHandler({
      name: 'faulty',
      open: (context, next) => pass('open', () => next(context)),
      close: (context, next) => pass('close', () => next(context)),
      read: (id, context, next) => pass('read', () => next(id, context)),
      write: (id, payload, context, next) => pass('write', () => next(id, payload, context)),
      destroy: (id, context, next) => pass('destroy', () => next(id, context)),
      gc: (maxLifetime, context, next) => pass('gc', () => next(maxLifetime, context)),
      validateId: (id, context, next) => pass('validateId', () => next(id, context)),
      updateTimestamp: (id, payload, context, next) =>
        pass('updateTimestamp', () => next(id, payload, context)),
    })
  }
}
