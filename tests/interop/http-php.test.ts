/** Cookies, cache headers, ids in URLs and pages: PHP's answer and ours to the same request. */
import { mkdtemp, rm } from 'node:fs/promises'
import { request as ask, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answer, type Outcome, type Settings } from '../helpers/http-case.js'
import { servePhp, type Served } from '../helpers/servers.js'
import { describeWith } from '../helpers/services.js'

const CASES = 600
/** Below where PHP was started, so that it knows when the page was changed. */
const SCRIPT = '/tests/interop/live/http-settings.php'
const ROUTER = fileURLToPath(new URL('live/http-settings.php', import.meta.url))

interface Case {
  readonly ini: Settings
  readonly query: string
  readonly form: string
  readonly cookie: string
  readonly referer: string
  readonly regenerates: boolean
}

const PAGE = '<a href="p">x</a><a href="http://b.test/q?a#f">y</a><form>f</form><frame src=r> '

const one = <T>(...values: T[]) => fc.constantFrom(...values)

/** Combinations that neither browsers nor we refuse. */
const ini = fc
  .record({
    'session.name': one('PHPSESSID', 'PHPSESSID', 'SHOP', '__Secure-s', 'a-b_c'),
    'session.cookie_lifetime': one(0, 0, 60, 86_400, 1),
    'session.cookie_path': one('/', '/', '', '/shop', '/a/b/'),
    'session.cookie_domain': one('', '', 'example.com', '.example.com'),
    'session.cookie_secure': one('0', '1', 'On'),
    'session.cookie_httponly': one('0', '1', 'yes'),
    'session.cookie_samesite': one('', 'Lax', 'Strict', 'None'),
    'session.cache_limiter': one('nocache', 'private', 'private_no_expire', 'public', 'none', '', 'PRIVATE', 'NoCache'), // prettier-ignore
    'session.cache_expire': one(180, 0, 1, 525_600),
    'session.use_cookies': one(1, 1, 1, 0),
    'session.use_only_cookies': one(1, 0, 0),
    'session.use_trans_sid': one(0, 1, 1),
    'session.trans_sid_hosts': one('', 'b.test'),
    'session.trans_sid_tags': one('a=href,area=href,frame=src,form=', 'a=href', 'form=,frame=src'),
    'session.referer_check': one('', '', 'shop.test'),
  })
  .filter(
    (each) =>
      each['session.cookie_secure'] !== '0' ||
      (each['session.cookie_samesite'] !== 'None' && each['session.name'] !== '__Secure-s'),
  )

const IDS = ['abc123', 'a,b-C', 'zzz', '', 'a%2Cb', 'a<b', "a'b"]

const cases = fc
  .record({
    ini,
    place: one('none', 'none', 'cookie', 'query', 'form', 'cookie and query', 'query and form', 'array'), // prettier-ignore
    id: one(...IDS),
    other: one('other1', ''),
    referer: one('', 'http://shop.test/x', 'http://evil.test/'),
    regenerates: one(false, false, true),
  })
  .map(({ ini, place, id, other, referer, regenerates }): Case => {
    const name = ini['session.name']
    const pair = `${name}=${id}`
    return {
      ini,
      query: place.includes('query')
        ? place.startsWith('cookie')
          ? `${name}=${other}`
          : pair
        : '',
      form: place.includes('form') ? (place.startsWith('query') ? `${name}=${other}` : pair) : '',
      cookie: place.includes('cookie') ? `x=1; ${pair}` : place === 'array' ? `${name}[]=a` : '',
      referer,
      regenerates,
    }
  })

/** Settings of the limiter and the cookie alone, all of them with each other. */
const GRID: readonly Case[] = ['nocache', 'private', 'private_no_expire', 'public', 'none'].flatMap(
  (limiter) =>
    [0, 60].flatMap((lifetime) =>
      ['/', '/shop'].flatMap((path) =>
        ['', 'Lax', 'Strict'].flatMap((sameSite) =>
          ['0', '1'].flatMap((flag) =>
            ['', 'PHPSESSID=known'].map((cookie) => ({
              ini: {
                'session.name': 'PHPSESSID',
                'session.cache_limiter': limiter,
                'session.cache_expire': 7,
                'session.cookie_lifetime': lifetime,
                'session.cookie_path': path,
                'session.cookie_samesite': sameSite,
                'session.cookie_httponly': flag,
              },
              query: '',
              form: '',
              cookie,
              referer: '',
              regenerates: false,
            })),
          ),
        ),
      ),
    ),
)

interface Theirs extends Outcome {
  /** `undefined` where the clock went on within the request. */
  readonly nowMs: number | undefined
  readonly lastModified: Date
}

describeWith('php', 'PHP and we', () => {
  let folder: string
  let php: Served

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sessionz-http-'))
    php = await servePhp(ROUTER, {
      'session.save_path': folder,
      variables_order: 'GPCS',
      auto_globals_jit: '0',
    })
  })

  afterAll(async () => {
    await php.stop()
    await rm(folder, { recursive: true })
  })

  async function theirs(each: Case): Promise<Theirs> {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const headers: Record<string, string> = {
      'X-Ini': base64(JSON.stringify(each.ini)),
      'X-Page': base64(PAGE),
      'X-Script': each.regenerates ? 'regenerate' : '',
    }
    if (each.cookie !== '') headers['Cookie'] = each.cookie
    if (each.referer !== '') headers['Referer'] = each.referer
    if (each.form !== '') headers['Content-Type'] = 'application/x-www-form-urlencoded'
    const path = each.query === '' ? SCRIPT : `${SCRIPT}?${each.query}`
    const method = each.form === '' ? 'GET' : 'POST'
    const sent = ask(`${php.origin}${path}`, { method, headers, agent: false }).end(each.form)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let page = ''
    for await (const chunk of response.setEncoding('latin1')) page += chunk as string
    return readAnswer(response, page)
  }

  async function compare(each: Case): Promise<void> {
    let php = await theirs(each)
    for (let again = 0; php.nowMs === undefined && again < 9; again += 1) php = await theirs(each)
    const { nowMs = 0 } = php
    const request = {
      url: each.query === '' ? '/' : `/?${each.query}`,
      body: each.form === '' ? undefined : Object.fromEntries(new URLSearchParams(each.form)),
      cookieHeader: each.cookie,
      referer: each.referer,
      lastModified: php.lastModified,
    }
    const script = { page: PAGE, regenerates: each.regenerates }
    const ours = await answer(each.ini, request, script, () => nowMs)

    expect({ ...comparable(ours), case: each }).toEqual({ ...comparable(php), case: each })
  }

  it(`answer ${GRID.length} combinations of cookies and cache limiters alike`, async () => {
    expect(GRID.length).toBeGreaterThan(200)
    for (const each of GRID) await compare(each)
  })

  it(`answer ${CASES} combinations of everything alike`, { timeout: 120_000 }, () =>
    fc.assert(fc.asyncProperty(cases, compare), { numRuns: CASES }),
  )
})

function readAnswer({ headers, rawHeaders }: IncomingMessage, page: string): Theirs {
  const [before, after] = String(headers['x-time']).split(' ').map(Number)
  const pairs = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [[name, rawHeaders[at + 1] ?? ''] as const] : [],
  )
  return {
    id: String(headers['x-id']),
    sid: String(headers['x-sid']),
    headers: pairs,
    page,
    nowMs: before === after ? Number(before) * 1000 : undefined,
    lastModified: new Date(Number(headers['x-mtime']) * 1000),
  }
}

const COMPARED = ['Set-Cookie', 'Expires', 'Cache-Control', 'Pragma', 'Last-Modified']

/** Each side made an id of its own where it made one. */
function comparable({ id, sid, headers, page }: Outcome) {
  const anyId = (text: string) => text.replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')
  const sent = headers
    .filter(([name]) => COMPARED.includes(name))
    .map((header) => anyId(header.join(': ')))
  return { id: anyId(id), sid: anyId(sid), headers: sent.sort(), page: anyId(page) }
}
