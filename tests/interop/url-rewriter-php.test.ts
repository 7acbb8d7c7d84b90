/** Pages made of scraps, rewritten by the real PHP and by us. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parsePhpUrl } from '../../src/lib/php-url.js'
import { phpLines } from '../helpers/php-lines.js'
import { servePhp, type Served } from '../helpers/servers.js'
import { describeWith } from '../helpers/services.js'
import { optionsOf, rewritten, type Ini } from '../helpers/trans-sid.js'

const PAGES = 400

// prettier-ignore
const SCRAPS = [
  '<a', '<a ', '<A\t', ' href=', 'href =', ' HREF= ', '"', '"', "'", "'", '>', '>', '/>', '/', 'page.php', 'p?a=1', '#f', '?', '', ' ', '\n', '\t',
  '\v', '<form', '<form ', '</form>', ' action=', ' act=', ' a=', '"http://localhost/x"', '"http://other.test/y?z"', "'mailto:x'", '"//other.test"',
  '<area', '<frame src=', '<input src=', '<!-- ', '-->', '=', '==', '-x=', 'é', '<', '<<', ':', 'http://LOCALHOST', '"http://u:p@localhost/"',
  '<fieldset>', '"#"', '""', "''", 'data-href=', '\0', '"a:80"', '"/x:80"', '"x:y"',
  '"http:///x"', '"//h:999999"', '":"',
].map((scrap) => Buffer.from(scrap).toString('latin1'))

const SETTINGS: readonly (readonly [string, Ini])[] = [
  ['by default', {}],
  ['with hosts', { 'session.trans_sid_hosts': 'localhost,other.test' }],
  ['with hosts of forms', { 'url_rewriter.hosts': 'other.test' }],
  [
    'with tags and a separator',
    {
      'session.trans_sid_tags': 'a=href,form=,input=src,form=action,fieldset=',
      'arg_separator.output': ';',
    },
  ],
]

const page = fc
  .array(fc.constantFrom(...SCRAPS), { maxLength: 14 })
  .map((scraps) => scraps.join(''))

describeWith('php', 'the URL rewriter of PHP', () => {
  describe.each(SETTINGS)('%s', (_, ini) => {
    let folder: string
    let php: Served

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sessionz-rewriter-'))
      const router = join(folder, 'router.php')
      await writeFile(
        router,
        "<?php session_id('SIDVALUE'); session_start(); echo file_get_contents('php://input');",
      )
      php = await servePhp(router, {
        'session.save_path': folder,
        'session.use_trans_sid': '1',
        'session.use_only_cookies': '0',
        'session.use_cookies': '0',
        'session.gc_probability': '0',
        auto_globals_jit: '0',
        // Settings of a command line are read as lines of a php.ini.
        ...Object.fromEntries(Object.entries(ini).map(([name, value]) => [name, `"${value}"`])),
      })
    })

    afterAll(async () => {
      await php.stop()
      await rm(folder, { recursive: true })
    })

    it(`writes ${PAGES} pages to the same bytes`, { timeout: 120_000 }, async () => {
      const options = optionsOf(ini, new URL(php.origin).host)
      const asked = new URL(php.origin).hostname
      const ask = async (html: string) => {
        const body = Buffer.from(html.replaceAll('localhost', asked), 'latin1')
        const response = await fetch(php.origin, { method: 'POST', body })
        return Buffer.from(await response.arrayBuffer()).toString('latin1')
      }
      await fc.assert(
        fc.asyncProperty(page, async (html) => {
          const here = html.replaceAll('localhost', asked)
          expect(rewritten(here, options)).toBe(await ask(html))
          expect(rewritten(here, options, 1)).toBe(rewritten(here, options))
        }),
        { numRuns: PAGES },
      )
    })
  })

  it('parses URLs as we do', () => {
    // prettier-ignore
    const parts = [
      'http', 'https', 'file', ':', ':', '//', '/', '/', '?', '#', '@', 'host', 'a.b', '80', '123456', '99999', ' ', '\t', 'x', '[::1]', '%41',
      'user', 'c:', '+', '-1', '\x7f', '\xfc',
    ]
    const url = fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((words) => words.join(''))
    const urls = fc.sample(url, { numRuns: 20_000 })
    const lines = urls.map((each) => Buffer.from(each, 'latin1').toString('base64'))

    expect(urls.map(ours)).toEqual(phpLines('./php-url.php', lines))
  })
})

/** In the words of the PHP script. */
function ours(url: string): unknown {
  const parts = parsePhpUrl(url)
  if (parts === undefined) return false
  const base64 = (part: string | number) =>
    typeof part === 'string' ? Buffer.from(part, 'latin1').toString('base64') : part
  return Object.fromEntries(Object.entries(parts).map(([key, part]) => [key, base64(part)]))
}
