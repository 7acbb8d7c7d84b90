/** What attackers try with ids, links, caches and headers. Each test fails on a build without its guard. */
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware, type NodeOptions } from '../../src/adapters/node.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import type { CookieOptions } from '../../src/options/cookie-options.js'
import type { SessionOptions } from '../../src/options/options.js'
import { serve, sessionCookie, valuesOf } from '../helpers/exchange.js'
import { sharedCache } from '../helpers/shared-cache.js'
import { seen, stored } from '../helpers/sessions.js'

const ANYWHERE: SessionOptions = { useOnlyCookies: false, useTransSid: true }
const manage = (options: SessionOptions = {}) =>
  createSessionManager({ handlers: [memoryHandler()], gc: { probability: 0 }, ...options })
const idOf = (cookieHeader: string) => cookieHeader.slice('PHPSESSID='.length)

describe('fixation', () => {
  const forged = Array.from({ length: 1000 }, (_, at) => `forged${at}`.padEnd(32, '0'))

  it.each([
    ['cookies', {}, (id: string) => ({ cookieHeader: `PHPSESSID=${id}` })],
    ['links', ANYWHERE, (id: string) => ({ url: `/?PHPSESSID=${id}` })],
    ['forms', ANYWHERE, (id: string) => ({ body: { PHPSESSID: id } })],
  ] as const)(
    'by %s with ids that nobody issued: none of 1,000 is adopted',
    async (_, options, request) => {
      const manager = manage(options)
      const adopted: string[] = []
      for (const id of forged) {
        const session = await manager.start(request(id))
        session.set('user', 'victim')
        await session.commit()
        if (session.id === id || Object.keys(await seen(manager, `PHPSESSID=${id}`)).length > 0) {
          adopted.push(id)
        }
      }

      expect(adopted).toEqual([])
    },
  )

  it('by a live session of the attacker ends with the login, 100 times of 100', async () => {
    const manager = manage()
    let stolen = 0
    for (let round = 0; round < 100; round += 1) {
      const planted = await stored(manager, { mine: true })
      const victim = await manager.start({ cookieHeader: planted })
      await victim.regenerate()
      victim.set('user', 'victim')
      await victim.commit()
      if ('user' in (await seen(manager, planted))) stolen += 1
    }

    expect(stolen).toBe(0)
  })
})

describe('the session of somebody else', () => {
  it('is not taken from a link by a visitor who has one', async () => {
    const manager = manage(ANYWHERE)
    const mine = await stored(manager, { user: 'victim' })
    const theirs = idOf(await stored(manager, { user: 'attacker' }))

    const session = await manager.start({ cookieHeader: mine, url: `/?PHPSESSID=${theirs}`, body: { PHPSESSID: theirs } }) // prettier-ignore

    expect(session.get('user')).toBe('victim')
  })

  it('is not taken from a link at all by default', async () => {
    const manager = manage()
    const theirs = idOf(await stored(manager, { user: 'attacker' }))

    expect((await manager.start({ url: `/?PHPSESSID=${theirs}` })).get('user')).toBeUndefined()
  })

  it('is not taken from a link on a foreign site where the Referer is checked', async () => {
    const manager = manage({ ...ANYWHERE, refererCheck: 'https://shop.test/' })
    const url = `/?PHPSESSID=${idOf(await stored(manager, { user: 'attacker' }))}`

    const session = await manager.start({ url, referer: 'https://evil.test/?shop.test' })

    expect(session.get('user')).toBeUndefined()
  })
})

type Handler = (response: ServerResponse) => unknown

async function site(handler: Handler, options: SessionOptions, node: NodeOptions = {}) {
  const session = sessionMiddleware(manage(options), node)
  return serve((request, response) => session(request, response, () => handler(response)))
}

const FOREIGN = ['http://evil.test/', '//evil.test/', '\\\\evil.test/', '/\\evil.test/', ' //evil.test/', '/\t/evil.test/', 'HTTPS://EVIL.TEST'] // prettier-ignore

describe('an id in an address', () => {
  it.each([false, true])('reaches no other site, htmlAware %s', async (htmlAware) => {
    const page = FOREIGN.map((url) => `<a href="${url}">x</a><form action="${url}"></form>`).join(
      '',
    )
    await using server = await site(
      (response) => {
        response.req.session.set('user', 'victim')
        response.setHeader('Content-Type', 'text/html').end(`${page}<a href="here">`)
      },
      ANYWHERE,
      { rewriter: { htmlAware } },
    )
    const answer = await server.ask({ headers: { host: 'shop.test' } })

    expect(answer.body).toMatch(/<a href="here\?PHPSESSID=[0-9a-f]{32}">$/)
    expect(answer.body.replace(/<a href="here.*$/, '')).toBe(page)
    expect(valuesOf(answer, 'referrer-policy')).toEqual(['same-origin'])
  })
})

describe('a cache between visitors and the site', () => {
  const visit: Handler = (response) => {
    response.req.session.update('views', (views) => Number(views ?? 0) + 1)
    response.setHeader('Content-Type', 'text/html')
    response.end(`<a href="p">${String(response.req.session.get('views'))}</a>`)
  }
  const ownHeader: Handler = (response) => {
    response.setHeader('Cache-Control', 'public, max-age=600')
    visit(response)
  }

  it.each<[string, Handler, SessionOptions]>([
    ['by the limiter public', visit, { cacheLimiter: 'public' }],
    ['by a header of the application', ownHeader, {}],
    ['by a header of the application, without a limiter', ownHeader, { cacheLimiter: 'none' }],
    ['with ids in links', visit, { ...ANYWHERE, cacheLimiter: 'public', useCookies: false }],
  ])('gives nobody the session of another visitor %s', async (_, handler, options) => {
    await using server = await site(handler, options)
    const ask = sharedCache((question) => server.ask(question))
    const told: string[] = []
    for (let visitor = 0; visitor < 5; visitor += 1) {
      const answer = await ask({ path: '/page' })
      told.push(sessionCookie(answer) ?? /PHPSESSID=\w+/.exec(answer.body)?.[0] ?? '')
    }

    expect(new Set(told).size).toBe(5)
    expect(told).not.toContain('')
  })

  it('gives a visitor no page of another one', async () => {
    await using server = await site(visit, { cacheLimiter: 'public' })
    const ask = sharedCache((question) => server.ask(question))
    const page = async (cookie: string) => (await ask({ path: '/page', headers: { cookie } })).body
    const [anna, bert] = [
      sessionCookie(await server.ask()) ?? '',
      sessionCookie(await server.ask()) ?? '',
    ]

    expect([await page(anna), await page(anna), await page(bert)]).toEqual([
      '<a href="p">2</a>',
      '<a href="p">2</a>',
      '<a href="p">2</a>',
    ])
    expect(await page(`other=1; ${bert}`)).toBe('<a href="p">3</a>')
  })

  it('is one that keeps cookies: without a guard it does give them away', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(200, {
        'Set-Cookie': `PHPSESSID=${performance.now()}`,
        'Cache-Control': 'public, max-age=60',
        Vary: 'Cookie',
      })
      response.end()
    })
    const ask = sharedCache((question) => server.ask(question))

    expect(sessionCookie(await ask({ path: '/' }))).toBe(sessionCookie(await ask({ path: '/' })))
  })
})

describe('a character in the name, the path or the domain', () => {
  const line = async (options: { name?: string; cookie?: CookieOptions }) => {
    const session = await manage(options).start()
    session.set('user', 'anna')
    const headers = await session.commit()
    return headers.find(([name]) => name === 'Set-Cookie')?.[1] ?? ''
  }

  /** All that may end a line, an attribute or a pair, and everything beyond ASCII of one byte. */
  const HARMFUL = [
    ...Array.from({ length: 32 }, (_, code) => code),
    ...[...';," \\'].map((character) => character.charCodeAt(0)),
    ...Array.from({ length: 0x180 - 0x7f }, (_, at) => 0x7f + at),
    0x0a0d, 0x2028, 0x560a, 0x560d, 0xfeff,
  ].map((code) => String.fromCharCode(code)) // prettier-ignore

  it.each([
    ['name', (each: string) => ({ name: `a${each}b` })],
    ['path', (each: string) => ({ cookie: { path: `/a${each}b` } })],
    ['domain', (each: string) => ({ cookie: { domain: `a${each}b.test` } })],
  ] as const)('never gets into a header: %s', async (part, options) => {
    const harmful = part === 'path' ? HARMFUL.filter((each) => each !== ',') : HARMFUL
    const passed: string[] = []
    for (const each of harmful) {
      const sent = await line(options(each)).catch(() => undefined)
      if (sent !== undefined) passed.push(escape(sent))
    }

    expect(passed).toEqual([])
  })

  it.each([
    '/; HttpOnly',
    '/\r\nSet-Cookie: a=b',
    '/; domain=evil.test',
    '/\u560d\u560aSet-Cookie: a=b',
  ])('makes no other attribute or header of a path: %j', async (path) => {
    await expect(line({ cookie: { path } })).rejects.toThrow('"cookie.path" must be')
  })
})
