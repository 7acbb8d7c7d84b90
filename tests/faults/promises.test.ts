/** What must hold whatever stores the sessions: the threats that concern more than one part. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { cookieOf, fixture, seen, stored, type Fixture } from '../helpers/sessions.js'

const folders: string[] = []

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'sessionz-promises-'))
  folders.push(path)
  return path
}

const STORES: Record<string, () => SessionHandler> = {
  memory: () => memoryHandler(),
  'files in this process': () => filesHandler({ savePath: folder(), lock: 'process' }),
  'files with flock': () => filesHandler({ savePath: folder() }),
}

const idOf = (cookie: string) => cookie.slice('PHPSESSID='.length)
const forged = (index: number) => index.toString(16).padStart(32, 'f')

describe.each(Object.keys(STORES))('%s', (name) => {
  let used: Fixture
  const start = (options: Parameters<typeof fixture>[0] = {}) =>
    (used = fixture({ handlers: [STORES[name]!()], ...options }))

  afterEach(async () => {
    await used.manager.close()
    for (const path of folders.splice(0)) rmSync(path, { recursive: true })
  })

  it('adopts none of 1,000 forged ids and creates nothing under them', async () => {
    const { manager, taken } = start()

    for (let index = 0; index < 1000; index += 1) {
      const session = await manager.start({ cookieHeader: `PHPSESSID=${forged(index)}` })
      expect(session.id).not.toBe(forged(index))
      await session.commit()
    }

    expect(await manager.count()).toBe(0)
    expect(taken().filter((call) => call === 'write')).toEqual([])
    expect(folders.flatMap((path) => readdirSync(path))).toEqual([])
  })

  it('shows nobody with the planted cookie what a login made of it', async () => {
    const { manager } = start()

    for (let attempt = 0; attempt < 100; attempt += 1) {
      const planted = await stored(manager, { guest: true })
      const victim = await manager.start({ cookieHeader: planted })
      await victim.regenerate()
      victim.data['user'] = 'victim'
      await victim.commit()

      expect(await seen(manager, planted)).toEqual({})
    }
  })

  it('logs nobody out who was on the way while the id changed', async () => {
    const { manager } = start({ concurrency: 'merge' })
    const cookie = await stored(manager, { user: 'u' })
    const session = await manager.start({ cookieHeader: cookie })
    await session.regenerate({ grace: 10 })
    await session.commit()

    const visits = Array.from({ length: 50 }, () => seen(manager, cookie))

    expect(await Promise.all(visits)).toEqual(Array.from({ length: 50 }, () => ({ user: 'u' })))
  })

  it('reads an idle session as absent without any gc', async () => {
    const { manager, advance } = start()
    const cookie = await stored(manager, { n: 1 })

    advance(1441 + 60)

    expect(await seen(manager, cookie)).toEqual({})
  })

  it.each(['exclusive', 'merge', 'none'] as const)(
    'brings none of 200 destroyed sessions back (%s)',
    async (concurrency) => {
      const { manager } = start({ concurrency })

      for (let attempt = 0; attempt < 200; attempt += 1) {
        const cookie = await stored(manager, { n: 0 })
        const slow = await manager.start({ cookieHeader: cookie })
        const destroying = manager.destroy(idOf(cookie))
        if (concurrency !== 'exclusive') await destroying
        slow.data['n'] = 1
        await slow.commit()
        await destroying
      }

      expect(await manager.count()).toBe(0)
    },
  )

  it('shows a waiter nothing of a session that was destroyed while it waited', async () => {
    const { manager } = start()

    for (let attempt = 0; attempt < 20; attempt += 1) {
      const cookie = await stored(manager, { user: 'u' })
      const holder = await manager.start({ cookieHeader: cookie })
      const waiting = manager.start({ cookieHeader: cookie })
      await holder.destroy()
      const waiter = await waiting

      expect(waiter.data).toEqual({})
      expect(waiter.id).not.toBe(idOf(cookie))
      await waiter.commit()
    }
  })

  it('keeps 100 of 100 parallel increments', async () => {
    const { manager } = start()
    const cookie = await stored(manager, { n: 0 })
    const visit = async () => {
      const session = await manager.start({ cookieHeader: cookie })
      const n = session.data['n'] as number
      await new Promise((resolve) => setImmediate(resolve))
      session.data['n'] = n + 1
      await session.commit()
    }

    await Promise.all(Array.from({ length: 100 }, visit))

    expect(await seen(manager, cookie)).toEqual({ n: 100 })
  })

  it('lets other sessions through while one is held', async () => {
    const { manager } = start()
    const held = await manager.start({ cookieHeader: await stored(manager, { n: 1 }) })
    const cookies = await Promise.all(Array.from({ length: 20 }, () => stored(manager, { n: 1 })))

    for (const cookie of cookies) {
      const session = await manager.start({ cookieHeader: cookie })
      session.data['n'] = 2
      await session.commit()
    }

    await held.commit()
    expect(await manager.count()).toBe(21)
  })

  it('does not lock itself up when many sessions change their ids at once', async () => {
    const { manager } = start()
    const cookies = await Promise.all(Array.from({ length: 50 }, () => stored(manager, { n: 1 })))

    const moved = await Promise.all(
      cookies.map(async (cookieHeader) => {
        const session = await manager.start({ cookieHeader })
        await session.regenerate()
        return cookieOf(await session.commit())
      }),
    )

    expect(new Set([...moved, ...cookies]).size).toBe(100)
    expect(await manager.count()).toBe(50)
  })

  it('is free again after every outcome: commit, abort, destroy, error', async () => {
    const { manager } = start()
    const cookie = await stored(manager, { n: 1 })

    for (const end of ['commit', 'abort', 'reset'] as const) {
      const session = await manager.start({ cookieHeader: cookie })
      await session[end]()
      if (end === 'reset') await session.commit()
    }
    const failing = await manager.start({ cookieHeader: cookie })
    failing.data['n'] = () => 1
    await expect(failing.commit()).rejects.toMatchObject({ code: 'ERR_SESSION_ENCODE' })
    const last = await manager.start({ cookieHeader: cookie }, { lockWait: 1 })
    await last.destroy()

    expect(await manager.count()).toBe(0)
  })
})

it.each<[string, number, () => SessionHandler]>([
  ['memory', 10_000, () => memoryHandler({ maxWaiters: 10_000 })],
  [
    'files in this process',
    2000,
    () => filesHandler({ savePath: folder(), lock: 'process', maxWaiters: 2000 }),
  ],
])('many requests at once on one session lose nothing: %s, %i', async (_, times, make) => {
  const { manager } = fixture({ handlers: [make()], lockWait: 60, storeTimeout: 60 })
  const cookieHeader = await stored(manager, { n: 0 })
  const visit = async () => {
    const session = await manager.start({ cookieHeader })
    session.data['n'] = 1 + (session.data['n'] as number)
    await session.commit()
  }

  await Promise.all(Array.from({ length: times }, visit))

  expect(await seen(manager, cookieHeader)).toEqual({ n: times })
  await manager.close()
  for (const path of folders.splice(0)) rmSync(path, { recursive: true })
})
