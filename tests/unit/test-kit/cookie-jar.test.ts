import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { cookieJar, fakeClock } from '../../../src/testing/index.js'

const HOME = 'http://shop.example/'
const SECURE_HOME = 'https://shop.example/'

describe('cookieJar', () => {
  it('sends back what it was given', () => {
    const jar = cookieJar(HOME)
    jar.store(['a=1; Path=/', 'b=x=y; Path=/; HttpOnly'])
    expect(jar.header()).toBe('a=1; b=x=y')
  })

  it('keeps the newest cookie of a name, host and path', () => {
    const jar = cookieJar(HOME)
    jar.store('a=1; Path=/')
    jar.store('a=2; path=/')
    jar.store('a=3; Path=/cart')
    expect(jar.header('/cart')).toBe('a=3; a=2')
    expect(jar.header('/')).toBe('a=2')
  })

  it.each([
    ['/cart', '/cart', true],
    ['/cart', '/cart/1', true],
    ['/cart', '/cartoon', false],
    ['/cart/', '/cart', false],
    ['/', '/anything', true],
  ])('a cookie of path %s and a request for %s: sent is %s', (path, target, sent) => {
    const jar = cookieJar(HOME)
    jar.store(`a=1; Path=${path}`)
    expect(jar.header(target)).toBe(sent ? 'a=1' : '')
  })

  it('takes the folder of the page where a line names no path', () => {
    const jar = cookieJar(HOME)
    jar.store('a=1', '/shop/cart')
    jar.store('b=1; Path=relative', '/shop/cart')
    expect(jar.cookies.map(({ path }) => path)).toEqual(['/shop', '/shop'])
    expect(jar.header('/shop/list')).toBe('a=1; b=1')
  })

  it('forgets by time, by Max-Age and by Expires', () => {
    const clock = fakeClock('2026-01-01T00:00:00Z')
    const jar = cookieJar(HOME, { now: clock.now })
    jar.store([
      'age=1; Max-Age=60; Expires=Thu, 01 Jan 2099 00:00:00 GMT',
      'date=1; Expires=Thu, 01 Jan 2026 00:02:00 GMT',
      'odd=1; Max-Age=soon; Expires=never',
    ])
    clock.advance(60)
    expect(jar.header()).toBe('date=1; odd=1')
    clock.advance(60)
    expect(jar.header()).toBe('odd=1')
  })

  it('forgets what a response removes', () => {
    const jar = cookieJar(HOME)
    jar.store('a=1; Path=/')
    jar.store('a=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/')
    expect(jar.cookies).toEqual([])
  })

  it('sends a host its own cookies and those of the domain above it', () => {
    const jar = cookieJar(SECURE_HOME)
    jar.store('own=1; Path=/')
    jar.store('all=1; Path=/; Domain=.Shop.Example', 'https://www.shop.example/')
    expect(jar.header('https://www.shop.example/')).toBe('all=1')
    expect(jar.header('https://shop.example/')).toBe('own=1; all=1')
    expect(jar.header('https://myshop.example/')).toBe('')
  })

  it.each([
    ['no name', '=1'],
    ['no pair', 'a'],
    ['Secure over http', 'a=1; Secure'],
    ['SameSite=None without Secure', 'a=1; SameSite=None'],
    ['Partitioned without Secure', 'a=1; Partitioned'],
    ['__Secure- without Secure', '__Secure-a=1'],
    ['a foreign domain', 'a=1; Domain=other.example'],
    ['a domain below', 'a=1; Domain=www.shop.example'],
  ])('refuses %s, as browsers do', (_, line) => {
    const jar = cookieJar(HOME)
    jar.store(line)
    expect(jar.cookies).toEqual([])
  })

  it('takes a __Host- cookie only for the whole host', () => {
    const jar = cookieJar(SECURE_HOME)
    jar.store([
      '__Host-a=1; Secure; Path=/; Domain=shop.example',
      '__Host-b=1; Secure; Path=/cart',
      '__Host-c=1; Secure; Path=/',
    ])
    expect(jar.cookies.map(({ name }) => name)).toEqual(['__Host-c'])
  })

  it('does not send a secure cookie over http', () => {
    const jar = cookieJar(SECURE_HOME)
    jar.store('a=1; Secure; Path=/')
    expect(jar.header('http://shop.example/')).toBe('')
    expect(jar.header()).toBe('a=1')
  })

  it('reads every shape that responses come in', () => {
    const headers = new Headers([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=1'],
    ])
    for (const source of [
      headers,
      new Response('', { headers }),
      [
        ['Set-Cookie', 'a=1'],
        ['Vary', 'Cookie'],
        ['set-cookie', 'b=1'],
      ] as [string, string][],
      ['a=1', 'b=1'],
    ]) {
      const jar = cookieJar(HOME)
      jar.store(source)
      expect(jar.header()).toBe('a=1; b=1')
    }
  })

  it('takes nothing from a response that sets nothing', () => {
    const jar = cookieJar(HOME)
    jar.store(undefined)
    jar.store(new Headers())
    expect(jar.cookies).toEqual([])
  })

  it('forgets everything when it is told to', () => {
    const jar = cookieJar(HOME)
    jar.store('a=1')
    jar.clear()
    expect(jar.header()).toBe('')
  })

  it('sends and keeps cookies with fetch, and follows no redirect', async () => {
    const server = createServer((request, response) => {
      response.setHeader('Set-Cookie', 'seen=1; Path=/')
      response.writeHead(303, { Location: '/next' }).end(request.headers.cookie ?? 'none')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const jar = cookieJar(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      const first = await jar.fetch('/')
      expect([first.status, await first.text()]).toEqual([303, 'none'])
      const second = await jar.fetch('/', { headers: { 'X-Own': '1' } })
      expect(await second.text()).toBe('seen=1')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('is for an address', () => {
    expect(() => cookieJar('here')).toThrow(TypeError)
  })
})

describe('fakeClock', () => {
  it('stands still until it is moved', () => {
    const { now, advance, set } = fakeClock(1000)
    expect(now()).toBe(1000)
    advance(0.5)
    expect(now()).toBe(1500)
    advance(-1)
    expect(now()).toBe(500)
    set('2026-01-01T00:00:00Z')
    expect(now()).toBe(Date.UTC(2026, 0, 1))
    set(new Date(7))
    expect(now()).toBe(7)
  })

  it('has a beginning of its own', () => {
    expect(fakeClock().now()).toBe(Date.UTC(2000, 0, 1))
  })

  it('refuses what is no time, and keeps its own', () => {
    const clock = fakeClock(7)
    expect(() => fakeClock('soon')).toThrow(RangeError)
    expect(() => clock.advance(NaN)).toThrow(RangeError)
    expect(clock.now()).toBe(7)
  })
})
