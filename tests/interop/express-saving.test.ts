/** When a session is stored, renewed and removed. */
import { describe, expect, it } from 'vitest'
import type { SessionOptions } from '../../src/adapters/express.js'
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

/** A store that remembers what it was asked. */
function recording(session: Factory) {
  const calls: string[] = []
  const store = new session.MemoryStore()
  for (const name of ['get', 'set', 'touch', 'destroy'] as const) {
    const original = store[name].bind(store) as (...args: unknown[]) => void
    Object.assign(store, {
      [name]: (...args: unknown[]) => {
        calls.push(name)
        original(...args)
      },
    })
  }
  return { store, calls }
}

const nothing: Handler = (_, response) => response.end()
const change: Handler = (request, response) => {
  request.session['at'] = Math.floor(performance.now() * 1000)
  response.end()
}
const look: Handler = (request, response) =>
  response.end(JSON.stringify(request.session['at'] ?? null))

/** express-session loses a millisecond where its clock goes on between two looks. */
const NEAR_5000: unknown = expect.closeTo(5000, -2)

interface Row {
  options: SessionOptions
  handler: Handler
  /** What the store is asked of a new visitor, and of the same one again. */
  first: string[]
  again: string[]
  cookies: [first: boolean, again: boolean]
}

const ON = { resave: true, saveUninitialized: true }
const OFF = { resave: false, saveUninitialized: false }
const LASTING = { cookie: { maxAge: 60_000 } }

const ROWS: Record<string, Row> = {
  'nothing happens, all on': {
    options: ON,
    handler: nothing,
    first: ['set'],
    again: ['get', 'set'],
    cookies: [true, false],
  },
  'nothing happens, all off': {
    options: OFF,
    handler: nothing,
    first: [],
    again: [],
    cookies: [false, false],
  },
  'nothing happens, resave alone': {
    options: { ...OFF, resave: true },
    handler: nothing,
    first: [],
    again: [],
    cookies: [false, false],
  },
  'nothing happens, saveUninitialized alone': {
    options: { ...OFF, saveUninitialized: true },
    handler: nothing,
    first: ['set'],
    again: ['get', 'touch'],
    cookies: [true, false],
  },
  'it changes, all on': {
    options: ON,
    handler: change,
    first: ['set'],
    again: ['get', 'set'],
    cookies: [true, false],
  },
  'it changes, all off': {
    options: OFF,
    handler: change,
    first: ['set'],
    again: ['get', 'set'],
    cookies: [true, false],
  },
  'it changes, with maxAge': {
    options: { ...OFF, ...LASTING },
    handler: change,
    first: ['set'],
    again: ['get', 'set'],
    cookies: [true, true],
  },
  'nothing happens, with maxAge': {
    options: { ...OFF, ...LASTING, saveUninitialized: true },
    handler: nothing,
    first: ['set'],
    again: ['get', 'touch'],
    cookies: [true, false],
  },
  'nothing happens, rolling': {
    options: { ...OFF, saveUninitialized: true, rolling: true },
    handler: nothing,
    first: ['set'],
    again: ['get', 'touch'],
    cookies: [true, true],
  },
  'nothing happens, rolling, new ones not stored': {
    options: { ...OFF, rolling: true },
    handler: nothing,
    first: [],
    again: [],
    cookies: [false, false],
  },
  'it changes, rolling': {
    options: { ...OFF, rolling: true },
    handler: change,
    first: ['set'],
    again: ['get', 'set'],
    cookies: [true, true],
  },
  'it changes and is saved by hand': {
    options: OFF,
    handler: (request, response) => {
      request.session['at'] = Math.floor(performance.now() * 1000)
      request.session.save(() => response.end())
    },
    first: ['set'],
    again: ['get', 'set', 'touch'],
    cookies: [true, false],
  },
  'it is saved by hand, unchanged': {
    options: ON,
    handler: (request, response) => void request.session.save(() => response.end()),
    first: ['set'],
    again: ['get', 'set', 'touch'],
    cookies: [true, false],
  },
  'it changes again after it was saved by hand': {
    options: OFF,
    handler: (request, response) => {
      request.session['at'] = Math.floor(performance.now() * 1000)
      request.session.save(() => {
        request.session['more'] = Math.floor(performance.now() * 1000)
        response.end()
      })
    },
    first: ['set', 'set'],
    again: ['get', 'set', 'set'],
    cookies: [true, false],
  },
  'only its cookie changes': {
    options: { ...OFF, saveUninitialized: true },
    handler: (request, response) => {
      request.session.cookie.httpOnly = false
      response.end()
    },
    first: ['set'],
    again: ['get', 'touch'],
    cookies: [true, false],
  },
  'a variable called cookie inside another one changes': {
    options: OFF,
    handler: (request, response) => {
      request.session['shop'] = { cookie: Math.floor(performance.now() * 1000) }
      response.end()
    },
    first: ['set'],
    again: ['get', 'set'],
    cookies: [true, false],
  },
}

describe.each(IMPLEMENTATIONS)('the store of %s', (_, session) => {
  it.each(Object.entries(ROWS))(
    'when %s',
    async (_name, { options, handler, first, again, cookies }) => {
      const { store, calls } = recording(session)
      await using server = await serveSessions(session, { ...options, store }, handler)
      const visit = server.visitor()

      const answers = [await visit()]
      expect(calls.splice(0)).toEqual(first)
      answers.push(await visit())
      expect(calls.splice(0)).toEqual(again)

      expect(answers.map((answer) => lineOf(answer) !== undefined)).toEqual(cookies)
    },
  )

  it('is not asked to renew where it cannot', async () => {
    const { store, calls } = recording(session)
    Object.assign(store, { touch: undefined })
    await using server = await serveSessions(session, { store, saveUninitialized: true }, nothing)
    const visit = server.visitor()

    await visit()
    await visit()

    expect(calls).toEqual(['set', 'get'])
  })

  it('keeps what express-session keeps', async () => {
    const store = new session.MemoryStore()
    const options = {
      store,
      genid: () => 'abc',
      cookie: { maxAge: 60_000, secure: false, sameSite: 'lax' as const },
    }
    await using server = await serveSessions(session, options, (request, response) => {
      request.session['user'] = 'ada'
      response.end()
    })

    await server.ask()

    const record = (store as unknown as { sessions: Record<string, string> }).sessions[
      'abc'
    ] as string
    expect(record.replace(/\d{4}-[^"]+Z/, 'TIME').replace(/5999\d/, '60000')).toBe(
      '{"cookie":{"originalMaxAge":60000,"expires":"TIME","secure":false,"httpOnly":true,"path":"/","sameSite":"lax"},"user":"ada"}',
    )
  })

  it('has the session before the response ends', async () => {
    const store = new session.MemoryStore()
    await using server = await serveSessions(session, { store, genid: () => 'abc' }, change)

    await server.ask()

    const found = await new Promise((resolve) => store.get('abc', (__, record) => resolve(record)))
    expect(found).toMatchObject({ at: expect.any(Number) as number })
  })

  it.each(['keep', 'destroy', undefined] as const)(
    'when req.session is null and unset is %s',
    async (unset) => {
      const { store, calls } = recording(session)
      const handler: Handler = (request, response) => {
        if (request.url === '/leave') Object.assign(request, { session: null })
        else request.session['user'] ??= 'ada'
        response.end()
      }
      await using server = await serveSessions(session, { store, unset }, handler)
      const visit = server.visitor()
      await visit()
      calls.length = 0

      const answer = await visit('/leave')

      expect(calls).toEqual(unset === 'destroy' ? ['get', 'destroy'] : ['get'])
      expect(lineOf(answer)).toBeUndefined()
      expect(idOf(await visit()) === undefined).toBe(unset !== 'destroy')
    },
  )

  it('when req.session is deleted and unset is destroy', async () => {
    const { store, calls } = recording(session)
    const handler: Handler = (request, response) => {
      delete (request as Partial<WithSession>).session
      response.end()
    }
    await using server = await serveSessions(
      session,
      { store, unset: 'destroy', saveUninitialized: true },
      handler,
    )

    const answer = await server.ask()

    expect(calls).toEqual(['destroy'])
    expect(lineOf(answer)).toBeUndefined()
  })

  it('gives the cookie a new lifetime with each use, and never another one', async () => {
    const store = new session.MemoryStore()
    const seen: (number | null)[] = []
    const handler: Handler = (request, response) => {
      seen.push(request.session.cookie.originalMaxAge)
      request.session['n'] = seen.length
      response.end()
    }
    await using server = await serveSessions(session, { store, cookie: { maxAge: 5000 } }, handler)
    const visit = server.visitor()

    for (let n = 0; n < 3; n += 1) await visit()

    expect(seen).toEqual([NEAR_5000, NEAR_5000, NEAR_5000])
  })

  it('does not change originalMaxAge unless the handler changes maxAge', async () => {
    const seen: unknown[] = []
    const handler: Handler = (request, response) => {
      if (request.url === '/longer') request.session.cookie.maxAge = 90_000
      request.session['at'] = performance.now()
      seen.push(request.session.cookie.originalMaxAge)
      response.end()
    }
    await using server = await serveSessions(session, { cookie: { maxAge: 5000 } }, handler)
    const visit = server.visitor()

    for (const path of ['/', '/longer', '/']) await visit(path)

    expect(seen).toEqual([NEAR_5000, expect.closeTo(90_000, -2), expect.closeTo(90_000, -2)])
  })

  it('loses the lifetime when the handler sets expires to null', async () => {
    const handler: Handler = (request, response) => {
      request.session.cookie.expires = null
      request.session['a'] = 1
      response.end(String(request.session.cookie.originalMaxAge))
    }
    await using server = await serveSessions(session, { cookie: { maxAge: 5000 } }, handler)

    const answer = await server.ask()

    expect(answer.body).toBe('null')
    expect(lineOf(answer)).not.toContain('Expires')
  })

  it('forgets a session whose cookie has expired', async () => {
    const store = new session.MemoryStore()
    const cookie = {
      originalMaxAge: 1,
      expires: new Date(Date.now() - 1000),
      httpOnly: true,
      path: '/',
    }
    store.set('old', { cookie, at: 1 } as never)
    await using server = await serveSessions(session, { store }, look)

    const answer = await server.ask({ headers: { cookie: cookieFor('old') } })

    expect(answer.body).toBe('null')
  })

  it('finds one whose cookie has not', async () => {
    const store = new session.MemoryStore()
    const cookie = {
      originalMaxAge: 9e5,
      expires: new Date(Date.now() + 9e5),
      httpOnly: true,
      path: '/',
    }
    store.set('young', { cookie, at: 1 } as never)
    await using server = await serveSessions(session, { store }, look)

    expect((await server.ask({ headers: { cookie: cookieFor('young') } })).body).toBe('1')
  })

  it('is left alone while it is disconnected: there is no session', async () => {
    const { store, calls } = recording(session)
    await using server = await serveSessions(
      session,
      { store, saveUninitialized: true },
      (request, response) => response.end(String(request.session !== undefined)),
    )

    store.emit('disconnect')
    const during = await server.ask()
    expect([during.body, lineOf(during), calls]).toEqual(['false', undefined, []])
    store.emit('connect')

    expect((await server.ask()).body).toBe('true')
  })

  it('is asked once, however many middlewares there are', async () => {
    const { store, calls } = recording(session)
    const other = session({ secret: 'other', resave: true, saveUninitialized: true, name: 'other' })
    await using server = await serveSessions(
      session,
      { store },
      (request, response) =>
        new Promise<void>((resolve) => {
          other(request as never, response as never, () => {
            request.session['a'] = 1
            response.end()
            resolve()
          })
        }),
    )

    const answer = await server.ask()

    expect([calls, lineOf(answer, 'other')]).toEqual([['set'], undefined])
  })
})

describe.each(IMPLEMENTATIONS)('a store that fails, and %s', (_, session) => {
  const failing = (name: 'get' | 'set' | 'touch' | 'destroy', error: Error) => {
    const store = new session.MemoryStore()
    store.set('abc', { cookie: { path: '/' }, at: 1 } as never)
    const fail = (...args: unknown[]) =>
      void setImmediate(args.at(-1) as (e: unknown) => void, error)
    return Object.assign(store, { [name]: fail })
  }
  const cookie = cookieFor('abc')

  it('when it reads: next gets the error', async () => {
    const store = failing('get', new Error('store is down'))
    await using server = await serveSessions(session, { store }, nothing)

    const answer = await server.ask({ headers: { cookie } })

    expect([answer.status, answer.body]).toEqual([500, 'store is down'])
  })

  it('with ENOENT when it reads: the session is a new one', async () => {
    const store = failing('get', Object.assign(new Error('no file'), { code: 'ENOENT' }))
    await using server = await serveSessions(session, { store }, change)

    const answer = await server.ask({ headers: { cookie } })

    expect([answer.status, idOf(answer)]).toEqual([200, expect.stringMatching(/^[\w-]{32}$/)])
  })

  it.each<['set' | 'touch' | 'destroy', Handler]>([
    ['set', change],
    ['touch', nothing],
    [
      'destroy',
      (request, response) => {
        Object.assign(request, { session: null })
        response.end('x')
      },
    ],
  ])('when it has to %s: the response is given, next gets the error', async (name, handler) => {
    const store = failing(name, new Error('store is down'))
    await using server = await serveSessions(session, { store, unset: 'destroy' }, handler)

    const answer = await server.ask({ headers: { cookie } })

    expect(answer.status).toBe(200)
    await expect.poll(() => server.errors.map(String)).toEqual(['Error: store is down'])
  })

  it('with a record that is none: next gets the error', async () => {
    const store = new session.MemoryStore()
    store.set('abc', { at: 1 } as never)
    await using server = await serveSessions(session, { store }, nothing)

    const answer = await server.ask({ headers: { cookie } })

    expect([answer.status, answer.body]).toEqual([500, expect.stringContaining('undefined')])
  })

  it('with a record that is no JSON: the error is not taken for a missing session', async () => {
    const store = new session.MemoryStore()
    Object.assign(store, {
      get: (__: string, done: (error: unknown) => void) => done(new SyntaxError('bad')),
    })
    await using server = await serveSessions(session, { store }, nothing)

    expect((await server.ask({ headers: { cookie } })).body).toBe('bad')
  })
})
