import { once } from 'node:events'
import type { RequestListener, ServerOptions } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../../src/adapters/node.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import { serve } from '../../helpers/exchange.js'
import { slowLayer } from '../../helpers/slow-layer.js'

const GET = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: PHPSESSID=COOKIE\r\n${headers}\r\n`

const LAST = 'Connection: close\r\n'

/** Answers with the path, in pieces, and takes longer for the first of several. */
const application: RequestListener = async (req, res) => {
  if (req.url === '/slow') await new Promise((resolve) => setTimeout(resolve, 5))
  if (req.url === '/body') for await (const chunk of req) res.write(chunk as Buffer)
  res.write(`[${req.url}`)
  res.end(']')
}

interface Case {
  readonly send: string
  readonly options?: ServerOptions
}

/** What goes over the wire, byte for byte. */
const cases: Readonly<Record<string, Case>> = {
  'HTTP/1.0': { send: 'GET /a HTTP/1.0\r\nCookie: PHPSESSID=COOKIE\r\n\r\n' },
  'HTTP/1.0 that keeps its connection': {
    send:
      'GET /a HTTP/1.0\r\nConnection: keep-alive\r\nCookie: PHPSESSID=COOKIE\r\n\r\n' +
      'GET /b HTTP/1.0\r\nCookie: PHPSESSID=COOKIE\r\n\r\n',
  },
  'one request': { send: GET('/a', LAST) },
  'requests sent without waiting': { send: GET('/slow') + GET('/b') + GET('/c', LAST) },
  'a body in chunks': {
    send: `POST /body HTTP/1.1\r\nHost: a\r\nCookie: PHPSESSID=COOKIE\r\nTransfer-Encoding: chunked\r\n${LAST}\r\n3\r\nabc\r\n0\r\n\r\n`,
  },
  'a body that nobody reads': {
    send: `POST /a HTTP/1.1\r\nHost: a\r\nCookie: PHPSESSID=COOKIE\r\nContent-Length: 3\r\n\r\nabc${GET('/b', LAST)}`,
  },
  'a body announced': {
    send: `POST /body HTTP/1.1\r\nHost: a\r\nCookie: PHPSESSID=COOKIE\r\nContent-Length: 3\r\nExpect: 100-continue\r\n${LAST}\r\nabc`,
  },
  HEAD: { send: `HEAD /a HTTP/1.1\r\nHost: a\r\nCookie: PHPSESSID=COOKIE\r\n${LAST}\r\n` },
  'unique headers': { send: GET('/a', LAST), options: { uniqueHeaders: ['vary'] } },
  'no keep-alive': {
    send: GET('/a') + GET('/b'),
    options: { keepAlive: false, keepAliveTimeout: 1 },
  },
}

async function wire({ send, options = {} }: Case, session?: Sessions): Promise<string> {
  const listener: RequestListener = (req, res) => {
    if (session === undefined) application(req, res)
    else {
      session.middleware(req, res, () => {
        req.session.set('n', 1)
        application(req, res)
      })
    }
  }
  await using server = await serve(listener, options)
  const text = await server.askRaw(send.replaceAll('COOKIE', session?.id ?? 'none'))
  return text
    .replace(/^Date: .*$/gm, 'Date: now')
    .replace(/^(Set-Cookie|Expires|Cache-Control|Pragma|Vary): .*\r\n/gm, '')
}

interface Sessions {
  readonly middleware: ReturnType<typeof sessionMiddleware>
  readonly id: string
}

async function sessions(slow: boolean): Promise<Sessions> {
  const handlers = slow ? [slowLayer(), memoryHandler()] : [memoryHandler()]
  const manager = createSessionManager<{ n: number }>({ handlers })
  const session = await manager.start()
  session.set('n', 0)
  await session.commit()
  return { middleware: sessionMiddleware(manager), id: session.id }
}

describe('the bytes on the wire', () => {
  it.each(Object.entries(cases))('are as without, but for our headers: %s', async (_, question) => {
    const plain = await wire(question)

    expect(plain).toContain('HTTP/1.1 200 OK')
    expect(await wire(question, await sessions(false))).toBe(plain)
    expect(await wire(question, await sessions(true))).toBe(plain)
  })
})

/** A promise and what fulfils it. */
function signal(): { on: Promise<void>; call: () => void } {
  let call: () => void = () => undefined
  const on = new Promise<void>((resolve) => (call = resolve))
  return { on, call }
}

describe('a request that breaks off in its body', () => {
  it.each([false, true])('is seen as such by the handler; asynchronous: %s', async (slow) => {
    const { middleware, id } = await sessions(slow)
    const seen: unknown[] = []
    const { on: halfway, call: tellHalf } = signal()
    const { on: over, call: tellOver } = signal()
    await using server = await serve(async (req, res) => {
      await middleware(req, res)
      req.session.set('n', 1)
      req.on('data', (chunk) => (seen.push(String(chunk)), tellHalf()))
      await once(req, 'end').catch((error: NodeJS.ErrnoException) => seen.push(error.code))
      res.end()
      tellOver()
    })
    const socket = connect(server.port, '127.0.0.1')
    const head = `POST / HTTP/1.1\r\nHost: a\r\nCookie: PHPSESSID=${id}\r\nContent-Length: 9\r\n\r\n`
    socket.write(`${head}half`)
    await halfway
    socket.destroy()
    await over

    expect(seen).toEqual(['half', 'ECONNRESET'])
  })
})

describe('a length that strictContentLength finds wrong', () => {
  it('breaks the response off where it cannot be thrown any more', async () => {
    const { middleware, id } = await sessions(true)
    await using server = await serve(async (req, res) => {
      await middleware(req, res)
      req.session.set('n', 1)
      res.strictContentLength = true
      res.setHeader('Content-Length', 10)
      res.end('short')
      await once(res, 'close')
    })

    const answer = await server.ask({ headers: { cookie: `PHPSESSID=${id}` } })

    expect(answer.error).toBe('ECONNRESET')
  })
})
