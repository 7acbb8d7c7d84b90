/** Secure cookies, and what is believed of proxies. */
import express from 'express'
import https from 'node:https'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { describe, expect, it } from 'vitest'
import dropIn, { type CookieOptions, type SessionOptions } from '../../src/adapters/express.js'
import { serve } from '../helpers/exchange.js'
import {
  attributesOf,
  IMPLEMENTATIONS,
  lineOf,
  SECRET,
  serveSessions,
  type Handler,
} from '../helpers/express-drop-in.js'
import { eventsOf } from '../helpers/sessions.js'

const login: Handler = (request, response) => {
  request.session['user'] = 'ada'
  response.end(JSON.stringify(request.session.cookie.secure ?? null))
}

const HTTPS = { 'x-forwarded-proto': 'https' }
const PLAIN = { 'x-forwarded-proto': 'http' }

type Row = readonly [string, SessionOptions['proxy'], Record<string, string>, string | undefined]

describe.each(IMPLEMENTATIONS)('connections and %s', (_, session) => {
  it.each<Row>([
    ['trusted, from https', true, HTTPS, 'sent'],
    ['trusted, from https in capitals', true, { 'x-forwarded-proto': 'HTTPS' }, 'sent'],
    ['trusted, from https first', true, { 'x-forwarded-proto': 'https,http' }, 'sent'],
    [
      'trusted, from https first, with blanks',
      true,
      { 'x-forwarded-proto': ' https , http' },
      'sent',
    ],
    ['trusted, from http first', true, { 'x-forwarded-proto': 'http,https' }, undefined],
    ['trusted, from http', true, PLAIN, undefined],
    ['trusted, which says nothing', true, {}, undefined],
    ['not trusted, from https', false, HTTPS, undefined],
    ['of which nothing is said, from https', undefined, HTTPS, undefined],
  ])('behind a proxy, %s: a secure cookie', async (_name, proxy, headers, sent) => {
    await using server = await serveSessions(session, { proxy, cookie: { secure: true } }, login)

    const line = lineOf(await server.ask({ headers }))

    expect(line === undefined ? undefined : 'sent').toBe(sent)
  })

  it.each([
    [true, 'sent'],
    [false, undefined],
  ])('the framework says secure is %s, and nothing is said of a proxy', async (secure, sent) => {
    const options = {
      cookie: { secure: true },
      before: (request: { secure?: boolean }) => void (request.secure = secure),
    }
    await using server = await serveSessions(session, options, login)

    const line = lineOf(await server.ask({ headers: HTTPS }))

    expect(line === undefined ? undefined : 'sent').toBe(sent)
  })

  it('does not ask the framework where a proxy is not to be trusted', async () => {
    const options = {
      proxy: false,
      cookie: { secure: true },
      before: (request: { secure?: boolean }) => void (request.secure = true),
    }
    await using server = await serveSessions(session, options, login)

    expect(lineOf(await server.ask())).toBeUndefined()
  })

  it.each<[string, CookieOptions, Record<string, string>, Record<string, unknown>]>([
    ['secure auto, https', { secure: 'auto' }, HTTPS, { secure: true }],
    ['secure auto, http', { secure: 'auto' }, PLAIN, {}],
    ['sameSite auto, https', { sameSite: 'auto' }, HTTPS, { samesite: 'None' }],
    ['sameSite auto, http', { sameSite: 'auto' }, PLAIN, { samesite: 'Lax' }],
    [
      'both auto, https',
      { secure: 'auto', sameSite: 'auto' },
      HTTPS,
      { secure: true, samesite: 'None' },
    ],
    ['both auto, http', { secure: 'auto', sameSite: 'auto' }, PLAIN, { samesite: 'Lax' }],
  ])('settles %s for the connection', async (_name, cookie, headers, attributes) => {
    await using server = await serveSessions(session, { proxy: true, cookie }, login)

    const answer = await server.ask({ headers })

    expect(attributesOf(answer)).toEqual({ path: '/', httponly: true, ...attributes })
  })

  it('trusts a proxy where Express does', async () => {
    const middleware = session({
      secret: SECRET,
      resave: false,
      saveUninitialized: true,
      cookie: { secure: true },
    })
    const trusting = express()
    trusting.set('trust proxy', true)
    const wary = express()
    for (const app of [trusting, wary]) {
      app.use(middleware as express.RequestHandler)
      app.get('/', (_request, response) => void response.end())
    }
    await using first = await serve(trusting as unknown as RequestListener)
    await using second = await serve(wary as unknown as RequestListener)

    expect(lineOf(await first.ask({ headers: HTTPS }))).toContain('Secure')
    expect(lineOf(await second.ask({ headers: HTTPS }))).toBeUndefined()
  })

  it('sends a secure cookie over a secure connection', async () => {
    const middleware = session({
      secret: SECRET,
      resave: false,
      saveUninitialized: true,
      cookie: { secure: 'auto' },
      proxy: false,
    })
    const server = https.createServer({ ...TLS, pskCallback: () => KEY }, (request, response) =>
      middleware(request, response, () => response.end()),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const question: https.RequestOptions & ConnectionOptions = {
      ...TLS,
      host: '127.0.0.1',
      port,
      agent: false,
      pskCallback: () => ({ psk: KEY, identity: 'visitor' }),
      checkServerIdentity: () => undefined,
    }
    const request = https.get(question)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()

    expect(response.headers['set-cookie']?.[0]).toMatch(/; HttpOnly; Secure$/)
    server.closeAllConnections()
    server.close()
  })
})

/** TLS by a key that both sides know, so that no certificate is needed. */
const TLS = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  maxVersion: 'TLSv1.2',
} as const
const KEY = Buffer.alloc(16, 7)

describe('sessionz/express', () => {
  it('tells that a secure cookie was withheld from an insecure connection', async () => {
    const options = { cookie: { secure: true } }
    await using server = await serveSessions(dropIn, options, login)
    const withheld = await eventsOf('sessionz:cookie-withheld', () => server.ask({}))

    expect(withheld).toEqual([{ name: 'connect.sid', reason: 'insecure' }])
  })
})
