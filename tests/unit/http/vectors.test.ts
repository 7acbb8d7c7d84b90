/** Where ids come from and go to, as PHP 8.2 did it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createUrlRewriter } from '../../../src/http/url-rewriter.js'
import type { SessionRequest } from '../../../src/http/propagation.js'
import { answer, type Script, type Settings } from '../../helpers/http-case.js'

interface Row {
  readonly id: string
  readonly category: string
  readonly name: string
  readonly ini: Settings
  readonly script: string
  readonly request: {
    readonly uri: string
    readonly headers: Readonly<Record<string, string>>
    readonly body?: string
  }
  readonly response: { readonly headers: readonly (readonly [string, string])[]; body: string }
}

const read = (name: string) =>
  readFileSync(new URL(`../../vectors/${name}.jsonl`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)

const rows = [
  ...read('http-propagation'),
  ...read('http-cookie').filter(({ category }) => category === 'cookie-use'),
]

/** Each of its own kind; what we refuse or do otherwise is tested as such below. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'http-0507': 'JSON: pages only',
  'http-0513': 'a name with <: refused when the manager is made',
}

const requestOf = ({ request: { uri, headers, body }, script }: Row): SessionRequest => ({
  url: uri,
  host: headers['Host'],
  cookieHeader: headers['Cookie'],
  referer: headers['Referer'],
  body: body === undefined ? undefined : Object.fromEntries(new URLSearchParams(body)),
  id: /session_id\('([^']*)'\)/.exec(script)?.[1],
})

const scriptOf = ({ script }: Row): Script => ({
  regenerates: script.includes('session_regenerate_id'),
  aborts: script.includes('session_abort'),
  destroys: script.includes('session_destroy'),
  page: echoed(script.slice(script.indexOf('session_start'))),
})

/** What a script puts out before its session starts: no rewriter is there yet. */
const early = ({ script }: Row) => echoed(script.slice(0, script.indexOf('session_start')))

const echoed = (script: string) =>
  [...script.matchAll(/echo '([^']*<[^']*)';/g)].map((echo) => echo[1]).join('')

/** An id that was made is known by its form alone. */
const anyId = (text: string) => text.replaceAll(/\b[0-9a-f]{32}\b/g, 'ID')
const cookiesOf = (headers: Row['response']['headers']) =>
  headers.filter(([name]) => name === 'Set-Cookie').map(([, line]) => anyId(line))
const run = (row: Row) => answer(row.ini, requestOf(row), scriptOf(row))

describe('the id of a request', () => {
  const asked = rows.filter(({ script }) => /session_id\(\)/.test(script))

  it.each(asked.map((row) => [row.id, row.name, row] as const))(
    'is the one PHP takes: %s %s',
    async (_, __, row) => {
      const outcome = await run(row)
      const word = /==='(\w+)'/.exec(row.script)?.[1]
      const { body } = row.response
      const [id = '', sid] = body.split('|')

      if (word === undefined) expect(anyId(outcome.id)).toBe(anyId(id))
      else if (isBlind(row)) expect(outcome.id).not.toBe(word)
      else expect(outcome.id === word).toBe(/kept|adopted/.test(body))
      if (sid !== undefined) expect(anyId(outcome.sid)).toBe(anyId(sid))
      if (!isBlind(row)) expect(cookiesOf(outcome.headers)).toEqual(cookiesOf(row.response.headers))
    },
  )

  it('was compared with more than 25 answers of PHP', () => {
    expect(asked.length).toBeGreaterThan(25)
  })
})

/** PHP's check of the Referer sleeps while the script does not mention `$_SERVER`; ours never does. */
function isBlind({ category, ini, request, response: { body } }: Row): boolean {
  if (category !== 'referer' || ini['session.use_only_cookies'] !== 0) return false
  const { Referer: referer = '' } = request.headers
  const wanted = String(ini['session.referer_check'])
  return body === 'kept' && referer !== '' && !referer.includes(wanted)
}

describe('the constant SID', () => {
  const told = rows.filter(({ category }) => category === 'sid-constant')

  it.each(told.map((row) => [row.id, row.name, row] as const))(
    'is the same: %s %s',
    async (_, __, row) => {
      const [last = ''] = /"[^"]*"\n$/.exec(row.response.body) ?? []

      expect(anyId((await run(row)).sid)).toBe(anyId(JSON.parse(last) as string))
    },
  )
})

describe('a page', () => {
  const pages = rows.filter(({ category, id }) => category === 'transsid-state' && !DIFFERENT[id])

  it.each(pages.map((row) => [row.id, row.name, row] as const))(
    'has the links PHP gives it: %s %s',
    async (_, __, row) => {
      const outcome = await run(row)

      expect(early(row) + anyId(outcome.page)).toBe(anyId(row.response.body))
      // A session that was aborted before it was stored gives no cookie here.
      expect(cookiesOf(outcome.headers)).toEqual(cookiesOf(row.response.headers))
    },
  )

  it('is not made by a name that no cookie can have', async () => {
    const row = rows.find(({ id }) => id === 'http-0513') as Row

    await expect(run(row)).rejects.toThrow('"name" must be a cookie name')
  })
})

describe('a variable of output_add_rewrite_var()', () => {
  const rewrite = (page: string, ...pairs: readonly (readonly [string, string])[]) =>
    pairs.reduce((text, [name, id]) => {
      const rewriter = createUrlRewriter({ name, id, tags: 'a=href,form=' })
      return Buffer.concat([rewriter.write(Buffer.from(text)), rewriter.end()]).toString()
    }, page)

  it.each(rows.filter(({ category }) => category === 'rewrite-var'))(
    'is the rewriter with its name and value: $name',
    ({ script, response }) => {
      const [, name = '', value = ''] = /rewrite_var\('(\w+)','([^']*)'/.exec(script) ?? []
      const page = /echo '([^']*)'/.exec(script)?.[1] ?? ''
      const session = script.includes('session_start') ? ([['PHPSESSID', 'g']] as const) : []

      expect(rewrite(page, [name, value], ...session)).toBe(response.body)
    },
  )
})
