import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext, type Activation } from '../../../src/context.js'
import type { Chain } from '../../../src/handler.js'
import { filesHandler, type FilesOptions } from '../../../src/handlers/files.js'
import { temporaryFolder } from '../../helpers/folders.js'

const START = 1_700_000_000_000
const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')
const bytes = (content: string) => Uint8Array.from(Buffer.from(content, 'latin1'))

/** One handler over a folder of its own, and contexts by its clock. */
function setUp(options: FilesOptions = {}) {
  const folder = temporaryFolder()
  const handler = filesHandler({ savePath: folder, lock: 'process', ...options })
  onTestFinished(async () => handler.dispose?.())
  let nowMs = START
  const now = () => nowMs
  return {
    folder,
    handler,
    chain: composeChain([handler]),
    context: (fields: Partial<Activation> = {}) =>
      createContext({ now, lockWaitMs: 5000, ...fields }),
    advance: (seconds: number) => void (nowMs += seconds * 1000),
    path: (id: string) => join(folder, `sess_${id}`),
  }
}

type Fixture = ReturnType<typeof setUp>

async function within<T>(
  { chain, context }: Fixture,
  fields: Partial<Activation>,
  body: (context: Activation, id: string) => T | Promise<T>,
): Promise<T> {
  const activation = context(fields)
  try {
    await chain.open(activation)
    return await body(activation, fields.id as string)
  } finally {
    await chain.close(activation)
  }
}

const insert = (fixture: Fixture, id: string, content: string) =>
  within(fixture, { id, isNew: true }, (context) =>
    fixture.chain.write(id, bytes(content), context),
  )

const read = async (fixture: Fixture, id: string, fields: Partial<Activation> = {}) =>
  text(
    (await within(fixture, { id, ...fields }, (context) => fixture.chain.read(id, context))) as
      Uint8Array | undefined,
  )

async function listed({ chain, context }: Fixture) {
  const found = []
  for await (const session of (chain.list as NonNullable<Chain['list']>)(context()))
    found.push(session)
  return found
}

describe('filesHandler', () => {
  it.each([
    [{ lock: 'mutex' }, RangeError, '"lock"'],
    [{ lock: 5 }, TypeError, '"lock"'],
    [{ savePath: 5 }, TypeError, '"savePath"'],
    [{ savePath: '-1;/tmp' }, RangeError, '"savePath"'],
    [{ flock: 'perl' }, TypeError, '"flock"'],
    [{ provider: 'ruby' }, RangeError, '"provider"'],
    [{ maxWaiters: -1 }, RangeError, '"maxWaiters"'],
    [{ durability: 'always' }, RangeError, '"durability"'],
    [{ path: '/tmp' }, TypeError, '"path"'],
  ])('refuses the options %j', (options, type, words) => {
    expect(() => filesHandler(options as FilesOptions)).toThrow(type)
    expect(() => filesHandler(options as FilesOptions)).toThrow(words)
  })

  it("takes the manager's save path where it has none of its own", async () => {
    const fixture = setUp({ savePath: undefined })
    const savePath = temporaryFolder()

    await within(fixture, { id: 'a', isNew: true, savePath }, (context) =>
      fixture.chain.write('a', bytes('x'), context),
    )

    expect(readdirSync(savePath)).toEqual(['sess_a'])
  })

  it('makes a record, reads it, changes it, removes it', async () => {
    const fixture = setUp()
    const { chain } = fixture

    expect(await insert(fixture, 'a', 'x|i:1;')).toBe(true)
    expect(await read(fixture, 'a')).toBe('x|i:1;')
    await within(fixture, { id: 'a' }, async (context) => {
      await chain.read('a', context)
      expect(await chain.write('a', bytes('x|i:2;'), context)).toBe(true)
    })
    expect(readFileSync(fixture.path('a'), 'latin1')).toBe('x|i:2;')
    expect(await within(fixture, { id: 'a' }, (context) => chain.destroy('a', context))).toBe(true)
    expect(await within(fixture, { id: 'a' }, (context) => chain.destroy('a', context))).toBe(false)
    expect(await read(fixture, 'a')).toBeUndefined()
    expect(readdirSync(fixture.folder)).toEqual([])
  })

  it('answers with bytes that are no Buffer', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')

    const payload = await within(fixture, { id: 'a' }, (context) =>
      fixture.chain.read('a', context),
    )

    expect(Buffer.isBuffer(payload)).toBe(false)
    expect(payload).toBeInstanceOf(Uint8Array)
  })

  it('keeps any bytes, also none', async () => {
    const fixture = setUp()
    const all = Uint8Array.from({ length: 256 }, (_, index) => index)
    await insert(fixture, 'none', '')
    await within(fixture, { id: 'all', isNew: true }, (context) =>
      fixture.chain.write('all', all, context),
    )

    expect(await read(fixture, 'none')).toBe('')
    expect(
      await within(fixture, { id: 'all' }, (context) => fixture.chain.read('all', context)),
    ).toEqual(all)
  })

  it('does not make what is there already', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'first')

    expect(await insert(fixture, 'a', 'second')).toBe(false)

    expect(await read(fixture, 'a')).toBe('first')
  })

  it('does not update what is not there, and leaves nothing behind', async () => {
    const fixture = setUp()
    const { chain } = fixture

    await within(fixture, { id: 'a' }, async (context) => {
      expect(await chain.read('a', context)).toBeUndefined()
      expect(await chain.write('a', bytes('x'), context)).toBe(false)
      expect(await chain.updateTimestamp('a', bytes('x'), context)).toBe(false)
      expect(await chain.destroy('a', context)).toBe(false)
    })

    expect(readdirSync(fixture.folder)).toEqual([])
  })

  it('lets a new session be written more than once before it is closed', async () => {
    const fixture = setUp()

    await within(fixture, { id: 'a', isNew: true }, async (context) => {
      expect(await fixture.chain.read('a', context)).toBeUndefined()
      expect(await fixture.chain.write('a', bytes('one'), context)).toBe(true)
      expect(await fixture.chain.write('a', bytes('two'), context)).toBe(true)
      expect(text(await fixture.chain.read('a', context))).toBe('two')
    })

    expect(await read(fixture, 'a')).toBe('two')
  })

  it('does its operations without an open, each under its own lock', async () => {
    const { chain, context, folder } = setUp()
    const fresh = context({ isNew: true })

    expect(await chain.write('a', bytes('one'), fresh)).toBe(true)
    expect(text(await chain.read('a', context()))).toBe('one')
    expect(await chain.write('a', bytes('two'), context())).toBe(true)
    expect(await chain.updateTimestamp('a', bytes('two'), context())).toBe(true)
    expect(await chain.validateId?.('a', context())).toBe(true)
    expect(await chain.destroy('a', context())).toBe(true)
    expect(await chain.validateId?.('a', context())).toBe(false)
    await chain.close(context())
    expect(readdirSync(folder)).toEqual([])
  })

  it('works with another id than the one that was opened', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'of a')
    await insert(fixture, 'b', 'of b')

    await within(fixture, { id: 'a' }, async (context) => {
      expect(text(await fixture.chain.read('b', context))).toBe('of b')
      expect(await fixture.chain.destroy('b', context)).toBe(true)
      expect(text(await fixture.chain.read('a', context))).toBe('of a')
    })

    expect(readdirSync(fixture.folder)).toEqual(['sess_a'])
  })

  it('can be closed twice, and opened again', async () => {
    const fixture = setUp()
    const { chain } = fixture
    await insert(fixture, 'a', 'x')
    const context = fixture.context({ id: 'a' })

    await chain.open(context)
    await chain.open(context)
    await chain.close(context)
    await chain.close(context)
    await chain.open(context)

    expect(text(await chain.read('a', context))).toBe('x')
    await chain.close(context)
  })

  it('asks the layers below, and tells them', async () => {
    const lower = setUp()
    const upper = setUp()
    const chain = composeChain([upper.handler, lower.handler])
    const fixture = { ...upper, chain }

    expect(await insert(fixture, 'a', 'x')).toBe(true)
    expect(readdirSync(lower.folder)).toEqual(readdirSync(upper.folder))
    unlinkSync(upper.path('a'))
    expect(await read(fixture, 'a')).toBe('x')
    expect(await within(fixture, { id: 'a' }, (context) => chain.validateId?.('a', context))).toBe(
      true,
    )
    expect(await within(fixture, { id: 'a' }, (context) => chain.destroy('a', context))).toBe(true)
    expect(readdirSync(lower.folder)).toEqual([])
  })

  it('publishes once that everybody can list the folder', async () => {
    const { subscribe, unsubscribe } = await import('node:diagnostics_channel')
    const fixture = setUp()
    const messages: { code: string }[] = []
    const listen = (message: unknown) => void messages.push(message as { code: string })
    subscribe('sessionz:warning', listen)
    onTestFinished(() => void unsubscribe('sessionz:warning', listen))
    chmodSync(fixture.folder, 0o755)

    await read(fixture, 'a')
    await read(fixture, 'b')

    expect(messages).toEqual([
      { code: 'SAVE_PATH_LISTABLE', message: expect.stringContaining(fixture.folder) as string },
    ])
  })
})

describe('expiry', () => {
  it('is enforced on read, in whole seconds', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')

    fixture.advance(1440)
    expect(await read(fixture, 'a')).toBe('x')
    expect(
      await within(fixture, { id: 'a' }, (context) => fixture.chain.validateId?.('a', context)),
    ).toBe(true)
    fixture.advance(1)
    expect(await read(fixture, 'a')).toBeUndefined()
    expect(
      await within(fixture, { id: 'a' }, (context) => fixture.chain.validateId?.('a', context)),
    ).toBe(false)
    expect(await fixture.chain.validateId?.('a', fixture.context())).toBe(false)
    expect(existsSync(fixture.path('a'))).toBe(true)
  })

  it('neither updates nor touches what has expired', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')
    fixture.advance(1441)

    for (const lock of ['exclusive', 'none'] as const) {
      await within(fixture, { id: 'a', lock }, async (context) => {
        expect(await fixture.chain.write('a', bytes('y'), context)).toBe(false)
        expect(await fixture.chain.updateTimestamp('a', bytes('x'), context)).toBe(false)
      })
    }

    expect(await read(fixture, 'a')).toBeUndefined()
  })

  it('makes anew what has expired', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'old and long')
    fixture.advance(1441)

    expect(await insert(fixture, 'a', 'new')).toBe(true)

    expect(await read(fixture, 'a')).toBe('new')
  })

  it('does not overtake a request that began before', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')
    fixture.advance(1439)

    await within(fixture, { id: 'a' }, async (context) => {
      await fixture.chain.read('a', context)
      fixture.advance(10)
      expect(await fixture.chain.write('a', bytes('y'), context)).toBe(true)
    })

    expect(await read(fixture, 'a')).toBe('y')
  })

  it('is put off by a touch, which changes nothing else', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')
    fixture.advance(1000)

    for (const lock of ['exclusive', 'none'] as const) {
      await within(fixture, { id: 'a', lock }, async (context) => {
        expect(await fixture.chain.updateTimestamp('a', bytes('x'), context)).toBe(true)
      })
    }
    fixture.advance(1000)

    expect(await read(fixture, 'a')).toBe('x')
    expect(readFileSync(fixture.path('a'), 'latin1')).toBe('x')
  })

  it('takes a time in the future for now', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')
    utimesSync(fixture.path('a'), START / 1000 + 1e8, START / 1000 + 1e8)

    expect(await read(fixture, 'a')).toBe('x')
  })
})

describe('an id that is not strict', () => {
  it('is adopted: the file is made when it is opened, as PHP does', async () => {
    const fixture = setUp()

    await within(fixture, { id: 'a', strict: false }, async (context) => {
      expect(statSync(fixture.path('a')).size).toBe(0)
      expect(await fixture.chain.read('a', context)).toBeUndefined()
      context.isNew = true
      expect(await fixture.chain.write('a', bytes('x'), context)).toBe(true)
    })

    expect(await read(fixture, 'a')).toBe('x')
  })

  it('leaves the empty file behind when nothing is written', async () => {
    const fixture = setUp()

    await within(fixture, { id: 'a', strict: false }, () => undefined)

    expect(await read(fixture, 'a')).toBe('')
  })

  it('makes no file for a read', async () => {
    const fixture = setUp()

    expect(await read(fixture, 'a', { strict: false, lock: 'read' })).toBeUndefined()

    expect(readdirSync(fixture.folder)).toEqual([])
  })

  it('is adopted by one of two that race for it; the other sees what was written', async () => {
    const fixture = setUp()
    const { chain } = fixture
    const seen: (string | undefined)[] = []

    const one = () =>
      within(fixture, { id: 'a', strict: false }, async (context) => {
        const before = text(await chain.read('a', context))
        seen.push(before)
        await chain.write('a', bytes(`${before ?? ''}+`), context)
      })
    await Promise.all([one(), one(), one()])

    expect(seen).toEqual([undefined, '+', '++'])
    expect(await read(fixture, 'a')).toBe('+++')
  })
})

describe('what is no id of a file', () => {
  const long = 'x'.repeat(251)
  const ids = [
    '',
    '.',
    '..',
    '../sess_a',
    'a/b',
    'a\0',
    'a b',
    'a_b',
    'é',
    'a\n',
    long,
    'x'.repeat(257),
  ]

  it.each(ids)('%j is absent, and an error when it is to be written', async (id) => {
    const fixture = setUp()
    const { chain } = fixture
    writeFileSync(join(fixture.folder, 'sess_a b'), 'x', { mode: 0o600 })

    for (const lock of ['exclusive', 'read', 'none'] as const) {
      await within(fixture, { id, lock, strict: false }, async (context) => {
        expect(await chain.read(id, context)).toBeUndefined()
        expect(await chain.destroy(id, context)).toBe(false)
        expect(await chain.updateTimestamp(id, bytes('x'), context)).toBe(false)
        expect(await chain.validateId?.(id, context)).toBe(false)
        await expect(chain.write(id, bytes('x'), context)).rejects.toMatchObject({
          code: 'ERR_SESSION_ID',
        })
      })
    }

    expect(readdirSync(fixture.folder)).toEqual(['sess_a b'])
  })

  it('is an id of 250 characters at most; its journal fits as well', async () => {
    const fixture = setUp()
    const id = 'x'.repeat(250)
    await insert(fixture, id, 'x'.repeat(9000))

    await within(fixture, { id }, async (context) => {
      expect(await fixture.chain.write(id, bytes('y'.repeat(8000)), context)).toBe(true)
    })

    expect(await read(fixture, id)).toBe('y'.repeat(8000))
    expect(readdirSync(fixture.folder)).toHaveLength(1)
  })

  it('is one that is not longer than the depth', async () => {
    const fixture = setUp()
    const deep = {
      ...fixture,
      chain: composeChain([filesHandler({ savePath: `2;${fixture.folder}`, lock: 'process' })]),
    }

    expect(await read(deep, 'ab')).toBeUndefined()
    await expect(insert(deep, 'ab', 'x')).rejects.toMatchObject({ code: 'ERR_SESSION_ID' })
  })
})

describe('depth', () => {
  it('puts files into folders that are there, and makes none', async () => {
    const fixture = setUp()
    const deep = {
      ...fixture,
      chain: composeChain([filesHandler({ savePath: `2;${fixture.folder}`, lock: 'process' })]),
    }
    mkdirSync(join(fixture.folder, 'a', 'b'), { recursive: true })

    expect(await insert(deep, 'abc', 'x')).toBe(true)
    expect(await read(deep, 'abc')).toBe('x')
    expect(await read(deep, 'xyz')).toBeUndefined()
    await expect(insert(deep, 'xyz', 'x')).rejects.toMatchObject({ code: 'ERR_SESSION_STORE' })
    expect(readdirSync(join(fixture.folder, 'a', 'b'))).toEqual(['sess_abc'])
    expect((await listed(deep)).map(({ id }) => id)).toEqual(['abc'])
  })
})

describe('gc, list and count', () => {
  it('remove and tell what is over, and what is live', async () => {
    const fixture = setUp()
    const { chain, context } = fixture
    await insert(fixture, 'old', 'xx')
    fixture.advance(1000)
    await insert(fixture, 'live', 'xxx')
    fixture.advance(500)
    writeFileSync(join(fixture.folder, 'other'), 'x')

    expect(await chain.count?.(context())).toBe(1)
    expect(await listed(fixture)).toEqual([{ id: 'live', touchedMs: START + 1_000_000, bytes: 3 }])
    expect(await chain.gc(1440, context())).toBe(1)
    expect(await chain.gc(1440, context())).toBe(0)
    expect(readdirSync(fixture.folder).sort()).toEqual(['other', 'sess_live'])
  })

  it('leave what a request is using, however old', async () => {
    const fixture = setUp()
    await insert(fixture, 'a', 'x')
    fixture.advance(1439)

    await within(fixture, { id: 'a' }, async (context) => {
      await fixture.chain.read('a', context)
      fixture.advance(100)
      expect(await fixture.chain.gc(1440, fixture.context())).toBe(0)
      expect(await fixture.chain.write('a', bytes('y'), context)).toBe(true)
    })

    expect(await read(fixture, 'a')).toBe('y')
  })

  it('leave files that are not to be used, whoever made them', async () => {
    const fixture = setUp()
    writeFileSync(fixture.path('linked'), 'x', { mode: 0o600 })
    linkSync(fixture.path('linked'), fixture.path('twin'))
    writeFileSync(fixture.path('open'), 'x')
    chmodSync(fixture.path('open'), 0o666)
    writeFileSync(fixture.path('over'), 'x', { mode: 0o600 })
    for (const id of ['linked', 'open', 'over']) utimesSync(fixture.path(id), 1, 1)

    expect(await fixture.chain.gc(1440, fixture.context())).toBe(1)

    expect(readdirSync(fixture.folder).sort()).toEqual(['sess_linked', 'sess_open', 'sess_twin'])
  })

  it('finish the write that a crash left half done, and remove journals of nothing', async () => {
    const { encodeJournal } = await import('../../../src/lib/journal.js')
    const fixture = setUp()
    const [old, next] = [new Uint8Array(9000).fill(1), new Uint8Array(5000).fill(2)]
    const torn = Buffer.concat([next.subarray(0, 4096), old.subarray(4096)])
    writeFileSync(fixture.path('torn'), torn, { mode: 0o600 })
    writeFileSync(fixture.path('torn.journal'), await encodeJournal({ old, next }), { mode: 0o600 })
    writeFileSync(fixture.path('gone.journal'), 'x', { mode: 0o600 })

    expect(await fixture.chain.gc(1e9, fixture.context())).toBe(0)

    expect(readdirSync(fixture.folder)).toEqual(['sess_torn'])
    expect(readFileSync(fixture.path('torn')).equals(next)).toBe(true)
  })

  it('remove a thousand files without holding up the event loop', async () => {
    const fixture = setUp()
    for (let made = 0; made < 1000; made += 1) {
      writeFileSync(fixture.path(`a${made}`), 'x', { mode: 0o600 })
      utimesSync(fixture.path(`a${made}`), 1, 1)
    }
    let turns = 0
    const counting = setInterval(() => (turns += 1), 1)

    expect(await fixture.chain.gc(1440, fixture.context())).toBe(1000)

    clearInterval(counting)
    expect(turns).toBeGreaterThan(0)
    expect(readdirSync(fixture.folder)).toEqual([])
  })

  it('count each session once when several collect at the same time', async () => {
    const fixture = setUp()
    const others = [1, 2, 3].map(() =>
      composeChain([filesHandler({ savePath: fixture.folder, lock: 'process' })]),
    )
    for (let made = 0; made < 300; made += 1) {
      writeFileSync(fixture.path(`a${made}`), 'x', { mode: 0o600 })
      utimesSync(fixture.path(`a${made}`), 1, 1)
    }

    const removed = await Promise.all(others.map((chain) => chain.gc(1440, fixture.context())))

    expect(removed.reduce((sum, count) => sum + count)).toBe(300)
  })

  it.each(['gc', 'count', 'list'] as const)(
    '%s fails when the folder is missing',
    async (operation) => {
      const fixture = setUp()
      const chain = composeChain([
        filesHandler({ savePath: join(fixture.folder, 'none'), lock: 'process' }),
      ])
      const run = {
        gc: () => chain.gc(1440, fixture.context()),
        count: () => chain.count?.(fixture.context()),
        list: () => listed({ ...fixture, chain }),
      }[operation]

      await expect(run()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE', operation })
    },
  )
})
