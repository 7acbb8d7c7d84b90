import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import http, { ServerResponse, type IncomingMessage } from 'node:http'
import { Readable, pipeline } from 'node:stream'
import { describe, expect, it } from 'vitest'
import {
  sessionMiddleware,
  startSession,
  type NodeOptions,
  type StartSessionOptions,
} from '../../../src/adapters/node.js'
import { StoreError } from '../../../src/errors.js'
import type { SessionEvents } from '../../../src/events.js'
import { defineHandler, type SessionHandler } from '../../../src/handler.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager, type SessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import type { Session } from '../../../src/session.js'
import { serve, sessionCookie, valuesOf } from '../../helpers/exchange.js'
import { slowLayer } from '../../helpers/slow-layer.js'

interface Data {
  n: number
}

type Application = (req: IncomingMessage, res: ServerResponse) => unknown

const manage = (options: SessionOptions = {}) => createSessionManager<Data>(options)

/** A server with the middleware; errors of the start answer 503 with their code. */
function withSessions(
  manager: SessionManager<Data>,
  application: Application,
  options: NodeOptions = {},
) {
  const session = sessionMiddleware(manager, options)
  return serve((req, res) => {
    session(req, res, (error) => {
      if (error === undefined) return application(req, res)
      res.statusCode = 503
      return res.end((error as NodeJS.ErrnoException).code)
    })
  })
}

async function store(manager: SessionManager<Data>, n = 1): Promise<string> {
  const session = await manager.start()
  session.set('n', n)
  await session.commit()
  return `PHPSESSID=${session.id}`
}

async function stored(manager: SessionManager<Data>, cookieHeader: string) {
  const session = await manager.start({ cookieHeader }, { readOnly: true })
  return session.get('n')
}

const numberOf = (session: Session) => session.get('n') as number | undefined

/** Counts the operations that reach storage. */
function countingLayer(): SessionHandler & { readonly calls: string[] } {
  const calls: string[] = []
  const count = (operation: string) => void calls.push(operation)
  return Object.assign(
    defineHandler({
      name: 'counting',
      open: (context, next) => (count('open'), next(context)),
      close: (context, next) => (count('close'), next(context)),
      read: (id, context, next) => (count('read'), next(id, context)),
      write: (id, payload, context, next) => (count('write'), next(id, payload, context)),
      updateTimestamp: (id, payload, context, next) => (
        count('updateTimestamp'),
        next(id, payload, context)
      ),
      destroy: (id, context, next) => (count('destroy'), next(id, context)),
    }),
    { calls },
  )
}

/** Fails one operation, at once or a turn later. */
function failingLayer(operation: string, slow: boolean): SessionHandler {
  const fail = () => {
    throw new StoreError('failing', operation, 'on purpose')
  }
  return defineHandler({
    name: 'failing',
    [operation]: slow
      ? async () => {
          await new Promise((resolve) => setImmediate(resolve))
          fail()
        }
      : fail,
  })
}

async function listening<K extends keyof SessionEvents>(
  name: K,
  work: () => Promise<unknown>,
): Promise<SessionEvents[K][]> {
  const messages: SessionEvents[K][] = []
  const listen = (message: unknown) => messages.push(message as SessionEvents[K])
  subscribe(name, listen)
  await work()
  unsubscribe(name, listen)
  return messages
}

describe.each([
  ['memory', () => [memoryHandler()]],
  ['asynchronous', () => [slowLayer(), memoryHandler()]],
])('req.session (%s)', (_, chain) => {
  it('is found again with the cookie that it set', async () => {
    const manager = manage({ handlers: chain() })
    await using server = await withSessions(manager, (req, res) => {
      const n = req.session.update('n', (value) => ((value as number) ?? 0) + 1)
      res.end(String(n))
    })

    const first = await server.ask()
    const second = await server.ask({ headers: { cookie: sessionCookie(first) } })

    expect(valuesOf(first, 'set-cookie')).toEqual([
      expect.stringMatching(/^PHPSESSID=[0-9a-f]{32}; path=\/; HttpOnly; SameSite=Lax$/),
    ])
    expect([first.body, second.body]).toEqual(['1', '2'])
    expect(valuesOf(second, 'set-cookie')).toEqual([])
  })

  it('keeps caches away from what it was read for', async () => {
    const manager = manage({ handlers: chain() })
    const cookie = await store(manager)
    await using server = await withSessions(manager, (req, res) =>
      res.end(String(numberOf(req.session))),
    )

    const answer = await server.ask({ headers: { cookie } })

    expect(answer.headers.slice(0, 4)).toEqual([
      ['Expires', 'Thu, 19 Nov 1981 08:52:00 GMT'],
      ['Cache-Control', 'no-store, no-cache, must-revalidate'],
      ['Pragma', 'no-cache'],
      ['Vary', 'Cookie'],
    ])
  })

  it('adds nothing to a response of a handler that did not look at it', async () => {
    const manager = manage({ handlers: chain() })
    const cookie = await store(manager)
    await using server = await withSessions(manager, (_, res) => res.end('static'))

    const answer = await server.ask({ headers: { cookie } })

    expect(answer.headers.map(([name]) => name.toLowerCase())).not.toContain('vary')
    expect(valuesOf(answer, 'cache-control')).toEqual([])
  })

  it('is locked for one request at a time', async () => {
    const manager = manage({ handlers: chain() })
    const cookie = await store(manager, 0)
    await using server = await withSessions(manager, async (req, res) => {
      const n = numberOf(req.session) ?? 0
      await new Promise((resolve) => setTimeout(resolve, 1))
      req.session.set('n', n + 1)
      res.end()
    })

    await Promise.all(Array.from({ length: 20 }, () => server.ask({ headers: { cookie } })))

    expect(await stored(manager, cookie)).toBe(20)
  })

  it('is stored before a redirect is seen', async () => {
    const manager = manage({ handlers: chain() })
    await using server = await withSessions(manager, async (req, res) => {
      if (req.url === '/next') return res.end(String(numberOf(req.session)))
      req.session.set('n', 7)
      return res.writeHead(302, { Location: '/next' }).end()
    })

    const first = await server.ask()
    const cookie = sessionCookie(first)
    const second = await server.ask({ path: '/next', headers: { cookie } })

    expect(first.status).toBe(302)
    expect(second.body).toBe('7')
  })

  it('takes its cookie away when it is destroyed', async () => {
    const manager = manage({ handlers: chain() })
    const cookie = await store(manager)
    await using server = await withSessions(manager, async (req, res) => {
      await req.session.destroy()
      res.end()
    })

    const answer = await server.ask({ headers: { cookie } })

    expect(valuesOf(answer, 'set-cookie')).toEqual([
      'PHPSESSID=deleted; expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; path=/; HttpOnly; SameSite=Lax',
    ])
    expect(await stored(manager, cookie)).toBeUndefined()
  })

  it('comes from the first of several cookies that loads; the others are expired', async () => {
    const manager = manage({ handlers: chain() })
    const cookie = await store(manager, 5)
    await using server = await withSessions(manager, (req, res) =>
      res.end(String(numberOf(req.session))),
    )

    const headers = { cookie: `PHPSESSID=stale; ${cookie}; PHPSESSID=..`, host: 'www.a.example' }
    const answer = await server.ask({ path: '/shop/cart?x', headers })

    const lines = valuesOf(answer, 'set-cookie')
    expect(answer.body).toBe('5')
    expect(lines[0]).toContain(cookie)
    expect(lines).toHaveLength(12)
    expect(lines.slice(1).every((line) => line.startsWith('PHPSESSID=deleted;'))).toBe(true)
    expect(lines.join()).toContain('path=/shop; domain=www.a.example')
  })

  it('refuses a change after the headers have left, instead of losing it', async () => {
    const manager = manage({ handlers: chain() })
    const cookie = await store(manager)
    const codes: unknown[] = []
    await using server = await withSessions(manager, (req, res) => {
      const { session } = req
      res.write('first')
      for (const change of [() => session.set('n', 2), () => (session.data['n'] = 2)]) {
        try {
          change()
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code)
        }
      }
      res.end()
    })

    await server.ask({ headers: { cookie } })

    expect(codes).toEqual(['ERR_SESSION_STATE', 'ERR_SESSION_STATE'])
    expect(await stored(manager, cookie)).toBe(1)
  })
})

describe('a visitor without a cookie', () => {
  it('costs storage nothing, looked at or not', async () => {
    const counting = countingLayer()
    const manager = manage({ handlers: [counting, memoryHandler()] })
    await using server = await withSessions(manager, (req, res) => {
      if (req.url === '/look') res.end(String(numberOf(req.session)))
      else res.end('static')
    })

    const answers = [await server.ask(), await server.ask({ path: '/look' })]
    const other = await server.ask({ headers: { cookie: 'theme=dark; PHPSESSIDS=1' } })

    expect(counting.calls).toEqual([])
    expect([...answers, other].flatMap((answer) => valuesOf(answer, 'set-cookie'))).toEqual([])
  })

  it('goes on in the same turn, with no session made', () => {
    const manager = manage()
    let made = 0
    const { startNew } = manager
    const session = sessionMiddleware({
      ...manager,
      startNew: (request) => ((made += 1), startNew(request)),
    })
    made = 0
    let called = false
    const req = { headers: {} } as IncomingMessage
    session(req, {} as ServerResponse, () => (called = true))

    expect(called).toBe(true)
    expect(made).toBe(0)
  })

  it('costs storage nothing, a hundred thousand times', () => {
    const counting = countingLayer()
    const session = sessionMiddleware(manage({ handlers: [counting, memoryHandler()] }))
    let visits = 0
    for (let visit = 0; visit < 100_000; visit += 1) {
      const req = { headers: {}, method: 'GET', httpVersionMajor: 1 } as IncomingMessage
      const res = new ServerResponse(req)
      session(req, res, () => {
        visits += req.session.get('n') === undefined ? 1 : 0
        res.end()
      })
    }

    expect(visits).toBe(100_000)
    expect(counting.calls).toEqual([])
  })

  it('gets one session however often it is looked at', async () => {
    await using server = await withSessions(manage(), (req, res) => {
      res.end(String(req.session === req.session))
    })

    expect((await server.ask()).body).toBe('true')
  })

  it('who is looked at after the headers have left gets a session that cannot change', async () => {
    const codes: unknown[] = []
    await using server = await withSessions(manage(), async (req, res) => {
      res.end('x')
      await once(res, 'finish')
      codes.push(numberOf(req.session))
      try {
        req.session.set('n', 1)
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code)
      }
    })

    const answer = await server.ask()

    expect(valuesOf(answer, 'set-cookie')).toEqual([])
    await expect.poll(() => codes).toEqual([undefined, 'ERR_SESSION_STATE'])
  })
})

describe('without a callback', () => {
  it('is waited for', async () => {
    const manager = manage()
    const session = sessionMiddleware(manager)
    const cookie = await store(manager, 3)
    await using server = await serve(async (req, res) => {
      await session(req, res)
      res.end(String(numberOf(req.session)))
    })

    expect((await server.ask({ headers: { cookie } })).body).toBe('3')
    expect((await server.ask()).body).toBe('undefined')
  })

  it('rejects when the session cannot be started', async () => {
    const session = sessionMiddleware(manage({ handlers: [failingLayer('open', true)] }))
    await using server = await serve(async (req, res) => {
      await session(req, res).catch((error: NodeJS.ErrnoException) => res.end(error.code))
    })

    const answer = await server.ask({ headers: { cookie: 'PHPSESSID=abc' } })

    expect(answer.body).toBe('ERR_SESSION_STORE')
  })
})

describe('startSession', () => {
  const starting = (use: Application) => serve((req, res) => void use(req, res))

  it('gives the same session for a request, also at the same time', async () => {
    const manager = manage()
    const cookie = await store(manager)
    await using server = await starting(async (req, res) => {
      const [a, b] = await Promise.all([
        startSession(manager, req, res),
        startSession(manager, req, res),
      ])
      const c = await startSession(manager, req, res)
      res.end(String(a === b && b === c))
    })

    expect((await server.ask({ headers: { cookie } })).body).toBe('true')
    expect((await server.ask()).body).toBe('true')
  })

  it('gives the session of the middleware', async () => {
    const manager = manage()
    const cookie = await store(manager)
    await using server = await withSessions(manager, async (req, res) => {
      res.end(String((await startSession(manager, req, res)) === (req.session as unknown)))
    })

    expect((await server.ask({ headers: { cookie } })).body).toBe('true')
    expect((await server.ask()).body).toBe('true')
  })

  it('is to be waited for before req.session is looked at', async () => {
    const manager = manage()
    const seen: unknown[] = []
    await using server = await withSessions(manager, async (req, res) => {
      const started = startSession(manager, req, res)
      try {
        seen.push(req.session)
      } catch (error) {
        seen.push((error as NodeJS.ErrnoException).code)
      }
      res.end(String((await started) === (req.session as unknown)))
    })

    expect((await server.ask()).body).toBe('true')
    expect(seen).toEqual(['ERR_SESSION_STATE'])
  })

  it('starts as told', async () => {
    const manager = manage()
    const cookie = await store(manager, 4)
    await using server = await starting(async (req, res) => {
      const session = await startSession(manager, req, res, { readOnly: true })
      res.end(`${session.readOnly} ${session.get('n')}`)
    })

    expect((await server.ask({ headers: { cookie } })).body).toBe('true 4')
  })

  it('refuses options that do not exist', async () => {
    const unknown = { readonly: true } as StartSessionOptions
    const manager = manage()
    await using server = await starting(async (req, res) => {
      await startSession(manager, req, res, unknown).catch((error: Error) => res.end(error.message))
    })

    expect((await server.ask()).body).toContain('"readonly"')
  })

  it('can be tried again after it failed', async () => {
    let failures = 1
    const flaky = defineHandler({
      name: 'flaky',
      read(id, context, next) {
        if (failures-- > 0) throw new StoreError('flaky', 'read', 'once')
        return next(id, context)
      },
    })
    const manager = manage({ handlers: [flaky, memoryHandler()] })
    const cookie = await store(manager, 6)
    await using server = await starting(async (req, res) => {
      const first = await startSession(manager, req, res).catch((error: Error) => error.name)
      const second = await startSession(manager, req, res)
      res.end(`${String(first)} ${second.get('n')}`)
    })

    expect((await server.ask({ headers: { cookie } })).body).toBe('StoreError 6')
  })

  it('can be called between res.end and its argument where the chain is synchronous', async () => {
    const manager = manage()
    await using server = await starting(async (req, res) => {
      const page = async () => (await startSession(manager, req, res)).update('n', () => 3)
      res.end(String(await page()))
    })

    const answer = await server.ask()

    expect(answer.body).toBe('3')
    expect(valuesOf(answer, 'set-cookie')).toHaveLength(1)
  })

  it('cannot where it is not, and says so instead of sending anything', async () => {
    const manager = manage({ handlers: [slowLayer(), memoryHandler()] })
    const messages: string[] = []
    await using server = await starting(async (req, res) => {
      const page = async () => (await startSession(manager, req, res)).update('n', () => 3)
      try {
        res.end(String(await page()))
      } catch (error) {
        messages.push((error as Error).message)
      }
      res.end('recovered')
    })

    const answer = await server.ask()

    expect(messages).toEqual([expect.stringContaining('in a statement of its own')])
    expect(answer.body).toBe('recovered')
    expect(valuesOf(answer, 'set-cookie')).toHaveLength(1)
  })

  it('and req.session of two managers live side by side', async () => {
    const one = manage()
    const two = createSessionManager<{ m: number }>({ name: 'other', handlers: [slowLayer()] })
    await using server = await withSessions(one, async (req, res) => {
      const other = await startSession(two, req, res)
      req.session.set('n', 1)
      other.set('m', 2)
      res.writeHead(200, { 'X-A': '1' })
      res.write('a')
      res.end('b')
    })

    const answer = await server.ask()

    const names = valuesOf(answer, 'set-cookie').map((line) => line.split('=')[0])
    expect(new Set(names)).toEqual(new Set(['PHPSESSID', 'other']))
    expect(answer.body).toBe('ab')
  })
})

describe('headers of the application', () => {
  const answers = async (application: Application, options: SessionOptions = {}) => {
    await using server = await withSessions(manage(options), (req, res) => {
      req.session.set('n', 1)
      application(req, res)
    })
    return await server.ask()
  }
  const slow = () => ({ handlers: [slowLayer(), memoryHandler()] })

  const OWN = {
    'Cache-Control': 'max-age=60',
    Expires: '0',
    Pragma: 'x',
    Vary: 'Accept',
    'Set-Cookie': ['a=1', 'PHPSESSID=mine; path=/', 'PHPSESSID2=b'],
  }
  const flat = Object.entries(OWN).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => [name, each]),
  )
  const pairs = Object.entries(OWN).flatMap(([name, value]) =>
    [value].flat().map((each) => [name, each]),
  )

  it.each<[string, Application]>([
    ['setHeader', (_, res) => (res.setHeaders(new Map(Object.entries(OWN))), res.end())],
    ['writeHead with an object', (_, res) => res.writeHead(200, OWN).end()],
    ['writeHead with a flat array', (_, res) => res.writeHead(200, flat).end()],
    ['writeHead with pairs', (_, res) => res.writeHead(200, pairs as unknown as string[]).end()],
    ['writeHead with a message', (_, res) => res.writeHead(200, 'Fine', OWN).end()],
    [
      'both',
      (_, res) => {
        res.setHeader('Cache-Control', 'private')
        res.setHeader('Set-Cookie', 'lost=1')
        res.setHeader('X-Other', '1')
        res.writeHead(200, OWN).end()
      },
    ],
  ])('win over ours, and its cookies stay, set by %s', async (_, application) => {
    for (const options of [{}, slow()]) {
      const answer = await answers(application, options)

      expect(valuesOf(answer, 'cache-control')).toEqual(['max-age=60'])
      expect(valuesOf(answer, 'expires')).toEqual(['0'])
      expect(valuesOf(answer, 'pragma')).toEqual(['x'])
      expect(valuesOf(answer, 'vary')).toEqual(['*'])
      expect(valuesOf(answer, 'set-cookie')).toEqual([
        'a=1',
        'PHPSESSID2=b',
        expect.stringMatching(/^PHPSESSID=[0-9a-f]{32};/),
      ])
    }
  })

  it.each([
    ['*', '*'],
    ['cookie', 'cookie'],
    ['Accept, COOKIE', 'Accept, COOKIE'],
    ['', 'Cookie'],
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
  ])('hold Vary: %j, which becomes %j', async (own, expected) => {
    const answer = await answers((_, res) => (res.setHeader('Vary', own), res.end()))

    expect(valuesOf(answer, 'vary')).toEqual([expected])
  })

  it('that are refused leave ours for the answer that follows', async () => {
    for (const options of [{}, slow()]) {
      const answer = await answers((_, res) => {
        try {
          res.writeHead(200, { 'X-A': 'bad\nvalue' })
        } catch {
          res.writeHead(500, { 'X-B': 'good' })
        }
        res.end()
      }, options)

      expect(answer.status).toBe(500)
      expect(valuesOf(answer, 'set-cookie')).toHaveLength(1)
      expect(valuesOf(answer, 'vary')).toEqual(['Cookie'])
    }
  })
})

describe.each([false, true])('a session that cannot be stored; asynchronous: %s', (slow) => {
  const failing = (operation: string) =>
    manage({ handlers: [failingLayer(operation, slow), memoryHandler()] })
  const promised: Application = (req, res) => {
    req.session.set('n', 1)
    res.setHeader('Set-Cookie', 'own=1')
    res.setHeader('ETag', '"a"')
    res.writeHead(201, 'Made', { 'X-A': '1' })
    res.end('all is well')
  }

  it.each(['open', 'write', 'close'])('answers 500 when %s fails', async (operation) => {
    const events = await listening('sessionz:error', async () => {
      await using server = await withSessions(failing(operation), promised)

      const answer = await server.ask()

      expect(answer).toMatchObject({ status: 500, message: 'Internal Server Error' })
      expect(answer.body).toBe('Internal Server Error\n')
      expect(answer.headers.map(([name]) => name)).toEqual([
        'Content-Type',
        'Date',
        'Connection',
        ...(answer.headers.length > 4 ? ['Content-Length', 'X'] : ['Content-Length']),
      ])
    })

    expect(events).toMatchObject([{ operation: 'commit', error: { code: 'ERR_SESSION_STORE' } }])
  })

  it('answers what onCommitError answers', async () => {
    const onCommitError: NodeOptions['onCommitError'] = (error, req, res) => {
      res.statusCode = 503
      res.setHeader('Retry-After', '1')
      res.end(`${req.url}: ${(error as NodeJS.ErrnoException).code}`)
    }
    await using server = await withSessions(failing('write'), promised, { onCommitError })

    const answer = await server.ask({ path: '/a' })

    expect(answer).toMatchObject({ status: 503, body: '/a: ERR_SESSION_STORE' })
    expect(valuesOf(answer, 'retry-after')).toEqual(['1'])
    expect(valuesOf(answer, 'set-cookie')).toEqual([])
  })

  it.each<[string, NonNullable<NodeOptions['onCommitError']>]>([
    ['throws', () => expect.fail('on purpose')],
    ['answers nothing', () => undefined],
  ])('answers 500 when onCommitError %s', async (_, onCommitError) => {
    await using server = await withSessions(failing('write'), promised, { onCommitError })

    expect(await server.ask()).toMatchObject({ status: 500, body: 'Internal Server Error\n' })
  })

  it('ends what onCommitError began', async () => {
    const onCommitError: NodeOptions['onCommitError'] = (_, __, res) =>
      void (res as ServerResponse).write('half')
    await using server = await withSessions(failing('write'), promised, { onCommitError })

    expect(await server.ask()).toMatchObject({ status: 500, body: 'half' })
  })

  it('lets the application write on to nobody', async () => {
    const facts: unknown[] = []
    await using server = await withSessions(failing('write'), async (req, res) => {
      req.session.set('n', 1)
      res.write('first', (error) => facts.push((error as NodeJS.ErrnoException)?.code))
      await once(res, 'finish')
      facts.push(res.writeHead(200) === res, res.write('more'), res.flushHeaders())
      res.write('more', (error) => facts.push((error as NodeJS.ErrnoException)?.code))
      res.end(() => facts.push('over'))
    })

    const answer = await server.ask()

    expect(answer).toMatchObject({ status: 500, body: 'Internal Server Error\n' })
    await expect
      .poll(() => facts)
      .toEqual(['ERR_SESSION_STORE', true, true, undefined, 'ERR_SESSION_STORE', 'over'])
  })

  it('leaves no source waiting', async () => {
    let over = false
    await using server = await withSessions(failing('write'), (req, res) => {
      req.session.set('n', 1)
      const parts = Array.from({ length: 50 }, () => 'x'.repeat(10_000))
      pipeline(Readable.from(parts), res, () => (over = true))
    })

    expect((await server.ask()).status).toBe(500)
    await expect.poll(() => over).toBe(true)
  })
})

describe('a session that cannot be started', () => {
  it.each([false, true])('is told to next and stays an error; asynchronous: %s', async (slow) => {
    const manager = manage({ handlers: [failingLayer('open', slow), memoryHandler()] })
    const session = sessionMiddleware(manager)
    await using server = await serve((req, res) => {
      session(req, res, (error = 'none') => {
        let again: unknown
        try {
          req.session.set('n', 1)
        } catch (thrown) {
          again = thrown
        }
        res.end(String(error === again))
      })
    })

    const answer = await server.ask({ headers: { cookie: 'PHPSESSID=abc' } })

    expect(answer.body).toBe('true')
    expect(valuesOf(answer, 'set-cookie')).toEqual([])
  })

  it('because it is locked is told after lockWait', async () => {
    const manager = manage({ lockWait: 0.01 })
    const cookie = await store(manager)
    const holder = await manager.start({ cookieHeader: cookie })
    await using server = await withSessions(manager, (_, res) => res.end('handed out'))

    const answer = await server.ask({ headers: { cookie } })

    expect(answer).toMatchObject({ status: 503, body: 'ERR_SESSION_LOCK_TIMEOUT' })
    await holder.abort()
  })
})

describe('a handler that throws', () => {
  it('is not called again, and is no unhandled rejection', async () => {
    const manager = manage()
    const session = sessionMiddleware(manager)
    const cookie = await store(manager)
    const uncaught = once(process, 'uncaughtException') as Promise<[Error]>
    const others = process.listeners('uncaughtException').filter((each) => each.name !== 'resolver')
    for (const each of others) process.removeListener('uncaughtException', each)
    let calls = 0
    await using server = await serve((req, res) => {
      session(req, res, () => {
        calls += 1
        res.end()
        throw new Error('from the handler')
      })
    })

    await server.ask({ headers: { cookie } })

    expect((await uncaught)[0].message).toBe('from the handler')
    for (const each of others) process.on('uncaughtException', each)
    expect(calls).toBe(1)
  })
})

/** Sends a request that the server is to break off. */
function breakable(port: number, cookie: string) {
  const request = http.get({ host: '127.0.0.1', port, agent: false, headers: { cookie } })
  request.on('error', () => undefined)
  const gone = new Promise((resolve) => request.on('close', resolve))
  return { gone, break: () => request.destroy() }
}

describe('a client that goes away', () => {
  it('while it waits for the lock waits no more', async () => {
    const manager = manage({ lockWait: 600 })
    const cookie = await store(manager)
    const holder = await manager.start({ cookieHeader: cookie })
    const session = sessionMiddleware(manager)
    let tell: (error: unknown) => void = () => undefined
    const outcome = new Promise<unknown>((resolve) => (tell = resolve))
    await using server = await serve((req, res) => {
      session(req, res, tell)
      setImmediate(() => client.break())
    })
    const client = breakable(server.port, cookie)

    expect(await outcome).toMatchObject({ code: 'ERR_SESSION_STATE' })
    await holder.abort()
  })

  it('while its handler works: the handler may finish, and its changes are stored', async () => {
    const manager = manage({ lockWait: 600 })
    const cookie = await store(manager)
    await using server = await withSessions(manager, async (req, res) => {
      req.session.set('n', 2)
      client.break()
      await once(res, 'close')
      req.session.set('n', 3)
      res.end('to nobody')
    })
    const client = breakable(server.port, cookie)
    await client.gone

    const next = await manager.start({ cookieHeader: cookie })

    expect(next.get('n')).toBe(3)
    await next.abort()
  })

  it('from a handler that never answers: the changes are dropped after abandonAfter', async () => {
    const manager = manage({ lockWait: 600 })
    const cookie = await store(manager)
    const options = { abandonAfter: 0.001 }
    const application: Application = (req) => {
      req.session.set('n', 2)
      client.break()
    }
    await using server = await withSessions(manager, application, options)
    const client = breakable(server.port, cookie)
    await client.gone

    const next = await manager.start({ cookieHeader: cookie })

    expect(next.get('n')).toBe(1)
    await next.abort()
  })

  it('from a handler that did not look at the session: it is released at once', async () => {
    const manager = manage({ lockWait: 600 })
    const cookie = await store(manager)
    await using server = await withSessions(manager, () => client.break(), { abandonAfter: 600 })
    const client = breakable(server.port, cookie)
    await client.gone

    const next = await manager.start({ cookieHeader: cookie })

    expect(next.get('n')).toBe(1)
    await next.abort()
  })
})

describe('a session that cannot be released when its visitor has gone', () => {
  it('is an event, as no request is there to be told', async () => {
    const manager = manage({ handlers: [failingLayer('updateTimestamp', true), memoryHandler()] })
    const cookie = await store(manager)

    const events = await listening('sessionz:error', async () => {
      await using server = await withSessions(manager, () => client.break())
      const client = breakable(server.port, cookie)
      await client.gone
      const next = await manager.start({ cookieHeader: cookie })
      await next.abort()
    })

    expect(events).toMatchObject([{ operation: 'abandon', error: { code: 'ERR_SESSION_STORE' } }])
  })
})

describe('a response that the application breaks off', () => {
  it('drops the changes and releases the session at once', async () => {
    const manager = manage({ lockWait: 600 })
    const cookie = await store(manager)
    const application: Application = (req, res) => {
      req.session.set('n', 2)
      const source = new Readable({ read: () => source.destroy(new Error('no such file')) })
      pipeline(source, res, () => undefined)
    }
    await using server = await withSessions(manager, application, { abandonAfter: 600 })

    const answer = await server.ask({ headers: { cookie } })
    const next = await manager.start({ cookieHeader: cookie })

    expect(answer.error).toBe('ECONNRESET')
    expect(next.get('n')).toBe(1)
    await next.abort()
  })
})

describe('a secure cookie', () => {
  const flags = async (options: NodeOptions, headers: Record<string, string> = {}) => {
    await using server = await withSessions(
      manage(),
      (req, res) => (req.session.set('n', 1), res.end()),
      options,
    )
    const answer = await server.ask({ headers })
    return valuesOf(answer, 'set-cookie').join().includes('; secure')
  }

  it('is not believed to a header that anybody can send', async () => {
    const forged = {
      'x-forwarded-proto': 'https',
      forwarded: 'proto=https',
      'front-end-https': 'on',
    }

    expect(await flags({}, forged)).toBe(false)
  })

  it('is one where the application says so', async () => {
    const secure: NodeOptions['secure'] = (req) => req.headers['x-forwarded-proto'] === 'https'

    expect(await flags({ secure }, { 'x-forwarded-proto': 'https' })).toBe(true)
    expect(await flags({ secure })).toBe(false)
  })

  it('is one where Express, or the connection, says so', async () => {
    const manager = manage()
    for (const trusted of [{ secure: true }, { socket: { encrypted: true } }]) {
      const headers: Record<string, unknown> = {}
      const req = {
        headers: {},
        url: '/',
        httpVersionMajor: 1,
        ...trusted,
      } as unknown as IncomingMessage
      const res = {
        req,
        getHeader: (name: string) => headers[name],
        getHeaderNames: () => Object.keys(headers),
        setHeader: (name: string, value: unknown) => (headers[name] = value),
        writeHead: () => undefined,
        end: () => (res as unknown as ServerResponse).writeHead(200),
        once: () => undefined,
      }
      sessionMiddleware(manager)(req, res as unknown as ServerResponse, () => undefined)
      req.session.set('n', 1)
      res.end()

      expect(String(headers['Set-Cookie'])).toContain('; secure;')
    }
  })
})

describe('the options', () => {
  it.each([
    [{ trustProxies: true }, TypeError, '"trustProxies"'],
    [{ secure: true }, TypeError, '"secure"'],
    [{ onCommitError: 'x' }, TypeError, '"onCommitError"'],
    [{ abandonAfter: -1 }, RangeError, '"abandonAfter"'],
  ])('refuse %j by name', (options, type, words) => {
    const make = () => sessionMiddleware(manage(), options as unknown as NodeOptions)

    expect(make).toThrow(type)
    expect(make).toThrow(words)
  })
})
