/**
 * Seven faults that session libraries for Node were found to have, tried on a real server over
 * storage that takes its time.
 */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../src/adapters/node.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { Concurrency } from '../../src/options/options.js'
import type { Session } from '../../src/session.js'

const OPERATION_MS = 5

/** Storage over a network: each operation takes its time. */
function slowly(saveMs: number, notes: string[], broken: () => boolean): SessionHandler {
  return defineHandler({
    name: 'slowly',
    open: async (context, next) => (await pause(OPERATION_MS), next(context)),
    read: async (id, context, next) => (await pause(OPERATION_MS), next(id, context)),
    destroy: async (id, context, next) => (await pause(OPERATION_MS), next(id, context)),
    async write(id, payload, context, next) {
      await pause(saveMs)
      if (broken()) throw new Error('the store is down')
      const written = await next(id, payload, context)
      notes.push('saved')
      return written
    },
  })
}

type Handler = (session: Session, url: URL) => Promise<{ location?: string } | void>

class Site {
  readonly notes: string[] = []
  broken = false
  readonly manager: SessionManager
  #server: Server | undefined

  constructor(concurrency: Concurrency, saveMs = OPERATION_MS) {
    this.manager = createSessionManager({
      handlers: [slowly(saveMs, this.notes, () => this.broken), memoryHandler()],
      concurrency,
    })
  }

  async serve(handler: Handler): Promise<void> {
    const middleware = sessionMiddleware(this.manager)
    this.#server = createServer((req, res) => {
      middleware(req, res, (error?: unknown) => {
        if (error !== undefined) return void res.writeHead(500).end()
        const { session } = req as IncomingMessage & { session: Session }
        void handler(session, new URL(req.url ?? '/', 'http://localhost')).then((answer) => {
          if (answer?.location !== undefined) res.writeHead(302, { location: answer.location })
          res.end('done')
        })
      })
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get(path: string, cookie = ''): Promise<Answer> {
    const { port } = this.#server?.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const asked = request({ port, path, host: '127.0.0.1', headers: { cookie } }, (response) => {
        this.notes.push(`headers ${path}`)
        response.resume()
        response.on('end', () => resolve(answerOf(response)))
      })
      asked.on('error', reject).end()
    })
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections()
    this.#server?.close()
    await this.manager.close()
  }
}

interface Answer {
  readonly status: number
  readonly cookie: string
}

function answerOf(response: IncomingMessage): Answer {
  const line = response.headers['set-cookie']?.at(-1) ?? ''
  return { status: response.statusCode ?? 0, cookie: line.split(';')[0] ?? '' }
}

describe.each(['exclusive', 'merge'] as const)('in mode %s', (concurrency) => {
  let site: Site
  afterEach(() => site.close())

  const login: Handler = async (session, url) => {
    if (url.pathname === '/logout') return void (await session.destroy())
    const key = url.searchParams.get('set')
    const value: unknown = session.get('base')
    await pause(Number(url.searchParams.get('work') ?? 0))
    if (key !== null) session.data[key] = value ?? true
    return url.pathname === '/redirect' ? { location: '/' } : undefined
  }
  const data = async (cookieHeader: string) => ({
    ...(await site.manager.start({ cookieHeader }, { readOnly: true })).data,
  })

  it('two overlapping requests that set different variables both count', async () => {
    site = new Site(concurrency)
    await site.serve(login)
    const { cookie } = await site.get('/?set=base')

    await Promise.all([site.get('/?set=a&work=20', cookie), site.get('/?set=b&work=20', cookie)])

    expect(await data(cookie)).toEqual({ base: true, a: true, b: true })
  })

  it.each(['/?set=late&work=50', '/?work=50'])(
    'a logout while %s is under way is final',
    async (path) => {
      site = new Site(concurrency)
      await site.serve(login)
      const { cookie } = await site.get('/?set=base')

      const slow = site.get(path, cookie)
      await pause(20)
      const logout = await site.get('/logout', cookie)
      expect((await slow).status).toBe(200)

      expect(logout.cookie).toBe('PHPSESSID=deleted')
      expect(await data(cookie)).toEqual({})
      expect(await site.manager.count()).toBe(0)
    },
  )

  it('a redirect leaves after a slow save', async () => {
    site = new Site(concurrency, 150)
    await site.serve(login)

    const answer = await site.get('/redirect?set=base')

    expect(answer.status).toBe(302)
    expect(site.notes).toEqual(['saved', 'headers /redirect?set=base'])
  })

  it('200 visitors without a cookie leave nothing behind', async () => {
    site = new Site(concurrency)
    await site.serve(login)

    const answers = await Promise.all(Array.from({ length: 200 }, () => site.get('/')))

    expect(answers.every(({ cookie, status }) => cookie === '' && status === 200)).toBe(true)
    expect(await site.manager.count()).toBe(0)
  })

  it('a failing write fails the response and sets no cookie', async () => {
    site = new Site(concurrency)
    await site.serve(login)
    site.broken = true

    expect(await site.get('/?set=base')).toEqual({ status: 500, cookie: '' })
  })

  it('a cookie whose session is gone gets a new id', async () => {
    site = new Site(concurrency)
    await site.serve(login)
    const first = await site.get('/?set=base')
    await site.manager.destroy(first.cookie.slice('PHPSESSID='.length))

    const second = await site.get('/?set=base', first.cookie)

    expect(second.cookie).toMatch(/^PHPSESSID=[0-9a-f]{32}$/)
    expect(second.cookie).not.toBe(first.cookie)
    expect(await data(first.cookie)).toEqual({})
  })
})
