import { channel } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryHandler } from '../../src/handlers/memory.js'
import { createSessionManager } from '../../src/manager.js'
import { fromPhpIni } from '../../src/php-ini.js'
import { temporaryFolder } from '../helpers/folders.js'

const warnings: string[] = []
const hear = (message: unknown) => void warnings.push((message as { message: string }).message)
channel('sessionz:warning').subscribe(hear)
afterEach(() => void (warnings.length = 0))

/** What Debian's php.ini says of sessions, with some of it changed. */
const INI = `
[PHP]
memory_limit = 128M
[Session]
session.save_handler = files
session.save_path = "2;0600;/srv/sessions" ; three parts
session.use_strict_mode = 1
session.use_cookies = 1
session.use_only_cookies = On
session.name = SHOP
session.auto_start = 0
session.cookie_lifetime = 0
session.cookie_path = /
session.cookie_domain =
session.cookie_httponly = On
session.cookie_samesite = Strict
session.serialize_handler = php_serialize
session.gc_probability = 0
session.gc_divisor = 1000
session.gc_maxlifetime = 3600
session.referer_check =
session.cache_limiter = private
session.cache_expire = 60
session.use_trans_sid = 0
session.sid_length = 26
session.trans_sid_tags = "a=href,area=href,frame=src,form="
session.sid_bits_per_character = 5
session.lazy_write = Off
`

describe('a php.ini', () => {
  it('becomes options under their names here', () => {
    const { handlers, ...options } = fromPhpIni(INI)

    expect(options).toEqual({
      name: 'SHOP',
      savePath: '2;0600;/srv/sessions',
      serializer: 'php_serialize',
      useStrictMode: true,
      useCookies: true,
      useOnlyCookies: true,
      useTransSid: false,
      transSidTags: 'a=href,area=href,frame=src,form=',
      refererCheck: '',
      lazyWrite: false,
      cacheLimiter: 'private',
      cacheExpire: 60,
      gc: { probability: 0, divisor: 1000, maxLifetime: 3600 },
      cookie: { lifetime: 0, path: '/', domain: '', httpOnly: true, sameSite: 'Strict' },
      id: { length: 26, bitsPerCharacter: 5 },
    })
    expect(handlers?.map(({ name }) => name)).toEqual(['files'])
    expect(warnings).toEqual([])
  })

  it('is read from where it lies', () => {
    const path = join(temporaryFolder(), 'php.ini')
    writeFileSync(path, 'session.name = SHOP\n')

    expect(fromPhpIni(path)).toEqual({ name: 'SHOP' })
  })

  it('makes a manager that works as it says', async () => {
    const savePath = temporaryFolder()
    const ini = INI.replace('2;0600;/srv/sessions', savePath)
    await using manager = createSessionManager(fromPhpIni(ini, { useStrictMode: true }))
    const session = await manager.start({})
    session.data['user'] = 'anna'
    const headers = await session.commit()

    expect(session.id).toMatch(/^[0-9a-v]{26}$/)
    expect(headers[0]?.[1]).toBe(`SHOP=${session.id}; path=/; HttpOnly; SameSite=Strict`)
    expect(await manager.count()).toBe(1)
  })

  it('says where ids come from and go to', () => {
    const ini =
      'session.use_cookies = 0\nsession.use_only_cookies = Off\nsession.use_trans_sid = yes\n' +
      'session.trans_sid_tags = "a=href"\nsession.trans_sid_hosts = "a.test,b.test"\n' +
      'session.referer_check = shop.test\n'

    expect(fromPhpIni(ini)).toEqual({
      useCookies: false,
      useOnlyCookies: false,
      useTransSid: true,
      transSidTags: 'a=href',
      transSidHosts: 'a.test,b.test',
      refererCheck: 'shop.test',
    })
    expect(warnings).toEqual([])
  })

  it('of an old PHP names the old rule of ids', () => {
    const ini = 'session.hash_function = sha1\nsession.hash_bits_per_character = 6\n'

    expect(fromPhpIni(ini)).toEqual({ id: { hashFunction: 'sha1', hashBitsPerCharacter: 6 } })
    expect(fromPhpIni('session.hash_function = 1')).toEqual({ id: { hashFunction: 1 } })
  })

  it('that says nothing of sessions changes nothing', () => {
    expect(fromPhpIni('memory_limit = 128M\n')).toEqual({})
  })
})

describe('overrides', () => {
  it('count more than the file, in groups member by member', () => {
    const options = fromPhpIni(INI, { name: 'OTHER', gc: { maxLifetime: 60 }, cookie: { path: '/shop' } }) // prettier-ignore

    expect(options.name).toBe('OTHER')
    expect(options.gc).toEqual({ probability: 0, divisor: 1000, maxLifetime: 60 })
    expect(options.cookie).toMatchObject({ path: '/shop', sameSite: 'Strict' })
  })

  it('may bring the chain', () => {
    const handlers = [memoryHandler()]

    expect(fromPhpIni('session.save_handler = redis', { handlers }).handlers).toBe(handlers)
  })

  it('may know how to make other save handlers', () => {
    const made = [memoryHandler()]
    const asked: string[] = []
    const redis = (savePath: string) => (asked.push(savePath), made)
    const ini = 'session.save_handler = redis\nsession.save_path = "tcp://127.0.0.1:6379"'

    expect(fromPhpIni(ini, { saveHandlers: { redis } }).handlers).toBe(made)
    expect(asked).toEqual(['tcp://127.0.0.1:6379'])
  })

  it('bring the variables of the file', () => {
    const ini = 'session.name = ${APP}\nsession.cookie_path = "/${APP}/${session.name}${NONE}"\n'

    expect(fromPhpIni(ini, { env: { APP: 'shop' } })).toEqual({
      name: 'shop',
      cookie: { path: '/shop/shop' },
    })
  })
})

describe('what means nothing here', () => {
  it('is told by name: settings without an effect, and names that are none', () => {
    fromPhpIni('session.auto_start = 1\nsession.entropy_length = 0\nsession.naem = x\n')

    expect(warnings).toEqual([
      'php.ini: session.auto_start has no effect here',
      'php.ini: session.naem is no setting of PHP',
    ])
  })

  it.each([
    'name = 123',
    'name = "-1.5e3"',
    'name = ""',
    'cookie_lifetime = -5',
    'sid_length = 21',
    'sid_length = "26 "',
    'sid_length = 0x20',
    'sid_bits_per_character = 7',
    'sid_bits_per_character = 5.0',
  ])('is a value that PHP refuses, and goes on without: session.%s', (line) => {
    expect(fromPhpIni(`session.${line}\n`)).toEqual({})
    expect(warnings).toEqual([
      `php.ini: session.${line.split(' ')[0]} has a value that PHP refuses: the default stands`,
    ])
  })

  it.each(['constructor', '__proto__', 'toString'])('is %s', (name) => {
    expect(fromPhpIni(`session.${name} = 1`)).toEqual({})
    expect(warnings).toEqual([`php.ini: session.${name} is no setting of PHP`])
  })

  it('is an unknown save handler: an error that says what to do', () => {
    expect(() => fromPhpIni('session.save_handler = mm')).toThrow(
      'fromPhpIni: session.save_handler is "mm"; name it in "saveHandlers", or give "handlers"',
    )
  })

  it('is a line that PHP cannot read: an error with its number', () => {
    expect(() => fromPhpIni('session.name = a\n\nsession.name = (\n')).toThrow(
      'php.ini: syntax error in line 3',
    )
  })
})
