/** passport and connect-flash on the drop-in, in an Express application. */
import express from 'express'
import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { serve } from '../helpers/exchange.js'
import {
  IMPLEMENTATIONS,
  idOf,
  SECRET,
  visitorOf,
  type Factory,
} from '../helpers/express-drop-in.js'
import { peer } from '../helpers/peer.js'

type Next = (error?: unknown) => void

/** The part of passport that is used here; its own types describe another package's session. */
interface Passport {
  use(strategy: object): void
  serializeUser(
    work: (user: { id: number }, done: (error: unknown, id: number) => void) => void,
  ): void
  deserializeUser(work: (id: number, done: (error: unknown, user: object) => void) => void): void
  session(): express.RequestHandler
  authenticate(strategy: string): express.RequestHandler
}

interface LoginRequest {
  user?: { id: number }
  logout(done: Next): void
  flash(kind: string, message?: string): string[]
  session: Record<string, unknown>
}

type Verify = (
  name: string,
  password: string,
  done: (error: unknown, user: object | false) => void,
) => void

const { default: passports } = await peer<{ default: { Passport: new () => Passport } }>('passport')
const { Strategy } = (
  await peer<{ default: { Strategy: new (verify: Verify) => object } }>('passport-local')
).default
const { default: flash } = await peer<{ default: () => express.RequestHandler }>('connect-flash')

function passportOf(): Passport {
  const passport = new passports.Passport()
  passport.use(
    new Strategy((name, password, done) => done(null, password === 'right' && { id: name.length })),
  )
  passport.serializeUser((user, done) => done(null, user.id))
  passport.deserializeUser((id, done) => done(null, { id }))
  return passport
}

/** An application with a login, where every page says who has logged in. */
function application(session: Factory, options: Parameters<Factory>[0] = {}) {
  const passport = passportOf()
  const app = express()
  const middleware = session({
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    ...options,
  })
  app.use(middleware as express.RequestHandler)
  app.use(passport.session())
  app.use(flash())
  app.get('/login', passport.authenticate('local'), (_, response) => void response.redirect('/'))
  app.get('/visit', (request, response) => {
    const { session } = request as unknown as LoginRequest
    session['visits'] = Number(session['visits'] ?? 0) + 1
    response.send(String(session['visits']))
  })
  app.get('/logout', (request, response, next) =>
    (request as unknown as LoginRequest).logout((error) =>
      error ? next(error) : response.redirect('/'),
    ),
  )
  app.get('/say', (request, response) => {
    ;(request as unknown as LoginRequest).flash('info', 'Welcome back')
    response.redirect('/hear')
  })
  app.get('/hear', (request, response) => {
    response.json((request as unknown as LoginRequest).flash('info'))
  })
  app.get('/', (request, response) => {
    response.send(String((request as unknown as LoginRequest).user?.id ?? 'nobody'))
  })
  return app as unknown as RequestListener
}

const HELD = { holdHeaders: true, concurrency: 'exclusive' } as const

describe.each([
  ...IMPLEMENTATIONS,
  ['sessionz/express, held and locked', IMPLEMENTATIONS[0]?.[1], HELD],
] as [string, Factory, object?][])('with %s', (_, session, options) => {
  const LOGIN = '/login?username=ada&password=right'

  it('passport logs in with a new id, keeps the user, and logs out with another one', async () => {
    await using server = await serve(application(session, options))
    const visit = visitorOf(server)

    const before = idOf(await visit('/visit'))
    const login = await visit(LOGIN)
    expect([login.status, (await visit('/')).body]).toEqual([302, '3'])
    const logout = await visit('/logout')
    expect([logout.status, (await visit('/')).body]).toEqual([302, 'nobody'])

    const ids = [before, idOf(login), idOf(logout)]
    expect(new Set(ids).size).toBe(3)
    expect(ids).not.toContain(undefined)
  })

  it('passport ends what the session held before the login', async () => {
    await using server = await serve(application(session, options))
    const visit = visitorOf(server)
    await visit('/visit')

    await visit(LOGIN)

    expect((await visit('/visit')).body).toBe('1')
  })

  it('passport refuses a wrong password, and the id stays', async () => {
    await using server = await serve(application(session, options))
    const visit = visitorOf(server)
    await visit('/visit')

    const answer = await visit('/login?username=ada&password=wrong')

    expect([answer.status, idOf(answer)]).toEqual([401, undefined])
    expect((await visit('/')).body).toBe('nobody')
  })

  it('the cookie from before the login is worth nothing afterwards', async () => {
    await using server = await serve(application(session, options))
    const [victim, thief] = [visitorOf(server), visitorOf(server)]
    const stolen = (await victim('/visit')).headers.find(([name]) => name === 'Set-Cookie')?.[1]
    await victim(LOGIN)

    const cookie = stolen?.split(';')[0] as string
    expect((await thief({ path: '/', headers: { cookie } })).body).toBe('nobody')
  })

  it('connect-flash says a message once, after a redirect', async () => {
    await using server = await serve(application(session, options))
    const visit = visitorOf(server)

    const said = await visit('/say')
    expect(said.status).toBe(302)

    expect([(await visit('/hear')).body, (await visit('/hear')).body]).toEqual([
      '["Welcome back"]',
      '[]',
    ])
  })
})
