/** Corners that only odd applications reach: what the original does there, the drop-in does, too. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { SessionData, SessionOptions } from '../../src/adapters/express.js'
import { valuesOf } from '../helpers/exchange.js'
import {
  attributesOf,
  cookieFor,
  IMPLEMENTATIONS,
  idOf,
  lineOf,
  serveSessions,
  type Factory,
  type Handler,
} from '../helpers/express-drop-in.js'

const count: Handler = (request, response) => {
  request.session['views'] = Number(request.session['views'] ?? 0) + 1
  response.end(String(request.session['views']))
}

/** Says whether there is a session, and changes it. */
const present: Handler = (request, response) => {
  response.end(String(request.session !== undefined))
}

/** A store that remembers what it was asked. */
function recording(session: Factory, records: Record<string, SessionData> = {}) {
  const calls: string[] = []
  class Recording extends session.MemoryStore {
    override get(id: string, done: (error: unknown, record?: SessionData | null) => void): void {
      calls.push(`get ${id}`)
      setImmediate(done, null, records[id])
    }
    override set(id: string, _: SessionData, done?: () => void): void {
      calls.push(`set ${id}`)
      if (done) setImmediate(done)
    }
    override destroy(id: string, done?: () => void): void {
      calls.push(`destroy ${id}`)
      if (done) setImmediate(done)
    }
    override touch(id: string, _: SessionData, done?: () => void): void {
      calls.push(`touch ${id}`)
      if (done) setImmediate(done)
    }
  }
  return { store: new Recording(), calls }
}

describe.each(IMPLEMENTATIONS)('options of %s', (_, session) => {
  it('may be null', () => {
    expect(session(null as unknown as SessionOptions)).toBeTypeOf('function')
  })

  it.each([null, false, ''])('may have a cookie that is %j: the default one', async (cookie) => {
    const options = { cookie: cookie as unknown as object, saveUninitialized: true }
    await using server = await serveSessions(session, options, present)

    expect(lineOf(await server.ask())).toMatch(/; Path=\/; HttpOnly$/)
  })

  it('may have cookie attributes that are inherited', async () => {
    const cookie = Object.create({ sameSite: 'strict' }) as object
    await using server = await serveSessions(session, { cookie, saveUninitialized: true }, present)

    expect(attributesOf(await server.ask())).toMatchObject({ samesite: 'Strict' })
  })

  it('may have a genid that knows no id: nothing is stored, and no cookie sent', async () => {
    const { store, calls } = recording(session)
    const genid = () => undefined as unknown as string
    await using server = await serveSessions(session, { store, genid, resave: true }, count)

    const answer = await server.ask()

    expect([answer.body, lineOf(answer), calls]).toEqual(['1', undefined, []])
  })
})

describe.each(IMPLEMENTATIONS)('requests and %s', (_, session) => {
  it.each([
    ['*', 'false'],
    ['http://elsewhere/shop', 'true'],
    ['//shop', 'true'],
  ])('to %s: there is a session: %s', async (target, expected) => {
    await using server = await serveSessions(session, {}, present)

    const text = await server.askRaw(
      `OPTIONS ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    )

    expect(text).toContain(`\r\n${expected}`)
  })

  it.each<[string, (cookie: string) => string]>([
    ['blanks around its name and its value', (cookie) => ` ${cookie.replace('=', ' = ')} ; a=1`],
    ['one of its name without a value before it', (cookie) => `connect.sid; ${cookie}`],
    ['three hundred before it', (cookie) => `${'a=1; '.repeat(300)}${cookie}`],
    ['broken encodings beside it', (cookie) => `a=%; b=%E0%A4; ${cookie}`],
  ])('find their cookie with %s', async (_name, place) => {
    await using server = await serveSessions(session, {}, count)
    const cookie = lineOf(await server.ask())?.split(';')[0] as string

    expect((await server.ask({ headers: { cookie: place(cookie) } })).body).toBe('2')
  })

  it.each<[string, (cookie: string) => string]>([
    ['an empty one of its name before it', (cookie) => `connect.sid=; ${cookie}`],
    ['one quote only', (cookie) => cookie.replace('=', '="')],
    ['its name in capitals', (cookie) => cookie.replace('connect.sid', 'CONNECT.SID')],
  ])('find no cookie with %s', async (_name, place) => {
    await using server = await serveSessions(session, {}, count)
    const cookie = lineOf(await server.ask())?.split(';')[0] as string

    expect((await server.ask({ headers: { cookie: place(cookie) } })).body).toBe('1')
  })

  it('that are upgrades have a session, with anything for a response', async () => {
    const store = new session.MemoryStore()
    await using server = await serveSessions(session, { store }, count)
    const cookie = lineOf(await server.ask())?.split(';')[0] as string
    const middleware = session({
      secret: 'keyboard cat',
      resave: false,
      saveUninitialized: false,
      store,
    })
    const request = { headers: { cookie }, url: '/', socket: {} } as Record<string, unknown>

    await new Promise((resolve) =>
      middleware(request as never, {} as ServerResponse, resolve as () => void),
    )

    expect(request['session']).toMatchObject({ views: 1 })
  })
})

describe.each(IMPLEMENTATIONS)('req.session of %s', (_, session) => {
  it.each([false, 0, ''])('that is set to %j is neither stored nor destroyed', async (value) => {
    const { store, calls } = recording(session)
    const options = { store, unset: 'destroy', saveUninitialized: true } as const
    await using server = await serveSessions(session, options, (request, response) => {
      Object.assign(request, { session: value })
      response.end()
    })

    expect(lineOf(await server.ask())).toBeUndefined()
    expect(calls).toEqual([])
  })

  it('whose cookie is an object of the application has a cookie without attributes', async () => {
    await using server = await serveSessions(
      session,
      { saveUninitialized: true, genid: () => 'abc' },
      (request, response) => {
        request.session.cookie = { mine: true } as never
        response.end()
      },
    )

    expect(lineOf(await server.ask())).toBe(cookieFor('abc'))
  })

  it('is stored again where its record has words that no session can have', async () => {
    const record = { cookie: new session.Cookie(), save: 'mine', id: 'mine', user: 'ada' }
    const { store, calls } = recording(session, { abc: record })
    await using server = await serveSessions(session, { store }, present)

    const answer = await server.ask({ headers: { cookie: cookieFor('abc') } })

    expect([answer.body, lineOf(answer)]).toEqual(['true', undefined])
    expect(calls).toEqual(['get abc', 'set abc'])
  })

  it('has what its record inherits', () => {
    const record = Object.assign(Object.create({ inherited: 1 }) as object, { own: 2 })
    const made = new session.Session({ sessionID: 'abc' }, record)

    expect(Object.entries(made)).toEqual([
      ['own', 2],
      ['inherited', 1],
    ])
  })

  it('has nothing of a record that is a text', () => {
    const made = new session.Session({ sessionID: 'abc' }, 'text' as unknown as object)

    expect(Object.keys(made)).toEqual([])
  })
})

describe.each(IMPLEMENTATIONS)('MemoryStore of %s', (_, session) => {
  it('keeps a session whose end is no date', async () => {
    const store = new session.MemoryStore()
    store.set('abc', { cookie: { path: '/', expires: 'never' } } as never)

    const found = await new Promise((resolve) => store.get('abc', (__, record) => resolve(record)))

    expect(found).toMatchObject({ cookie: { expires: 'never' } })
  })
})

describe.each(IMPLEMENTATIONS)('a response with %s', (_, session) => {
  it('has its cookie though a first writeHead was refused', async () => {
    await using server = await serveSessions(session, {}, (request, response) => {
      request.session['a'] = 1
      const refused = () => response.writeHead(200, { 'X-Bad': undefined as unknown as string })
      expect(refused).toThrow(TypeError)
      response.end('x')
    })

    expect(idOf(await server.ask())).toBeDefined()
  })

  it('has no header without a name', async () => {
    await using server = await serveSessions(session, {}, (_request, response) => {
      response.writeHead(200, { '': 'nothing', 'X-A': 'a' })
      response.end('x')
    })

    expect(valuesOf(await server.ask(), 'x-a')).toEqual(['a'])
  })
})
