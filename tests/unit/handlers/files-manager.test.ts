import { readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { filesHandler } from '../../../src/handlers/files.js'
import { createSessionManager, type SessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import { temporaryFolder } from '../../helpers/folders.js'

const START = 1_700_000_000_000

/** A manager over session files, and a clock for both. */
function setUp(options: SessionOptions = {}) {
  const folder = temporaryFolder()
  let nowMs = START
  const manager: SessionManager<{ n: number; other: number }> = createSessionManager({
    handlers: [filesHandler({ savePath: folder, lock: 'process' })],
    serializer: 'json',
    gc: { probability: 0 },
    now: () => nowMs,
    ...options,
  })
  onTestFinished(() => manager.close())
  const start = (id: string, overrides = {}) =>
    manager.start({ cookieHeader: `PHPSESSID=${id}` }, overrides)
  return { folder, manager, start, advance: (seconds: number) => void (nowMs += seconds * 1000) }
}

/** Makes a session. @returns Its id. */
async function make({ manager }: ReturnType<typeof setUp>, n = 0): Promise<string> {
  const session = await manager.start()
  session.data.n = n
  await session.commit()
  return session.id
}

describe('sessions in files', () => {
  it('leave nothing behind for visitors who are only greeted', async () => {
    const { manager, folder, start } = setUp()

    await (await manager.start()).commit()
    await (await start('0123456789abcdef0123456789abcdef')).commit()

    expect(readdirSync(folder)).toEqual([])
  })

  it('come back, change, and end', async () => {
    const fixture = setUp()
    const id = await make(fixture, 1)

    const session = await fixture.start(id)
    expect(session.data.n).toBe(1)
    session.data.n = 2
    await session.commit()
    expect(readFileSync(join(fixture.folder, `sess_${id}`), 'utf8')).toBe('{"n":2}')

    await (await fixture.start(id)).destroy()
    expect(readdirSync(fixture.folder)).toEqual([])
  })

  it.each(['exclusive', 'merge'] as const)(
    'lose no parallel update in mode %s',
    async (concurrency) => {
      const fixture = setUp({ concurrency })
      const id = await make(fixture)

      const visit = async () => {
        const session = await fixture.start(id)
        await new Promise((resolve) => setImmediate(resolve))
        session.update('n', (n = 0) => n + 1)
        await session.commit()
      }
      await Promise.all(Array.from({ length: 50 }, visit))

      expect((await fixture.start(id)).data.n).toBe(50)
    },
  )

  it('stay destroyed under a slower request', async () => {
    const fixture = setUp({ concurrency: 'merge' })
    const id = await make(fixture)
    const slow = await fixture.start(id)

    await (await fixture.start(id)).destroy()
    slow.data.n = 5
    await slow.commit()

    expect(readdirSync(fixture.folder)).toEqual([])
  })

  it('move to a new id, and leave the old one for a while where that is asked', async () => {
    const fixture = setUp()
    const id = await make(fixture, 7)

    const session = await fixture.start(id)
    await session.regenerate({ grace: 10 })
    await session.commit()
    const follower = await fixture.start(id)

    expect(follower.id).toBe(session.id)
    expect(follower.data.n).toBe(7)
    await follower.commit()
    expect(readdirSync(fixture.folder).sort()).toEqual([`sess_${id}`, `sess_${session.id}`].sort())
  })

  it('are read without holding others up', async () => {
    const fixture = setUp()
    const id = await make(fixture, 3)

    const reader = await fixture.start(id, { readOnly: true })
    const writer = await fixture.start(id)
    writer.data.n = 4
    await writer.commit()

    expect(reader.data.n).toBe(3)
    await reader.commit()
  })

  it('lend their lock away and take it back', async () => {
    const fixture = setUp()
    const id = await make(fixture)
    const outer = await fixture.start(id)
    outer.data.other = 1

    await outer.suspend(async () => {
      const inner = await fixture.start(id)
      inner.data.n = 9
      await inner.commit()
    })

    expect(outer.data).toEqual({ n: 9, other: 1 })
    await outer.commit()
  })

  it("are adopted under the visitor's id where the mode is not strict", async () => {
    const fixture = setUp({ useStrictMode: false })

    const session = await fixture.start('mine')
    session.data.n = 1
    await session.commit()

    expect(session.id).toBe('mine')
    expect(readdirSync(fixture.folder)).toEqual(['sess_mine'])
  })

  it('expire, are collected, listed and counted', async () => {
    const fixture = setUp()
    const { manager } = fixture
    const old = await make(fixture)
    fixture.advance(1000)
    const live = await make(fixture)
    fixture.advance(441)

    expect((await fixture.start(old)).isNew).toBe(true)
    expect(await manager.count()).toBe(1)
    const ids: string[] = []
    for await (const { id } of manager.list()) ids.push(id)
    expect(ids).toEqual([live])
    expect(await manager.gc()).toBe(1)
    expect(readdirSync(fixture.folder)).toEqual([`sess_${live}`])
  })

  it('are kept alive by requests that change nothing', async () => {
    const fixture = setUp()
    const id = await make(fixture)
    const path = join(fixture.folder, `sess_${id}`)
    utimesSync(path, START / 1000 - 1000, START / 1000 - 1000)

    await (await fixture.start(id)).commit()
    fixture.advance(1000)

    expect((await fixture.start(id)).isNew).toBe(false)
  })
})
