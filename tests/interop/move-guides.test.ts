import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createSessionManager, type Session } from '../../src/index.js'
import { bundle } from '../helpers/bundle.js'
import { blocksOf } from '../helpers/markdown.js'
import { peer } from '../helpers/peer.js'

const folder = mkdtempSync(join(tmpdir(), 'sessionz-moves-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The function `takeOver` as its guide prints it. */
async function takeOverOf<T>(guide: string): Promise<T> {
  const page = readFileSync(new URL(`../../docs/how-to/${guide}.md`, import.meta.url), 'utf8')
  const code = blocksOf(page).find(({ text }) => text.includes('function takeOver'))
  const file = join(folder, `${guide}.mjs`)
  await bundle(code?.text ?? '', file)
  return ((await import(pathToFileURL(file).href)) as { takeOver: T }).takeOver
}

/** A visitor's first and second request after the move. */
async function moved(takeOver: (session: Session) => Promise<void>) {
  const manager = createSessionManager()
  const first = await manager.start()
  await takeOver(first)
  await first.commit()
  const second = await manager.start({ cookieHeader: `PHPSESSID=${first.id}` })
  await second.commit()
  return { isStored: !second.isNew, data: second.data }
}

describe('moving from @fastify/session', () => {
  interface Store {
    get(id: string, callback: (error: unknown, record?: object | null) => void): void
    destroy(id: string, callback: (error?: unknown) => void): void
  }
  type TakeOver = (
    session: Session,
    cookie: string | undefined,
    old: { store: Store; secret: string },
  ) => Promise<void>

  const secret = 'a secret that is long enough for the plugin'

  /** Logs in at the old application. @returns The value of the cookie, decoded. */
  async function loggedIn(store: Store): Promise<string> {
    const { default: fastify } = await peer<{ default: typeof import('fastify').default }>(
      'fastify',
    )
    const cookie = await peer<{ default: never }>('@fastify/cookie')
    const session = await peer<{ default: never }>('@fastify/session')
    const app = fastify()
    app.register(cookie.default)
    app.register(session.default, { secret, store, cookie: { secure: false } } as never)
    app.post('/login', (request) => {
      Object.assign((request as unknown as { session: object }).session, {
        user: 'ada',
        cart: ['tea'],
      })
      return 'in'
    })
    const response = await app.inject({ method: 'POST', url: '/login' })
    await app.close()
    return response.cookies.find(({ name }) => name === 'sessionId')?.value ?? ''
  }

  async function oldStore(): Promise<Store> {
    const { default: expressSession } = await peer<{
      default: { MemoryStore: new () => Store }
    }>('express-session')
    return new expressSession.MemoryStore()
  }

  it('keeps visitors logged in, and ends the old session', async () => {
    const takeOver = await takeOverOf<TakeOver>('move-from-fastify-session')
    const store = await oldStore()
    const cookie = await loggedIn(store)
    const first = await moved((session) => takeOver(session, cookie, { store, secret }))
    expect(first).toEqual({ isStored: true, data: { user: 'ada', cart: ['tea'] } })
    const again = await moved((session) => takeOver(session, cookie, { store, secret }))
    expect(again).toEqual({ isStored: false, data: {} })
  })

  it.each([
    ['a forged cookie', (cookie: string) => `${cookie}x`],
    ['a cookie without a signature', (cookie: string) => cookie.replace(/\..*$/, '')],
    ['no cookie', () => undefined],
  ])('takes nothing over from %s', async (_, change) => {
    const takeOver = await takeOverOf<TakeOver>('move-from-fastify-session')
    const store = await oldStore()
    const cookie = change(await loggedIn(store))
    const result = await moved((session) => takeOver(session, cookie, { store, secret }))
    expect(result).toEqual({ isStored: false, data: {} })
  })
})

describe('moving from iron-session', () => {
  type TakeOver = (session: Session, cookie: string | undefined, password: string) => Promise<void>
  interface Iron {
    sealData(data: object, options: { password: string; ttl?: number }): Promise<string>
  }
  const password = 'a password of at least thirty-two characters'

  it('keeps visitors logged in', async () => {
    const takeOver = await takeOverOf<TakeOver>('move-from-iron-session')
    const { sealData } = await peer<Iron>('iron-session')
    const cookie = await sealData({ user: 'ada', cart: ['tea'] }, { password })
    expect(await moved((session) => takeOver(session, cookie, password))).toEqual({
      isStored: true,
      data: { user: 'ada', cart: ['tea'] },
    })
  })

  it.each([
    ['a seal of another password', 'another password of at least thirty-two characters'],
    ['a seal that was changed', undefined],
  ])('takes nothing over from %s', async (_, other) => {
    const takeOver = await takeOverOf<TakeOver>('move-from-iron-session')
    const { sealData } = await peer<Iron>('iron-session')
    const seal = await sealData({ user: 'ada' }, { password: other ?? password })
    const cookie = other === undefined ? `${seal.slice(0, -9)}x${seal.slice(-8)}` : seal
    expect(await moved((session) => takeOver(session, cookie, password))).toEqual({
      isStored: false,
      data: {},
    })
  })
})
