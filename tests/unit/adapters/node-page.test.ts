import { createServer as createHttp2Server, connect } from 'node:http2'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware, startSession, type NodeOptions } from '../../../src/adapters/node.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import { serve, valuesOf, type Question } from '../../helpers/exchange.js'
import { asyncHandler, stored } from '../../helpers/sessions.js'

const PAGE = '<p>é</p><a href="p">x</a><form>f</form>'
const HTML = { 'Content-Type': 'text/html; charset=utf-8' }

type Handler = (response: ServerResponse) => unknown

/** Each way to say the same page. */
const WAYS: readonly (readonly [string, Handler])[] = [
  ['end', (response) => response.setHeader('Content-Type', 'text/html').end(PAGE)],
  ['writeHead and end', (response) => void response.writeHead(200, HTML).end(PAGE)],
  [
    'writeHead with a length',
    (response) => {
      const headers = { ...HTML, 'Content-Length': Buffer.byteLength(PAGE) }
      response.writeHead(200, headers).end(PAGE)
    },
  ],
  [
    'a length that was set',
    (response) => {
      response.setHeader('Content-Type', 'text/html')
      response.setHeader('Content-Length', Buffer.byteLength(PAGE))
      response.setHeader('ETag', '"of the page without ids"')
      response.end(PAGE)
    },
  ],
  [
    'single bytes',
    (response) => {
      response.setHeader('Content-Type', 'text/html')
      for (const byte of Buffer.from(PAGE)) response.write(Buffer.from([byte]))
      response.end()
    },
  ],
  [
    'base64 and a callback',
    (response) => {
      response.setHeader('Content-Type', 'application/xhtml+xml')
      const bytes = Buffer.from(PAGE)
      response.write(bytes.subarray(0, 12).toString('base64'), 'base64', () => {
        response.end(bytes.subarray(12).toString('base64'), 'base64')
      })
    },
  ],
  [
    'an array of headers and flushHeaders',
    (response) => {
      const { writeHead } = response as unknown as { writeHead(...args: unknown[]): void }
      writeHead.call(response, 200, ['Content-Type', 'text/html', 'content-length', '1'])
      response.flushHeaders()
      response.write(PAGE.slice(0, 20))
      response.end(PAGE.slice(20))
    },
  ],
]

const ANYWHERE: SessionOptions = { useOnlyCookies: false, useTransSid: true }

async function site(
  handler: Handler,
  options: SessionOptions = ANYWHERE,
  node: NodeOptions = {},
  waiting = false,
) {
  const manager = createSessionManager({
    handlers: waiting ? [asyncHandler(), memoryHandler()] : [memoryHandler()],
    ...options,
  })
  const session = sessionMiddleware(manager, node)
  const server = await serve((request, response) => {
    session(request, response, () => handler(response))
  })
  const id = (await stored(manager, { user: 'anna' })).slice('PHPSESSID='.length)
  const ask = (question: Question = {}) => server.ask({ path: `/?PHPSESSID=${id}`, ...question })
  return { ask, id, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

const withId = (id: string, page = PAGE) =>
  page
    .replace('href="p"', `href="p?PHPSESSID=${id}"`)
    .replace('<form>', `<form><input type="hidden" name="PHPSESSID" value="${id}" />`)
const latin1 = (text: string) => Buffer.from(text).toString('latin1')

describe.each([
  ['storage that answers at once', false],
  ['storage that takes its time', true],
])('a page, over %s', (_, waiting) => {
  it.each(WAYS)('written by %s has the id in its links, and the right length', async (_, way) => {
    await using server = await site(way, ANYWHERE, {}, waiting)
    const answer = await server.ask()

    expect(answer.error).toBeUndefined()
    expect(answer.body).toBe(latin1(withId(server.id)))
    for (const length of valuesOf(answer, 'content-length')) {
      expect(Number(length)).toBe(answer.body.length)
    }
    expect(valuesOf(answer, 'etag')).toEqual([])
    expect(valuesOf(answer, 'referrer-policy')).toEqual(['same-origin'])
    expect(valuesOf(answer, 'vary')).toEqual(['*'])
  })

  it.each(WAYS)('asked for by HEAD and written by %s has no body', async (_, way) => {
    await using server = await site(way, ANYWHERE, {}, waiting)
    const answer = await server.ask({ method: 'HEAD' })

    expect(answer).toMatchObject({ status: 200, body: '' })
    for (const length of valuesOf(answer, 'content-length')) {
      expect(Number(length)).toBe(Buffer.byteLength(withId(server.id)))
    }
  })
})

describe('what is no page', () => {
  const head = (status: number, headers: Record<string, string>, body: string | Buffer = PAGE) =>
    ((response) => void response.writeHead(status, headers).end(body)) as Handler

  it.each<[string, Handler, string]>([
    ['JSON', head(200, { 'Content-Type': 'application/json' }), PAGE],
    ['without a type', head(200, {}), PAGE],
    ['part of a file', head(206, HTML), PAGE],
    ['in UTF-16', head(200, { 'Content-Type': 'text/html; charset=UTF-16LE' }), PAGE],
    ['not modified', head(304, HTML, ''), ''],
    ['no content', head(204, HTML, ''), ''],
  ])('stays as it is: %s', async (_, handler, body) => {
    await using server = await site(handler)

    expect((await server.ask()).body).toBe(latin1(body))
  })

  it('stays as it is when it is compressed, length and all', async () => {
    const zipped = gzipSync(PAGE)
    const headers = {
      ...HTML,
      'Content-Encoding': 'gzip',
      'Content-Length': String(zipped.length),
    }
    await using server = await site(head(200, headers, zipped))
    const answer = await server.ask()

    expect(answer.body).toBe(zipped.toString('latin1'))
    expect(valuesOf(answer, 'content-length')).toEqual([String(zipped.length)])
  })

  it('is a failure: its text has no id', async () => {
    const broken = asyncHandler()
    const manager = createSessionManager({
      ...ANYWHERE,
      handlers: [
        { ...broken, write: () => Promise.reject(new Error('down')) } as typeof broken,
        memoryHandler(),
      ],
    })
    const session = sessionMiddleware(manager)
    await using server = await serve((request, response) => {
      session(request, response, () => {
        request.session.set('user', 'anna')
        response.writeHead(200, HTML).end(PAGE)
      })
    })

    expect(await server.ask({ path: '/?' })).toMatchObject({
      status: 500,
      body: 'Internal Server Error\n',
    })
  })
})

describe('whose links', () => {
  const [, way] = WAYS[0] as (typeof WAYS)[number]

  it('are left alone by default, and when a cookie came', async () => {
    await using off = await site(way, { useOnlyCookies: false })
    await using on = await site(way)

    expect((await off.ask()).body).toBe(latin1(PAGE))
    const cookie = await on.ask({ path: '/', headers: { cookie: `PHPSESSID=${on.id}` } })
    expect(cookie.body).toBe(latin1(PAGE))
    expect(valuesOf(cookie, 'referrer-policy')).toEqual([])
  })

  it('get the id of a first visit that is stored, beside its cookie', async () => {
    await using server = await site((response) => {
      response.req.session.set('user', 'bert')
      response.setHeader('Content-Type', 'text/html').end(PAGE)
    })
    const answer = await server.ask({ path: '/' })

    const [cookie = ''] = valuesOf(answer, 'set-cookie')
    const id = /PHPSESSID=([^;]+)/.exec(cookie)?.[1] ?? ''
    expect(answer.body).toBe(latin1(withId(id)))
  })

  it('get the id by startSession, by an id in a form, and as the options say', async () => {
    const manager = createSessionManager(ANYWHERE)
    await using server = await serve(async (request, response) => {
      const parsed = Object.assign(request, { body: { PHPSESSID: 'none' } })
      const session = await startSession(manager, parsed, response, {
        rewriter: { htmlAware: true },
      })
      session.set('user', 'anna')
      response.setHeader('Content-Type', 'text/html').end('<!-- <a href="p"> --><a href="q?a">')
    })

    expect((await server.ask()).body).toMatch(
      /^<!-- <a href="p"> --><a href="q\?a&amp;PHPSESSID=[0-9a-f]{32}">$/,
    )
  })

  it('get it over HTTP/2, once', async () => {
    const manager = createSessionManager(ANYWHERE)
    const session = sessionMiddleware(manager)
    const id = (await stored(manager, { user: 'anna' })).slice('PHPSESSID='.length)
    const server = createHttp2Server((request, response) => {
      session(request, response, () => {
        response.setHeader('Content-Type', 'text/html')
        response.write(PAGE.slice(0, 20))
        response.end(PAGE.slice(20))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    let body = ''
    for await (const chunk of client
      .request({ ':path': `/?PHPSESSID=${id}` })
      .setEncoding('latin1')) {
      body += String(chunk)
    }
    client.close()
    server.close()

    expect(body).toBe(latin1(withId(id)))
  })

  it('cannot be rewritten by an option that nobody knows', () => {
    const options = { rewriter: { name: 'x', tags_: '' } } as NodeOptions

    expect(() => sessionMiddleware(createSessionManager(), options)).toThrow('unknown option')
  })
})

describe('the rest of what the adapter sees', () => {
  it('is the scheme and the host that trusted proxies tell', async () => {
    const options: NodeOptions = { trustProxy: 'loopback' }
    const handler: Handler = (response) => {
      response.req.session.set('user', 'anna')
      response.end()
    }
    await using server = await site(handler, {}, options)
    await using alone = await site(handler, {}, {})
    const headers = { 'X-Forwarded-Proto': 'https' }
    const cookie = async ({ ask }: typeof server) =>
      valuesOf(await ask({ path: '/', headers }), 'set-cookie')[0]

    expect(await cookie(server)).toContain('; secure;')
    expect(await cookie(alone)).not.toContain('secure')
  })

  it('is when the page changed', async () => {
    const lastModified = () => new Date('2020-09-13T12:26:40Z')
    await using server = await site(
      (response) => {
        response.req.session.set('user', 'anna')
        response.end()
      },
      { cacheLimiter: 'private' },
      { lastModified },
    )

    expect(valuesOf(await server.ask({ path: '/' }), 'last-modified')).toEqual([
      'Sun, 13 Sep 2020 12:26:40 GMT',
    ])
  })

  it('is a Cache-Control that would let caches keep a cookie', async () => {
    const handler: Handler = (response) => {
      response.req.session.set('user', 'anna')
      response.writeHead(200, { 'Cache-Control': 'public, max-age=60', Vary: 'Accept' }).end()
    }
    await using server = await site(handler, {})
    const answer = await server.ask({ path: '/' })

    expect(valuesOf(answer, 'cache-control')).toEqual(['public, max-age=60'])
    expect(valuesOf(answer, 'vary')).toEqual(['*'])
  })
})
