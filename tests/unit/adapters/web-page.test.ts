import { describe, expect, it } from 'vitest'
import { withSession, type WebOptions } from '../../../src/adapters/web.js'
import { createSessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import { stored } from '../../helpers/sessions.js'

const PAGE = '<p>é</p><a href="p">x</a><form>f</form>'
const HTML = { 'Content-Type': 'text/html; charset=utf-8' }
const ANYWHERE: SessionOptions = { useOnlyCookies: false, useTransSid: true }

async function ask(
  response: () => Response,
  { options = ANYWHERE, web = {}, request = {} }: Asked = {},
): Promise<{ answer: Response; id: string }> {
  const manager = createSessionManager(options)
  const id = (await stored(manager, { user: 'anna' })).slice('PHPSESSID='.length)
  const route = withSession(manager, response, web)
  const url = request.method === 'POST' ? 'http://shop.test/' : `http://shop.test/?PHPSESSID=${id}`
  const body = request.method === 'POST' ? new URLSearchParams({ PHPSESSID: id }) : null
  return { answer: await route(new Request(url, { ...request, body })), id }
}

interface Asked {
  readonly options?: SessionOptions
  readonly web?: WebOptions
  readonly request?: RequestInit
}

const withId = (id: string) =>
  PAGE.replace('href="p"', `href="p?PHPSESSID=${id}"`).replace(
    '<form>',
    `<form><input type="hidden" name="PHPSESSID" value="${id}" />`,
  )

describe('a page', () => {
  it('has the id in its links, and no length or tag of before', async () => {
    const headers = { ...HTML, 'Content-Length': '1', ETag: '"old"' }
    const { answer, id } = await ask(() => new Response(PAGE, { headers }))

    expect(await answer.text()).toBe(withId(id))
    expect(answer.headers.get('content-length')).toBeNull()
    expect(answer.headers.get('etag')).toBeNull()
    expect(answer.headers.get('vary')).toBe('*')
    expect(answer.headers.get('referrer-policy')).toBe('same-origin')
  })

  it('is found by the form that was sent, where the adapter is told how to read it', async () => {
    const web: WebOptions = {
      body: async (request) =>
        request.method === 'POST' ? Object.fromEntries(await request.clone().formData()) : null,
    }
    const { answer, id } = await ask(() => new Response(PAGE, { headers: HTML }), {
      web,
      request: { method: 'POST' },
    })

    expect(await answer.text()).toBe(withId(id))
  })

  it('is rewritten as the options say', async () => {
    const page = '<!-- <a href="p"> --><a href="q?a">'
    const { answer, id } = await ask(() => new Response(page, { headers: HTML }), {
      web: { rewriter: { htmlAware: true } },
    })

    expect(await answer.text()).toBe(`<!-- <a href="p"> --><a href="q?a&amp;PHPSESSID=${id}">`)
  })

  it.each<[string, () => Response]>([
    ['JSON', () => new Response(PAGE, { headers: { 'Content-Type': 'application/json' } })],
    ['compressed', () => new Response(PAGE, { headers: { ...HTML, 'Content-Encoding': 'gzip' } })],
    ['without a body', () => new Response(null, { headers: HTML })],
    ['a redirect', () => Response.redirect('http://shop.test/next', 302)],
  ])('is nothing else: %s', async (_, response) => {
    const { answer } = await ask(response)

    expect(await answer.text()).toBe(await response().text())
  })

  it('stays as it is by default', async () => {
    const { answer } = await ask(() => new Response(PAGE, { headers: HTML }), { options: {} })

    expect(await answer.text()).toBe(PAGE)
  })
})

describe('what proxies tell', () => {
  const cookie = async (web: WebOptions, headers: Record<string, string>) => {
    const route = withSession(
      createSessionManager(),
      (_, session) => (session.set('user', 'anna'), new Response()),
      web,
    )
    const answer = await route(new Request('http://shop.test/', { headers }))
    return answer.headers.getSetCookie()[0]
  }

  it('is believed where they are trusted', async () => {
    const told = { 'X-Forwarded-Proto': 'https' }

    expect(await cookie({}, told)).not.toContain('secure')
    expect(await cookie({ trustProxy: true }, told)).toContain('; secure;')
    expect(await cookie({ trustProxy: 1 }, { 'X-Forwarded-Proto': 'https, http' })).not.toContain(
      'secure',
    )
  })

  it('is nothing that an address could decide', () => {
    const options = { trustProxy: 'loopback' } as unknown as WebOptions

    expect(() => withSession(createSessionManager(), () => new Response(), options)).toThrow(
      '"trustProxy" must be true, false or a number of proxies',
    )
  })
})

it('the time a page changed is told to caches', async () => {
  const { answer } = await ask(() => new Response(), {
    options: { cacheLimiter: 'private', useOnlyCookies: false },
    web: { lastModified: () => new Date('2020-09-13T12:26:40Z') },
  })

  expect(answer.headers.get('last-modified')).toBe('Sun, 13 Sep 2020 12:26:40 GMT')
})
