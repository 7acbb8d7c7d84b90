import { describe, expect, it } from 'vitest'
import { createSessionStorage, withSession } from '../../../src/adapters/web.js'
import { memoryHandler } from '../../../src/handlers/memory.js'
import { createSessionManager, type SessionManager } from '../../../src/manager.js'
import type { SessionOptions } from '../../../src/options/options.js'
import type { Session } from '../../../src/session.js'
import { eventsOf } from '../../helpers/sessions.js'

interface Shop {
  views: number
  user: string
}

const shop = (options: SessionOptions = {}) => createSessionManager<Shop>(options)

function request(cookie?: string, url = 'http://shop.test/cart?item=1'): Request {
  return new Request(url, cookie === undefined ? {} : { headers: { cookie } })
}

/** The cookie to send back. */
const cookieOf = ({ headers }: Response) => headers.getSetCookie()[0]?.split(';')[0] ?? ''

const count = (session: Session<Shop>) => session.update('views', (views = 0) => views + 1)

function counter(manager: SessionManager<Shop>) {
  return withSession(manager, (_, session) => new Response(`${count(session)}`))
}

describe('withSession', () => {
  it('counts the visits of one visitor, and of nobody else', async () => {
    const answer = counter(shop())
    const first = await answer(request())
    const second = await answer(request(cookieOf(first)))
    const other = await answer(request())

    expect(await first.text()).toBe('1')
    expect(await second.text()).toBe('2')
    expect(await other.text()).toBe('1')
    expect(second.headers.getSetCookie()).toEqual([])
    expect(second.headers.get('vary')).toBe('Cookie')
  })

  it('loses nothing of 100 requests at once', async () => {
    const manager = shop()
    const answer = withSession(manager, async (_, session) => {
      const { views = 0 } = session.data
      await new Promise(setImmediate)
      session.data.views = views + 1
      return new Response()
    })
    const cookie = cookieOf(await answer(request()))
    await Promise.all(Array.from({ length: 100 }, () => answer(request(cookie))))

    const session = await manager.start({ cookieHeader: cookie })
    expect(session.get('views')).toBe(101)
    await session.abort()
  })

  it('hands on what else the framework passes', async () => {
    const answer = withSession(shop(), (_, __, params: { id: string }) => new Response(params.id))

    expect(await (await answer(request(), { id: '7' })).text()).toBe('7')
  })

  it('adds to the headers of an answer that cannot be changed', async () => {
    const answer = withSession(shop(), (_, session) => {
      count(session)
      return Response.redirect('http://shop.test/', 303)
    })
    const response = await answer(request())

    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('http://shop.test/')
    expect(cookieOf(response)).toMatch(/^PHPSESSID=[0-9a-f]{32}$/)
  })

  it('keeps several cookies as several headers, and the one of its own name once', async () => {
    const answer = withSession(shop(), (_, session) => {
      count(session)
      const headers = new Headers({ vary: 'Accept', 'cache-control': 'private' })
      for (const line of ['a=1', 'b=2', 'PHPSESSID=old']) headers.append('set-cookie', line)
      return new Response('', { headers })
    })
    const { headers } = await answer(request())
    const names = headers.getSetCookie().map((line) => line.split('=')[0])

    expect(names).toEqual(['a', 'b', 'PHPSESSID'])
    expect(headers.get('vary')).toBe('Accept, Cookie')
    expect(headers.get('cache-control')).toBe('private')
  })

  it('streams, and stores before the first byte leaves', async () => {
    const manager = shop()
    const errors: unknown[] = []
    const answer = withSession(manager, (_, session) => {
      count(session)
      const body = new ReadableStream(
        {
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode(String(await manager.count())))
            try {
              session.set('views', 9)
            } catch (error) {
              errors.push(error)
            }
            controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      return new Response(body)
    })

    expect(await (await answer(request())).text()).toBe('1')
    expect(errors).toMatchObject([{ code: 'ERR_SESSION_STATE' }])
  })

  it('of a handler that throws stores nothing and frees the lock', async () => {
    const manager = shop({ lockWait: 0.05 })
    const cookie = cookieOf(await counter(manager)(request()))
    const fails = withSession(manager, (_, session) => {
      count(session)
      throw new Error('oops')
    })

    await expect(fails(request(cookie))).rejects.toThrow('oops')
    expect(await (await counter(manager)(request(cookie))).text()).toBe('2')
  })

  it('of a commit that fails gives no answer', async () => {
    const answer = withSession(shop(), (_, session) => {
      Object.assign(session.data, { views: () => 1 })
      return new Response('fine')
    })

    await expect(answer(request())).rejects.toMatchObject({ code: 'ERR_SESSION_ENCODE' })
  })

  it('answers with what the handler ended by itself', async () => {
    const manager = shop()
    const cookie = cookieOf(await counter(manager)(request()))
    const logout = withSession(manager, async (_, session) => {
      await session.destroy()
      return new Response('bye')
    })
    const response = await logout(request(cookie))

    expect(response.headers.getSetCookie()[0]).toMatch(
      /^PHPSESSID=deleted; expires=Thu, 01.Jan.1970/,
    )
    expect(await manager.count()).toBe(0)
  })

  it.each([
    ['https://shop.test/', {}, true],
    ['http://shop.test/', {}, false],
    ['http://shop.test/', { secure: () => true }, true],
  ])('knows whether %s is secure, %j', async (url, options, secure) => {
    const answer = withSession(
      shop(),
      (_, session) => new Response(String(count(session))),
      options,
    )
    const [line] = (await answer(request(undefined, url))).headers.getSetCookie()

    expect(/; secure/i.test(line ?? '')).toBe(secure)
  })

  it('stops waiting for a visitor who has gone', async () => {
    const manager = shop()
    const cookie = cookieOf(await counter(manager)(request()))
    const held = await manager.start({ cookieHeader: cookie })
    const gone = new AbortController()
    const waiting = counter(manager)(
      new Request('http://shop.test/', { headers: { cookie }, signal: gone.signal }),
    )
    gone.abort()

    await expect(waiting).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
    await held.abort()
  })

  it('passes what is no answer as it is', async () => {
    const answer = withSession(shop(), (_, session) => {
      count(session)
      return Response.error()
    })

    const withheld = await eventsOf('sessionz:cookie-withheld', async () => {
      expect((await answer(request())).type).toBe('error')
    })
    expect(withheld).toEqual([{ name: 'PHPSESSID', reason: 'no-headers' }])
  })

  it.each([
    [{ secure: true }, '"secure" must be a function'],
    [{ rolling: true }, 'unknown option "rolling"'],
  ])('checks its options: %j', (options, message) => {
    expect(() => withSession(shop(), () => new Response(), options as never)).toThrow(message)
  })

  it('starts as it is told', async () => {
    const manager = shop()
    const cookie = cookieOf(await counter(manager)(request()))
    const reader = withSession(manager, (_, session) => new Response(String(session.readOnly)), {
      readOnly: true,
    })

    expect(await (await reader(request(cookie))).text()).toBe('true')
  })
})

describe('createSessionStorage', () => {
  it('gives Remix its three functions', async () => {
    const { getSession, commitSession, destroySession } = createSessionStorage(shop())
    const session = await getSession(null)
    session.set('user', 'ada')
    const cookie = await commitSession(session)
    const again = await getSession(cookie.split(';')[0] as string)

    expect(cookie).toMatch(/^PHPSESSID=[0-9a-f]{32}; path=\/; HttpOnly; SameSite=Lax$/)
    expect(again.get('user')).toBe('ada')
    expect(await commitSession(again)).toBe(cookie)
    const third = await getSession(cookie.split(';')[0] as string)
    expect(await destroySession(third)).toMatch(/^PHPSESSID=deleted; expires=/)
    expect((await getSession(cookie)).isNew).toBe(true)
  })

  it('answers nothing for a visitor for whom nothing is kept', async () => {
    const { getSession, commitSession } = createSessionStorage(shop())

    expect(await commitSession(await getSession())).toBe('')
  })

  it('locks nothing between: loaders side by side lose nothing', async () => {
    const manager = shop({ lockWait: 0.05, handlers: [memoryHandler()] })
    const { getSession, commitSession } = createSessionStorage(manager)
    const first = await getSession()
    first.set('views', 0)
    const cookie = (await commitSession(first)).split(';')[0] as string
    await Promise.all(Array.from({ length: 20 }, () => getSession(cookie)))
    const writers = await Promise.all(Array.from({ length: 20 }, () => getSession(cookie)))
    writers.forEach(count)
    await Promise.all(writers.map(commitSession))

    expect((await getSession(cookie)).get('views')).toBe(20)
  })

  it('sends a secure cookie for a site of https', async () => {
    const { getSession, commitSession } = createSessionStorage(shop(), { secure: true })
    const session = await getSession()
    session.set('user', 'ada')

    expect(await commitSession(session)).toMatch(/; secure/)
  })
})
