import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { defineHandler, type SessionContext, type SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { migratingHandler } from '../../src/handlers/migrating.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import type { Session } from '../../src/session.js'
import { until } from '../helpers/processes.js'

function make(options: SessionOptions = {}): SessionManager {
  return createSessionManager({ gc: { probability: 0 }, ...options })
}

/** A stored session that belongs to somebody. @returns Its id. */
async function login(manager: SessionManager, owner: string): Promise<string> {
  const session = await manager.start()
  session.set('user', owner)
  session.owner = owner
  await session.commit()
  return session.id
}

async function idsOf(manager: SessionManager, owner: string): Promise<string[]> {
  const ids: string[] = []
  for await (const { id } of manager.listByOwner(owner)) ids.push(id)
  return ids.sort()
}

/** Starts, changes and commits. */
async function visit(
  manager: SessionManager,
  id: string,
  body: (session: Session) => unknown,
): Promise<Session> {
  const session = await manager.start({ id })
  await body(session)
  await session.commit()
  return session
}

/** What the store is told of owners. */
function recorder(): { handler: SessionHandler; told: string[] } {
  const told: string[] = []
  const note = (operation: string, { ownership }: SessionContext) => {
    const { owner = '-', former = '-' } = ownership ?? {}
    told.push(ownership === undefined ? operation : `${operation} ${former}>${owner}`)
  }
  const handler = defineHandler({
    name: 'recorder',
    write(id, payload, context, next) {
      note('write', context)
      return next(id, payload, context)
    },
    destroy(id, context, next) {
      note('destroy', context)
      return next(id, context)
    },
    updateTimestamp(id, payload, context, next) {
      note('touch', context)
      return next(id, payload, context)
    },
  })
  return { handler, told }
}

describe('session.owner', () => {
  it('is nobody at first, takes effect with the commit and is there at the next start', async () => {
    const manager = make()
    const session = await manager.start()
    expect(session.owner).toBeUndefined()
    session.set('user', 'ann')
    session.owner = 'ann'
    expect(session.owner).toBe('ann')
    expect(await idsOf(manager, 'ann')).toEqual([])
    await session.commit()

    expect(await idsOf(manager, 'ann')).toEqual([session.id])
    await visit(manager, session.id, ({ owner, data }) => {
      expect(owner).toBe('ann')
      expect(data).toEqual({ user: 'ann' })
    })
  })

  it('changes without a change of the data, and is given up by undefined', async () => {
    const manager = make()
    const id = await login(manager, 'ann')
    await visit(manager, id, (session) => (session.owner = 'bob'))
    expect(await idsOf(manager, 'ann')).toEqual([])
    expect(await idsOf(manager, 'bob')).toEqual([id])
    await visit(manager, id, (session) => (session.owner = undefined))

    expect(await idsOf(manager, 'bob')).toEqual([])
    await visit(manager, id, ({ owner, data }) => {
      expect(owner).toBeUndefined()
      expect(data).toEqual({ user: 'ann' })
    })
  })

  it('is kept by a new id, and the old id belongs to nobody, with a grace period as well', async () => {
    const manager = make()
    const first = await login(manager, 'ann')
    const second = await visit(manager, first, (session) => session.regenerate())
    expect(await idsOf(manager, 'ann')).toEqual([second.id])
    const third = await visit(manager, second.id, (session) => session.regenerate({ grace: 60 }))

    expect(await idsOf(manager, 'ann')).toEqual([third.id])
    expect((await manager.start({ id: third.id })).owner).toBe('ann')
  })

  it('ends with destroy, with manager.destroy, with clear, and when the session is over', async () => {
    let nowMs = 1_700_000_000_000
    const manager = make({ now: () => nowMs, absoluteLifetime: 3000 })
    const ids = await Promise.all([1, 2, 3, 4].map(() => login(manager, 'ann')))
    const [destroyed = '', removed = '', cleared = '', old = ''] = ids
    await (await manager.start({ id: destroyed })).destroy()
    await manager.destroy(removed)
    const { status } = await visit(manager, cleared, (session) => session.clear())
    expect(status).toBe('destroyed')
    expect(await idsOf(manager, 'ann')).toEqual([old])
    for (let age = 0; age <= 3000; age += 1000) {
      nowMs += 1_000_001
      await visit(manager, old, () => undefined)
    }

    expect(await idsOf(manager, 'ann')).toEqual([])
  })

  it('makes a session worth storing that has no variables', async () => {
    const manager = make()
    const session = await manager.start()
    session.owner = 'ann'
    expect(await session.commit()).not.toEqual([])
    await visit(manager, session.id, ({ owner, data }) => {
      expect(owner).toBe('ann')
      expect(data).toEqual({})
    })

    expect(await idsOf(manager, 'ann')).toEqual([session.id])
  })

  it('is dropped by abort and by reset', async () => {
    const manager = make()
    const id = await login(manager, 'ann')
    const session = await manager.start({ id })
    session.owner = 'bob'
    await session.reset()
    expect(session.owner).toBe('ann')
    session.owner = 'bob'
    await session.abort()

    expect(await idsOf(manager, 'ann')).toEqual([id])
    expect(await idsOf(manager, 'bob')).toEqual([])
  })

  it('is kept while the session is suspended, and set again after it', async () => {
    const manager = make()
    const session = await manager.start()
    session.owner = 'ann'
    await session.suspend(async () => {
      expect(await idsOf(manager, 'ann')).toEqual([session.id])
    })
    session.owner = 'bob'
    await session.commit()

    expect(await idsOf(manager, 'ann')).toEqual([])
    expect(await idsOf(manager, 'bob')).toEqual([session.id])
  })

  it.each([
    [7, TypeError],
    [null, TypeError],
    ['', RangeError],
    [' ann', RangeError],
    ['ann\n', RangeError],
    ['a\0b', RangeError],
    ['\ud800', RangeError],
    ['x'.repeat(256), RangeError],
  ])('refuses %o', async (value, type) => {
    const manager = make()
    const session = await manager.start()

    expect(() => (session.owner = value as string)).toThrow(type)
    expect(() => manager.listByOwner(value as string)).toThrow(type)
    await expect(manager.destroyByOwner(value as string)).rejects.toThrow(type)
    expect(session.owner).toBeUndefined()
  })

  it('cannot be set when the session has ended or is read-only', async () => {
    const manager = make()
    const id = await login(manager, 'ann')
    const ended = await visit(manager, id, () => undefined)
    expect(() => (ended.owner = 'bob')).toThrow(/committed/)
    const readOnly = await manager.start({ id }, { readOnly: true })
    expect(readOnly.owner).toBe('ann')

    expect(() => (readOnly.owner = 'bob')).toThrow(/readOnly/)
  })

  it('in mode merge, is laid over what the others changed meanwhile', async () => {
    const manager = make({ concurrency: 'merge' })
    const id = await login(manager, 'ann')
    const [first, second] = [await manager.start({ id }), await manager.start({ id })]
    first.owner = 'bob'
    second.set('cart', 1)
    await first.commit()
    await second.commit()
    expect(await idsOf(manager, 'bob')).toEqual([id])
    expect(await idsOf(manager, 'ann')).toEqual([])
    const [third, fourth] = [await manager.start({ id }), await manager.start({ id })]
    third.owner = 'carl'
    fourth.owner = 'dora'
    await third.commit()
    await fourth.commit()

    expect(await idsOf(manager, 'carl')).toEqual([])
    expect(await idsOf(manager, 'dora')).toEqual([id])
  })

  it('costs sessions without an owner nothing, and tells the store what it has to know', async () => {
    const { handler, told } = recorder()
    const manager = make({ handlers: [handler, memoryHandler()] })
    const session = await manager.start()
    session.set('n', 1)
    await session.commit()
    await visit(manager, session.id, () => undefined)
    await visit(manager, session.id, (each) => each.set('n', 2))
    await visit(manager, session.id, (each) => (each.owner = 'ann'))
    await visit(manager, session.id, () => undefined)
    const next = await visit(manager, session.id, (each) => each.regenerate())
    await visit(manager, next.id, (each) => (each.owner = 'bob'))
    await (await manager.start({ id: next.id })).destroy()

    expect(told).toEqual([
      'write',
      'touch',
      'write',
      'write ->ann',
      'touch ann>ann',
      'write ->ann',
      'destroy ann>-',
      'write ann>bob',
      'destroy bob>-',
    ])
  })

  it('is no variable: PHP keeps it beside, and the application never sees it', async () => {
    const store = memoryHandler()
    const manager = make({ handlers: [store] })
    const id = await login(manager, 'ann')
    const chain = composeChain([store])
    const payload = await chain.read(id, createContext({ lock: 'none' }))

    expect(Buffer.from(payload ?? []).toString()).toBe(
      'user|s:3:"ann";__sessionz|a:1:{s:5:"owner";s:3:"ann";}',
    )
  })
})

describe('a chain that cannot find sessions by owner', () => {
  const files = () => filesHandler({ lock: 'process' })

  it('is refused where owners are asked for, by the name of its innermost handler', () => {
    expect(() => make({ handlers: [files()], owners: true })).toThrow(
      new TypeError('"owners": handler "files" keeps no index of owners'),
    )
    expect(() => make({ handlers: [memoryHandler({ maxAge: 1 }), files()], owners: true })).toThrow(
      TypeError,
    )
    const half = migratingHandler({ from: [files()], to: [memoryHandler()], mode: 'lazy' })
    expect(() => make({ handlers: [half], owners: true })).toThrow(/"migrating"/)
    expect(make({ owners: true })).toBeDefined()
  })

  it('is one with copies above a layer that changes ids, too', () => {
    const handlers = [cacheHandler({ store: lruCache() }), hashedIdHandler(), memoryHandler()]

    expect(() => make({ handlers, owners: true })).toThrow(
      new TypeError(
        '"owners": handler "cache" would keep copies of what "hashed-id" knows by another id',
      ),
    )
    expect(() => make({ handlers }).listByOwner('ann')).toThrow(/cannot find/)
  })

  it('refuses an owner at once, and cannot be asked', async () => {
    const manager = make({ handlers: [files()] })
    const session = await manager.start()

    expect(() => (session.owner = 'ann')).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_STATE' }),
    )
    expect(() => manager.listByOwner('ann')).toThrow(/cannot find/)
    await expect(manager.destroyByOwner('ann')).rejects.toThrow(/cannot find/)
  })
})

describe('manager.destroyByOwner', () => {
  it('ends every session of the owner, and no other', async () => {
    const manager = make()
    const anns = await Promise.all(Array.from({ length: 30 }, () => login(manager, 'ann')))
    const bobs = await login(manager, 'bob')

    expect(await manager.destroyByOwner('ann')).toBe(30)
    expect(await manager.destroyByOwner('ann')).toBe(0)
    for (const id of anns) expect((await manager.start({ id })).isNew).toBe(true)
    expect((await manager.start({ id: bobs })).owner).toBe('bob')
  })

  it('spares one session, by itself or by its id', async () => {
    const manager = make()
    for (let count = 0; count < 3; count += 1) await login(manager, 'ann')
    const mine = await manager.start({ id: await login(manager, 'ann') })
    expect(await manager.destroyByOwner('ann', { except: mine })).toBe(3)
    await mine.commit()
    await login(manager, 'ann')

    expect(await manager.destroyByOwner('ann', { except: mine.id })).toBe(1)
    expect(await idsOf(manager, 'ann')).toEqual([mine.id])
  })

  it('spares a session that is about to get another id', async () => {
    const manager = make()
    await login(manager, 'ann')
    const mine = await manager.start({ id: await login(manager, 'ann') })
    await mine.regenerate()

    expect(await manager.destroyByOwner('ann', { except: mine })).toBe(1)
    await mine.commit()
    expect(await idsOf(manager, 'ann')).toEqual([mine.id])
  })

  it('refuses what is no session', async () => {
    const except = {} as Session

    await expect(make().destroyByOwner('ann', { except })).rejects.toThrow(TypeError)
    await expect(make().destroyByOwner('ann', { but: 1 } as object)).rejects.toThrow(/"but"/)
  })

  it('waits for a request under way, which brings nothing back, nor under another id', async () => {
    const manager = make()
    const id = await login(manager, 'ann')
    const busy = await manager.start({ id })
    busy.set('n', 1)
    await busy.regenerate()
    const ending = manager.destroyByOwner('ann')
    await busy.commit()

    expect(await ending).toBe(1)
    expect(busy.id).not.toBe(id)
    for (const each of [id, busy.id]) expect((await manager.start({ id: each })).isNew).toBe(true)
  })

  it.each(['merge', 'none'] as const)('ends sessions under way in mode %s', async (concurrency) => {
    const manager = make({ concurrency })
    const id = await login(manager, 'ann')
    const [plain, moving] = [await manager.start({ id }), await manager.start({ id })]
    plain.set('n', 1)
    await moving.regenerate()
    expect(await manager.destroyByOwner('ann')).toBe(1)
    await plain.commit()
    await moving.commit()

    expect([plain.status, moving.status]).toEqual(['destroyed', 'destroyed'])
    expect(await idsOf(manager, 'ann')).toEqual([])
    expect((await manager.start({ id: moving.id })).isNew).toBe(true)
  })

  it('ends the others when one stays locked, and tells of that', async () => {
    const manager = make({ lockWait: 0.05 })
    const stuck = await manager.start({ id: await login(manager, 'ann') })
    for (let count = 0; count < 20; count += 1) await login(manager, 'ann')

    await expect(manager.destroyByOwner('ann')).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_LOCK_TIMEOUT' }),
    )
    expect(await idsOf(manager, 'ann')).toEqual([stuck.id])
  })

  it('finds who gets another id again and again', async () => {
    const manager = make()
    let id = await login(manager, 'ann')
    let moves = 0
    const moving = (async () => {
      while (moves < 5) {
        const session = await manager.start({ id })
        if (session.isNew) return
        await session.regenerate()
        await session.commit()
        id = session.id
        moves += 1
      }
    })()
    await until(() => moves > 1, 'some moves')
    await manager.destroyByOwner('ann')
    await moving

    expect(await idsOf(manager, 'ann')).toEqual([])
  })

  it('is refused when the manager is closed', async () => {
    const manager = make()
    await manager.close()

    await expect(manager.destroyByOwner('ann')).rejects.toThrow(/closed/)
    expect(() => manager.listByOwner('ann')).toThrow(/closed/)
  })
})

const CHAINS: Readonly<Record<string, () => SessionHandler[]>> = {
  'hashed ids': () => [hashedIdHandler(), memoryHandler()],
  'encryption above hashed ids': () => [
    encryptionHandler({ keys: generateKey() }),
    hashedIdHandler({ key: 'k'.repeat(32) }),
    memoryHandler(),
  ],
  'hashed ids above a cache': () => [
    hashedIdHandler(),
    cacheHandler({ store: lruCache() }),
    memoryHandler(),
  ],
  'a cache in memory': () => [memoryHandler({ maxAge: 60 }), memoryHandler()],
  'two places, between them': () => [
    migratingHandler({ from: [memoryHandler()], to: [memoryHandler()], mode: 'dual' }),
  ],
  'two places, with other ids in the new one': () => [
    migratingHandler({
      from: [memoryHandler()],
      to: [hashedIdHandler(), memoryHandler()],
      mode: 'lazy',
    }),
  ],
}

describe.each(Object.entries(CHAINS))('through %s', (_, handlers) => {
  it('all sessions of an owner end but one, and no copy of them is left', async () => {
    const manager = make({ handlers: handlers(), owners: true })
    const anns = await Promise.all([1, 2, 3].map(() => login(manager, 'ann')))
    const bobs = await login(manager, 'bob')
    for (const id of anns) await visit(manager, id, (session) => session.set('n', 1))
    const mine = await visit(manager, anns[0] ?? '', (session) => session.regenerate())
    expect(await manager.destroyByOwner('ann', { except: mine })).toBe(2)

    for (const id of anns) expect((await manager.start({ id })).isNew).toBe(true)
    expect((await manager.start({ id: mine.id })).owner).toBe('ann')
    expect((await manager.start({ id: bobs })).owner).toBe('bob')
    expect(await idsOf(manager, 'ann')).toHaveLength(1)
  })
})

describe('sessions that move to another place', () => {
  it('are found by their owner on the way, on either side, once', async () => {
    const [from, to] = [memoryHandler(), memoryHandler()]
    const before = make({ handlers: [from] })
    const ids = await Promise.all([1, 2, 3].map(() => login(before, 'ann')))
    const handlers = [migratingHandler({ from: [from], to: [to], mode: 'lazy' })]
    const manager = make({ handlers, owners: true })
    await visit(manager, ids[0] ?? '', () => undefined)
    await visit(manager, ids[1] ?? '', (session) => session.set('n', 1))
    expect(await idsOf(manager, 'ann')).toEqual([...ids].sort())
    expect(await idsOf(make({ handlers: [to] }), 'ann')).toEqual(ids.slice(0, 2).sort())

    expect(await manager.destroyByOwner('ann')).toBe(3)
  })
})
