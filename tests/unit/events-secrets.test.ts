/** Every event and every trace, provoked once: no message holds an id, data or a key. */
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { withSession } from '../../src/adapters/web.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { publish, type SessionEvents } from '../../src/events.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { faultyLayer } from '../helpers/faulty-layer.js'
import { until } from '../helpers/processes.js'
import { fixture, stored } from '../helpers/sessions.js'

const SECRET = 'the-visitors-secret'
const DATA = { note: SECRET, n: 1 }

/** Names in the source, so that a new event without a case here is noticed. */
function namesIn(path: string): string[] {
  const text = readFileSync(new URL(path, import.meta.url), 'utf8')
  return [...text.matchAll(/^ {2}'(sessionz:[\w-]+)':/gm)].map(([, name]) => name as string)
}

const EVENTS = namesIn('../../src/events.ts')
const TRACES = namesIn('../../src/events-traces.ts')

const ids = new Set<string>()

/** Notes every id that storage hears of. */
const watching = (): SessionHandler =>
  defineHandler({
    name: 'watching',
    read: (id, context, next) => (ids.add(id), next(id, context)),
    write: (id, payload, context, next) => (ids.add(id), next(id, payload, context)),
  })

const setUp = (options: SessionOptions = {}) =>
  fixture({ ...options, handlers: [watching(), ...(options.handlers ?? [memoryHandler()])] })

const faulty = (options: SessionOptions = {}) => {
  const layer = faultyLayer()
  const { manager, advance } = setUp({ handlers: [layer.handler, memoryHandler()], ...options })
  return { layer, manager, advance }
}

const quietly = (work: Promise<unknown>) => work.catch(() => undefined)

/** Keys of encryption are secrets as well. */
const [oldKey, newKey] = [generateKey(), generateKey()]
const sealed = (keys: string[], store: SessionHandler) =>
  setUp({ handlers: [encryptionHandler({ keys }), store] }).manager

async function interrupted(): Promise<void> {
  const { manager } = setUp({ concurrency: 'none' })
  const cookieHeader = await stored(manager, DATA)
  const session = await manager.start({ cookieHeader })
  await manager.destroy(session.id)
  session.set('n', 2)
  await session.commit()
}

async function conflict(): Promise<void> {
  const { manager } = setUp({ concurrency: 'merge' })
  const cookieHeader = await stored(manager, DATA)
  const [a, b] = [await manager.start({ cookieHeader }), await manager.start({ cookieHeader })]
  a.set('note', `${SECRET} a`)
  b.set('note', `${SECRET} b`)
  await a.commit()
  await b.commit()
}

/** A new id, its use after the grace period, and a record that is gone. */
async function moved(): Promise<void> {
  const { manager, advance } = setUp()
  const cookieHeader = await stored(manager, DATA)
  const session = await manager.start({ cookieHeader })
  await session.regenerate({ grace: 5 })
  await session.commit()
  advance(6)
  await (await manager.start({ cookieHeader })).commit()
}

async function held(): Promise<void> {
  const { layer, manager } = faulty({ holdLimit: 0.01 })
  const cookieHeader = await stored(manager, DATA)
  layer.only = ['close']
  layer.fault = 'raw'
  const session = await manager.start({ cookieHeader })
  await until(() => session.readOnly, 'the hold limit')
  await quietly(session.commit())
}

async function lockedOut(): Promise<void> {
  const { manager } = setUp({ lockWait: 0.01 })
  const cookieHeader = await stored(manager, DATA)
  const holder = await manager.start({ cookieHeader })
  await quietly(manager.start({ cookieHeader }))
  await holder.destroy()
}

async function down(): Promise<void> {
  const { layer, manager } = faulty({ breaker: { failures: 1 }, onStoreError: 'anonymous' })
  const cookieHeader = await stored(manager, DATA)
  layer.fault = 'raw'
  await (await manager.start({ cookieHeader })).commit()
}

async function unreadable(): Promise<void> {
  const store = memoryHandler()
  const cookieHeader = await stored(sealed([oldKey], store), DATA)
  await (await sealed([newKey, oldKey], store).start({ cookieHeader })).commit()
  await (await sealed([generateKey()], store).start({ cookieHeader })).commit()
}

async function evicted(): Promise<void> {
  const { manager } = setUp({ handlers: [memoryHandler({ maxEntries: 1 })] })
  await stored(manager, DATA)
  await stored(manager, DATA)
}

async function invalid(): Promise<void> {
  const handlers = [watching(), memoryHandler()]
  const schema = z.object({ note: z.literal('other') })
  const cookieHeader = await stored(createSessionManager({ handlers }), DATA)
  await (await createSessionManager({ handlers, schema }).start({ cookieHeader })).commit()
}

async function insecure(): Promise<void> {
  const { manager } = setUp({ cookie: { secure: true } })
  await stored(manager, DATA)
  await manager.gc()
}

async function withheld(): Promise<void> {
  const { manager } = setUp()
  const answer = withSession(manager, (_, session) => {
    session.set('n', 1)
    return Response.error()
  })
  await answer(new Request('http://127.0.0.1/'))
}

async function touched(): Promise<void> {
  const { manager } = setUp()
  const cookieHeader = await stored(manager, DATA)
  await (await manager.start({ cookieHeader })).commit()
}

const PROVOKED = [
  interrupted,
  conflict,
  moved,
  held,
  lockedOut,
  down,
  unreadable,
  evicted,
  invalid,
  insecure,
  withheld,
  touched,
]

/** Numbers only, by type; collections of files and databases have tests of their own. */
const ELSEWHERE: (keyof SessionEvents)[] = ['sessionz:gc-progress']

describe('events and traces', () => {
  it('are all published, and hold no id, no data and no key', async () => {
    const seen = new Map<string, string[]>()
    const note = (name: string) => (message: unknown) => {
      seen.set(name, [...(seen.get(name) ?? []), inspect(message, { depth: 9, showHidden: true })])
    }
    const listeners = EVENTS.map((name) => [name, note(name)] as const)
    const tracing = TRACES.map((name) => {
      const tell = note(`tracing:${name}`)
      const all = { start: tell, end: tell, asyncStart: tell, asyncEnd: tell, error: tell }
      return [tracingChannel(name), all] as const
    })
    for (const [name, listener] of listeners) subscribe(name, listener)
    for (const [channel, all] of tracing) channel.subscribe(all)
    try {
      for (const provoke of PROVOKED) await provoke()
    } finally {
      for (const [name, listener] of listeners) unsubscribe(name, listener)
      for (const [channel, all] of tracing) channel.unsubscribe(all)
    }

    const expected = [...EVENTS, ...TRACES.map((name) => `tracing:${name}`)]
    const missing = expected.filter((name) => !seen.has(name))
    expect(missing.filter((name) => !(ELSEWHERE as string[]).includes(name))).toEqual([])
    expect(ids.size).toBeGreaterThan(10)
    const text = [...seen.values()].flat().join('\n')
    const told = [SECRET, oldKey, newKey, ...ids].filter((secret) => text.includes(secret))
    expect(told).toEqual([])
  })

  it('build no message while nobody listens', () => {
    let built = 0
    publish('sessionz:gc', () => ({ name: 'A', removed: (built += 1), tookMs: 0 }))

    expect(built).toBe(0)
  })
})
