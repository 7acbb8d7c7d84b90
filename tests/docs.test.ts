import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle } from './helpers/bundle.js'
import { compileErrors } from './helpers/compile.js'
import {
  anchorsOf,
  blocksOf,
  linksOf,
  promisedOutput,
  wholeText,
  type Block,
} from './helpers/markdown.js'
import { describeWith } from './helpers/services.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const pages = new Map(
  ['README.md', 'CHANGELOG.md', ...filesBelow('docs', '.md')].map((path) => [path, read(path)]),
)

/** Every block that is code, with the text of what it continues. */
const blocks = [...pages].flatMap(([page, text]) => {
  const found = blocksOf(text)
  return found.map((block, index) => ({
    ...block,
    page,
    where: `${page}:${block.line}`,
    text: wholeText(found, index),
  }))
})

const scripts = blocks.filter((block) => ['ts', 'js'].includes(block.language))

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => posix.join(folder, path.replaceAll('\\', '/')))
    .sort()
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** A block as a module beside its page. */
function moduleOf(block: Block & { readonly where: string }): [path: string, text: string] {
  return [`${block.where.replace(':', '.line-')}.${block.language}`, block.text]
}

describe('the reader of pages', () => {
  it('finds blocks in lists, their marks, what they continue and what they print', () => {
    const page =
      '# A b: `c`\n\n1. x\n\n   ```ts run\n   a() // prints: 1\n   ```\n\n```ts continued\nb()\n```\n'
    const found = blocksOf(page)

    expect(found.map((block) => block.line)).toEqual([5, 9])
    expect(found[0]?.marks).toEqual(new Set(['run']))
    expect(found[0]?.text).toBe('a() // prints: 1\n')
    expect(wholeText(found, 1)).toBe('a() // prints: 1\n\nb()\n')
    expect(promisedOutput(found[0]?.text ?? '')).toEqual(['1'])
    expect(anchorsOf(page)).toEqual(new Set(['a-b-c']))
  })

  it('finds links, but not in code', () => {
    expect(linksOf('[a](b.md#c) `[d](e.md)`\n\n```md\n[f](g.md)\n```\n')).toEqual(['b.md#c'])
  })

  it('refuses a block that does not compile', () => {
    const errors = compileErrors(new Map([['docs/a.ts', 'export const a: string = 1\n']]))

    expect(errors).toEqual([expect.stringContaining('docs/a.ts:1 Type')])
  })
})

describe('the code of the documentation', () => {
  it('compiles against the source', { timeout: 120_000 }, () => {
    const examples = filesBelow('docs', '.mjs').map((path) => [path, read(path)] as const)

    expect(compileErrors(new Map([...scripts.map(moduleOf), ...examples]))).toEqual([])
  })

  describe('runs where it says so', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sessionz-docs-'))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))

    const runnable = scripts.filter((block) => block.marks.has('run'))

    it('somewhere', () => {
      expect(runnable.length).toBeGreaterThan(0)
    })

    it.each(runnable)('$where', async (block) => {
      const cwd = mkdtempSync(join(folder, 'run-'))
      const script = join(cwd, 'script.mjs')
      mkdirSync(join(cwd, 'sessions'), { mode: 0o700 }) // as the tutorial tells users to
      await bundle(block.text, script)
      const { stdout } = await promisify(execFile)(process.execPath, [script], {
        cwd,
        env: { ...process.env, PORT: String(await freePort()) },
        timeout: 20_000,
      })

      const promised = promisedOutput(block.text)
      if (promised.length > 0) expect(stdout.trimEnd().split('\n')).toEqual(promised)
    })
  })
})

describeWith('php', 'the PHP of the documentation', () => {
  const php = [
    ...blocks.filter((block) => block.language === 'php'),
    ...filesBelow('docs', '.php').map((path) => ({ where: path, text: read(path) })),
  ]

  it.each(php)('$where is PHP', ({ text }) => {
    const result = spawnSync('php', ['-l'], { input: text, encoding: 'utf8' })

    expect(result.stdout + result.stderr).toContain('No syntax errors')
  })
})

describe('the reference', () => {
  it.each([
    ['options.md', 'src/options/options.ts', 'SessionOptions', ['gc', 'cookie']],
    ['options.md', 'src/options/options.ts', 'GcOptions', []],
    ['options.md', 'src/options/options.ts', 'StartOverrides', []],
    ['options.md', 'src/options/cookie-options.ts', 'CookieOptions', []],
    ['options.md', 'src/http/propagation.ts', 'SessionRequest', []],
    ['php-values.md', 'src/php/codec-options.ts', 'CommonOptions', []],
    ['php-values.md', 'src/php/codec-options.ts', 'SerializeOptions', []],
    ['php-values.md', 'src/php/codec-options.ts', 'UnserializeOptions', []],
    ['php-values.md', 'src/php/codec-options.ts', 'SerializerOptions', []],
    ['php-ini.md', 'src/php-ini.ts', 'PhpIniOverrides', []],
    ['url-rewriter.md', 'src/http/url-rewriter.ts', 'UrlRewriterOptions', []],
    ['events.md', 'src/events.ts', 'SessionEvents', []],
    ['events.md', 'src/events-traces.ts', 'SessionTraces', []],
    ['errors.md', 'src/errors.ts', 'SessionErrorCode', []],
    ['handlers.md', 'src/handler.ts', 'SessionContext', []],
    ['handlers.md', 'src/handler.ts', 'SessionHandler', ['name']],
    ['hashed-id-handler.md', 'src/handlers/hashed-id.ts', 'HashedIdOptions', []],
    ['redis-handler.md', 'src/handlers/redis.ts', 'RedisOptions', []],
    ['memcached-handler.md', 'src/handlers/memcached.ts', 'MemcachedOptions', []],
    ['memcached-handler.md', 'src/stores/memcached-cache.ts', 'MemcachedCacheOptions', []],
    ['database-handler.md', 'src/handlers/database-options.ts', 'DatabaseOptions', []],
    ['options-table-handler.md', 'src/handlers/options-table.ts', 'OptionsTableOptions', []],
    ['cache-handler.md', 'src/handlers/cache.ts', 'CacheOptions', []],
    ['cache-handler.md', 'src/stores/redis-cache.ts', 'RedisCacheOptions', []],
    ['cache-handler.md', 'src/stores/lru-cache.ts', 'LruOptions', []],
    ['migrating-handler.md', 'src/handlers/migrating.ts', 'MigratingOptions', []],
    ['encryption-handler.md', 'src/handlers/encryption.ts', 'EncryptionOptions', []],
    ['options.md', 'src/options/breaker-options.ts', 'BreakerOptions', []],
    ['express-store-handler.md', 'src/handlers/express-store.ts', 'ExpressStoreOptions', []],
    ['encryption-handler.md', 'src/handlers/encryption.ts', 'EncryptionOptions', []],
    ['cache-handler.md', 'src/handlers/cache.ts', 'CacheOptions', []],
    ['cache-handler.md', 'src/stores/lru-cache.ts', 'LruOptions', []],
    ['cache-handler.md', 'src/stores/redis-cache.ts', 'RedisCacheOptions', []],
    ['cache-handler.md', 'src/stores/memcached-cache.ts', 'MemcachedCacheOptions', []],
    ['migrating-handler.md', 'src/handlers/migrating.ts', 'MigratingOptions', []],
    ['express.md', 'src/adapters/express-options.ts', 'SessionOptions', []],
    ['express.md', 'src/adapters/express-cookie.ts', 'CookieOptions', []],
    ['express.md', 'src/adapters/express-chain-store.ts', 'ToExpressStoreOptions', []],
    ['../how-to/test-a-handler.md', 'src/testing/handler-cases.ts', 'HandlerFixture', []],
    ['../how-to/test-a-handler.md', 'src/testing/handler-check.ts', 'HandlerCapabilities', []],
  ])('%s has a row for everything in %s: %s', (page, source, type, groups) => {
    const rows = read(`docs/reference/${page}`)
    const names = namesOf(type, read(source)).filter((name) => !groups.includes(name))

    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((name) => !rowOf(name).test(rows))).toEqual([])
  })
})

/** A row that starts with the name, maybe as part of a group or as a link. */
function rowOf(name: string): RegExp {
  return new RegExp(`^\\| \\[?\`(\\w+\\.)?${name}\``, 'm')
}

/** Members of an interface, or words of a union. */
function namesOf(type: string, source: string): string[] {
  const file = ts.createSourceFile('a.ts', source, ts.ScriptTarget.Latest)
  for (const node of file.statements) {
    if (ts.isInterfaceDeclaration(node) && node.name.text === type) {
      return node.members.flatMap((member) =>
        member.name && 'text' in member.name ? [member.name.text] : [],
      )
    }
    if (ts.isTypeAliasDeclaration(node) && node.name.text === type) {
      const words: string[] = []
      ts.forEachChild(node.type, (child) => {
        if (ts.isLiteralTypeNode(child) && ts.isStringLiteral(child.literal)) {
          words.push(child.literal.text)
        }
      })
      return words
    }
  }
  throw new Error(`there is no ${type}`)
}

describe('the links of the documentation', () => {
  it.each([...pages.keys()])('%s leads only where something is', (page) => {
    const missing = linksOf(pages.get(page) as string).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : posix.join(dirname(page), path)
      if (!existsSync(join(ROOT, target))) return true
      return anchor !== undefined && !anchorsOf(read(target)).has(anchor)
    })

    expect(missing).toEqual([])
  })
})
