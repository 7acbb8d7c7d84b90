import { once } from 'node:events'
import {
  connect,
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware, startSession } from '../../../src/adapters/node.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import { COMMON, type Note, type Run } from '../../helpers/response-handlers.js'
import { until } from '../../helpers/processes.js'
import { eventsOf } from '../../helpers/sessions.js'
import { slowLayer } from '../../helpers/slow-layer.js'

interface Seen {
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders
  readonly body: string
  readonly error: string | undefined
  readonly notes: readonly unknown[][]
}

type Application = (
  req: Http2ServerRequest,
  res: Http2ServerResponse,
  note: Note,
) => void | Promise<void>

async function exchange(
  application: Application,
  headers: OutgoingHttpHeaders = {},
): Promise<Seen> {
  const notes: unknown[][] = []
  let over: Promise<unknown> = Promise.resolve()
  const server = createServer((req, res) => {
    const closed = new Promise((resolve) => res.once('close', resolve))
    over = Promise.all([application(req, res, (...facts) => void notes.push(facts)), closed])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    const answer = await ask(client.request({ ':path': '/', ...headers }))
    await over
    return { ...answer, notes }
  } finally {
    client.destroy()
    server.close()
  }
}

async function ask(stream: ReturnType<ReturnType<typeof connect>['request']>) {
  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  let body = ''
  let error: string | undefined
  stream.on('response', (received) => (headers = received))
  stream.on('trailers', (received) => (trailers = received))
  stream.on('error', (thrown: NodeJS.ErrnoException) => (error = thrown.code))
  stream.setEncoding('latin1').on('data', (chunk: string) => (body += chunk))
  stream.end()
  await new Promise((resolve) => stream.once('close', resolve))
  return { headers, trailers, body: body.length > 500 ? String(body.length) : body, error }
}

function applicationOf(run: Run): Application {
  return (req, res, note) =>
    run(res as unknown as ServerResponse, note, req as unknown as IncomingMessage)
}

async function exchangeWith(run: Run, slow: boolean, known: boolean): Promise<Seen> {
  const handlers = slow ? [slowLayer(), memoryHandler()] : [memoryHandler()]
  const manager = createSessionManager<{ n: number }>({ handlers })
  const session = sessionMiddleware(manager)
  const first = await manager.start()
  first.set('n', 1)
  await first.commit()
  const cookie = `PHPSESSID=${first.id}`
  return await exchange(
    async (req, res, note) => {
      await session(req, res)
      req.session.set('n', 2)
      await applicationOf(run)(req, res, note)
    },
    known ? { cookie } : {},
  )
}

function withoutOurs({ headers, ...rest }: Seen) {
  const { date, expires, pragma, vary, ...others } = headers
  delete others['cache-control']
  const cookies = others['set-cookie']?.filter((line) => !line.startsWith('PHPSESSID='))
  delete others['set-cookie']
  return { ...rest, headers: others, cookies: cookies ?? [], dated: date !== undefined }
}

/** What answers with the same words in both versions but is no part of HTTP/2. */
const runs = Object.entries(COMMON)

describe.each([
  ['new, memory', false, false],
  ['new, asynchronous', true, false],
  ['known, asynchronous', true, true],
])('an HTTP/2 response with a session (%s)', (_, slow, known) => {
  it.each(runs)('is as without: %s', async (_, run) => {
    const plain = await exchange(applicationOf(run))

    const seen = await exchangeWith(run, slow, known)

    expect(withoutOurs(seen)).toEqual(withoutOurs(plain))
  })
})

describe('a session over HTTP/2', () => {
  it.each([false, true])('is set, found again and stored; asynchronous: %s', async (slow) => {
    const handlers = slow ? [slowLayer(), memoryHandler()] : [memoryHandler()]
    const manager = createSessionManager<{ n: number }>({ handlers })
    const count: Application = async (req, res) => {
      const session = await startSession(manager, req, res)
      const n = session.update('n', (value = 0) => value + 1)
      res.writeHead(200, { 'set-cookie': 'own=1', vary: 'Accept' })
      res.end(String(n))
    }

    const first = await exchange(count)
    const cookies = first.headers['set-cookie'] ?? []
    const second = await exchange(count, { cookie: cookies[1]?.split(';')[0] })

    expect(cookies).toEqual(['own=1', expect.stringMatching(/^PHPSESSID=[0-9a-f]{32}; path=\//)])
    expect(first.headers['vary']).toBe('Accept, Cookie')
    expect(second.body).toBe('2')
    expect(second.headers['set-cookie']).toEqual(['own=1'])
  })

  it('takes headers of writeHead as flat array and as pairs', async () => {
    const manager = createSessionManager<{ n: number }>()
    for (const given of [
      ['x-a', '1', 'x-a', '2', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
      [
        ['x-a', '1'],
        ['x-a', '2'],
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    ]) {
      for (const handlers of [[slowLayer()], []]) {
        const seen = await exchange(async (req, res) => {
          const slow = createSessionManager<{ n: number }>({
            handlers: [...handlers, memoryHandler()],
          })
          const session = await startSession(slow, req, res)
          session.set('n', 1)
          res.writeHead(200, given as unknown as OutgoingHttpHeaders)
          res.end()
        })

        expect(seen.headers['x-a']).toBe('1, 2')
        expect(seen.headers['set-cookie']).toEqual([
          'a=1',
          'b=2',
          expect.stringContaining('PHPSESSID='),
        ])
      }
    }
    await manager.close()
  })

  it('is stored when the application answers past the response object', async () => {
    const manager = createSessionManager<{ n: number }>()
    const first = await manager.start()
    first.set('n', 1)
    await first.commit()
    const cookie = `PHPSESSID=${first.id}`

    const seen = await exchange(
      async (req, res) => {
        const session = await startSession(manager, req, res)
        session.set('n', 2)
        res.stream.respond({ ':status': 200 })
        res.stream.end('past')
      },
      { cookie },
    )

    expect(seen.body).toBe('past')
    const after = await manager.start({ cookieHeader: cookie })
    expect(after.get('n')).toBe(2)
    await after.abort()
  })

  it('tells that a cookie was withheld, when headers left past the response object', async () => {
    const manager = createSessionManager<{ n: number }>()
    let stored = 0
    const isStored = () => {
      void manager.count().then((count) => (stored = count))
      return stored > 0
    }
    const withheld = await eventsOf('sessionz:cookie-withheld', async () => {
      const seen = await exchange(async (req, res) => {
        ;(await startSession(manager, req, res)).set('n', 1)
        res.stream.respond({ ':status': 200 })
        res.stream.end('past')
      })
      expect(seen.headers['set-cookie']).toBeUndefined()
      await until(isStored, 'the session is stored')
    })

    expect(withheld).toEqual([{ name: 'PHPSESSID', reason: 'headers-sent' }])
  })

  it('answers 500 without cookies when it cannot be stored', async () => {
    const manager = createSessionManager<{ n: number }>({ maxBytes: 1 })
    const seen = await exchange(async (req, res) => {
      const session = await startSession(manager, req, res)
      session.set('n', 1)
      res.setHeader('set-cookie', 'own=1')
      res.end('all is well')
    })

    expect(seen.headers[':status']).toBe(500)
    expect(seen.headers['set-cookie']).toBeUndefined()
    expect(seen.body).toBe('Internal Server Error\n')
  })
})
