/**
 * Work that takes time, published on `node:diagnostics_channel`'s tracing channels. Nobody listening
 * costs a look at five empty channels.
 *
 * @module
 */
import { tracingChannel } from 'node:diagnostics_channel'
import type { MaybePromise } from './handler.js'
import { isPromise } from './lib/flow.js'

/** What every trace says: whose session it is, and of what the work failed. */
interface Trace {
  readonly name: string
  /** Set before `error` is published. */
  error?: unknown
  /** Whether the work goes on after `end`, until `asyncEnd`. */
  pending?: boolean
}

/**
 * Work that takes time: names of tracing channels, and what is published on each. Fields without
 * `readonly` are there when the work is done.
 */
export interface SessionTraces {
  /** From the request to its session, with the wait for the lock. */
  'sessionz:start': Trace & { readonly readOnly: boolean; isNew?: boolean }
  /** The end of a session: what there is to store, and the release of the lock. */
  'sessionz:commit': Trace & { status?: 'committed' | 'aborted' | 'destroyed' }
  /** Opens the chain for one request alone: the wait for the lock. */
  'sessionz:lock': Trace
  /** `bytes` is missing when storage does not know the session. */
  'sessionz:read': Trace & { bytes?: number }
  'sessionz:write': Trace & { readonly bytes: number; stored?: boolean }
  /** An unchanged session is kept alive. */
  'sessionz:touch': Trace & { stored?: boolean }
  'sessionz:destroy': Trace & { existed?: boolean }
  'sessionz:gc': Trace & { removed?: number }
}

const traces = Object.create(null) as Record<string, ReturnType<typeof tracingChannel>>

/** Whether anybody listens to a trace. Ask before `traced`, so that nobody costs nothing. */
export function isTraced(name: keyof SessionTraces): boolean {
  const { start, end, asyncStart, asyncEnd, error } = (traces[name] ??= tracingChannel(name))
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  )
}

/** Work, and how its message is completed with what came of it. */
interface Traceable<T> {
  readonly work: () => MaybePromise<T>
  readonly done: (value: T) => void
}

/**
 * Does work and publishes its course, in the order of `TracingChannel`. Work that is done at once
 * publishes `start` and `end` only.
 */
export function traced<K extends keyof SessionTraces, T>(
  name: K,
  message: SessionTraces[K],
  traceable: Traceable<T>,
): MaybePromise<T> {
  const { start, end, error } = (traces[name] ??= tracingChannel(name))
  return start.runStores(message, () => {
    try {
      const made = traceable.work()
      if (isPromise(made)) return tracedLater(name, message, { made, done: traceable.done })
      traceable.done(made)
      return made
    } catch (reason) {
      message.error = reason
      error.publish(message)
      throw reason
    } finally {
      end.publish(message)
    }
  })
}

async function tracedLater<K extends keyof SessionTraces, T>(
  name: K,
  message: SessionTraces[K],
  { made, done }: { made: Promise<T>; done: (value: T) => void },
): Promise<T> {
  const { asyncStart, asyncEnd, error } = traces[name] as ReturnType<typeof tracingChannel>
  message.pending = true
  try {
    const value = await made
    done(value)
    return value
  } catch (reason) {
    message.error = reason
    error.publish(message)
    throw reason
  } finally {
    message.pending = false
    asyncStart.publish(message)
    asyncEnd.publish(message)
  }
}
