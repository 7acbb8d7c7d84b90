import connect from 'connect'
import express, { type Express } from 'express'
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware, startSession } from '../../src/adapters/node.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import { serve, sessionCookie, valuesOf, type Answer } from '../helpers/exchange.js'
import { slowLayer } from '../helpers/slow-layer.js'

declare module '../../src/adapters/node.js' {
  interface RequestSessionData {
    views?: number
  }
}

interface Data {
  views: number
}

const PAGE = fileURLToPath(new URL('../../package.json', import.meta.url))

const chains = [
  ['memory', () => [memoryHandler()]],
  ['asynchronous', () => [slowLayer(), memoryHandler()]],
] as const

const manage = (chain: () => readonly ReturnType<typeof memoryHandler>[]) =>
  createSessionManager<Data>({ handlers: chain() })

async function cookieOf(manager: SessionManager<Data>): Promise<string> {
  const session = await manager.start()
  session.set('views', 1)
  await session.commit()
  return `PHPSESSID=${session.id}`
}

/** What Express answers in many ways, with an optional middleware before. */
function shop(app: Express): Express {
  app.get('/json', (_, res) => void res.json({ a: 1 }))
  app.get('/send', (_, res) => void res.send('<p>text</p>'))
  app.get('/status', (_, res) => void res.sendStatus(404))
  app.get('/redirect', (_, res) => void res.redirect('/json'))
  app.get('/cookies', (_, res) => void res.cookie('a', '1').cookie('b', '2').send('x'))
  app.get('/file', (_, res) => void res.sendFile(PAGE))
  app.get('/download', (_, res) => void res.download(PAGE, 'a.json'))
  app.get('/none', (_, res) => void res.status(204).end())
  app.get('/throws', () => {
    throw new Error('on purpose')
  })
  app.get('/rejects', () => Promise.reject(new Error('on purpose')))
  app.get('/twice', (_, res) => {
    res.send('x')
    res.send('y')
  })
  app.get('/vary', (_, res) => void res.vary('Accept').type('text').send('x'))
  app.use((error: Error, _: express.Request, res: express.Response, next: express.NextFunction) => {
    if (res.headersSent) return next(error)
    return void res.status(500).send(error.message)
  })
  return app
}

const PATHS = [
  '/json',
  '/send',
  '/status',
  '/redirect',
  '/cookies',
  '/file',
  '/download',
  '/none',
  '/throws',
  '/rejects',
  '/twice',
  '/vary',
  '/missing',
]

const OURS =
  /^(Set-Cookie: PHPSESSID=|Vary: (?:Cookie|\*)$|Pragma: no-cache$|Expires: Thu, 19 Nov 1981|Cache-Control: no-store, no-cache)/

function withoutOurs(answer: Answer): Answer {
  const headers = answer.headers
    .map(
      ([name, value]) => [name, name === 'Date' ? 'now' : value.replace(', Cookie', '')] as const,
    )
    .filter(([name, value]) => !OURS.test(`${name}: ${value}`))
    .sort()
  return { ...answer, headers }
}

describe.each(chains)('Express with sessions (%s)', (_, chain) => {
  it.each(PATHS)('answers %s as without', async (path) => {
    const manager = manage(chain)
    const cookie = await cookieOf(manager)
    await using plain = await serve(shop(express()) as RequestListener)
    const app = express()
    app.use(sessionMiddleware(manager))
    app.use((req, _, next) => {
      req.session.update('views', (views) => ((views as number) ?? 0) + 1)
      next()
    })
    await using server = await serve(shop(app) as RequestListener)

    for (const method of ['GET', 'HEAD']) {
      for (const headers of [{ cookie }, {}]) {
        const expected = await plain.ask({ path, method })
        const answer = await server.ask({ path, method, headers })

        // Files say how long they may be kept; that stands.
        expect(withoutOurs(answer)).toEqual(withoutOurs(expected))
      }
    }
  })

  it('counts the visits of a browser', async () => {
    const app = express()
    app.use(sessionMiddleware(manage(chain)))
    app.get('/', (req, res) => {
      req.session.data.views = (req.session.data.views ?? 0) + 1
      res.json(req.session.data)
    })
    await using server = await serve(app as RequestListener)

    const first = await server.ask()
    const headers = { cookie: sessionCookie(first) }
    const [second, third] = [await server.ask({ headers }), await server.ask({ headers })]

    expect([first, second, third].map(({ body }) => body)).toEqual([
      '{"views":1}',
      '{"views":2}',
      '{"views":3}',
    ])
  })

  it('has the session before headers that others add when they leave', async () => {
    const app = express()
    const order: string[] = []
    app.use((_, res, next) => {
      const { writeHead } = res
      res.writeHead = ((...args: Parameters<typeof writeHead>) => {
        order.push(`outer ${String(res.getHeader('set-cookie') !== undefined)}`)
        return writeHead.apply(res, args)
      }) as typeof writeHead
      next()
    })
    app.use(sessionMiddleware(manage(chain)))
    app.use((_, res, next) => {
      const { writeHead } = res
      res.writeHead = ((...args: Parameters<typeof writeHead>) => {
        res.setHeader('X-Inner', '1')
        return writeHead.apply(res, args)
      }) as typeof writeHead
      next()
    })
    app.get('/', (req, res) => {
      req.session.data.views = 1
      res.send('x')
    })
    await using server = await serve(app as RequestListener)

    const answer = await server.ask()

    expect(order).toEqual(['outer true'])
    expect(valuesOf(answer, 'x-inner')).toEqual(['1'])
    expect(valuesOf(answer, 'set-cookie')).toHaveLength(1)
  })

  it('hands an error of the start to the error handler', async () => {
    const manager = createSessionManager<Data>({ handlers: chain(), lockWait: 0.01 })
    const cookie = await cookieOf(manager)
    const holder = await manager.start({ cookieHeader: cookie })
    const app = express()
    app.use(sessionMiddleware(manager))
    await using server = await serve(shop(app) as RequestListener)

    const answer = await server.ask({ path: '/json', headers: { cookie } })

    expect(answer.status).toBe(500)
    expect(answer.body).toContain('session still locked')
    await holder.abort()
  })

  it('takes startSession in a route', async () => {
    const manager = manage(chain)
    const app = express()
    app.get('/', async (req, res) => {
      const session = await startSession(manager, req, res)
      res.send(String(session.update('views', (views = 0) => views + 1)))
    })
    await using server = await serve(app as RequestListener)

    const first = await server.ask()
    const second = await server.ask({ headers: { cookie: sessionCookie(first) } })

    expect([first.body, second.body]).toEqual(['1', '2'])
  })
})

describe('the cookie behind a proxy', () => {
  it.each([
    [true, '; secure'],
    [false, undefined],
  ])('is Secure when Express trusts the proxy: %s', async (trust, flag) => {
    const app = express()
    app.set('trust proxy', trust)
    app.use(sessionMiddleware(createSessionManager<Data>()))
    app.get('/', (req, res) => {
      req.session.data.views = 1
      res.send('x')
    })
    await using server = await serve(app as RequestListener)

    const answer = await server.ask({ headers: { 'x-forwarded-proto': 'https' } })

    expect(/; secure/.exec(valuesOf(answer, 'set-cookie')[0] ?? '')?.[0]).toBe(flag)
  })
})

describe.each(chains)('Connect with sessions (%s)', (_, chain) => {
  it('counts the visits of a browser', async () => {
    const app = connect()
    app.use(sessionMiddleware(manage(chain)))
    app.use((req, res) => {
      res.end(String(req.session.update('views', (views) => ((views as number) ?? 0) + 1)))
    })
    await using server = await serve(app)

    const first = await server.ask()
    const second = await server.ask({ headers: { cookie: sessionCookie(first) } })

    expect([first.body, second.body]).toEqual(['1', '2'])
  })

  it('answers 404 where nobody does', async () => {
    const app = connect()
    app.use(sessionMiddleware(manage(chain)))
    await using server = await serve(app)

    expect((await server.ask({ path: '/nothing' })).status).toBe(404)
  })
})
