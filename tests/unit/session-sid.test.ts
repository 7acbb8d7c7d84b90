import { describe, expect, it } from 'vitest'
import type { SessionRequest } from '../../src/http/propagation.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { transSidOf } from '../../src/session-sid.js'
import { stateFor } from '../../src/session.js'
import { eventsOf, fixture, stored } from '../helpers/sessions.js'

const ANYWHERE: SessionOptions = { useOnlyCookies: false, useTransSid: true }
const rewriterFor = (session: object) => transSidOf(stateFor(session))
const id = async (manager: ReturnType<typeof fixture>['manager']) =>
  (await stored(manager, { user: 'anna' })).slice('PHPSESSID='.length)

describe('a session named in the URL', () => {
  it('is not found by default', async () => {
    const { manager } = fixture()
    const known = await id(manager)

    const session = await manager.start({ url: `/?PHPSESSID=${known}` })

    expect(session.isNew).toBe(true)
    expect(session.sid).toBe('')
  })

  it('is found where useOnlyCookies is off, and no cookie is sent for it', async () => {
    const { manager } = fixture(ANYWHERE)
    const known = await id(manager)

    const session = await manager.start({ url: `/page?a=1&PHPSESSID=${known}` })
    const headers = await session.commit()

    expect(session.data).toEqual({ user: 'anna' })
    expect(session.sid).toBe(`PHPSESSID=${known}`)
    expect(headers.map(([name]) => name)).not.toContain('Set-Cookie')
  })

  it('is found by a form', async () => {
    const { manager } = fixture(ANYWHERE)
    const known = await id(manager)

    expect((await manager.start({ body: { PHPSESSID: known } })).data).toEqual({ user: 'anna' })
  })

  it('is never adopted when storage does not know it', async () => {
    const { manager } = fixture(ANYWHERE)

    const session = await manager.start({ url: '/?PHPSESSID=planted' })
    session.data['x'] = 1
    await session.commit()

    expect(session.id).not.toBe('planted')
  })

  it('is not found when the Referer is a foreign one', async () => {
    const { manager } = fixture({ ...ANYWHERE, refererCheck: 'shop.test' })
    const known = await id(manager)
    const from = async (referer: string) =>
      (await manager.start({ url: `/?PHPSESSID=${known}`, referer }, { readOnly: true })).isNew

    expect(await from('http://shop.test/cart')).toBe(false)
    expect(await from('http://evil.test/')).toBe(true)
  })

  it('gets a cookie with its new id', async () => {
    const { manager } = fixture(ANYWHERE)
    const session = await manager.start({ url: `/?PHPSESSID=${await id(manager)}` })

    await session.regenerate()
    const [cookie] = await session.commit()

    expect(cookie?.[1]).toContain(`PHPSESSID=${session.id};`)
    expect(session.sid).toBe(`PHPSESSID=${session.id}`)
  })
})

describe('without cookies', () => {
  it('neither reads nor sends one, and the page gets the id', async () => {
    const { manager } = fixture({ ...ANYWHERE, useCookies: false })
    const first = await manager.start()
    first.data['user'] = 'anna'
    const headers = await first.commit()

    const second = await manager.start({ cookieHeader: `PHPSESSID=${first.id}` })
    const third = await manager.start({ url: `/?PHPSESSID=${first.id}` })

    expect(headers.map(([name]) => name)).not.toContain('Set-Cookie')
    expect(rewriterFor(first)).toMatchObject({ name: 'PHPSESSID', id: first.id })
    expect(second.isNew).toBe(true)
    expect(third.isNew).toBe(false)
    expect((await third.destroy()).map(([name]) => name)).not.toContain('Set-Cookie')
  })
})

describe('the page', () => {
  const rewriter = async (options: SessionOptions, request: SessionRequest = {}) => {
    const { manager } = fixture(options)
    const session = await manager.start(request)
    session.data['user'] = 'anna'
    await session.commit()
    return rewriterFor(session)
  }

  it('gets the id of a visitor without a cookie, by the options of the rewriter', async () => {
    const options = await rewriter(
      { ...ANYWHERE, transSidTags: ['a=href', 'form='], transSidHosts: ['a.test', 'b.test'] },
      { host: 'shop.test' },
    )

    expect(options).toEqual({
      name: 'PHPSESSID',
      id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      tags: 'a=href,form=',
      hosts: 'a.test,b.test',
      host: 'shop.test',
    })
  })

  it.each<[string, SessionOptions, SessionRequest]>([
    ['by default', {}, {}],
    ['where only cookies count', { useTransSid: true }, {}],
    ['where links are the own business of the page', { useOnlyCookies: false }, {}],
    ['when a cookie came', ANYWHERE, { cookieHeader: 'PHPSESSID=old' }],
  ])('stays as it is %s', async (_, options, request) => {
    expect(await rewriter(options, request)).toBeUndefined()
  })

  it('stays as it is when nothing is stored, or not any more', async () => {
    const { manager } = fixture(ANYWHERE)
    const empty = await manager.start()
    await empty.commit()
    const gone = await manager.start({ url: `/?PHPSESSID=${await id(manager)}` })
    await gone.destroy()

    expect(rewriterFor(empty)).toBeUndefined()
    expect(rewriterFor(gone)).toBeUndefined()
  })

  it('gets the id that is stored when the change of it was dropped', async () => {
    const { manager } = fixture(ANYWHERE)
    const known = await id(manager)
    const session = await manager.start({ url: `/?PHPSESSID=${known}` })

    await session.regenerate()
    await session.abort()

    expect(rewriterFor(session)?.id).toBe(known)
  })
})

describe('what caches and other sites are told of a page with the id in it', () => {
  it.each(['nocache', 'public', 'none'] as const)(
    'keeps it for itself, whatever the limiter: %s',
    async (cacheLimiter) => {
      const { manager } = fixture({ ...ANYWHERE, cacheLimiter })
      const session = await manager.start({ url: `/?PHPSESSID=${await id(manager)}` })
      const headers = await session.commit()

      expect(headers).toContainEqual(['Vary', '*'])
      expect(headers).toContainEqual(['Referrer-Policy', 'same-origin'])
    },
  )
})

describe('options that do nothing together', () => {
  it.each<[SessionOptions, string[]]>([
    [{ useTransSid: true }, ['"useTransSid" has no effect while "useOnlyCookies" is on']],
    [{ refererCheck: 'x' }, ['"refererCheck" has no effect while "useOnlyCookies" is on']],
    [{ useTransSid: true, refererCheck: 'x', useOnlyCookies: false }, []],
    [{}, []],
  ])('are worth a warning: %j', async (options, messages) => {
    const warnings = await eventsOf('sessionz:warning', () => createSessionManager(options))

    expect(warnings.map(({ message }) => message)).toEqual(messages)
  })
})
