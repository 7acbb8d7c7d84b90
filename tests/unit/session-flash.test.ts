import { describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/node.js'
import type { SessionManager } from '../../src/manager.js'
import type { Concurrency } from '../../src/options/options.js'
import type { Session } from '../../src/session.js'
import { serve } from '../helpers/exchange.js'
import { cookieOf, eventsOf, fixture, seen, stored } from '../helpers/sessions.js'

/** One request of the visitor. */
async function visit<T>(
  manager: SessionManager,
  cookieHeader: string,
  body: (session: Session) => T,
): Promise<T> {
  const session = await manager.start({ cookieHeader })
  const result = await body(session)
  await session.commit()
  return result
}

const note = (session: Session) => session.flash.get('note')

/** The stored bytes as text. */
async function bytesOf(manager: SessionManager, cookieHeader: string): Promise<string> {
  const session = await manager.start({ cookieHeader }, { readOnly: true })
  return Buffer.from(session.encode()).toString()
}

describe.each<Concurrency>(['exclusive', 'merge', 'none'])('flash data, %s', (concurrency) => {
  const start = async (data: Record<string, unknown> = { user: 'ada' }) => {
    const { manager, taken } = fixture({ concurrency })
    const cookie = await stored(manager, data)
    taken()
    return { manager, taken, cookie }
  }

  it('is shown to the next request, and to no other', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'saved'))

    expect(await visit(manager, cookie, note)).toBe('saved')
    expect(await visit(manager, cookie, note)).toBe(undefined)
    expect(await seen(manager, cookie)).toEqual({ user: 'ada' })
  })

  it('goes with a request that looked at other variables only', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'saved'))
    const plain = await visit(manager, cookie, ({ data }) => data['note'])

    expect(plain).toBe('saved')
    expect(await visit(manager, cookie, ({ data }) => data['note'])).toBe(undefined)
  })

  it('is not shown to the request that sets it', async () => {
    const { manager, cookie } = await start()
    const shown = await visit(manager, cookie, (session) => {
      session.flash.set('note', 'saved')
      return [note(session), session.get('note')]
    })

    expect(shown).toEqual([undefined, 'saved'])
  })

  it('of now is for this request, and never stored', async () => {
    const { manager, cookie, taken } = await start()
    const shown = await visit(manager, cookie, (session) => {
      session.flash.now('note', 'wrong password')
      return note(session)
    })

    expect(shown).toBe('wrong password')
    expect(taken()).not.toContain('write')
    expect(await seen(manager, cookie)).toEqual({ user: 'ada' })
  })

  it('is kept for one more request, by name or all', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => (flash.set('note', 'a'), flash.set('other', 'b')))
    await visit(manager, cookie, ({ flash }) => flash.keep())
    await visit(manager, cookie, ({ flash }) => flash.keep('note', 'missing'))
    const last = await visit(manager, cookie, ({ flash }) => [
      flash.get('note'),
      flash.get('other'),
    ])

    expect(last).toEqual(['a', undefined])
    expect(await seen(manager, cookie)).toEqual({ user: 'ada' })
  })

  it('can be set anew by the request that it is shown to', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'a'))
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'b'))

    expect(await visit(manager, cookie, note)).toBe('b')
    expect(await visit(manager, cookie, note)).toBe(undefined)
  })

  it('is not aged by readOnly, by abort, or by a request that fails', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'a'))
    const reader = await manager.start({ cookieHeader: cookie }, { readOnly: true })
    const shown = note(reader)
    await reader.commit()
    await (await manager.start({ cookieHeader: cookie })).abort()

    expect(shown).toEqual('a')
    expect(reader.flash.all).toEqual({ note: 'a' })
    expect(() => reader.flash.set('note', 'b')).toThrow('committed')
    expect(await visit(manager, cookie, note)).toBe('a')
  })

  it('leaves a session without any unmodified, in what is stored and in what is called', async () => {
    const { manager, cookie, taken } = await start()
    const before = await bytesOf(manager, cookie)
    taken()
    await visit(manager, cookie, note)

    expect(taken()).not.toContain('write')
    expect(await bytesOf(manager, cookie)).toBe(before)
  })

  it('survives regenerate, suspend and reset', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => flash.set('old', 1))
    const session = await manager.start({ cookieHeader: cookie })
    session.flash.set('note', 'a')
    await session.suspend(() => visit(manager, cookie, ({ flash }) => flash.set('inner', 'b')))
    await session.reset()
    await session.regenerate()
    const next = cookieOf(await session.commit())
    const last = await visit(manager, next, ({ flash }) => [flash.get('note'), flash.get('inner')])

    expect(last[1]).toBe('b')
    expect(await visit(manager, next, ({ flash }) => flash.get('inner'))).toBe(undefined)
  })

  it('of a session that had nothing else ends with it', async () => {
    const { manager } = await start()
    const session = await manager.start()
    session.flash.set('note', 'a')
    const cookie = cookieOf(await session.commit())

    expect(await visit(manager, cookie, note)).toBe('a')
    expect(await manager.count()).toBe(1)
  })

  it('is an ordinary variable beside one reserved list', async () => {
    const { manager, cookie } = await start()
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'a'))
    const { manager: other } = fixture()
    const session = await other.start()
    session.data['user'] = 'ada'
    session.flash.set('note', 'a')
    const written = cookieOf(await session.commit())
    const [plain] = (await bytesOf(other, written)).split('__sessionz')

    expect(plain).toBe('user|s:3:"ada";note|s:1:"a";')
  })

  it('does not believe a list that is none', async () => {
    const { manager, cookie } = await start({ user: 'ada', __sessionz: { flash: [1, 'user'] } })

    expect(await visit(manager, cookie, ({ flash }) => flash.get('user'))).toBe(undefined)
    expect(await visit(manager, cookie, ({ data }) => data['user'])).toBe('ada')
  })
})

describe('flash data of parallel requests', () => {
  it('is not lost where both set some', async () => {
    const { manager } = fixture({ concurrency: 'merge', conflict: 'error' })
    const cookie = await stored(manager, { user: 'ada' })
    await visit(manager, cookie, ({ flash }) => flash.set('old', 1))
    const [a, b] = await Promise.all([1, 2].map(() => manager.start({ cookieHeader: cookie })))
    a?.flash.set('a', 1)
    b?.flash.set('b', 2)
    const conflicts = await eventsOf('sessionz:conflict', async () => {
      await a?.commit()
      await b?.commit()
    })
    const shown = await visit(manager, cookie, ({ flash }) => ['old', 'a', 'b'].map(flash.get))

    expect(conflicts).toEqual([])
    expect(shown).toEqual([undefined, 1, 2])
    expect(await seen(manager, cookie)).toEqual({ user: 'ada' })
  })

  it('stays where another request has set it anew', async () => {
    const { manager } = fixture({ concurrency: 'merge' })
    const cookie = await stored(manager, { user: 'ada' })
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'old'))
    const reader = await manager.start({ cookieHeader: cookie })
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'new'))
    expect(note(reader)).toBe('old')
    await reader.commit()

    expect(await visit(manager, cookie, note)).toBe('new')
  })

  it('is kept though another request has aged it', async () => {
    const { manager } = fixture({ concurrency: 'merge' })
    const cookie = await stored(manager, { user: 'ada' })
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'a'))
    const keeper = await manager.start({ cookieHeader: cookie })
    keeper.flash.keep()
    await visit(manager, cookie, note)
    await keeper.commit()

    expect(await visit(manager, cookie, note)).toBe('a')
  })

  it('waits for a request that looks at its session', async () => {
    const { manager } = fixture()
    const cookie = await stored(manager, { user: 'ada' })
    await visit(manager, cookie, ({ flash }) => flash.set('note', 'a'))
    const session = sessionMiddleware(manager)
    await using server = await serve((req, res) => {
      session(req, res, () => {
        res.end(req.url === '/page' ? String(req.session.flash.get('note')) : 'style')
      })
    })
    const ask = async (path: string) => (await server.ask({ path, headers: { cookie } })).body

    expect(await ask('/style.css')).toBe('style')
    expect(await ask('/page')).toBe('a')
    expect(await ask('/page')).toBe('undefined')
  })
})
