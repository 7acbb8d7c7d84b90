import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../../src/adapters/node.js'
import { withSession } from '../../../src/adapters/web.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager, type SessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import { serve } from '../../helpers/exchange.js'
import { asyncHandler, recordingHandler } from '../../helpers/sessions.js'

interface Data {
  user: string
  n: number
}

type Application = (req: IncomingMessage, res: ServerResponse) => unknown

const manage = (options: SessionOptions = {}) =>
  createSessionManager<Data>({ ambient: true, gc: { probability: 0 }, ...options })

function withSessions(managers: readonly SessionManager<Data>[], application: Application) {
  const [first, ...others] = managers.map((manager) => sessionMiddleware(manager))
  return serve((req, res) => {
    const last = () => void application(req, res)
    const run = others.reduce<() => void>((next, session) => () => session(req, res, next), last)
    first?.(req, res, run)
  })
}

async function store(manager: SessionManager<Data>, user: string): Promise<string> {
  const session = await manager.start()
  session.set('user', user)
  await session.commit()
  return `${manager.name}=${session.id}`
}

describe('manager.current()', () => {
  it('is undefined outside of requests', () => {
    expect(manage().current()).toBe(undefined)
  })

  it('is refused where nobody would ever set it', () => {
    expect(() => manage({ ambient: false }).current()).toThrow('set the option "ambient"')
  })

  it('is the session of the middleware, a new one for a visitor who has none', async () => {
    const manager = manage()
    await using server = await withSessions([manager], (req, res) => {
      res.end(String(manager.current() === req.session))
    })
    const cookie = await store(manager, 'ada')

    expect((await server.ask()).body).toBe('true')
    expect((await server.ask({ headers: { cookie } })).body).toBe('true')
    expect(manager.current()).toBe(undefined)
  })

  it('costs a visitor without a session nothing until somebody asks', async () => {
    const calls: string[] = []
    const manager = manage({ handlers: [recordingHandler(calls), memoryHandler()] })
    await using server = await withSessions([manager], (_, res) => res.end())
    const { headers } = await server.ask()

    expect(headers.some(([name]) => name.toLowerCase() === 'set-cookie')).toBe(false)
    expect(calls).toEqual([])
  })

  it('is each request its own, of 100 at once', async () => {
    // A machine that has more to do may need longer for a hundred than a store has for one.
    const manager = manage({ handlers: [asyncHandler(), memoryHandler()], storeTimeout: 30 })
    const user = () => manager.current()?.get('user')
    await using server = await withSessions([manager], async (_, res) => {
      const seen = [user()]
      await turn()
      seen.push(user())
      await delay(Number(user()?.slice(1)) % 5)
      seen.push(user())
      res.end(seen.join())
    })
    const cookies = await Promise.all(
      Array.from({ length: 100 }, (_, i) => store(manager, `u${i}`)),
    )
    const answers = await Promise.all(cookies.map((cookie) => server.ask({ headers: { cookie } })))

    expect(answers.map(({ body }) => body)).toEqual(cookies.map((_, i) => `u${i},u${i},u${i}`))
  })

  it('is there in timers, emitters, and the events of the request and of its response', async () => {
    const manager = manage()
    const seen: Record<string, unknown> = {}
    const note = (where: string) => () => void (seen[where] = manager.current()?.get('user'))
    const finished = withResolvers<undefined>()
    await using server = await withSessions([manager], (req, res) => {
      const emitter = new EventEmitter().on('x', note('emitter'))
      setTimeout(() => emitter.emit('x'), 1)
      setImmediate(note('immediate'))
      process.nextTick(note('tick'))
      queueMicrotask(note('microtask'))
      req.on('data', note('data'))
      res.on('finish', note('finish'))
      res.on('close', () => (note('close')(), finished.resolve(undefined)))
      req.on('end', () => {
        note('end')()
        setTimeout(() => res.end(), 5)
      })
    })
    const cookie = await store(manager, 'ada')
    await server.ask({ method: 'POST', headers: { cookie }, body: 'text' })
    await finished.promise

    const places = 'close data emitter end finish immediate microtask tick'.split(' ')
    expect(Object.keys(seen).sort()).toEqual(places)
    expect(new Set(Object.values(seen))).toEqual(new Set(['ada']))
  })

  it('is there in streams', async () => {
    const manager = manage()
    await using server = await withSessions([manager], async (req, res) => {
      const name = () => `${manager.current()?.get('user')} `
      const parts: string[] = []
      for await (const _ of req) parts.push(name())
      const source = new Readable({
        read() {
          setImmediate(() => this.push(parts.shift() ?? null))
        },
      })
      await pipeline(
        source,
        async function* (texts: AsyncIterable<Buffer>) {
          for await (const text of texts) yield `${String(text)}${name()}`
        },
        res,
      )
    })
    const cookie = await store(manager, 'ada')

    expect((await server.ask({ method: 'POST', headers: { cookie }, body: 'b' })).body).toBe(
      'ada ada ',
    )
  })

  it('is the ended session after the response: it can be read, and a change is an error', async () => {
    const manager = manage()
    const after = withResolvers<unknown>()
    await using server = await withSessions([manager], (_, res) => {
      manager.current()?.set('n', 1)
      res.end()
      res.on('close', () => {
        setTimeout(() => {
          const session = manager.current()
          const change = () => session?.set('n', 2)
          after.resolve([session?.status, session?.get('n'), thrownBy(change)])
        }, 1)
      })
    })
    await server.ask()

    expect(await after.promise).toEqual(['committed', 1, 'ERR_SESSION_STATE'])
  })

  it('does not go from one request of a connection to the next', async () => {
    const manager = manage()
    const plain: unknown[] = []
    const session = sessionMiddleware(manager)
    await using server = await serve((req, res) => {
      if (req.url === '/plain') {
        plain.push(manager.current())
        return res.end()
      }
      return session(req, res, () => res.end(manager.current()?.get('user')))
    })
    const cookie = await store(manager, 'ada')
    const lines = `HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}`
    const text = await server.askRaw(
      `GET / ${lines}\r\n\r\nGET /plain ${lines}\r\n\r\nGET /plain ${lines}\r\nConnection: close\r\n\r\n`,
    )

    expect(text).toContain('ada')
    expect(plain).toEqual([undefined, undefined])
  })

  it('knows several sessions of one request by their managers', async () => {
    const managers = ['SHOP', 'ADMIN'].map((name) => manage({ name }))
    await using server = await withSessions(managers, async (_, res) => {
      await turn()
      res.end(managers.map((manager) => manager.current()?.get('user')).join())
    })
    const cookies = await Promise.all(managers.map((manager) => store(manager, manager.name)))

    expect((await server.ask({ headers: { cookie: cookies.join('; ') } })).body).toBe('SHOP,ADMIN')
  })

  it('loads a session once, however often it is asked for', async () => {
    const calls: string[] = []
    const manager = manage({ handlers: [recordingHandler(calls), memoryHandler()] })
    const cookie = await store(manager, 'ada')
    calls.length = 0
    const application: Application = (req, res) => {
      const found = [manager.current(), manager.current(), req.session]
      res.end(String(new Set(found).size))
    }
    await using server = await withSessions([manager, manager], application)

    expect((await server.ask({ headers: { cookie } })).body).toBe('1')
    expect(calls.filter((call) => call === 'read')).toEqual(['read'])
  })

  it('throws what the start threw, in the handler of errors', async () => {
    const manager = manage({ lockWait: 0 })
    await using server = await withSessions([manager], (_, res) => {
      res.end(thrownBy(() => manager.current()))
    })
    const cookie = await store(manager, 'ada')
    const holder = await manager.start({ cookieHeader: cookie })

    expect((await server.ask({ headers: { cookie } })).body).toBe('ERR_SESSION_LOCK_TIMEOUT')
    await holder.abort()
  })

  it('is the session of withSession, in what streams after the answer too', async () => {
    const manager = manage()
    const answer = withSession(manager, async () => {
      await turn()
      const body = new ReadableStream<string>({
        async pull(controller) {
          await turn()
          controller.enqueue(`${manager.current()?.get('user')}`)
          controller.close()
        },
      })
      return new Response(body.pipeThrough(new TextEncoderStream()))
    })
    const users = ['ada', 'bob', 'eve']
    const texts = users.map(async (user) => {
      const headers = { cookie: await store(manager, user) }
      return (await answer(new Request('http://a.test/', { headers }))).text()
    })

    expect(await Promise.all(texts)).toEqual(users)
    expect(manager.current()).toBe(undefined)
  })
})

describe('manager.run()', () => {
  it('makes a session the current one, without the option too', async () => {
    const manager = manage({ ambient: false })
    const session = await manager.start()
    const seen = await manager.run(session, async () => {
      await turn()
      return manager.current()
    })

    expect(seen).toBe(session)
  })

  it('asks for the session when somebody else does', () => {
    const manager = manage()
    let asked = 0
    const session = manager.startNew()
    const answer = () => ((asked += 1), session)

    expect(manager.run(answer, () => asked)).toBe(0)
    expect(manager.run(answer, () => manager.current())).toBe(session)
  })

  it('nests, and ends with the inner one', () => {
    const manager = manage()
    const [outer, inner] = [manager.startNew(), manager.startNew()]
    const seen = manager.run(outer, () => [
      manager.current(),
      manager.run(inner, () => manager.current()),
      manager.current(),
    ])

    expect(seen).toEqual([outer, inner, outer])
    expect(seen[1]).toBe(inner)
  })
})

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => (resolve = done))
  return { promise, resolve }
}

function thrownBy(body: () => unknown): string | undefined {
  try {
    body()
    return undefined
  } catch (error) {
    return (error as { code: string }).code
  }
}
