import { describe, expect, it } from 'vitest'
import type { SessionRequest } from '../../src/http/propagation.js'
import type { SessionOptions } from '../../src/options/options.js'
import { fixture, stored } from '../helpers/sessions.js'

/** What a visitor who has a session gets, and what a new one. */
async function headersOf(options: SessionOptions, request: SessionRequest = {}) {
  const { manager, advance } = fixture(options)
  const cookieHeader = await stored(manager, { user: 'anna' })
  advance(100)
  const session = await manager.start({ ...request, cookieHeader })
  const fresh = await manager.start(request)
  fresh.data['user'] = 'bert'
  return { known: await session.commit(), fresh: await fresh.commit() }
}

describe('the cache headers of a session', () => {
  it('are those of the limiter, in any letter case', async () => {
    const { known } = await headersOf({ cacheLimiter: 'PRIVATE_NO_EXPIRE', cacheExpire: 5 })

    expect(known).toEqual([
      ['Cache-Control', 'private, max-age=300'],
      ['Vary', 'Cookie'],
    ])
  })

  it('say when the page changed, where the request knows it', async () => {
    const lastModified = new Date('2020-09-13T12:26:40Z')
    const { known } = await headersOf({ cacheLimiter: 'private' }, { lastModified })

    expect(known).toContainEqual(['Last-Modified', 'Sun, 13 Sep 2020 12:26:40 GMT'])
  })

  it('leave a date out that is none', async () => {
    const { known } = await headersOf({ cacheLimiter: 'public' }, { lastModified: new Date('no') })

    expect(known.map(([name]) => name)).toEqual(['Expires', 'Cache-Control', 'Vary'])
  })

  it.each(['public', 'none', ''] as const)(
    'of a response with the cookie let no cache give it to anybody else: %j',
    async (cacheLimiter) => {
      const { known, fresh } = await headersOf({ cacheLimiter })

      expect(known.at(-1)).toEqual(['Vary', 'Cookie'])
      expect(fresh.at(-1)).toEqual(['Vary', '*'])
    },
  )

  it.each(['nocache', 'private', 'private_no_expire'] as const)(
    'need no more where no shared cache keeps it: %s',
    async (cacheLimiter) => {
      expect((await headersOf({ cacheLimiter })).fresh.at(-1)).toEqual(['Vary', 'Cookie'])
    },
  )
})

describe('a cookie with a lifetime', () => {
  const lineOf = (headers: readonly (readonly [string, string])[]) =>
    headers.find(([name]) => name === 'Set-Cookie')?.[1]

  it('counts from the first day, as in PHP', async () => {
    expect(lineOf((await headersOf({ cookie: { lifetime: 600 } })).known)).toBeUndefined()
  })

  it('counts from the last use with refresh', async () => {
    const { known } = await headersOf({ cookie: { lifetime: 600, refresh: true } })

    expect(lineOf(known)).toContain('; expires=Tue, 14 Nov 2023 22:25:00 GMT; Max-Age=600;')
  })

  it('is not sent again when there is none, or nobody looked at the session', async () => {
    expect(lineOf((await headersOf({ cookie: { refresh: true } })).known)).toBeUndefined()
    const { manager } = fixture({ cookie: { lifetime: 600, refresh: true } })
    const cookieHeader = await stored(manager, { user: 'anna' })
    const session = await manager.start({ cookieHeader })
    await session.abort()

    expect(lineOf(await session.commit())).toBeUndefined()
  })
})
