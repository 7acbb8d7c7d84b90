import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { sessionMiddleware } from '../../../src/adapters/node.js'
import { createSessionManager } from '../../../src/manager.js'
import { actingAs, cookieJar, createTestSession, fakeClock } from '../../../src/testing/index.js'

interface Shop {
  userId: number
  cart: string[]
}

describe('createTestSession', () => {
  it('is a new session without data', async () => {
    const session = await createTestSession()
    expect([session.isNew, session.status, session.data]).toEqual([true, 'active', {}])
    await session.abort()
  })

  it('is a stored session with its data', async () => {
    const session = await createTestSession<Shop>({ userId: 7 })
    expect(session.isNew).toBe(false)
    expect(session.get('userId')).toBe(7)
    session.set('cart', ['tea'])
    await session.commit()
    expect(session.status).toBe('committed')
  })

  it('takes the options of a manager', async () => {
    const session = await createTestSession({ a: 1 }, { name: 'sid', serializer: 'json' })
    expect(session.name).toBe('sid')
    expect(new TextDecoder().decode(session.encode())).toBe('{"a":1}')
    await session.abort()
  })

  it('shares nothing with the next one', async () => {
    const one = await createTestSession({ a: 1 })
    const other = await createTestSession({ a: 2 })
    expect(one.id).not.toBe(other.id)
    expect([one.get('a'), other.get('a')]).toEqual([1, 2])
    await Promise.all([one.abort(), other.abort()])
  })
})

describe('actingAs', () => {
  it('answers a visitor whose session has the data', async () => {
    const manager = createSessionManager<Shop>()
    const visitor = await actingAs(manager, { userId: 7 })
    const session = await manager.start(visitor)
    expect([session.id, session.data]).toEqual([visitor.sessionId, { userId: 7 }])
    await session.abort()
  })

  it('writes an id with a comma as cookies have it', async () => {
    const manager = createSessionManager<Shop>({
      id: { length: 40, bitsPerCharacter: 6 },
      useStrictMode: true,
    })
    for (let tries = 0; tries < 200; tries += 1) {
      const visitor = await actingAs(manager, { userId: tries })
      expect(visitor.headers.cookie).not.toContain(',')
      if (!visitor.sessionId.includes(',')) continue
      const session = await manager.start(visitor)
      expect(session.get('userId')).toBe(tries)
      return await session.abort()
    }
    expect.unreachable('no id of 200 had a comma')
  })

  it('gives the cookie to a jar, with the attributes of the site', async () => {
    const manager = createSessionManager<Shop>({ cookie: { secure: 'auto', lifetime: 60 } })
    const clock = fakeClock(Date.now())
    const jar = cookieJar('https://shop.example', { now: clock.now })
    await actingAs(manager, { userId: 7 }, jar)
    expect(jar.cookies).toMatchObject([{ name: 'PHPSESSID', secure: true, httpOnly: true }])
    clock.advance(61)
    expect(jar.header()).toBe('')
  })

  it('is let in by a server, until the clock has gone on', async () => {
    const clock = fakeClock()
    const manager = createSessionManager<Shop>({ now: clock.now, gc: { maxLifetime: 100 } })
    const middleware = sessionMiddleware(manager)
    const server = createServer(async (request, response) => {
      await middleware(request, response)
      response.end(String(request.session.get('userId')))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      const jar = cookieJar(url, { now: clock.now })
      const visitor = await actingAs(manager, { userId: 7 }, jar)
      expect(await (await jar.fetch('/')).text()).toBe('7')
      expect(await (await fetch(url, { headers: visitor.headers })).text()).toBe('7')
      clock.advance(101)
      expect(await (await jar.fetch('/')).text()).toBe('undefined')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  it('refuses a visitor without data, who would have no session', async () => {
    await expect(actingAs(createSessionManager(), {})).rejects.toThrow('"data" has no variable')
  })
})
