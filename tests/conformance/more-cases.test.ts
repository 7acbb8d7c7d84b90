/** The published cases that a fixture has to be made for: last operations, options, tables, killed processes. */
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { StoreError } from '../../src/errors.js'
import {
  defineHandler,
  type MaybePromise,
  type SessionContext,
  type SessionHandler,
} from '../../src/handler.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { expressStoreHandler, type ExpressSession } from '../../src/handlers/express-store.js'
import { filesHandler } from '../../src/handlers/files.js'
import { hashedIdHandler } from '../../src/handlers/hashed-id.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import {
  handlerCases,
  type HandlerCapabilities,
  type HandlerFixture,
} from '../../src/testing/index.js'
import { talkToNode } from '../helpers/children.js'
import { temporaryFolder } from '../helpers/folders.js'
import { describeWith } from '../helpers/services.js'

function fixture(handlers: SessionHandler[], more: Partial<HandlerFixture> = {}): HandlerFixture {
  let nowMs = 1_700_000_000_000
  return {
    handlers,
    now: () => nowMs,
    advance: (seconds) => void (nowMs += seconds * 1000),
    ...more,
  }
}

const plain = new Set(
  handlerCases(() => fixture([memoryHandler()]), { shared: true }).map(({ name }) => name),
)

/** The cases that a capability adds. */
function more(create: () => HandlerFixture, capabilities: HandlerCapabilities) {
  return handlerCases(create, capabilities).filter(({ name }) => !plain.has(name))
}

/** Memory that gives the lock back with the last operation, as stores on other machines do. */
function generous(store = memoryHandler()): SessionHandler {
  const { close, ...chain } = composeChain([store])
  const last = (context: SessionContext, outcome: MaybePromise<boolean>) => {
    if (context.closing) close(context)
    return outcome
  }
  return {
    ...store,
    open: (context) => chain.open(context),
    close: (context) => close(context),
    read: (id, context) => chain.read(id, context),
    gc: (maxLifetime, context) => chain.gc(maxLifetime, context),
    write: (id, payload, context) => last(context, chain.write(id, payload, context)),
    destroy: (id, context) => last(context, chain.destroy(id, context)),
    updateTimestamp: (id, payload, context) =>
      last(context, chain.updateTimestamp(id, payload, context)),
  }
}

describe('last operations: memory that gives the lock back with them', () => {
  const create = () => {
    const store = memoryHandler()
    return fixture([generous(store)], { another: () => [generous(store)] })
  }
  for (const { name, run } of more(create, { closes: true, shared: true })) it(name, run)
})

describe('times: memory', () => {
  const create = () => fixture([memoryHandler()])
  for (const { name, run } of more(create, { precise: true })) it(name, run)
})

const MAKES: Readonly<Record<string, (options: object) => SessionHandler>> = {
  memory: (options) => memoryHandler(options),
  files: (options) => filesHandler({ savePath: temporaryFolder(), lock: 'process', ...options }),
  encryption: (options) => encryptionHandler({ keys: generateKey(), ...options }),
  'hashed ids': (options) => hashedIdHandler(options),
  'stores of express-session': (options) => expressStoreHandler(countingStore().store, options),
}

for (const [what, make] of Object.entries(MAKES)) {
  describe(`options: ${what}`, () => {
    const create = () => fixture([memoryHandler()], { make })
    for (const { name, run } of more(create, { configures: true })) it(name, run)
  })
}

/** A store of express-session that counts what it is asked. */
function countingStore() {
  const records = new Map<string, string>()
  let calls = 0
  const answer = <T>(callback: ((error: unknown, value?: T) => void) | undefined, value: T) => {
    calls += 1
    setImmediate(() => callback?.(null, value))
  }
  const store = {
    get: (id: string, callback: (error: unknown, session?: ExpressSession | null) => void) =>
      answer(callback, JSON.parse(records.get(id) ?? 'null') as ExpressSession | null),
    set(id: string, session: ExpressSession, callback?: (error?: unknown) => void) {
      records.set(id, JSON.stringify(session))
      answer(callback, undefined)
    },
    destroy(id: string, callback?: (error?: unknown) => void) {
      records.delete(id)
      answer(callback, undefined)
    },
  }
  return { store, calls: () => calls }
}

function counted(): HandlerFixture {
  const { store, calls } = countingStore()
  return fixture([expressStoreHandler(store)], { calls })
}

describe('counted: a store of express-session', () => {
  for (const { name, run } of more(counted, { counts: true })) it(name, run)
})

/** A store that needs a table, and says so. */
function tabled(settings: { words?: string; wipes?: boolean } = {}): HandlerFixture {
  const { words = 'there is no table: call handler.migrate()', wipes = false } = settings
  const unprepared = () => {
    let store: SessionHandler | undefined
    const handler = defineHandler({
      name: 'tabled',
      read(id, context, next) {
        if (store === undefined) throw new StoreError('tabled', 'read', words)
        return store.read(id, context, next)
      },
      write: (id, payload, context, next) => store?.write(id, payload, context, next) ?? false,
    })
    const migrate = () => {
      if (wipes || store === undefined) store = memoryHandler()
    }
    return { handlers: [handler], migrate }
  }
  return fixture([memoryHandler()], { unprepared })
}

describe('tables: a store that has to be prepared', () => {
  for (const { name, run } of more(tabled, { migrates: true })) it(name, run)
})

const WORKER = 'tests/helpers/children/files-worker.ts'

/** Files, and a process that holds the lock of one. */
function held(holds = true): HandlerFixture {
  const savePath = temporaryFolder()
  return fixture([filesHandler({ savePath })], {
    now: Date.now,
    async hold(id) {
      if (!holds) return () => undefined
      const child = await talkToNode(WORKER, [savePath, id, '{}', 'hold', ''])
      await child.line()
      return async () => {
        child.kill()
        await child.ended
      }
    },
  })
}

describeWith('perl', 'killed processes: files', () => {
  for (const { name, run } of more(held, { kills: true })) it(name, run)
})

describe('the kit', () => {
  it('has these cases only where they are asked for', () => {
    const all: HandlerCapabilities = {
      ...{ shared: true, precise: true, closes: true, kills: true, counts: true, migrates: true },
      configures: true,
    }

    expect(more(() => fixture([memoryHandler()]), { shared: true })).toEqual([])
    expect(more(() => fixture([memoryHandler()]), all)).toHaveLength(9)
  })

  it.each<[string, HandlerCapabilities, () => HandlerFixture, string]>([
    [
      'a lock that is kept until the close',
      { closes: true },
      () => fixture([memoryHandler()]),
      'the last operation gives the lock back, and the close takes it from nobody',
    ],
    [
      'a lock that another process cannot have before the close',
      { closes: true, shared: true },
      () => {
        const store = memoryHandler()
        return fixture([store], { another: () => [store] })
      },
      'the last operation gives the lock to another process, before the close',
    ],
    [
      'a refused write that keeps the lock',
      { closes: true },
      () => {
        const store = memoryHandler()
        const chain = composeChain([store])
        return fixture([
          {
            ...generous(store),
            write: (id, payload, context) => chain.write(id, payload, context),
          },
        ])
      },
      'a last write that is refused gives the lock back, too',
    ],
    [
      'a lock that is given back before the last write is done',
      { closes: true },
      () => {
        const store = memoryHandler()
        const chain = composeChain([store])
        return fixture([
          {
            ...generous(store),
            async write(id, payload, context) {
              if (context.closing) await chain.close(context)
              await new Promise((resolve) => setImmediate(resolve))
              return chain.write(id, payload, context)
            },
          },
        ])
      },
      'no update is lost where the last write gives the lock back',
    ],
    [
      'a close that takes the lock from whoever has it now',
      { closes: true },
      () => {
        const store = generous()
        const holders: Parameters<typeof store.close>[0][] = []
        return fixture([
          {
            ...store,
            open: async (context, next) => (
              await store.open(context, next),
              holders.push(context),
              undefined
            ),
            close: async (_, next) => {
              for (const context of holders.splice(0)) await store.close(context, next)
            },
          },
        ])
      },
      'the last operation gives the lock back, and the close takes it from nobody',
    ],
    [
      'a clock of seconds',
      { precise: true },
      () => {
        const store = memoryHandler()
        return fixture([
          {
            ...store,
            read: (id, context, next) => {
              const now = () => Math.round(context.now() / 1000) * 1000
              return store.read(id, { ...context, now }, next)
            },
          },
        ])
      },
      'a lifetime ends with its last millisecond',
    ],
    [
      'a lock that outlives its process',
      { kills: true },
      () => {
        const store = memoryHandler()
        return fixture([store], {
          context: { lockWaitMs: 20 },
          async hold(id) {
            const { createContext } = await import('../../src/context.js')
            await store.open(createContext({ id, strict: false }), () => undefined)
            return () => undefined
          },
        })
      },
      'the lock of a process that was killed is free again, and its session is whole',
    ],
    [
      'an id that is looked for and read by two questions',
      { counts: true },
      () => {
        let calls = 0
        const count = defineHandler({
          name: 'counting',
          read: (id, context, next) => ((calls += 1), next(id, context)),
          validateId: (id, context, next) => ((calls += 1), next(id, context)),
        })
        return fixture([count, memoryHandler()], { calls: () => calls })
      },
      'to look for an id and then read it asks the store no more often than to read it',
    ],
    [
      'a missing table that is told in words of the database',
      { migrates: true },
      () => tabled({ words: 'relation does not exist' }),
      'a store that was not prepared says what to run, which can be run again',
    ],
    [
      'a migration that starts anew',
      { migrates: true },
      () => tabled({ wipes: true }),
      'a store that was not prepared says what to run, which can be run again',
    ],
    [
      'options that are taken whatever they are',
      { configures: true },
      () => fixture([memoryHandler()], { make: () => memoryHandler() }),
      'an option that does not exist is refused by its name, without its value',
    ],
    [
      'an option whose value is told',
      { configures: true },
      () =>
        fixture([memoryHandler()], {
          make(options) {
            if ('noSuchOption' in options) throw new TypeError(JSON.stringify(options))
            return memoryHandler()
          },
        }),
      'an option that does not exist is refused by its name, without its value',
    ],
  ])('finds %s', async (_, capabilities, create, found) => {
    const check = more(create, capabilities).find(({ name }) => name === found)

    await expect(check?.run()).rejects.toBeInstanceOf(Error)
  })
})

describe('the kit finds by its usual cases', () => {
  it.each<[string, HandlerCapabilities, () => HandlerFixture, string]>([
    [
      'a last operation that is not done',
      {},
      () => {
        const store = memoryHandler()
        return fixture([
          {
            ...store,
            destroy: (id, context, next) => context.closing || store.destroy(id, context, next),
          },
        ])
      },
      'an activation that says when only close follows ends like any other',
    ],
    [
      'an activation that is over and still has a lock to give back',
      {},
      () => {
        const store = memoryHandler()
        const holders = new Map<string | undefined, Parameters<typeof store.close>[0]>()
        return fixture([
          {
            ...store,
            open: async (context, next) => {
              await store.open(context, next)
              holders.set(context.id, context)
            },
            close: (context, next) => store.close(holders.get(context.id) ?? context, next),
          },
        ])
      },
      'what is asked of an activation that is over harms nobody who holds the lock',
    ],
    [
      'a list of its first page',
      { shared: true },
      () => {
        const store = memoryHandler()
        const { list } = store
        const first: SessionHandler = {
          ...store,
          async *list(context, next) {
            let listed = 0
            for await (const info of (list as NonNullable<typeof list>)(context, next)) {
              if (listed < 100) yield info
              listed += 1
            }
          },
        }
        return fixture([first], { another: () => [first] })
      },
      'a list has every session that stays, once, while another process makes and ends others',
    ],
  ])('%s', async (_, capabilities, create, found) => {
    const check = handlerCases(create, capabilities).find(({ name }) => name === found)

    await expect(check?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' })
  })
})
