/** Responses that are ended in every way there is, with a session that is stored meanwhile. */
import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { StoreLike } from '../../src/adapters/express.js'
import { serve, valuesOf } from '../helpers/exchange.js'
import {
  IMPLEMENTATIONS,
  lineOf,
  serveSessions,
  visitorOf,
  type Factory,
  type Handler,
  type SessionServer,
} from '../helpers/express-drop-in.js'

/** A store whose writes come to their end when the test says so. */
function slowStore(session: Factory) {
  const store = new session.MemoryStore()
  const set = store.set.bind(store)
  const waiting: (() => void)[] = []
  const slow: StoreLike['set'] = (id, record, callback) => {
    waiting.push(() => set(id, record as never, callback as never))
  }
  return {
    store: Object.assign(store, { set: slow }),
    waiting,
    release: () => {
      for (const go of waiting.splice(0)) go()
    },
  }
}

/** A request whose response can be watched while it comes. */
async function open(server: SessionServer, options: http.RequestOptions = {}) {
  const request = http.get({ host: '127.0.0.1', port: server.port, agent: false, ...options })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const seen = { headers: response.headers, body: '', ended: false }
  response.on('data', (chunk: Buffer) => (seen.body += chunk.toString()))
  response.on('end', () => (seen.ended = true))
  return seen
}

const poll = { timeout: 5000, interval: 2 }

const changed: Handler = (request) => (request.session['at'] = performance.now())

describe.each(IMPLEMENTATIONS)('responses and %s', (_, session) => {
  it.each<[string, (response: ServerResponse) => unknown, string]>([
    ['nothing', (response) => response.end(), ''],
    ['undefined', (response) => response.end(undefined), ''],
    ['null', (response) => response.end(null as unknown as string), ''],
    ['an empty string', (response) => response.end(''), ''],
    ['a string', (response) => response.end('text'), 'text'],
    ['a string in UTF-8', (response) => response.end('ä', 'utf8'), 'Ã¤'],
    ['a string in latin1', (response) => response.end('ä', 'latin1'), 'ä'],
    ['a string in hexadecimal', (response) => response.end('6162', 'hex'), 'ab'],
    ['a string in base64', (response) => response.end('YWI=', 'base64'), 'ab'],
    ['a Buffer', (response) => response.end(Buffer.from('bytes')), 'bytes'],
    ['an empty Buffer', (response) => response.end(Buffer.alloc(0)), ''],
    ['one byte', (response) => response.end('x'), 'x'],
    ['a string after a write', (response) => (response.write('a'), response.end('b')), 'ab'],
    [
      'nothing after writes',
      (response) => (response.write('a'), response.write('b'), response.end()),
      'ab',
    ],
    [
      'nothing after a write in hexadecimal',
      (response) => (response.write('61', 'hex'), response.end()),
      'a',
    ],
  ])('ended with %s say that, with a length and without', async (_name, end, body) => {
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      if (request.url === '/length')
        response.setHeader('Content-Length', Buffer.byteLength(body, 'latin1'))
      end(response)
    })

    for (const path of ['/', '/length']) {
      const answer = await server.ask({ path })

      expect([answer.status, answer.body, answer.error]).toEqual([200, body, undefined])
      expect(lineOf(answer)).toBeDefined()
    }
  })

  it('with a length keep back their last byte until the session is stored', async () => {
    const { store, waiting, release } = slowStore(session)
    await using server = await serveSessions(session, { store }, async (request, response) => {
      await changed(request, response)
      response.setHeader('Content-Length', 5)
      response.end('hello')
    })

    const seen = await open(server)
    await expect.poll(() => seen.body, poll).toBe('hell')
    expect([waiting.length, seen.ended]).toEqual([1, false])
    release()

    await expect.poll(() => [seen.body, seen.ended], poll).toEqual(['hello', true])
  })

  it('with a length in writeHead, too', async () => {
    const { store, release } = slowStore(session)
    await using server = await serveSessions(session, { store }, async (request, response) => {
      await changed(request, response)
      response.writeHead(200, { 'Content-Length': '5' })
      response.end('hello')
    })

    const seen = await open(server)
    await expect.poll(() => seen.body, poll).toBe('hell')
    release()

    await expect.poll(() => [seen.body, seen.ended], poll).toEqual(['hello', true])
  })

  it('without a length keep back their end until the session is stored', async () => {
    const { store, release } = slowStore(session)
    await using server = await serveSessions(session, { store }, async (request, response) => {
      await changed(request, response)
      response.end('hello')
    })

    const seen = await open(server)
    await expect.poll(() => seen.body, poll).toBe('hello')
    expect(seen.ended).toBe(false)
    release()

    await expect.poll(() => seen.ended, poll).toBe(true)
  })

  it('that redirect come to their end when the session is stored', async () => {
    const { store, release } = slowStore(session)
    await using server = await serveSessions(session, { store }, async (request, response) => {
      await changed(request, response)
      response.writeHead(302, { Location: '/next' })
      response.end('moved')
    })

    const seen = await open(server)
    expect(seen.headers.location).toBe('/next')
    expect(seen.ended).toBe(false)
    release()

    await expect.poll(() => seen.ended, poll).toBe(true)
  })

  it('have the session stored when the next request comes', async () => {
    const { store, waiting, release } = slowStore(session)
    await using server = await serveSessions(session, { store }, (request, response) => {
      const views = Number(request.session['views'] ?? 0) + 1
      request.session['views'] = views
      response.end(String(views))
    })
    const visit = server.visitor()
    const bodies: string[] = []
    for (let n = 0; n < 3; n += 1) {
      const answer = visit()
      await expect.poll(() => waiting.length, poll).toBe(1)
      release()
      bodies.push((await answer).body)
    }

    expect(bodies).toEqual(['1', '2', '3'])
  })

  it('stream while they go on', async () => {
    let finish = () => {}
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      response.write('first ')
      finish = () => response.end('last')
    })

    const seen = await open(server)
    await expect.poll(() => seen.body, poll).toBe('first ')
    expect(seen.headers['set-cookie']).toHaveLength(1)
    finish()

    await expect.poll(() => [seen.body, seen.ended], poll).toEqual(['first last', true])
  })

  it('keep what changes after the first write', async () => {
    await using server = await serveSessions(
      session,
      { saveUninitialized: true },
      (request, response) => {
        response.write(String(request.session['late'] ?? 'none'))
        request.session['late'] = 'kept'
        response.end()
      },
    )
    const visit = server.visitor()

    expect([(await visit()).body, (await visit()).body]).toEqual(['none', 'kept'])
  })

  it('to HEAD have no body', async () => {
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      response.setHeader('Content-Length', 5)
      response.end('hello')
    })

    const answer = await server.ask({ method: 'HEAD' })

    expect([answer.status, answer.body, valuesOf(answer, 'content-length')]).toEqual([
      200,
      '',
      ['5'],
    ])
    expect(lineOf(answer)).toBeDefined()
  })

  it.each([204, 304])('of status %i have no body', async (status) => {
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      response.statusCode = status
      response.end()
    })

    const answer = await server.ask()

    expect([answer.status, answer.body, lineOf(answer) !== undefined]).toEqual([status, '', true])
  })

  it('may be ended twice: the second time says nothing', async () => {
    let second: unknown
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      response.end('first')
      second = response.end('second')
    })

    const answer = await server.ask()

    expect([answer.status, answer.body, second]).toEqual([200, 'first', false])
  })

  it('take no header after their end, while the session is being stored', async () => {
    const { store, release } = slowStore(session)
    const thrown: string[] = []
    await using server = await serveSessions(session, { store }, async (request, response) => {
      await changed(request, response)
      response.end('done')
      try {
        response.setHeader('X-Late', '1')
      } catch (error) {
        thrown.push((error as NodeJS.ErrnoException).code ?? '')
      }
    })

    const seen = await open(server)
    release()
    await expect.poll(() => seen.ended, poll).toBe(true)

    expect([seen.body, seen.headers['x-late'], thrown]).toEqual([
      'done',
      undefined,
      ['ERR_HTTP_HEADERS_SENT'],
    ])
  })

  it('tell once that they have finished', async () => {
    let finished = 0
    await using server = await serveSessions(session, {}, async (request, response) => {
      response.on('finish', () => (finished += 1))
      await changed(request, response)
      response.end('x')
    })

    await server.ask()

    await expect.poll(() => finished, poll).toBe(1)
  })

  it('of many parts come whole, and in order', async () => {
    const part = 'x'.repeat(50_000)
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      for (let n = 0; n < 20; n += 1) {
        if (!response.write(`${n}:${part}`)) await once(response, 'drain')
      }
      response.end('end')
    })

    const { body } = await server.ask()

    expect(body).toHaveLength(20 * 50_002 + 10 + 3)
    expect(body.endsWith('end')).toBe(true)
  })

  it('go through what others have put before: write and end', async () => {
    const calls: string[] = []
    const before = (__: unknown, response: ServerResponse) => {
      const { write, end } = response
      response.write = ((...args: Parameters<typeof write>) => (
        calls.push('write'),
        write.apply(response, args)
      )) as typeof write
      response.end = ((...args: Parameters<typeof end>) => (
        calls.push('end'),
        end.apply(response, args)
      )) as typeof end
    }
    await using server = await serveSessions(session, { before }, async (request, response) => {
      await changed(request, response)
      response.write('a')
      response.end('b')
    })

    const answer = await server.ask()

    expect(answer.body).toBe('ab')
    expect(calls[0]).toBe('write')
    expect(calls.at(-1)).toBe('end')
  })

  it('go through what others put on top: write and end', async () => {
    const middleware = session({ secret: 's', resave: true, saveUninitialized: true })
    await using server = await serve((request, response) => {
      middleware(request, response, () => {
        const { write, end } = response
        let text = ''
        response.write = ((chunk: string) => ((text += chunk), true)) as typeof write
        response.end = ((chunk = '') =>
          end.call(response, (text + String(chunk)).toUpperCase(), 'utf8')) as typeof end
        response.write('hello, ')
        response.end('world')
      })
    })

    const answer = await visitorOf(server)()

    expect([answer.status, answer.body, lineOf(answer) !== undefined]).toEqual([
      200,
      'HELLO, WORLD',
      true,
    ])
  })

  it('have their cookie before headers that others add when they leave', async () => {
    let seen: unknown
    const before = (__: unknown, response: ServerResponse) => {
      const { writeHead } = response
      response.writeHead = ((...args: Parameters<typeof writeHead>) => {
        seen = response.getHeader('set-cookie')
        return writeHead.apply(response, args)
      }) as typeof writeHead
    }
    await using server = await serveSessions(session, { before }, async (request, response) => {
      await changed(request, response)
      response.end()
    })

    await server.ask()

    expect(seen).toEqual([expect.stringMatching(/^connect\.sid=/)])
  })

  it('of a store that answers at once come as well', async () => {
    const records: Record<string, string> = {}
    const store = Object.assign(new session.MemoryStore(), {
      get: (id: string, done: (error: unknown, record?: unknown) => void) =>
        done(null, records[id] && (JSON.parse(records[id]) as unknown)),
      set: (id: string, record: object, done: (error?: unknown) => void) => {
        records[id] = JSON.stringify(record)
        done()
      },
      destroy: (id: string, done: (error?: unknown) => void) => {
        delete records[id]
        done()
      },
    })
    await using server = await serveSessions(
      session,
      { store, unset: 'destroy' },
      (request, response) => {
        if (request.url === '/leave') Object.assign(request, { session: null })
        else request.session['views'] = Number(request.session['views'] ?? 0) + 1
        response.setHeader('Content-Length', 5)
        response.end('hello')
      },
    )
    const visit = server.visitor()

    const bodies = [(await visit()).body, (await visit()).body]
    expect(
      Object.values(records).map((text) => (JSON.parse(text) as { views: number }).views),
    ).toEqual([2])
    bodies.push((await visit('/leave')).body)

    expect(bodies).toEqual(['hello', 'hello', 'hello'])
    expect(records).toEqual({})
  })

  it('that are broken off leave the server in order', async () => {
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      if (request.url === '/broken') response.destroy()
      else response.end('fine')
    })

    expect((await server.ask({ path: '/broken' })).error).toBe('ECONNRESET')
    expect((await server.ask()).body).toBe('fine')
  })

  it('keep their connection for the next request', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    await using server = await serveSessions(session, {}, async (request, response) => {
      await changed(request, response)
      response.end(String(request.socket.remotePort))
    })

    const ports = [(await server.ask({ agent })).body, (await server.ask({ agent })).body]
    agent.destroy()

    expect(ports[0]).toBe(ports[1])
  })
})
