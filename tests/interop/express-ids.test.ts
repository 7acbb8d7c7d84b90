/** Ids, and the signatures that prove them. */
import { describe, expect, it } from 'vitest'
import type { SessionOptions } from '../../src/adapters/express.js'
import {
  cookieFor,
  IMPLEMENTATIONS,
  idOf,
  lineOf,
  serveSessions,
  type Handler,
  type Visited,
} from '../helpers/express-drop-in.js'

const count: Handler = (request, response) => {
  request.session['views'] = Number(request.session['views'] ?? 0) + 1
  response.end(String(request.session['views']))
}

describe.each(IMPLEMENTATIONS)('ids of %s', (_, session) => {
  it('are 24 random bytes in base64url', async () => {
    await using server = await serveSessions(session, {}, count)

    const ids = [idOf(await server.ask()), idOf(await server.ask())]

    expect(new Set(ids).size).toBe(2)
    for (const id of ids) expect(id).toMatch(/^[\w-]{32}$/)
  })

  it('come from genid, which is given the request', async () => {
    const genid = (request: { url?: string | undefined }) => `id-of-${String(request.url)}`
    await using server = await serveSessions(session, { genid }, count)

    expect(idOf(await server.ask({ path: '/a' }))).toBe('id-of-/a')
  })

  it.each(['a b', '%', 'ä€', 'a.b', '"q"', ';,'])('like %s survive the journey', async (id) => {
    await using server = await serveSessions(session, { genid: () => id }, count)
    const visit = server.visitor()

    await visit()

    expect((await visit()).body).toBe('2')
  })

  it('of a genid that throws are an error', async () => {
    const genid = () => {
      throw new Error('no entropy')
    }
    await using server = await serveSessions(
      session,
      { genid, before: (request) => void (request.headers.cookie = cookieFor('gone')) },
      count,
    )

    const answer = await server.ask()

    expect([answer.status, answer.body]).toEqual([500, 'no entropy'])
  })

  it('are req.sessionID and req.session.id, which cannot be set', async () => {
    await using server = await serveSessions(
      session,
      { genid: () => 'abc' },
      (request, response) => {
        const { id } = request.session
        const write = () => Object.assign(request.session, { id: 'other' })
        expect(write).toThrow(TypeError)
        response.end(`${id} ${request.sessionID} ${request.session.id}`)
      },
    )

    expect((await server.ask()).body).toBe('abc abc abc')
  })

  it.each<[string, SessionOptions]>([
    ['genid', { genid: 'random' as unknown as () => string }],
    ['unset', { unset: 'drop' as 'keep' }],
    ['secret option array', { secret: [] }],
  ])('and options that cannot be are refused at once: %s', (word, options) => {
    expect(() =>
      session({ secret: 's', resave: false, saveUninitialized: false, ...options }),
    ).toThrow(new RegExp(word))
  })
})

describe.each(IMPLEMENTATIONS)('signatures of %s', (_, session) => {
  it.each<[string, SessionOptions['secret']]>([
    ['a string', 'keyboard cat'],
    ['a Buffer', Buffer.from('keyboard cat')],
    ['several, the first of them', ['keyboard cat', 'older cat']],
  ])('are made with %s', async (_name, secret) => {
    await using server = await serveSessions(session, { secret, genid: () => 'abc' }, count)

    expect(lineOf(await server.ask())).toMatch(cookieFor('abc', 'keyboard cat'))
  })

  it('of every secret are known, in whatever order', async () => {
    const store = new session.MemoryStore()
    await using old = await serveSessions(session, { store, secret: 'old' }, count)
    await using young = await serveSessions(session, { store, secret: ['new', 'old'] }, count)
    const cookie = lineOf(await old.ask())?.split(';')[0]

    const answer = await young.ask({ headers: { cookie } })

    expect(answer.body).toBe('2')
    expect(lineOf(answer)).toBeUndefined()
  })

  it.each<[string, (id: string) => string]>([
    ['of another secret', (id) => cookieFor(id, 'other cat')],
    ['that is cut', (id) => cookieFor(id).slice(0, -1)],
    ['that is missing', (id) => `connect.sid=s%3A${id}.`],
    ['without its dot', (id) => `connect.sid=s%3A${id}`],
    ['without its mark', (id) => cookieFor(id).replace('s%3A', '')],
    ['of another id', (id) => cookieFor('other').replace('other', id)],
    ['with padding', (id) => `${cookieFor(id)}%3D`],
    ['in another letter case', (id) => cookieFor(id).replace('s%3A', 'S%3A')],
    ['and nothing before it', () => cookieFor('')],
    ['that are no text', () => 'connect.sid=%ff%fe'],
  ])('%s prove nothing: the session is a new one', async (_name, forge) => {
    const store = new session.MemoryStore()
    await using server = await serveSessions(session, { store }, count)
    const id = idOf(await server.ask()) as string

    const answer = await server.ask({ headers: { cookie: forge(id) } })

    expect(answer.body).toBe('1')
    expect(idOf(answer)).not.toBe(id)
  })

  it.each<[string, (cookie: string) => string]>([
    ['among others', (cookie) => `a=1; ${cookie}; b=2`],
    ['in quotes', (cookie) => cookie.replace('=', '="') + '"'],
    ['not url-encoded', (cookie) => decodeURIComponent(cookie)],
    ['behind one whose name ends alike', (cookie) => `xconnect.sid=1; ${cookie}`],
    ['before a second of the name', (cookie) => `${cookie}; connect.sid=other`],
    ['without blanks', (cookie) => `a=1;${cookie};b=2`],
  ])('are found %s', async (_name, place) => {
    await using server = await serveSessions(session, {}, count)
    const cookie = lineOf(await server.ask())?.split(';')[0] as string

    expect((await server.ask({ headers: { cookie: place(cookie) } })).body).toBe('2')
  })

  it('of ids that the store does not know lead to a new session', async () => {
    await using server = await serveSessions(session, {}, count)

    const answer = await server.ask({ headers: { cookie: cookieFor('made-up') } })

    expect(answer.body).toBe('1')
    expect(idOf(answer)).toMatch(/^[\w-]{32}$/)
  })

  it('need a secret', async () => {
    await using server = await serveSessions(session, { secret: undefined }, count)

    const answer = await server.ask()

    expect([answer.status, answer.body]).toEqual([500, 'secret option required for sessions'])
  })

  it('are made with the secret of cookie-parser, where there is no other', async () => {
    const before = (request: Visited) => void (request.secret = 'parser cat')
    const options = { secret: undefined, before, genid: () => 'abc' }
    await using server = await serveSessions(session, options, count)
    const visit = server.visitor()

    expect(lineOf(await visit())).toMatch(cookieFor('abc', 'parser cat'))
    expect((await visit()).body).toBe('2')
  })
})

const value = (cookie: string) => decodeURIComponent(cookie.split('=')[1] as string)

describe.each(IMPLEMENTATIONS)('what cookie-parser left, for %s', (_, session) => {
  it.each<[string, (request: Visited, id: string) => void, string]>([
    ['req.signedCookies', (request, id) => (request.signedCookies = { 'connect.sid': id }), '2'],
    [
      'req.cookies, signed',
      (request, id) => (request.cookies = { 'connect.sid': value(cookieFor(id)) }),
      '2',
    ],
    ['req.cookies, not signed', (request, id) => (request.cookies = { 'connect.sid': id }), '1'],
    [
      'req.cookies, badly signed',
      (request, id) => (request.cookies = { 'connect.sid': value(cookieFor(id, 'x')) }),
      '1',
    ],
    [
      'req.signedCookies, refused',
      (request) => (request.signedCookies = { 'connect.sid': false }),
      '1',
    ],
  ])('%s', async (_name, leave, views) => {
    let id: string | undefined
    const before = (request: Visited) => void (id !== undefined && leave(request, id))
    await using server = await serveSessions(session, { before }, count)
    id = idOf(await server.ask())

    expect((await server.ask()).body).toBe(views)
  })

  it('counts less than the header', async () => {
    const before = (request: Visited) => void (request.signedCookies = { 'connect.sid': 'other' })
    await using server = await serveSessions(session, { before }, count)
    const visit = server.visitor()
    await visit()

    expect((await visit()).body).toBe('2')
  })
})
