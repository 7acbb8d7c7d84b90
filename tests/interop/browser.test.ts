/** Sessions in a real browser: what it keeps, sends, refuses, and how it gets along without cookies. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http, { type RequestListener, type ServerResponse } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sessionMiddleware, type NodeOptions, type NodeRequest } from '../../src/adapters/node.js'
import { createSessionManager, type SessionManager } from '../../src/manager.js'
import type { CookieOptions } from '../../src/options/cookie-options.js'
import type { SessionOptions } from '../../src/options/options.js'
import { temporaryFolder } from '../helpers/folders.js'
import { describeWith } from '../helpers/services.js'

/** A small site: a login, a page that counts, a page that changes the id, a logout. */
function listener(manager: SessionManager, options: NodeOptions): RequestListener {
  const session = sessionMiddleware(manager, options)
  return async (request, response) => {
    const { searchParams, pathname } = new URL(request.url ?? '/', 'http://site.test')
    if (pathname === '/favicon.ico') return void response.writeHead(404).end()
    if (request.method === 'POST') await readForm(request)
    await session(request, response)
    await visit(pathname, searchParams, request, response)
  }
}

async function visit(
  path: string,
  query: URLSearchParams,
  request: NodeRequest,
  response: ServerResponse,
): Promise<void> {
  const { session } = request
  if (path === '/login') {
    await session.regenerate()
    session.set('user', query.get('user') ?? 'anna')
  } else if (path === '/rotate') await session.regenerate({ grace: 10 })
  else if (path === '/logout') await session.destroy()
  else session.update('views', (views) => Number(views ?? 0) + 1)
  const ended = path === '/logout'
  const who = ended ? 'nobody' : String(session.get('user') ?? 'nobody')
  const views = ended ? 0 : Number(session.get('views') ?? 0)
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  response.end(
    `<!doctype html><p id="who">${who}</p><p id="views">${views}</p>` +
      '<a id="next" href="/">next</a><form id="form" method="post" action="/"><button>post</button></form>',
  )
}

async function readForm(request: NodeRequest): Promise<void> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  Object.assign(request, { body: Object.fromEntries(new URLSearchParams(text)) })
}

interface Site {
  readonly origin: string
  readonly manager: SessionManager
  close(): Promise<void>
}

async function serve(
  { tls, ...options }: SessionOptions & { readonly tls?: https.ServerOptions } = {},
  node: NodeOptions = {},
): Promise<Site> {
  const manager = createSessionManager(options)
  const answer = listener(manager, node)
  const server = tls === undefined ? http.createServer(answer) : https.createServer(tls, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    manager,
    async close() {
      server.closeAllConnections()
      server.close()
      await manager.close()
    },
  }
}

/** A certificate that nobody signed but itself. */
function selfSigned(): https.ServerOptions {
  const folder = temporaryFolder()
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  // prettier-ignore
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

describeWith('chromium', 'a browser', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    })
  }, 60_000)
  afterAll(() => browser.close())

  async function inContext(
    body: (page: Page, context: BrowserContext) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true })
    try {
      await body(await context.newPage(), context)
    } finally {
      await context.close()
    }
  }

  const text = (page: Page, id: string) => page.locator(`#${id}`).innerText()
  const cookieOf = async (context: BrowserContext, name = 'PHPSESSID') =>
    (await context.cookies()).find((cookie) => cookie.name === name)

  it('logs in, reloads, and logs out', async () => {
    const site = await serve()
    await inContext(async (page, context) => {
      await page.goto(site.origin)
      const before = await cookieOf(context)
      await page.goto(`${site.origin}/login?user=bert`)
      const after = await cookieOf(context)
      await page.goto(site.origin)
      await page.reload()

      expect(after?.value).not.toBe(before?.value)
      expect(await text(page, 'who')).toBe('bert')
      expect(await text(page, 'views')).toBe('3')

      await page.goto(`${site.origin}/logout`)
      expect(await cookieOf(context)).toBeUndefined()
      await page.goto(site.origin)
      expect(await text(page, 'who')).toBe('nobody')
    })
    await site.close()
  })

  it('keeps its session when the id changes under parallel requests', async () => {
    const site = await serve()
    await inContext(async (page, context) => {
      await page.goto(`${site.origin}/login`)
      const users = await page.evaluate(async () => {
        const visits = Array.from({ length: 20 }, (_, at) =>
          fetch(at === 3 || at === 11 ? '/rotate' : '/'),
        )
        const pages = await Promise.all(visits.map(async (answer) => (await answer).text()))
        return pages.map((each) => /id="who">(\w+)/.exec(each)?.[1])
      })
      await page.goto(site.origin)

      expect(new Set(users)).toEqual(new Set(['anna']))
      expect(await text(page, 'who')).toBe('anna')
      expect(await text(page, 'views')).toBe('19')
      expect(await site.manager.start({ cookieHeader: `PHPSESSID=${(await cookieOf(context))?.value}` })).toMatchObject({ isNew: false }) // prettier-ignore
    })
    await site.close()
  })

  it.each<[CookieOptions, string, object]>([
    [{}, 'http', { httpOnly: true, secure: false, sameSite: 'Lax', path: '/', expires: -1 }],
    [{}, 'https', { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', expires: -1 }],
    [{ sameSite: 'Strict', httpOnly: false, path: '/login' }, 'http', { httpOnly: false, sameSite: 'Strict', path: '/login' }], // prettier-ignore
    [{ sameSite: 'None' }, 'https', { sameSite: 'None', secure: true }],
  ])('sees a cookie %j over %s as %j', async (cookie, scheme, seen) => {
    const tls = scheme === 'https' ? { tls: selfSigned() } : {}
    const site = await serve({ cookie, ...tls })
    await inContext(async (page, context) => {
      await page.goto(`${site.origin}/login`)

      expect((await context.cookies(`${site.origin}/login`))[0]).toMatchObject({
        domain: 'localhost',
        ...seen,
      })
      const script = await page.evaluate<string>('document.cookie')
      expect(script.includes('PHPSESSID')).toBe(cookie.httpOnly === false)
    })
    await site.close()
  })

  it('keeps a cookie with a lifetime until its date, and refreshes it', async () => {
    const site = await serve({ cookie: { lifetime: 600, refresh: true } })
    await inContext(async (page, context) => {
      await page.goto(site.origin)
      const first = (await cookieOf(context))?.expires ?? 0
      await page.goto(site.origin)
      const second = (await cookieOf(context))?.expires ?? 0

      expect(first * 1000 - Date.now()).toBeGreaterThan(500_000)
      expect(second).toBeGreaterThan(first)
    })
    await site.close()
  })

  it('keeps a __Host- cookie over https', async () => {
    const site = await serve({ name: '__Host-shop', tls: selfSigned() })
    await inContext(async (page, context) => {
      await page.goto(`${site.origin}/login`)
      await page.goto(site.origin)

      expect(await cookieOf(context, '__Host-shop')).toMatchObject({ secure: true, path: '/' })
      expect(await text(page, 'who')).toBe('anna')
    })
    await site.close()
  })

  it('keeps a partitioned cookie in a page of another site, apart from its own', async () => {
    const tls = selfSigned()
    const site = await serve({ cookie: { partitioned: true, sameSite: 'None' }, tls })
    const frame = https.createServer(tls, (_, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.end(`<iframe name="shop" src="${site.origin}/login"></iframe>`)
    })
    frame.listen(0, '127.0.0.1')
    await once(frame, 'listening')
    const outside = `https://127.0.0.1:${(frame.address() as AddressInfo).port}/`
    await inContext(async (page) => {
      await page.goto(outside)
      const shop = page.frame('shop')
      await shop?.goto(site.origin)
      expect(await shop?.locator('#who').innerText()).toBe('anna')

      await page.goto(site.origin)
      expect(await text(page, 'who')).toBe('nobody')
    })
    frame.closeAllConnections()
    frame.close()
    await site.close()
  })

  it('goes about without cookies by rewritten links and forms', async () => {
    const options = { useCookies: false, useOnlyCookies: false, useTransSid: true }
    const site = await serve(options, { rewriter: { htmlAware: true } })
    await inContext(async (page, context) => {
      await page.goto(`${site.origin}/login?user=carl`)
      await page.click('#next')
      await page.click('#next')
      expect(await text(page, 'who')).toBe('carl')
      await page.click('#form button')

      expect(await text(page, 'who')).toBe('carl')
      expect(await text(page, 'views')).toBe('3')
      expect(await context.cookies()).toEqual([])

      await page.goto(site.origin)
      expect(await text(page, 'who')).toBe('nobody')
    })
    await site.close()
  })

  it('tells no other site the id that is in its address', async () => {
    const seen: (string | undefined)[] = []
    const other = http.createServer((request, response) => {
      if (request.url === '/x') seen.push(request.headers.referer)
      response.end()
    })
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const options = { useCookies: false, useOnlyCookies: false, useTransSid: true }
    const site = await serve(options)
    await inContext(async (page) => {
      await page.goto(`${site.origin}/login`)
      await page.click('#next')
      expect(page.url()).toMatch(/\?PHPSESSID=[0-9a-f]{32}$/)
      const away = `http://127.0.0.1:${(other.address() as AddressInfo).port}/x`
      await page.evaluate(`location.href = ${JSON.stringify(away)}`)
      await page.waitForURL(away)
    })
    other.closeAllConnections()
    other.close()
    await site.close()

    expect(seen).toEqual([undefined])
  })
})
