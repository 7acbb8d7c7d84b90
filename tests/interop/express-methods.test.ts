/** What applications and stores call: `req.session`, `Cookie`, `Store`, `MemoryStore`. */
import { inherits } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CookieOptions, SessionData, StoreLike } from '../../src/adapters/express.js'
import {
  cookieFor,
  IMPLEMENTATIONS,
  idOf,
  lineOf,
  serveSessions,
  type Factory,
  type Handler,
  type WithSession,
} from '../helpers/express-drop-in.js'

/** A store's answer, awaited. */
const from = <T>(
  call: (done: (error: unknown, value?: T) => void) => unknown,
): Promise<T | undefined> =>
  new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error as Error) : resolve(value)))
  })

const record = (variables: object = {}, expires?: Date) =>
  ({ cookie: { path: '/', ...(expires && { expires }) }, ...variables }) as unknown as SessionData

/** Handlers by path, so that one server can be walked through. */
const routes =
  (paths: Record<string, Handler>): Handler =>
  (request, response) =>
    paths[String(request.url)]?.(request, response)

const login: Handler = (request, response) => {
  request.session['user'] = 'ada'
  response.end()
}
const who: Handler = (request, response) =>
  response.end(String(request.session['user'] ?? 'nobody'))

describe.each(IMPLEMENTATIONS)('req.session of %s', (_, session) => {
  it('keeps values of every kind that JSON has', async () => {
    const values = {
      text: 'ä',
      number: 1.5,
      yes: true,
      none: null,
      list: [1, [2]],
      map: { a: { b: 'c' } },
    }
    const handler = routes({
      '/set': (request, response) => (Object.assign(request.session, values), response.end()),
      '/get': (request, response) => {
        const { cookie: __, ...variables } = request.session
        response.end(JSON.stringify(variables))
      },
    })
    await using server = await serveSessions(session, {}, handler)
    const visit = server.visitor()

    await visit('/set')

    expect(JSON.parse(Buffer.from((await visit('/get')).body, 'latin1').toString())).toEqual(values)
  })

  it('has no method that shows among its variables', async () => {
    await using server = await serveSessions(session, {}, (request, response) => {
      const shown: string[] = []
      for (const name in request.session) shown.push(name)
      response.end(`${Object.keys(request.session).join()} ${shown.join()}`)
    })

    expect((await server.ask()).body).toBe('cookie cookie')
  })

  it('has its request, and does not show it', async () => {
    await using server = await serveSessions(session, {}, (request, response) => {
      const { req } = request.session as unknown as { req: unknown }
      response.end(`${req === request} ${Object.keys(request.session).includes('req')}`)
    })

    expect((await server.ask()).body).toBe('true false')
  })

  it('does not take over a variable that is called like a method', async () => {
    const store = new session.MemoryStore()
    store.set('abc', record({ save: 'mine', user: 'ada' }))
    await using server = await serveSessions(session, { store }, (request, response) =>
      response.end(`${typeof request.session.save} ${String(request.session['user'])}`),
    )

    const answer = await server.ask({ headers: { cookie: cookieFor('abc') } })

    expect(answer.body).toBe('function ada')
  })

  it('is destroyed: the record is gone, and no cookie is sent', async () => {
    const store = new session.MemoryStore()
    const handler = routes({
      '/login': login,
      '/who': who,
      '/logout': (request, response) => {
        const returned = request.session.destroy((error) =>
          response.end(`${String(error)} ${String(request.session)} ${returned === undefined}`),
        )
      },
    })
    await using server = await serveSessions(session, { store }, handler)
    const visit = server.visitor()
    await visit('/login')

    const answer = await visit('/logout')

    expect([answer.body, lineOf(answer)]).toEqual(['undefined undefined false', undefined])
    expect(await from<number>((done) => store.length(done))).toBe(0)
    expect((await visit('/who')).body).toBe('nobody')
  })

  it('is regenerated: another id, nothing in it, the old record gone', async () => {
    const store = new session.MemoryStore()
    const handler = routes({
      '/login': login,
      '/who': who,
      '/new': (request, response) => {
        const { id } = request.session
        request.session.regenerate((error) => {
          const { session: now } = request
          response.end(
            `${String(error)} ${id === now.id} ${now.id === request.sessionID} ${String(now['user'])}`,
          )
        })
      },
    })
    await using server = await serveSessions(session, { store }, handler)
    const visit = server.visitor()
    const before = idOf(await visit('/login'))

    const answer = await visit('/new')

    expect(answer.body).toBe('undefined false true undefined')
    expect(idOf(answer)).not.toBe(before)
    expect(await from((done) => store.get(before as string, done))).toBeUndefined()
  })

  it('is regenerated and filled: the visitor gets the new id', async () => {
    const handler = routes({
      '/login': login,
      '/who': who,
      '/new': (request, response) =>
        void request.session.regenerate(() => {
          request.session['user'] = 'bob'
          response.end()
        }),
    })
    await using server = await serveSessions(session, {}, handler)
    const visit = server.visitor()
    const before = idOf(await visit('/login'))

    const after = idOf(await visit('/new'))

    expect(after).not.toBe(before)
    expect(after).toMatch(/^[\w-]{32}$/)
    expect((await visit('/who')).body).toBe('bob')
  })

  it('is reloaded: changes are gone, and it is another object', async () => {
    const handler = routes({
      '/login': login,
      '/reload': (request, response) => {
        const { session: before } = request
        before['user'] = 'eve'
        before.reload((error) =>
          response.end(
            `${String(error)} ${String(request.session['user'])} ${request.session === before}`,
          ),
        )
      },
      '/who': who,
    })
    await using server = await serveSessions(session, {}, handler)
    const visit = server.visitor()
    await visit('/login')

    expect((await visit('/reload')).body).toBe('undefined ada false')
    expect((await visit('/who')).body).toBe('ada')
  })

  it('cannot be reloaded when it is gone', async () => {
    const store = new session.MemoryStore()
    const handler = routes({
      '/login': login,
      '/reload': (request, response) =>
        store.destroy(request.sessionID, () =>
          request.session.reload((error) => response.end((error as Error).message)),
        ),
    })
    await using server = await serveSessions(session, { store }, handler)
    const visit = server.visitor()
    await visit('/login')

    expect((await visit('/reload')).body).toBe('failed to load session')
  })

  it('tells of a store that cannot read, when it is reloaded', async () => {
    const store = new session.MemoryStore()
    await using server = await serveSessions(session, { store }, (request, response) => {
      Object.assign(store, {
        get: (__: string, done: (error: unknown) => void) => done(new Error('down')),
      })
      request.session.reload((error) => response.end((error as Error).message))
    })

    expect((await server.ask()).body).toBe('down')
  })

  it('is saved before the response, and not again at its end', async () => {
    const store = new session.MemoryStore()
    const set = vi.spyOn(store, 'set')
    await using server = await serveSessions(session, { store }, (request, response) => {
      request.session['user'] = 'ada'
      request.session.save(() => response.end('saved'))
    })

    expect((await server.ask()).body).toBe('saved')
    expect(set).toHaveBeenCalledTimes(1)
  })

  it('is saved after a reload, and not again at its end', async () => {
    const store = new session.MemoryStore()
    const set = vi.spyOn(store, 'set')
    const handler = routes({
      '/login': login,
      '/': (request, response) =>
        request.session.reload(() => {
          request.session['user'] = 'bob'
          request.session.save(() => response.end())
        }),
    })
    await using server = await serveSessions(session, { store }, handler)
    const visit = server.visitor()
    await visit('/login')

    await visit('/')

    expect(set).toHaveBeenCalledTimes(2)
  })

  it('is touched: its cookie lives as long as at first', async () => {
    await using server = await serveSessions(
      session,
      { cookie: { maxAge: 60_000 } },
      (request, response) => {
        const { cookie } = request.session
        cookie.expires = new Date(Date.now() + 10)
        cookie.originalMaxAge = 60_000
        const same = request.session.touch() === request.session
        response.end(`${same} ${Number(cookie.maxAge) > 50_000}`)
      },
    )

    expect((await server.ask()).body).toBe('true true')
  })

  it('resets the lifetime of its cookie by name', async () => {
    await using server = await serveSessions(
      session,
      { cookie: { maxAge: 60_000 } },
      (request, response) => {
        request.session.cookie.originalMaxAge = 1000
        request.session.resetMaxAge()
        response.end(String(Number(request.session.cookie.maxAge) <= 1000))
      },
    )

    expect((await server.ask()).body).toBe('true')
  })

  it('is left to others where it is there already', async () => {
    const options = {
      before: (request: object) => void Object.assign(request, { session: { mine: 1 } }),
    }
    await using server = await serveSessions(session, options, (request, response) =>
      response.end(`${JSON.stringify(request.session)} ${String(request.sessionStore)}`),
    )

    const answer = await server.ask()

    expect([answer.body, lineOf(answer)]).toEqual(['{"mine":1} undefined', undefined])
  })

  it('may be replaced by the application for its own ends', async () => {
    await using server = await serveSessions(
      session,
      { saveUninitialized: true },
      (request, response) => {
        request.sessionID = undefined as unknown as string
        response.end('no id')
      },
    )

    const answer = await server.ask()

    expect([answer.body, lineOf(answer)]).toEqual(['no id', undefined])
  })
})

describe.each(IMPLEMENTATIONS)('Cookie of %s', (_, { Cookie }) => {
  afterEach(() => void vi.useRealTimers())

  it('without options lives as long as the browser', () => {
    const { path, httpOnly, expires, maxAge, originalMaxAge } = new Cookie()

    expect({ path, httpOnly, expires, maxAge, originalMaxAge }).toEqual({
      path: '/',
      httpOnly: true,
      expires: null,
      maxAge: null,
      originalMaxAge: null,
    })
  })

  it.each<[string, CookieOptions, object]>([
    ['expires', { expires: new Date(9e12) }, { expires: new Date(9e12) }],
    ['httpOnly', { httpOnly: false }, { httpOnly: false }],
    ['path', { path: '/foo' }, { path: '/foo' }],
    ['domain', { domain: 'a.b' }, { domain: 'a.b' }],
    ['secure', { secure: true }, { secure: true }],
    ['sameSite', { sameSite: 'lax' }, { sameSite: 'lax' }],
    ['priority', { priority: 'high' }, { priority: 'high' }],
    ['partitioned', { partitioned: true }, { partitioned: true }],
    ['originalMaxAge', { originalMaxAge: 7 }, { originalMaxAge: 7, maxAge: null }],
    ['another word', { mine: 1 } as CookieOptions, { mine: 1 }],
  ])('takes %s', (_name, options, properties) => {
    expect(new Cookie(options)).toMatchObject(properties)
  })

  it.each([42, 'options', true])('refuses %s as options', (options) => {
    expect(() => new Cookie(options as CookieOptions)).toThrow(TypeError)
  })

  it.each(['5000', true, {}])('refuses the maxAge %j', (maxAge) => {
    expect(() => new Cookie({ maxAge: maxAge as number })).toThrow(
      /maxAge must be a number or Date/,
    )
  })

  it('counts maxAge down', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const cookie = new Cookie({ maxAge: 5000 })
    vi.setSystemTime(1_002_000)

    expect([cookie.maxAge, cookie.originalMaxAge]).toEqual([3000, 5000])
    expect(cookie.expires?.getTime()).toBe(1_005_000)
  })

  it('takes maxAge again, and then begins anew', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const cookie = new Cookie({ maxAge: 5000 })
    cookie.maxAge = 9000

    expect([cookie.maxAge, cookie.originalMaxAge]).toEqual([9000, 9000])
  })

  it('takes a Date for maxAge', () => {
    const cookie = new Cookie()
    cookie.maxAge = new Date(9e12)

    expect(cookie.expires).toEqual(new Date(9e12))
  })

  it.each([null, 0, -5000])('takes the maxAge %j', (maxAge) => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })

    expect(new Cookie({ maxAge }).maxAge).toBe(maxAge)
  })

  it('follows expires with maxAge', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const cookie = new Cookie()
    cookie.expires = new Date(1_060_000)

    expect([cookie.maxAge, cookie.originalMaxAge]).toEqual([60_000, 60_000])
  })

  it('is written as a header, url-encoded', () => {
    expect(new Cookie({ path: '/a', secure: true }).serialize('sid', 'a b;')).toBe(
      'sid=a%20b%3B; Path=/a; HttpOnly; Secure',
    )
  })

  it('refuses a name that no cookie can have', () => {
    expect(() => new Cookie().serialize('a b', '')).toThrow('argument name is invalid')
  })

  it('is the same in JSON, in data and in a record', () => {
    const cookie = new Cookie({ expires: new Date(9e12), sameSite: 'lax' })
    cookie.originalMaxAge = 5

    expect(JSON.stringify(cookie)).toBe(
      '{"originalMaxAge":5,"expires":"2255-03-14T16:00:00.000Z","httpOnly":true,"path":"/","sameSite":"lax"}',
    )
    expect(JSON.stringify(cookie.data)).toBe(JSON.stringify(cookie))
  })

  it('is made again of another one, without its data', () => {
    const cookie = new Cookie(new Cookie({ maxAge: null, path: '/x' }) as CookieOptions)

    expect([cookie.path, Object.hasOwn(cookie, 'data')]).toEqual(['/x', false])
  })
})

describe.each(IMPLEMENTATIONS)('MemoryStore of %s', (_, session) => {
  it('answers later, never at once', async () => {
    const store = new session.MemoryStore()
    let answered = false
    const answer = from((done) =>
      store.set('a', record(), (error) => ((answered = true), done(error))),
    )

    expect(answered).toBe(false)
    await answer
    expect(answered).toBe(true)
  })

  it('gives copies', async () => {
    const store = new session.MemoryStore()
    const variables = { list: [1] }
    store.set('a', record(variables))
    variables.list.push(2)

    const first = await from<SessionData>((done) => store.get('a', done as never))
    expect(first).toMatchObject({ list: [1] })
    expect(first).not.toBe(await from((done) => store.get('a', done)))
  })

  it('has all, their number, and clears them', async () => {
    const store = new session.MemoryStore()
    store.set('a', record({ n: 1 }))
    store.set('b', record({ n: 2 }))

    expect(await from<object>((done) => store.all(done))).toMatchObject({
      a: { n: 1 },
      b: { n: 2 },
    })
    expect(await from<number>((done) => store.length(done))).toBe(2)
    await from((done) => store.clear(done))
    expect(await from<number>((done) => store.length(done))).toBe(0)
  })

  it('has none that have expired', async () => {
    const store = new session.MemoryStore()
    store.set('old', record({}, new Date(Date.now() - 1)))
    store.set('young', record({}, new Date(Date.now() + 60_000)))

    expect(await from((done) => store.get('old', done))).toBeUndefined()
    expect(Object.keys((await from<object>((done) => store.all(done))) ?? {})).toEqual(['young'])
    expect(await from<number>((done) => store.length(done))).toBe(1)
  })

  it('takes over the cookie alone when it is touched', async () => {
    const store = new session.MemoryStore()
    store.set('a', record({ n: 1 }))
    await from((done) => store.touch('a', record({ n: 2 }, new Date(9e12)), done))

    expect(await from((done) => store.get('a', done))).toEqual({
      cookie: { path: '/', expires: '2255-03-14T16:00:00.000Z' },
      n: 1,
    })
  })

  it('touches nothing that is not there', async () => {
    const store = new session.MemoryStore()
    await from((done) => store.touch('a', record(), done))

    expect(await from<number>((done) => store.length(done))).toBe(0)
  })

  it.each(['__proto__', 'constructor', 'toString'])('knows no session called %s', async (id) => {
    expect(await from((done) => new session.MemoryStore().get(id, done))).toBeUndefined()
  })

  it('does without callbacks', async () => {
    const store = new session.MemoryStore()
    store.set('a', record())
    store.touch('a', record())
    store.destroy('a')
    store.clear()
    store.all()

    expect(await from<number>((done) => store.length(done))).toBe(0)
  })

  it('loads a session outside of requests', async () => {
    const store = new session.MemoryStore()
    store.set('a', record({ n: 1 }, new Date(9e12)))

    const loaded = await from<SessionData & { id: string }>((done) =>
      store.load('a', done as never),
    )

    expect(loaded).toBeInstanceOf(session.Session)
    expect([loaded?.id, loaded?.cookie.expires]).toEqual(['a', new Date(9e12)])
    expect(await from((done) => store.load('b', done))).toBeUndefined()
  })

  it('tells of what it could not load', async () => {
    const store = new session.MemoryStore()
    Object.assign(store, {
      get: (__: string, done: (error: unknown) => void) => done(new Error('down')),
    })

    await expect(from((done) => store.load('a', done))).rejects.toThrow('down')
  })
})

/** Stores as they are written, from the oldest way to the newest. */
const STORES: Record<string, (session: Factory) => StoreLike> = {
  'a class': (session) => {
    class ClassStore extends session.Store {
      readonly records = new Map<string, string>()
      get(id: string, done: (error: unknown, record?: SessionData | null) => void) {
        const text = this.records.get(id)
        done(null, text === undefined ? null : (JSON.parse(text) as SessionData))
      }
      set(id: string, value: SessionData, done?: (error?: unknown) => void) {
        this.records.set(id, JSON.stringify(value))
        done?.()
      }
      destroy(id: string, done?: (error?: unknown) => void) {
        this.records.delete(id)
        done?.()
      }
    }
    return new ClassStore()
  },
  'a function that calls Store': (session) => {
    function OldStore(this: object) {
      ;(session.Store as unknown as { call(self: object): void }).call(this)
    }
    inherits(OldStore, session.Store)
    return withMethods(OldStore)
  },
  'a function that calls MemoryStore': (session) => {
    function OldStore(this: object) {
      ;(session.MemoryStore as unknown as { call(self: object): void }).call(this)
    }
    inherits(OldStore, session.MemoryStore)
    return new (OldStore as unknown as new () => StoreLike)()
  },
  'a function whose prototype has the Store as its own': (session) => {
    function OlderStore(this: object) {
      ;(session.Store as unknown as { call(self: object, options: object): void }).call(this, {})
    }
    Object.setPrototypeOf(OlderStore.prototype as object, session.Store.prototype)
    return withMethods(OlderStore)
  },
}

function withMethods(Class: { prototype: object }): StoreLike {
  const records = new Map<string, string>()
  const methods: StoreLike = {
    get: (id, done) => done(null, JSON.parse(records.get(id) ?? 'null') as SessionData | null),
    set: (id, value, done) => (records.set(id, JSON.stringify(value)), done?.()),
    destroy: (id, done) => (records.delete(id), done?.()),
  }
  Object.assign(Class.prototype, methods)
  return new (Class as unknown as new () => StoreLike)()
}

describe.each(IMPLEMENTATIONS)('Store of %s', (_, session) => {
  it.each(Object.entries(STORES))('is extended by %s', async (_name, make) => {
    const store = make(session)
    const handler = routes({
      '/login': login,
      '/who': who,
      '/new': (request, response) =>
        void request.session.regenerate(() => login(request, response)),
      '/logout': (request, response) => void request.session.destroy(() => response.end()),
    })
    await using server = await serveSessions(session, { store }, handler)
    const visit = server.visitor()
    const bodies: string[] = []

    for (const path of ['/login', '/who', '/new', '/who', '/logout', '/who']) {
      bodies.push((await visit(path)).body)
    }

    expect(store).toBeInstanceOf(session.Store)
    expect(bodies).toEqual(['', 'ada', '', 'ada', '', 'nobody'])
  })

  it('tells of what it could not destroy, and gives a new session all the same', async () => {
    const store = new session.MemoryStore()
    Object.assign(store, {
      destroy: (__: string, done: (error: unknown) => void) => done(new Error('down')),
    })
    await using server = await serveSessions(
      session,
      { store },
      (request: WithSession, response) => {
        const { id } = request.session
        request.session.regenerate((error) =>
          response.end(`${(error as Error).message} ${request.session.id !== id}`),
        )
      },
    )

    expect((await server.ask()).body).toBe('down true')
  })
})
