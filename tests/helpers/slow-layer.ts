/** A layer that makes a synchronous chain asynchronous, for tests of code that meets both. */
import { setImmediate as turn } from 'node:timers/promises'
import { defineHandler, type SessionHandler } from '../../src/handler.js'

/** Every operation of the chain below takes a turn of the event loop. */
export function slowLayer(): SessionHandler {
  return defineHandler({
    name: 'slow',
    async open(context, next) {
      await turn()
      await next(context)
    },
    async close(context, next) {
      await turn()
      await next(context)
    },
    async read(id, context, next) {
      await turn()
      return next(id, context)
    },
    async write(id, payload, context, next) {
      await turn()
      return next(id, payload, context)
    },
    async destroy(id, context, next) {
      await turn()
      return next(id, context)
    },
    async updateTimestamp(id, payload, context, next) {
      await turn()
      return next(id, payload, context)
    },
  })
}
