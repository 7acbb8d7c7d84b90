import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { serializerFor } from '../../../src/serializers/registry.js'
import { cli } from '../../helpers/cli.js'
import { temporaryFolder } from '../../helpers/folders.js'

const DATA = { user: 'ann', cart: { coffee: 2, prices: [1.5, null, true] } }
const TEXT = 'user: "ann"\ncart: { coffee: 2, prices: [ 1.5, null, true ] }\n'

/** Everything that PHP's default format has, as PHP writes it. */
const ALL_OF_PHP =
  'f|d:5;nan|d:NAN;neg|d:-0;big|i:9223372036854775807;bin|s:2:"\xff\x00";' +
  'list|a:2:{i:0;s:1:"a";i:1;N;}map|a:2:{i:5;b:1;s:1:"k";a:0:{}}' +
  'o|O:4:"Cart":3:{s:5:"items";a:1:{i:0;i:1;}s:7:"\x00*\x00note";s:1:"n";s:9:"\x00Cart\x00key";i:2;}' +
  'e|E:11:"Suit:Hearts";c|C:3:"Old":4:{data}$x|s:1:"d";__proto__|s:1:"p";'

describe('sessionz decode', () => {
  it.each(['php', 'php_binary', 'php_serialize', 'wddx', 'json', 'v8'])(
    'guesses that bytes are %s',
    async (format) => {
      const stdin = serializerFor(format).encode(DATA)

      expect(await cli(['decode', '-'], { stdin })).toEqual({ code: 0, out: TEXT, err: '' })
      expect((await cli(['decode', '-', '--format', format, '--json'], { stdin })).out).toBe(
        `${JSON.stringify(DATA)}\n`,
      )
    },
  )

  it('shows all that PHP has', async () => {
    const { out } = await cli(['decode', '-'], { stdin: Buffer.from(ALL_OF_PHP, 'latin1') })

    expect(out.split('\n')).toEqual([
      'f: 5.0',
      'nan: NaN',
      'neg: -0',
      'big: 9223372036854775807',
      'bin: (2 bytes) ff00',
      'list: [ "a", null ]',
      'map: { 5: true, k: [] }',
      'o: Cart { items: [ 1 ], note (protected): "n", key (private): 2 }',
      'e: Suit::Hearts',
      'c: Old (4 bytes) 64617461',
      '"$x": "d"',
      '__proto__: "p"',
      '',
    ])
  })

  it('lays out what is long, and ends where a value contains itself', async () => {
    const stdin = `a|a:2:{s:4:"long";s:80:"${'x'.repeat(80)}";s:1:"b";i:1;}r|O:1:"A":1:{s:4:"self";r:4;}`
    const { out } = await cli(['decode', '-'], { stdin })

    expect(out).toBe(`a: {\n  long: "${'x'.repeat(80)}"\n  b: 1\n}\nr: A { self: (a cycle) }\n`)
    expect(await cli(['decode', '-', '--json'], { stdin })).toMatchObject({
      code: 1,
      err: 'sessionz: JSON cannot tell a cycle\n',
    })
  })

  it('prints nothing that a terminal would obey', async () => {
    const evil = '\x1b]0;x\x07\x9b31m\u202e\r\n'
    const stdin = serializerFor('json').encode({ [evil]: evil })
    const { out } = await cli(['decode', '-'], { stdin })

    // eslint-disable-next-line no-control-regex
    expect(out.trimEnd()).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/)
  })

  it('shows maps, sets and dates of V8', async () => {
    const data = {
      m: new Map<unknown, unknown>([[1, 'a']]),
      s: new Set([1]),
      d: new Date(0),
      r: /x/,
    }
    const stdin = serializerFor('v8').encode(data)

    expect((await cli(['decode', '-'], { stdin })).out).toBe(
      'm: Map { 1: "a" }\ns: Set { 1 }\nd: 1970-01-01T00:00:00.000Z\nr: /x/\n',
    )
    expect((await cli(['decode', '-', '--json'], { stdin })).err).toBe(
      'sessionz: JSON cannot tell an instance of a class\n',
    )
  })

  it.each([
    [
      'nothing it knows',
      'nonsense',
      'this is none of php, php_binary, php_serialize, wddx, json, v8',
    ],
    [
      'what is encrypted',
      '\xf5SZ\x01rest',
      'this is encrypted; use show with the config that has the key',
    ],
  ])('reads %s', async (_, text, reason) => {
    const stdin = Buffer.from(text, 'latin1')

    expect(await cli(['decode', '-'], { stdin })).toEqual({
      code: 1,
      out: '',
      err: `sessionz: ${reason}\n`,
    })
  })

  it('reads a file, an empty one too, and says when it cannot', async () => {
    const cwd = temporaryFolder()
    writeFileSync(join(cwd, 'empty'), '')

    expect((await cli(['decode', 'empty'], { cwd })).out).toBe('(empty)\n')
    expect((await cli(['decode', 'absent'], { cwd })).err).toBe(
      'sessionz: cannot read absent (ENOENT)\n',
    )
  })
})

describe('sessionz encode', () => {
  it('makes the same bytes of what decode printed', async () => {
    const stdin = Buffer.from(ALL_OF_PHP, 'latin1')
    const { out } = await cli(['decode', '-', '--json'], { stdin })
    const again = await cli(['encode'], { stdin: out, binary: true })

    expect(again.out).toBe(ALL_OF_PHP)
  })

  it('makes maps, sets, dates and references of their words', async () => {
    const json = '{"m":{"$map":[[1,"a"]]},"s":{"$set":[1]},"d":{"$date":"1970-01-01T00:00:00Z"}}'
    const v8 = await cli(['encode', '--format', 'v8'], { stdin: json, binary: true })
    const read = serializerFor('v8').decode(Buffer.from(v8.out, 'latin1'))
    const php = await cli(['encode'], { stdin: '{"r":{"$ref":5}}' })

    expect(read).toEqual({ m: new Map([[1, 'a']]), s: new Set([1]), d: new Date(0) })
    expect(php.out).toBe('r|i:5;')
  })

  it.each([
    ['no JSON', '{', 'the input is not JSON'],
    ['no variables', '[1]', 'the JSON must be an object: the variables by their names'],
    ['another word', '{"a":{"$a":1}}', '"$a" is no word here; a key of data begins with $$'],
    ['a bad value of a word', '{"a":{"$bigint":"x"}}', '"$bigint" has a value that it cannot have'],
    [
      'what the format has not',
      '{"a|b":1}',
      'php: a variable with | in its name, which PHP would lose',
    ],
  ])('refuses %s', async (_, stdin, reason) => {
    const { code, out, err } = await cli(['encode', '-'], { stdin })

    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(`sessionz: ${reason}`)
  })
})

describe('sessionz ini', () => {
  const INI =
    'session.save_handler = files\nsession.save_path = "/var/lib/it\'s"\nsession.name = SHOP\n' +
    'session.gc_maxlifetime = 3600\nsession.serialize_handler = php_serialize\nsession.auto_start = 1\n' +
    'session.nonsense = 1\nsession.cookie_secure = On\n'

  it('prints a config, and says what has no effect', async () => {
    const { code, out, err } = await cli(['ini', '-'], { stdin: INI })

    expect(code).toBe(0)
    expect(err).toBe(
      'warning: session.auto_start has no effect here\nwarning: session.nonsense is no setting of PHP\n',
    )
    expect(out).toBe(
      "import { filesHandler } from 'sessionz'\n\nexport default {\n" +
        "  handlers: [filesHandler({ savePath: '/var/lib/it\\'s' })],\n" +
        '  gc: { maxLifetime: 3600 },\n  cookie: { secure: true },\n' +
        "  name: 'SHOP',\n  serializer: 'php_serialize',\n}\n",
    )
  })

  it('prints JSON, and names a handler that it does not know', async () => {
    const { out } = await cli(['ini', '-', '--json'], { stdin: INI })
    const redis = await cli(['ini', '-'], { stdin: 'session.save_handler=redis\n' })

    expect(JSON.parse(out)).toMatchObject({ name: 'SHOP', gc: { maxLifetime: 3600 } })
    expect(redis.out).toBe(
      "export default {\n  handlers: [], // session.save_handler is 'redis'\n}\n",
    )
    expect(await cli(['ini', '-'], { stdin: 'a = (\n' })).toMatchObject({
      code: 1,
      err: 'sessionz: php.ini: syntax error in line 1\n',
    })
  })
})
