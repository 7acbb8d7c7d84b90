/** When the manager says that only `close` follows: docs/decisions/0017. */
import { describe, expect, it } from 'vitest'
import { defineHandler, type SessionContext } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import type { SessionOptions } from '../../src/options/options.js'
import { cookieOf, fixture, stored } from '../helpers/sessions.js'

const ID = 'a'.repeat(32)

/** A manager whose chain notes each operation by context: `A.write!` is the last one of context A. */
function watched(options: SessionOptions = {}) {
  const notes: string[] = []
  const contexts: SessionContext[] = []
  const note = (operation: string, context: SessionContext) => {
    if (!contexts.includes(context)) contexts.push(context)
    const letter = String.fromCharCode(65 + contexts.indexOf(context))
    notes.push(`${letter}.${operation}${context.closing ? '!' : ''}`)
  }
  const watcher = defineHandler({
    name: 'watcher',
    open: (context, next) => (note('open', context), next(context)),
    close: (context, next) => (note('close', context), next(context)),
    read: (id, context, next) => (note('read', context), next(id, context)),
    validateId: (id, context, next) => (note('known', context), next(id, context)),
    write: (id, payload, context, next) => (note('write', context), next(id, payload, context)),
    destroy: (id, context, next) => (note('destroy', context), next(id, context)),
    updateTimestamp: (id, payload, context, next) => (
      note('touch', context),
      next(id, payload, context)
    ),
  })
  const { handlers = [memoryHandler()], ...rest } = options
  const made = fixture({ handlers: [watcher, ...handlers], ...rest })
  const taken = () => {
    contexts.splice(0)
    return notes.splice(0)
  }
  return { ...made, taken }
}

type Watched = ReturnType<typeof watched>

const start = ({ manager }: Watched, cookieHeader: string) => manager.start({ cookieHeader })

const VISITS: readonly (readonly [
  what: string,
  options: SessionOptions,
  visit: (made: Watched, cookie: string) => Promise<unknown>,
  notes: readonly string[],
])[] = [
  [
    'a changed session',
    {},
    async (made, cookie) => {
      const session = await start(made, cookie)
      session.data['n'] = 2
      await session.commit()
    },
    ['A.open', 'A.known', 'A.read', 'A.write!', 'A.close!'],
  ],
  [
    'an unchanged session',
    {},
    async (made, cookie) => (await start(made, cookie)).commit(),
    ['A.open', 'A.known', 'A.read', 'A.touch!', 'A.close!'],
  ],
  [
    'a session whose last variable went',
    {},
    async (made, cookie) => {
      const session = await start(made, cookie)
      session.clear()
      await session.commit()
    },
    ['A.open', 'A.known', 'A.read', 'A.destroy!', 'A.close!'],
  ],
  [
    'a session that is only read',
    {},
    async ({ manager }, cookieHeader) =>
      (await manager.start({ cookieHeader }, { readOnly: true })).commit(),
    ['A.open', 'A.known', 'A.read', 'A.close'],
  ],
  [
    'a session that is aborted',
    {},
    async (made, cookie) => (await start(made, cookie)).abort(),
    ['A.open', 'A.known', 'A.read', 'A.close'],
  ],
  [
    'a new session',
    {},
    async ({ manager }) => {
      const session = await manager.start()
      session.data['n'] = 1
      await session.commit()
    },
    ['A.open', 'A.write!', 'A.close!'],
  ],
  [
    'an id that is adopted',
    { useStrictMode: false },
    async (made) => {
      const session = await start(made, `PHPSESSID=${ID}`)
      session.data['n'] = 1
      await session.commit()
    },
    ['A.open', 'A.read', 'A.write!', 'A.close!'],
  ],
  [
    'a session that is destroyed',
    {},
    async (made, cookie) => (await start(made, cookie)).destroy(),
    ['A.open', 'A.known', 'A.read', 'A.destroy!', 'A.close!'],
  ],
  [
    'a session that is destroyed by its id',
    {},
    ({ manager }, cookie) => manager.destroy(cookie.slice('PHPSESSID='.length)),
    ['A.open', 'A.destroy!', 'A.close!'],
  ],
  [
    'a session that is suspended, read again and left',
    {},
    async (made, cookie) => {
      const session = await start(made, cookie)
      session.data['n'] = 2
      await session.suspend(() => undefined)
      await session.commit()
    },
    [
      ...['A.open', 'A.known', 'A.read', 'A.write!', 'A.close!'],
      ...['B.open', 'B.read', 'B.touch!', 'B.close!'],
    ],
  ],
  [
    'a session that is read anew before it is changed',
    {},
    async (made, cookie) => {
      const session = await start(made, cookie)
      await session.reset()
      session.data['n'] = 2
      await session.commit()
    },
    ['A.open', 'A.known', 'A.read', 'A.read', 'A.write!', 'A.close!'],
  ],
  [
    'a session with another id',
    {},
    async (made, cookie) => {
      const session = await start(made, cookie)
      await session.regenerate()
      await session.commit()
    },
    [
      ...['A.open', 'A.known', 'A.read'],
      ...['B.open', 'B.write!', 'B.close!'],
      ...['A.destroy!', 'A.close!'],
    ],
  ],
  [
    'a session with another id, to which the old one leads for a while',
    {},
    async (made, cookie) => {
      const session = await start(made, cookie)
      await session.regenerate({ grace: 10 })
      await session.commit()
    },
    [
      ...['A.open', 'A.known', 'A.read'],
      ...['B.open', 'B.write!', 'B.close!'],
      ...['A.write!', 'A.close!'],
    ],
  ],
  [
    'a session with another id that was destroyed meanwhile',
    { concurrency: 'none' },
    async (made, cookie) => {
      const session = await start(made, cookie)
      await session.regenerate()
      await made.manager.destroy(cookie.slice('PHPSESSID='.length))
      await session.commit()
    },
    [
      ...['A.open', 'A.known', 'A.read'],
      ...['B.open', 'B.destroy!', 'B.close!'],
      ...['C.open', 'C.write!', 'C.close!'],
      'A.destroy!',
      ...['D.open', 'D.destroy!', 'D.close!'],
      'A.close!',
    ],
  ],
  [
    'a merge',
    { concurrency: 'merge' },
    async (made, cookie) => {
      const session = await start(made, cookie)
      session.data['n'] = 2
      await session.commit()
    },
    [
      ...['A.open', 'A.known', 'A.read', 'A.close'],
      ...['B.open', 'B.read', 'B.write!', 'B.close!'],
    ],
  ],
  [
    'a merge of nothing',
    { concurrency: 'merge' },
    async (made, cookie) => (await start(made, cookie)).commit(),
    ['A.open', 'A.known', 'A.read', 'A.close', 'B.open', 'B.touch!', 'B.close!'],
  ],
  [
    'a session whose time is over',
    { absoluteLifetime: 10 },
    async (made, cookie) => {
      made.advance(11)
      await start(made, cookie)
    },
    ['A.open', 'A.known', 'A.read', 'A.close', 'B.open', 'B.destroy!', 'B.close!'],
  ],
]

describe('only close follows, says the context of', () => {
  it.each(VISITS)('%s', async (_, options, visit, notes) => {
    const made = watched(options)
    const cookie = await stored(made.manager, { n: 1 })
    made.taken()

    await visit(made, cookie)

    expect(made.taken()).toEqual(notes)
  })

  it('the write of an adopted id, and nothing after it when another id has to be taken', async () => {
    const made = watched({ useStrictMode: false, concurrency: 'none' })
    const cookieHeader = `PHPSESSID=${ID}`
    const [slow, fast] = [
      await made.manager.start({ cookieHeader }),
      await made.manager.start({ cookieHeader }),
    ]
    for (const session of [fast, slow]) session.data['n'] = 1
    await fast.commit()

    const cookie = cookieOf(await slow.commit())

    expect(cookie).toMatch(/^PHPSESSID=(?!a{32})/)
    expect(made.taken().filter((note) => !note.startsWith('B'))).toEqual([
      ...['A.open', 'A.read', 'A.write!'],
      ...['C.open', 'C.write!', 'C.close!'],
      'A.close',
    ])
  })
})
