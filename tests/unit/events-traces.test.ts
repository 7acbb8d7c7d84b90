import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { afterEach, describe, expect, it } from 'vitest'
import { isTraced, traced, type SessionTraces } from '../../src/events-traces.js'
import type { SessionOptions } from '../../src/options/options.js'
import { createSessionManager } from '../../src/manager.js'
import { faultyLayer } from '../helpers/faulty-layer.js'
import { asyncHandler, cookieOf, eventsOf, stored } from '../helpers/sessions.js'
import { memoryHandler } from '../../src/handlers/memory.js'

type Name = keyof SessionTraces

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Notes `name phase` of each message, and the messages. */
function watch(...names: Name[]) {
  const course: string[] = []
  const messages: Record<string, unknown>[] = []
  for (const name of names) {
    const note = (phase: string) => (message: object) => {
      course.push(`${name.slice('sessionz:'.length)} ${phase}`)
      if (phase === 'end') messages.push(message as Record<string, unknown>)
    }
    const subscribers = {
      start: note('start'),
      end: note('end'),
      asyncStart: note('asyncStart'),
      asyncEnd: note('asyncEnd'),
      error: note('error'),
    }
    const channel = tracingChannel(name)
    channel.subscribe(subscribers)
    stops.push(() => void channel.unsubscribe(subscribers))
  }
  return { course, messages }
}

const manage = (options: SessionOptions = {}) =>
  createSessionManager({ gc: { probability: 0 }, ...options })

describe('the traces of a session', () => {
  it('tell of the start, the lock, the read, the write and the commit, in this order', async () => {
    const manager = manage()
    const cookieHeader = await stored(manager, { n: 1 })
    const { course, messages } = watch(
      'sessionz:start',
      'sessionz:lock',
      'sessionz:read',
      'sessionz:write',
      'sessionz:commit',
    )
    const session = await manager.start({ cookieHeader })
    session.set('n', 2)
    await session.commit()

    expect(course).toEqual([
      'start start',
      'lock start',
      'lock end',
      'read start',
      'read end',
      'start end',
      'start asyncStart',
      'start asyncEnd',
      'commit start',
      'write start',
      'write end',
      'commit end',
    ])
    const name = 'PHPSESSID'
    expect(messages).toEqual([
      { name },
      { name, bytes: 6 },
      { name, readOnly: false, isNew: false, pending: false },
      { name, bytes: 6, stored: true },
      { name, status: 'committed' },
    ])
  })

  it('end later where storage takes its time', async () => {
    const manager = manage({ handlers: [asyncHandler(), memoryHandler()] })
    const cookieHeader = await stored(manager, { n: 1 })
    const { course, messages } = watch('sessionz:read')
    const session = await manager.start({ cookieHeader }, { readOnly: true })
    await session.commit()

    expect(course).toEqual(['read start', 'read end', 'read asyncStart', 'read asyncEnd'])
    expect(messages).toEqual([{ name: 'PHPSESSID', bytes: 6, pending: false }])
  })

  it('tell a touch from a write, and of destroy and gc what they removed', async () => {
    const manager = manage()
    const cookieHeader = await stored(manager, { n: 1 })
    const { course, messages } = watch(
      'sessionz:write',
      'sessionz:touch',
      'sessionz:destroy',
      'sessionz:gc',
    )
    await (await manager.start({ cookieHeader })).commit()
    await (await manager.start({ cookieHeader })).destroy()
    await manager.gc()

    expect(course.filter((step) => step.endsWith(' end'))).toEqual([
      'touch end',
      'destroy end',
      'gc end',
    ])
    expect(messages).toEqual([
      { name: 'PHPSESSID', stored: true },
      { name: 'PHPSESSID', existed: true },
      { name: 'PHPSESSID', removed: 0 },
    ])
  })

  it('say of what the work failed, at once or later', async () => {
    const layer = faultyLayer()
    const manager = manage({ handlers: [layer.handler, memoryHandler()], breaker: false })
    const cookieHeader = await stored(manager, { n: 1 })
    const { course, messages } = watch('sessionz:start', 'sessionz:read')
    layer.only = ['read']
    layer.fault = 'down'
    const error = await manager.start({ cookieHeader }).catch((reason: unknown) => reason)
    layer.fault = 'raw'
    await manager.start({ cookieHeader }).catch(() => undefined)

    expect(messages[0]).toEqual({ name: 'PHPSESSID', error })
    expect(course.slice(0, 7)).toEqual([
      'start start',
      'read start',
      'read error',
      'read end',
      'start end',
      'start error',
      'start asyncStart',
    ])
    expect(course.slice(8)).toEqual([
      'start start',
      'read start',
      'read end',
      'start end',
      'read error',
      'read asyncStart',
      'read asyncEnd',
      'start error',
      'start asyncStart',
      'start asyncEnd',
    ])
  })

  it('wait for the lock only where there is one', async () => {
    const manager = manage({ concurrency: 'merge' })
    const cookieHeader = await stored(manager, { n: 1 })
    const { course } = watch('sessionz:lock')
    const session = await manager.start({ cookieHeader })
    expect(course).toEqual([])
    session.set('n', 2)
    await session.commit()

    expect(course).toEqual(['lock start', 'lock end'])
  })

  it('run the work in the context that a listener binds to them', () => {
    const store = new AsyncLocalStorage<object>()
    const { start } = tracingChannel('sessionz:gc')
    start.bindStore(store, (message) => message as object)
    stops.push(() => void start.unbindStore(store))
    const message = { name: 'A' }
    const work = () => store.getStore()

    expect(traced('sessionz:gc', message, { work, done: () => undefined })).toBe(message)
  })

  it('are not there while nobody listens', () => {
    expect(isTraced('sessionz:write')).toBe(false)
    watch('sessionz:write')
    expect(isTraced('sessionz:write')).toBe(true)
  })
})

describe('sessionz:regenerate', () => {
  it('is published when the record has moved, and not before', async () => {
    const manager = manage()
    const cookieHeader = await stored(manager, { n: 1 })
    const session = await manager.start({ cookieHeader })
    const early = await eventsOf('sessionz:regenerate', () => session.regenerate({ grace: 5 }))
    const later = await eventsOf('sessionz:regenerate', async () => {
      expect(cookieOf(await session.commit())).not.toBe(cookieHeader)
    })

    expect(early).toEqual([])
    expect(later).toEqual([{ name: 'PHPSESSID', grace: 5 }])
  })
})
