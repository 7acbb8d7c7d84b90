/** The session cookie: when it is sent, and what stands in it. */
import { describe, expect, it } from 'vitest'
import type { CookieOptions } from '../../src/adapters/express.js'
import { valuesOf } from '../helpers/exchange.js'
import {
  attributesOf,
  cookieFor,
  IMPLEMENTATIONS,
  lineOf,
  serveSessions,
  type Handler,
} from '../helpers/express-drop-in.js'

const login: Handler = (request, response) => {
  request.session['user'] = 'ada'
  response.end()
}

const HOUR = 3_600_000

describe.each(IMPLEMENTATIONS)('the cookie of %s', (_, session) => {
  it('is signed, and by default for all paths, until the browser closes, not for scripts', async () => {
    await using server = await serveSessions(session, { genid: () => 'abc' }, login)

    const answer = await server.ask()

    expect(valuesOf(answer, 'set-cookie')).toEqual([`${cookieFor('abc')}; Path=/; HttpOnly`])
  })

  it.each<[string, CookieOptions, Record<string, string | true>]>([
    ['path', { path: '/' }, { path: '/', httponly: true }],
    ['httpOnly', { httpOnly: false }, { path: '/' }],
    ['domain', { domain: 'example.com' }, { domain: 'example.com', path: '/', httponly: true }],
    ['sameSite true', { sameSite: true }, { path: '/', httponly: true, samesite: 'Strict' }],
    ['sameSite false', { sameSite: false }, { path: '/', httponly: true }],
    ['sameSite strict', { sameSite: 'strict' }, { path: '/', httponly: true, samesite: 'Strict' }],
    ['sameSite lax', { sameSite: 'lax' }, { path: '/', httponly: true, samesite: 'Lax' }],
    ['sameSite none', { sameSite: 'none' }, { path: '/', httponly: true, samesite: 'None' }],
    ['priority low', { priority: 'low' }, { path: '/', httponly: true, priority: 'Low' }],
    ['priority medium', { priority: 'medium' }, { path: '/', httponly: true, priority: 'Medium' }],
    ['priority high', { priority: 'high' }, { path: '/', httponly: true, priority: 'High' }],
    ['partitioned', { partitioned: true }, { path: '/', httponly: true, partitioned: true }],
    ['partitioned false', { partitioned: false }, { path: '/', httponly: true }],
    ['signed, which it is anyway', { signed: false }, { path: '/', httponly: true }],
    ['encode, which is not called', { encode: () => 'x' }, { path: '/', httponly: true }],
  ])('takes %s', async (_name, cookie, attributes) => {
    await using server = await serveSessions(session, { cookie }, login)

    const answer = await server.ask()

    expect(lineOf(answer)).toMatch(/^connect\.sid=s%3A/)
    expect(attributesOf(answer)).toEqual(attributes)
  })

  it('has all attributes in the same order', async () => {
    const cookie = {
      domain: 'example.com',
      path: '/',
      httpOnly: true,
      secure: true,
      partitioned: true,
      priority: 'high',
      sameSite: 'none',
      expires: new Date(Date.UTC(2100, 0, 2)),
    } as const
    const options = { cookie, proxy: true, genid: () => 'a' }
    await using server = await serveSessions(session, options, login)

    const answer = await server.ask({ headers: { 'x-forwarded-proto': 'https' } })

    expect(lineOf(answer)).toBe(
      `${cookieFor('a')}; Domain=example.com; Path=/; Expires=Sat, 02 Jan 2100 00:00:00 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None`,
    )
  })

  it('expires maxAge milliseconds from now', async () => {
    await using server = await serveSessions(session, { cookie: { maxAge: HOUR } }, login)
    const before = Date.now()

    const { expires } = attributesOf(await server.ask())

    const time = new Date(String(expires)).getTime()
    expect(time).toBeGreaterThanOrEqual(before + HOUR - 1000)
    expect(time).toBeLessThanOrEqual(Date.now() + HOUR)
  })

  it('is made for each request where the option is a function', async () => {
    const cookie = (request: { url?: string | undefined }): CookieOptions => ({
      path: '/',
      sameSite: request.url === '/strict' ? 'strict' : 'lax',
    })
    await using server = await serveSessions(session, { cookie }, login)

    expect(attributesOf(await server.ask({ path: '/strict' }))['samesite']).toBe('Strict')
    expect(attributesOf(await server.ask({ path: '/else' }))['samesite']).toBe('Lax')
  })

  it('has the name of the option', async () => {
    await using server = await serveSessions(session, { name: 'sid' }, login)

    expect(lineOf(await server.ask(), 'sid')).toMatch(/^sid=s%3A/)
  })

  it('has the name of the older option key', async () => {
    await using server = await serveSessions(session, { key: 'sid' }, login)

    expect(lineOf(await server.ask(), 'sid')).toMatch(/^sid=s%3A/)
  })

  it('is changed by what the handler sets in req.session.cookie', async () => {
    await using server = await serveSessions(session, {}, (request, response) => {
      const { cookie } = request.session
      cookie.httpOnly = false
      cookie.path = '/shop'
      cookie.sameSite = 'lax'
      cookie.secure = false
      cookie.maxAge = HOUR
      request.session['a'] = 1
      response.end()
    })

    const { expires, ...others } = attributesOf(await server.ask())

    expect(others).toEqual({ path: '/shop', samesite: 'Lax' })
    expect(new Date(String(expires)).getTime()).toBeGreaterThan(Date.now())
  })

  it('stands beside the cookies of the application', async () => {
    await using server = await serveSessions(session, {}, (request, response) => {
      request.session['a'] = 1
      response.setHeader('Set-Cookie', 'theme=dark')
      response.end()
    })

    const cookies = valuesOf(await server.ask(), 'set-cookie')

    expect(cookies.map((line) => line.split('=')[0])).toEqual(['theme', 'connect.sid'])
  })

  it('stands beside several cookies of the application', async () => {
    await using server = await serveSessions(session, {}, (request, response) => {
      request.session['a'] = 1
      response.setHeader('Set-Cookie', ['theme=dark', 'lang=en'])
      response.end()
    })

    const cookies = valuesOf(await server.ask(), 'set-cookie')

    expect(cookies.map((line) => line.split('=')[0])).toEqual(['theme', 'lang', 'connect.sid'])
  })

  it.each<[string, Handler]>([
    ['an object', (_, response) => response.writeHead(200, { 'Set-Cookie': 'theme=dark' })],
    ['a list', (_, response) => response.writeHead(200, ['Set-Cookie', 'theme=dark'])],
    [
      'a message',
      (_, response) => response.writeHead(200, 'Fine', { 'Set-Cookie': ['theme=dark'] }),
    ],
  ])('stands beside the cookies of writeHead, given as %s', async (_name, head) => {
    await using server = await serveSessions(session, {}, async (request, response) => {
      request.session['a'] = 1
      await head(request, response)
      response.end()
    })

    const cookies = valuesOf(await server.ask(), 'set-cookie')

    expect(cookies.map((line) => line.split('=')[0])).toEqual(['theme', 'connect.sid'])
  })

  it.each([
    ['domain', { domain: 'no domain;' }],
    ['path', { path: '/;' }],
    ['sameSite', { sameSite: 'sometimes' as 'lax' }],
    ['priority', { priority: 'urgent' as 'high' }],
    ['expires', { expires: new Date(Number.NaN) }],
  ])('that cannot be, by its %s, is an error and no header', async (attribute, wrong) => {
    await using server = await serveSessions(session, {}, (request, response) => {
      request.session['a'] = 1
      Object.assign(request.session.cookie, wrong)
      response.end('body')
    })

    const answer = await server.ask()

    expect(lineOf(answer)).toBeUndefined()
    expect(answer.status).toBe(200)
    await expect
      .poll(() => server.errors.map(String))
      .toEqual([`TypeError: option ${attribute} is invalid`])
  })

  it('is for requests below its path only', async () => {
    const seen: unknown[] = []
    await using server = await serveSessions(
      session,
      { cookie: { path: '/shop' } },
      (request, response) => {
        seen.push(request.session !== undefined)
        response.end()
      },
    )

    for (const path of ['/', '/sho', '/shop', '/shop/a?b', '/?/shop']) await server.ask({ path })

    expect(seen).toEqual([false, false, true, true, false])
  })

  it('is for the path that the client asked for, wherever the application is mounted', async () => {
    const seen: unknown[] = []
    const options = {
      cookie: { path: '/shop' },
      before: (request: { originalUrl?: string; url?: string | undefined }) => {
        request.originalUrl = String(request.url)
        request.url = '/mounted'
      },
    }
    await using server = await serveSessions(session, options, (request, response) => {
      seen.push(request.session !== undefined)
      response.end()
    })

    for (const path of ['/shop/cart', '/mounted']) await server.ask({ path })

    expect(seen).toEqual([true, false])
  })

  it('is for the path that a function says', async () => {
    const cookie = () => ({ path: '/shop' })
    await using server = await serveSessions(
      session,
      { cookie, saveUninitialized: true },
      (_, response) => response.end(),
    )

    expect(lineOf(await server.ask({ path: '/' }))).toBeUndefined()
    expect(lineOf(await server.ask({ path: '/shop' }))).toContain('Path=/shop')
  })
})
