/** What the drop-in can do and express-session cannot. */
import { EventEmitter, once } from 'node:events'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import http, { type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import ours, { toExpressStore, type SessionOptions } from '../../src/adapters/express.js'
import { encryptionHandler, generateKey } from '../../src/handlers/encryption.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import type { SessionHandler } from '../../src/handler.js'
import {
  cookieFor,
  IMPLEMENTATIONS,
  idOf,
  lineOf,
  SECRET,
  serveSessions,
  type Handler,
  type SessionServer,
} from '../helpers/express-drop-in.js'
import { temporaryFolder } from '../helpers/folders.js'
import { slowLayer } from '../helpers/slow-layer.js'

const original = IMPLEMENTATIONS[1]?.[1] as (typeof IMPLEMENTATIONS)[number][1]

/** Reads, lets others run, and writes: what loses updates. */
const increment: Handler = async (request, response) => {
  const views = Number(request.session['views'] ?? 0)
  await new Promise((resolve) => setImmediate(resolve))
  request.session['views'] = views + 1
  response.end(String(views + 1))
}

async function loggedIn(server: SessionServer): Promise<{ cookie: string }> {
  return { cookie: lineOf(await server.ask())?.split(';')[0] as string }
}

describe('methods without a callback', () => {
  const steps: Handler = async (request, response) => {
    const { id } = request.session
    request.session['user'] = 'ada'
    await request.session.save()
    request.session['user'] = 'eve'
    await request.session.reload()
    const user = String(request.session['user'])
    await request.session.regenerate()
    const isNew = request.session.id !== id && request.session['user'] === undefined
    await request.session.destroy()
    response.end(`${user} ${isNew} ${String(request.session)}`)
  }

  it('return promises', async () => {
    await using server = await serveSessions(ours, {}, steps)

    expect((await server.ask()).body).toBe('ada true undefined')
  })

  it('return promises where the store brings a session class of its own', async () => {
    const store = new original.MemoryStore()
    await using server = await serveSessions(ours, { store }, (request, response) => {
      if (request.url === '/steps') return steps(request, response)
      request.session['a'] = 1
      response.end()
      return undefined
    })
    const headers = await loggedIn(server)

    expect((await server.ask({ path: '/steps', headers })).body).toBe('ada true undefined')
  })

  it('reject with the error of the store, and end no process where nobody waits', async () => {
    const store = Object.assign(new ours.MemoryStore(), {
      set: (_: string, __: object, done: (error: unknown) => void) => done(new Error('down')),
    })
    await using server = await serveSessions(
      ours,
      { store, resave: false },
      async (request, response) => {
        void request.session.save()
        const error: unknown = await request.session.save().catch((thrown: unknown) => thrown)
        response.end((error as Error).message)
      },
    )

    expect((await server.ask()).body).toBe('down')
  })

  it('return the session with one', async () => {
    await using server = await serveSessions(ours, {}, (request, response) => {
      const { session } = request
      const returned = session.save(() => response.end(String(returned === session)))
    })

    expect((await server.ask()).body).toBe('true')
  })
})

describe('what express-session hangs on or drops', () => {
  it.each([
    ['a BigInt', () => 1n],
    [
      'a cycle',
      () => {
        const cycle: Record<string, unknown> = {}
        cycle['self'] = cycle
        return cycle
      },
    ],
  ])('%s in the session is an error that gets an answer', async (_, make) => {
    await using server = await serveSessions(ours, {}, (request, response) => {
      request.session['value'] = make()
      response.end('never')
    })

    const answer = await server.ask()

    expect([answer.status, lineOf(answer)]).toEqual([500, undefined])
    expect(server.errors).toEqual([expect.any(TypeError)])
  })

  it('a callback of end is called', async () => {
    const called = new EventEmitter()
    const end = once(called, 'end')
    await using server = await serveSessions(ours, {}, (request, response) => {
      request.session['a'] = 1
      response.end('x', () => called.emit('end'))
    })

    expect((await server.ask()).body).toBe('x')
    await expect(end).resolves.toEqual([])
  })

  it('secure auto is settled where the cookie is a function', async () => {
    const cookie = () => ({ secure: 'auto' as const })
    await using server = await serveSessions(ours, { cookie }, increment)

    expect(lineOf(await server.ask())).toMatch(/; HttpOnly$/)
  })

  it('a genid that throws for a new visitor goes to next', async () => {
    const genid = () => {
      throw new Error('no entropy')
    }
    await using server = await serveSessions(ours, { genid }, increment)

    expect((await server.ask()).body).toBe('no entropy')
  })

  it.each([
    ['concurrency', { concurrency: 'merge' as 'none' }],
    ['lockWait', { lockWait: -1 }],
  ])('an option that cannot be is refused at once: %s', (name, options: SessionOptions) => {
    expect(() =>
      ours({ secret: 's', resave: false, saveUninitialized: false, ...options }),
    ).toThrow(name)
  })
})

describe("concurrency: 'exclusive'", () => {
  const memory = () => new ours.MemoryStore()
  const files = () => toExpressStore(filesHandler({ savePath: temporaryFolder() }))
  const sealed = () =>
    toExpressStore([encryptionHandler({ keys: [generateKey()] }), memoryHandler()])

  it.each([
    ['MemoryStore', memory],
    ["express-session's MemoryStore", () => new original.MemoryStore()],
    ['a chain in memory', () => toExpressStore([slowLayer(), memoryHandler()])],
    ['an encrypted chain', sealed],
    ['files', files],
  ])('keeps 100 of 100 parallel increments: %s', async (_, make) => {
    const store = make()
    const options = { store, concurrency: 'exclusive' } as const
    await using server = await serveSessions(ours, options, increment)
    const headers = await loggedIn(server)

    await Promise.all(Array.from({ length: 100 }, () => server.ask({ headers })))

    expect((await server.ask({ headers })).body).toBe('102')
  })

  it('holds for several middlewares on one store', async () => {
    const store = memory()
    const options = { store, concurrency: 'exclusive' } as const
    await using first = await serveSessions(ours, options, increment)
    await using second = await serveSessions(ours, options, increment)
    const headers = await loggedIn(first)

    await Promise.all(
      Array.from({ length: 40 }, (__, at) => (at % 2 ? first : second).ask({ headers })),
    )

    expect((await first.ask({ headers })).body).toBe('42')
  })

  it('lets no slower request bring a session back', async () => {
    const options = { concurrency: 'exclusive' } as const
    const gate = new EventEmitter()
    await using server = await serveSessions(ours, options, async (request, response) => {
      if (request.url === '/slow') {
        gate.emit('started')
        await once(gate, 'go')
      }
      if (request.url === '/logout') await request.session.destroy()
      else request.session['user'] ??= 'ada'
      response.end()
    })
    const headers = await loggedIn(server)
    const started = once(gate, 'started')
    const slow = server.ask({ path: '/slow', headers })
    await started
    const logout = server.ask({ path: '/logout', headers })
    gate.emit('go')
    await Promise.all([slow, logout])

    expect(idOf(await server.ask({ headers }))).not.toBe(undefined)
  })

  it('tells next of a store that throws, and gives the session back', async () => {
    const store = Object.assign(memory(), {
      get: () => {
        throw new Error('no such client')
      },
    })
    const options = { store, concurrency: 'exclusive', lockWait: 0.5 } as const
    await using server = await serveSessions(ours, options, increment)
    const headers = { cookie: cookieFor('abc') }

    for (let n = 0; n < 2; n += 1) {
      expect((await server.ask({ headers })).body).toBe('no such client')
    }
  })

  it('locks nothing for an upgrade, which has no response to end', async () => {
    const options = { store: memory(), concurrency: 'exclusive', lockWait: 0.5 } as const
    await using server = await serveSessions(ours, options, increment)
    const headers = await loggedIn(server)
    const upgrade = ours({ secret: SECRET, resave: false, saveUninitialized: false, ...options })
    const request = { headers, url: '/', socket: {} } as unknown as { session?: object }

    const error = await new Promise((resolve) =>
      upgrade(request as IncomingMessage, {} as http.ServerResponse, resolve),
    )

    expect([error, request.session]).toEqual([undefined, expect.objectContaining({ views: 1 })])
    expect((await server.ask({ headers })).body).toBe('2')
  })

  it('waits no longer than lockWait, and tells next', async () => {
    const options = { concurrency: 'exclusive', lockWait: 0.02 } as const
    const gate = new EventEmitter()
    await using server = await serveSessions(ours, options, async (request, response) => {
      request.session['n'] = 1
      if (request.url === '/slow') {
        gate.emit('started')
        await once(gate, 'go')
      }
      response.end()
    })
    const headers = await loggedIn(server)
    const started = once(gate, 'started')
    const slow = server.ask({ path: '/slow', headers })
    await started

    const answer = await server.ask({ headers })
    gate.emit('go')
    await slow

    expect([answer.status, server.errors]).toEqual([
      500,
      [expect.objectContaining({ code: 'ERR_SESSION_LOCK_TIMEOUT' })],
    ])
    expect((await server.ask({ headers })).status).toBe(200)
  })
})

/** A store whose writes fail, or wait. */
const failing = () =>
  Object.assign(new ours.MemoryStore(), {
    set: (_: string, __: object, done: (error: unknown) => void) =>
      void setImmediate(done, new Error('down')),
  })

describe('holdHeaders', () => {
  it('makes a session that cannot be stored a 500, without a cookie', async () => {
    const seen: unknown[] = []
    const listen = (message: unknown) => void seen.push(message)
    subscribe('sessionz:error', listen)
    await using server = await serveSessions(
      ours,
      { store: failing(), holdHeaders: true },
      (request, response) => {
        request.session['a'] = 1
        response.setHeader('X-Mine', '1')
        response.end('all is well')
      },
    )

    const answer = await server.ask()
    unsubscribe('sessionz:error', listen)

    expect([answer.status, answer.body, lineOf(answer)]).toEqual([
      500,
      'Internal Server Error\n',
      undefined,
    ])
    expect(seen).toEqual([{ operation: 'commit', error: new Error('down') }])
  })

  it('lets no header leave before the session is stored', async () => {
    const order: string[] = []
    const store = new ours.MemoryStore()
    const set = store.set.bind(store)
    let release = () => {}
    Object.assign(store, {
      set: (id: string, record: never, done: never) => {
        release = () => (order.push('stored'), set(id, record, done))
      },
    })
    await using server = await serveSessions(
      ours,
      { store, holdHeaders: true },
      (request, response) => {
        request.session['a'] = 1
        response.writeHead(302, { Location: '/next' })
        response.end()
        setImmediate(() => release())
      },
    )
    const request = http.get({ host: '127.0.0.1', port: server.port, agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    order.push('answered')
    response.resume()

    expect(order).toEqual(['stored', 'answered'])
    expect(response.headers['set-cookie']).toHaveLength(1)
  })

  it.each<[string, Handler, string]>([
    ['end', (_, response) => response.end('text'), 'text'],
    ['write and end', (_, response) => (response.write('a'), response.end('b')), 'ab'],
    ['nothing', (_, response) => response.end(), ''],
    ['flushHeaders', (_, response) => (response.flushHeaders(), response.end('x')), 'x'],
  ])('changes nothing else about a response of %s', async (_name, say, body) => {
    await using server = await serveSessions(ours, { holdHeaders: true }, (request, response) => {
      request.session['views'] = Number(request.session['views'] ?? 0) + 1
      say(request, response)
    })
    const visit = server.visitor()

    const answers = [await visit(), await visit()]

    expect(answers.map((answer) => [answer.status, answer.body, answer.error])).toEqual([
      [200, body, undefined],
      [200, body, undefined],
    ])
    expect(answers.map((answer) => lineOf(answer) !== undefined)).toEqual([true, false])
  })

  it('keeps what changes after the first write', async () => {
    const options = { holdHeaders: true, saveUninitialized: true }
    await using server = await serveSessions(ours, options, (request, response) => {
      response.write(String(request.session['late'] ?? 'none'))
      request.session['late'] = 'kept'
      response.end()
    })
    const visit = server.visitor()

    expect([(await visit()).body, (await visit()).body]).toEqual(['none', 'kept'])
  })

  it('works with concurrency exclusive: 50 of 50 increments', async () => {
    const options = { holdHeaders: true, concurrency: 'exclusive' } as const
    await using server = await serveSessions(ours, options, increment)
    const headers = await loggedIn(server)

    await Promise.all(Array.from({ length: 50 }, () => server.ask({ headers })))

    expect((await server.ask({ headers })).body).toBe('52')
  })

  it('gives the session back where it could not be stored', async () => {
    const options = {
      store: failing(),
      holdHeaders: true,
      concurrency: 'exclusive',
      lockWait: 0.5,
    } as const
    await using server = await serveSessions(ours, options, increment)

    for (let n = 0; n < 3; n += 1) {
      expect((await server.ask({ headers: { cookie: cookieFor('abc') } })).body).toBe(
        'Internal Server Error\n',
      )
    }
  })
})

const CHAINS: Record<string, () => SessionHandler[]> = {
  memory: () => [memoryHandler()],
  files: () => [filesHandler({ savePath: temporaryFolder() })],
  'encryption over memory': () => [encryptionHandler({ keys: [generateKey()] }), memoryHandler()],
}

describe.each(Object.entries(CHAINS))('toExpressStore over %s', (_name, chain) => {
  describe.each(IMPLEMENTATIONS)('as the store of %s', (_, session) => {
    it('logs in, regenerates, renews and logs out', async () => {
      const store = toExpressStore(chain())
      const handler: Handler = (request, response) => {
        const done = () => response.end(String(request.session?.['user'] ?? 'nobody'))
        if (request.url === '/login') {
          return void request.session.regenerate(() => {
            request.session['user'] = 'ada'
            done()
          })
        }
        if (request.url === '/logout')
          return void request.session.destroy(() => response.end('gone'))
        return done()
      }
      const cookie = { maxAge: 60_000 }
      await using server = await serveSessions(session, { store, cookie, rolling: true }, handler)
      const visit = server.visitor()
      const bodies: string[] = []

      for (const path of ['/', '/login', '/', '/login', '/', '/logout', '/']) {
        bodies.push((await visit(path)).body)
      }

      expect(bodies).toEqual(['nobody', 'ada', 'ada', 'ada', 'ada', 'gone', 'nobody'])
      expect(server.errors).toEqual([])
      expect(await store.length()).toBe(0)
    })
  })

  const record = (variables: object = {}) => ({
    cookie: new ours.Cookie({ maxAge: 60_000 }),
    ...variables,
  })

  it('keeps ids of every kind', async () => {
    const store = toExpressStore(chain())
    const ids = ['plain', 'with_under-score_', '__two', 'a.b/c', 'ä€', ',comma']
    for (const id of ids) await store.set(id, record({ id }))

    for (const id of ids) expect(await store.get(id)).toMatchObject({ id })
    expect(Object.keys(await store.all()).sort()).toEqual([...ids].sort())
    expect(await store.length()).toBe(ids.length)
    await store.clear()
    expect(await store.length()).toBe(0)
  })

  it('brings no session back that was destroyed elsewhere', async () => {
    const store = toExpressStore(chain())
    const seen: unknown[] = []
    const listen = (message: unknown) => void seen.push(message)
    await store.set('abc', record({ user: 'ada' }))
    const found = await store.get('abc')
    const session = store.createSession({ sessionID: 'abc', sessionStore: store }, found as never)
    await store.destroy('abc')

    subscribe('sessionz:interrupted', listen)
    await session.save()
    unsubscribe('sessionz:interrupted', listen)

    expect(await store.get('abc')).toBeUndefined()
    expect(seen).toEqual([{ name: 'connect.sid' }])
  })

  it('renews the cookie alone by a touch', async () => {
    const store = toExpressStore(chain())
    await store.set('abc', record({ n: 1 }))
    const later = new Date(Date.now() + 9e6)
    await store.touch('abc', { ...record({ n: 2 }), cookie: new ours.Cookie({ expires: later }) })

    expect(await store.get('abc')).toMatchObject({ n: 1, cookie: { expires: later.toISOString() } })
    await store.touch('other', record())
    expect(await store.get('other')).toBeUndefined()
  })

  it('knows no session whose cookie has expired', async () => {
    let ahead = 0
    const store = toExpressStore(chain(), { now: () => Date.now() + ahead })
    await store.set('abc', record())
    ahead = 61_000

    expect(await store.get('abc')).toBeUndefined()
  })

  it('collects what was not used for maxLifetime', async () => {
    let ahead = 0
    const store = toExpressStore(chain(), { maxLifetime: 100, now: () => Date.now() + ahead })
    await store.set('abc', { cookie: new ours.Cookie() })
    ahead = 102_000

    expect(await store.gc()).toBe(1)
  })

  it('calls back as well, with errors too', async () => {
    const store = toExpressStore(chain())
    const answer = (call: (done: (...args: unknown[]) => void) => unknown) =>
      new Promise<unknown[]>((resolve) => void call((...args) => resolve(args)))

    expect(await answer((done) => store.set('abc', record(), done))).toEqual([null, undefined])
    expect(await answer((done) => store.length(done))).toEqual([null, 1])
    const [error] = await answer(
      (done) => void store.get('x'.repeat(300), done).catch(() => undefined),
    )
    expect(error).toMatchObject({ code: 'ERR_SESSION_ID' })
  })
})

describe('beside express-session on one store', () => {
  const count: Handler = (request, response) => {
    request.session['views'] = Number(request.session['views'] ?? 0) + 1
    response.end(
      `${String(request.session['views'])} ${String(request.session.cookie.originalMaxAge)}`,
    )
  }

  it.each([
    ['ours', () => new ours.MemoryStore()],
    ['theirs', () => new original.MemoryStore()],
  ])('works on the same sessions, in turn: a store of %s', async (_, make) => {
    const options = { store: make(), cookie: { maxAge: 60_000 } }
    await using first = await serveSessions(ours, options, count)
    await using second = await serveSessions(original, options, count)
    const headers = await loggedIn(first)
    const bodies: string[] = []

    for (const server of [second, first, second]) bodies.push((await server.ask({ headers })).body)

    const near = (body: string) => body.replace(/5999\d/, '60000') // theirs loses milliseconds
    expect(bodies.map(near)).toEqual(['2 60000', '3 60000', '4 60000'])
  })

  it('warns of an option that it does not know', async () => {
    const warned = once(process, 'warning')
    ours({ secret: 's', resave: false, saveUninitialized: false, maxAge: 1 } as SessionOptions)

    expect(await warned).toEqual([expect.objectContaining({ code: 'SESSIONZ_OPTION' })])
  })
})
