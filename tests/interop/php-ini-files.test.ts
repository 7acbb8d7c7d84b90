/** Whole files of settings, read by the real PHP and by us: what PHP runs with is what we run with. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { resolveOptions } from '../../src/options/resolve-options.js'
import type { SessionOptions } from '../../src/options/options.js'
import { fromPhpIni } from '../../src/php-ini.js'
import { temporaryFolder } from '../helpers/folders.js'
import { eventsOf } from '../helpers/sessions.js'
import { describeWith } from '../helpers/services.js'

const VARIABLES = { SHOP: 'shop', EMPTY: '' }

/** Debian's own, where the packages have put them. */
const FILES = [
  '/usr/lib/php/8.2/php.ini-production',
  '/usr/lib/php/8.2/php.ini-development',
  '/usr/lib/php/8.2/php.ini-production.cli',
  '/etc/php/8.2/cli/php.ini',
  '/etc/php/8.2/cgi/php.ini',
].filter((path) => existsSync(path))

const WRITTEN: readonly (readonly [string, string])[] = [
  [
    'sections, comments and blanks',
    '; c\n[Session]\n\n  session.name   =   SHOP   ; c\n#not=a comment\n[Other]\nsession.gc_divisor=7\n',
  ],
  [
    'words for yes and no',
    'session.use_cookies = Off\nsession.use_only_cookies = FALSE\nsession.use_trans_sid = Yes\nsession.lazy_write = none\nsession.use_strict_mode = TRUE\nsession.cookie_httponly = on\nsession.cookie_secure = no\n',
  ],
  [
    'the same words in quotes',
    'session.use_cookies = "Off"\nsession.use_only_cookies = "on"\nsession.use_trans_sid = "yes"\nsession.lazy_write = "False"\nsession.use_strict_mode = \'true\'\n',
  ],
  [
    'variables of the environment',
    'session.name = ${SHOP}\nsession.cookie_path = "/${SHOP}/${EMPTY}x"\nsession.cookie_domain = ${NOWHERE}\n',
  ],
  [
    'constants and operators',
    'session.gc_maxlifetime = E_ALL & ~E_NOTICE\nsession.gc_divisor = 1 | 6\nsession.gc_probability = E_ERROR\nsession.cache_expire = !0\n',
  ],
  [
    'semicolons and quotes',
    'session.save_path = "2;0600;/srv/sessions"\nsession.cookie_path = \'/a\'\nsession.referer_check = "https://shop.test/" ; c\n',
  ],
  [
    'line ends of Windows',
    'session.name = "WIN"\r\nsession.cookie_lifetime = 60\r\nsession.cookie_samesite = Strict\r\n',
  ],
  [
    'the last of a name',
    'session.name = FIRST\nsession.name = SECOND\nsession.sid_length = 30\nsession.sid_length = 40\n',
  ],
  [
    'signs, zeros and tails of numbers',
    'session.cookie_lifetime = +60\nsession.cache_expire = 007\nsession.gc_maxlifetime = "1440 seconds"\nsession.sid_length = 048\nsession.sid_bits_per_character = " 6"\n',
  ],
  [
    'nothing after the equals sign',
    'session.cookie_domain =\nsession.cookie_samesite =\nsession.referer_check = ""\nsession.trans_sid_hosts =\nsession.cache_limiter =\n',
  ],
  [
    'tags, hosts and limiters',
    'session.trans_sid_tags = "a=href,form=,fieldset="\nsession.trans_sid_hosts = "a.test,b.test"\nsession.cache_limiter = Private_No_Expire\nsession.use_only_cookies = 0\n',
  ],
  [
    'a mark of the byte order, tabs and no last line end',
    '\uFEFF[PHP]\n\tsession.name\t=\tTAB\nsession.gc_probability\t=\t0',
  ],
]

/** PHP's values, which are texts, as what they mean to PHP. */
const number = (text: string) => Number.parseInt(text, 10) || 0
const flag = (text: string) => /^(?:true|yes|on)$/i.test(text) || number(text) !== 0

const MEANING: Readonly<Record<string, (options: ReturnType<typeof settings>) => unknown>> = {
  name: (options) => options.name,
  save_path: (options) => options.savePath,
  gc_probability: ({ gc }) => gc.probability,
  gc_divisor: ({ gc }) => gc.divisor,
  gc_maxlifetime: ({ gc }) => gc.maxLifetime,
  serialize_handler: (options) => options.serializer,
  cookie_lifetime: ({ cookie }) => cookie.lifetime,
  cookie_path: ({ cookie }) => cookie.path,
  cookie_domain: ({ cookie }) => cookie.domain,
  cookie_secure: ({ cookie }) => cookie.secure === true,
  cookie_httponly: ({ cookie }) => cookie.httpOnly,
  cookie_samesite: ({ cookie }) => cookie.sameSite,
  use_cookies: (options) => options.useCookies,
  use_only_cookies: (options) => options.useOnlyCookies,
  use_strict_mode: (options) => options.useStrictMode,
  use_trans_sid: (options) => options.useTransSid,
  trans_sid_tags: (options) => options.transSidTags,
  trans_sid_hosts: (options) => options.transSidHosts,
  referer_check: (options) => options.refererCheck,
  cache_limiter: (options) => options.cacheLimiter,
  cache_expire: (options) => options.cacheExpire,
  lazy_write: (options) => options.lazyWrite,
  sid_length: ({ id }) => id.length,
  sid_bits_per_character: ({ id }) => id.bitsPerCharacter,
}

/** What a file does not say has our defaults; here PHP's stand below it. */
const PHP_DEFAULTS: SessionOptions = {
  cookie: { httpOnly: false, sameSite: '', secure: false },
  useStrictMode: false,
  savePath: '/var/lib/php/sessions',
  id: { length: 32, bitsPerCharacter: 4 },
}

function settings(text: string) {
  const read = fromPhpIni(text, { env: VARIABLES, handlers: [] })
  const cookie = { ...PHP_DEFAULTS.cookie, ...read.cookie }
  const id = { ...PHP_DEFAULTS.id, ...read.id } as { length: number; bitsPerCharacter: number }
  const resolved = resolveOptions({ ...PHP_DEFAULTS, ...read, cookie })
  return { ...resolved.settings, serializer: resolved.serializer, id }
}

/** What `php -i` prints of a file: names of `session.*` settings and their texts. */
function theirs(path: string): ReadonlyMap<string, string> {
  const { stdout } = spawnSync('php', ['-c', path, '-i'], {
    env: { PATH: process.env['PATH'], PHP_INI_SCAN_DIR: '', ...VARIABLES },
    encoding: 'utf8',
  })
  const lines = stdout.matchAll(/^session\.(\w+) => (.*) => .*$/gm)
  return new Map(
    [...lines].map(([, name = '', text = '']) => [name, text === 'no value' ? '' : text]),
  )
}

describeWith('php', 'a whole php.ini', () => {
  function compare(path: string): void {
    const ours = settings(readFileSync(path, 'utf8'))
    const print = theirs(path)
    expect(print.size).toBeGreaterThan(20)
    const both = Object.entries(MEANING).map(([name, mean]) => {
      const mine = mean(ours)
      const text = print.get(name) ?? ''
      const said =
        typeof mine === 'number' ? number(text) : typeof mine === 'boolean' ? flag(text) : text
      return [name, mine, name === 'cache_limiter' ? String(said).toLowerCase() : said] as const
    })

    expect(both.map(([name, mine]) => [name, mine])).toEqual(
      both.map(([name, , said]) => [name, said]),
    )
  }

  it.each(FILES)('of Debian gives what PHP runs with: %s', (path) => {
    compare(path)
  })

  it('of Debian was there, and holds no name that we do not know', async () => {
    expect(FILES.length).toBeGreaterThan(0)
    const told = await eventsOf('sessionz:warning', () => {
      for (const path of FILES) fromPhpIni(path, { handlers: [] })
    })

    expect(told).toEqual([])
  })

  it.each(WRITTEN)('gives what PHP runs with: %s', (_, text) => {
    const path = join(temporaryFolder(), 'php.ini')
    writeFileSync(path, text)

    compare(path)
  })

  it('with names that PHP does not have names them', async () => {
    const told = await eventsOf('sessionz:warning', () =>
      fromPhpIni('session.naem = x\nsession.cookie_sameSite = Lax\nsession.name = ok\n'),
    )

    expect(told.map(({ message }) => message)).toEqual([
      'php.ini: session.naem, session.cookie_sameSite is no setting of PHP',
    ])
  })
})
