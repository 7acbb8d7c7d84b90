/** A manager with its own clock and a record of every call its chain gets. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { SessionEvents } from '../../src/events.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import type { HeaderList } from '../../src/http/headers.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'

/** A layer that notes the name of each operation it passes on. */
export function recordingHandler(calls: string[]): SessionHandler {
  const note = (operation: string) => void calls.push(operation)
  return defineHandler({
    name: 'recording',
    open: (context, next) => (note('open'), next(context)),
    close: (context, next) => (note('close'), next(context)),
    read: (id, context, next) => (note('read'), next(id, context)),
    write: (id, payload, context, next) => (note('write'), next(id, payload, context)),
    destroy: (id, context, next) => (note('destroy'), next(id, context)),
    gc: (maxLifetime, context, next) => (note('gc'), next(maxLifetime, context)),
    updateTimestamp: (id, payload, context, next) => (
      note('updateTimestamp'),
      next(id, payload, context)
    ),
  })
}

/** A layer that makes everything below it asynchronous. */
export function asyncHandler(): SessionHandler {
  const later = <T>(value: () => T | Promise<T>) =>
    new Promise<void>((resolve) => void setImmediate(resolve)).then(value)
  return defineHandler({
    name: 'async',
    open: (context, next) => later(() => next(context)),
    close: (context, next) => later(() => next(context)),
    read: (id, context, next) => later(() => next(id, context)),
    write: (id, payload, context, next) => later(() => next(id, payload, context)),
    destroy: (id, context, next) => later(() => next(id, context)),
    updateTimestamp: (id, payload, context, next) => later(() => next(id, payload, context)),
  })
}

export interface Fixture {
  readonly manager: SessionManager
  /** Operations of the chain since the last look. */
  readonly taken: () => string[]
  readonly advance: (seconds: number) => void
  readonly now: () => number
}

export function fixture(options: SessionOptions = {}): Fixture {
  let now = 1_700_000_000_000
  const calls: string[] = []
  const { handlers = [memoryHandler()], ...rest } = options
  const manager = createSessionManager({
    handlers: [recordingHandler(calls), ...handlers],
    now: () => now,
    gc: { probability: 0 },
    ...rest,
  })
  return {
    manager,
    taken: () => calls.splice(0),
    advance: (seconds) => void (now += seconds * 1000),
    now: () => now,
  }
}

/** The `Cookie` header a browser would send back. */
export function cookieOf(headers: HeaderList): string {
  const line = headers.find(([name]) => name === 'Set-Cookie')?.[1] ?? ''
  return line.split(';')[0] ?? ''
}

/** Stores a session with this data. @returns Its `Cookie` header. */
export async function stored(
  manager: SessionManager,
  data: Record<string, unknown>,
): Promise<string> {
  const session = await manager.start()
  Object.assign(session.data, data)
  return cookieOf(await session.commit())
}

/** What a later visitor with the cookie sees. */
export async function seen(
  manager: SessionManager,
  cookieHeader: string,
): Promise<Record<string, unknown>> {
  const session = await manager.start({ cookieHeader }, { readOnly: true })
  return { ...session.data }
}

/** Collects the messages of a channel while `body` runs. */
export async function eventsOf<K extends keyof SessionEvents>(
  channel: K,
  body: () => unknown,
): Promise<SessionEvents[K][]> {
  const messages: SessionEvents[K][] = []
  const listener = (message: unknown) => void messages.push(message as SessionEvents[K])
  subscribe(channel, listener)
  try {
    await body()
  } finally {
    unsubscribe(channel, listener)
  }
  return messages
}
