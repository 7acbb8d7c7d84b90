/** The session of a request of Node's as the current one of its manager. */
import { touch, type Visit } from './node-visit.js'

interface Emitter {
  emit(...event: [name: string | symbol, ...rest: unknown[]]): boolean
}

/**
 * The rest of a request, run with its session as the current one; a visitor who has none gets one
 * when somebody asks. Events of request and response come from the connection, which knows of no
 * request, so their listeners are led back.
 */
export function inSession(
  visit: Visit<object>,
  next: (error?: unknown) => void,
): (error?: unknown) => void {
  const { manager, request, response } = visit
  const run = <T>(body: () => T): T => manager.run(() => touch(visit), body)
  for (const emitter of [request, response] as Emitter[]) {
    const emit = emitter.emit
    emitter.emit = (...event) => run(() => emit.apply(emitter, event))
  }
  return (error) => run(() => next(error))
}
