/** What users install. Runs after a build, by `npm run test:package`. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ENTRIES, projectErrors } from './helpers/compile.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Published entry to the stem of its files in `dist`. */
const DIST = Object.fromEntries(
  Object.entries(ENTRIES).map(([entry, source]) => [entry, source.slice(4, -3)]),
)

const folder = mkdtempSync(join(tmpdir(), 'sessionz-package-'))
const installed = join(folder, 'node_modules', 'sessionz')
let files: string[] = []

beforeAll(() => {
  if (!existsSync(join(ROOT, 'dist', 'index.js'))) throw new Error('run `npm run build` first')
  const flags = ['--json', '--ignore-scripts', '--pack-destination', folder]
  const [packed] = JSON.parse(run('npm', ['pack', ...flags], ROOT)) as [
    { filename: string; files: { path: string }[] },
  ]
  files = packed.files.map((file) => file.path)
  run('tar', ['-xzf', packed.filename], folder)
  mkdirSync(join(folder, 'node_modules'))
  renameSync(join(folder, 'package'), installed)
  symlinkSync(join(ROOT, 'node_modules', 'zod'), join(folder, 'node_modules', 'zod')) // for tests/types
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, args: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Names that a module of the installed package exports, loaded by a process of its own. */
function namesBy(loader: 'import' | 'require', entry: string): string[] {
  const load = `${loader === 'import' ? 'await import' : 'require'}('${entry}')`
  const kind = loader === 'import' ? 'module' : 'commonjs'
  const code = `console.log(JSON.stringify(Object.keys(${load}).sort()))`
  return JSON.parse(run(process.execPath, [`--input-type=${kind}`, '-e', code], folder)) as string[]
}

async function gzippedSize(code: string): Promise<number> {
  const result = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    write: false,
  })
  return gzipSync(result.outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length
}

describe('the tarball', () => {
  it('holds what is published and nothing else', () => {
    const kinds = ['js', 'cjs', 'd.ts', 'd.cts']
    const entries = Object.values(DIST).flatMap((stem) =>
      kinds.map((kind) => `dist/${stem}.${kind}`),
    )
    const shared = /^dist\/[\w-]+-[\w-]{8}\.(js|cjs|d\.ts|d\.cts)$/ // parts of several entries

    expect(files.filter((path) => !shared.test(path)).sort()).toEqual(
      [
        ...entries,
        'dist/cli/bin.js',
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'package.json',
      ].sort(),
    )
  })

  it('depends on nothing and runs nothing when installed', () => {
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      [key: string]: unknown
      scripts: Record<string, string>
    }

    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      expect(manifest[kind] ?? {}).toEqual({})
    }
    expect(Object.keys(manifest.scripts).filter((name) => name.includes('install'))).toEqual([])
  })
})

describe('the program', () => {
  it('starts from where it is installed', () => {
    const bin = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      bin: Record<string, string>
    }
    const path = join(installed, bin.bin['sessionz'] as string)

    expect(readFileSync(path, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(run(process.execPath, [path, 'keygen'], folder)).toMatch(/^szk1_[\w-]{48}\n$/)
  })
})

describe.each(Object.keys(ENTRIES))('the entry %s', (entry) => {
  it('is the same by import and by require, and as in the source', async () => {
    const source = ENTRIES[entry as keyof typeof ENTRIES]
    const url = new URL(`../${source}`, import.meta.url)
    const names = Object.keys((await import(/* @vite-ignore */ url.href)) as object).sort()

    expect(names.length).toBeGreaterThan(0)
    expect(namesBy('import', entry)).toEqual(names)
    expect(namesBy('require', entry)).toEqual(names)
  })
})

describe('the types', () => {
  const described = ['api', 'entries', 'express'].map((name) => [
    name,
    readFileSync(join(ROOT, `tests/types/${name}.test-d.ts`), 'utf8'),
  ])

  it.each(['mts', 'cts'])(
    'are what tests/types describes, to a .%s file',
    { timeout: 60_000 },
    (kind) => {
      const modules = new Map(described.map(([name, text]) => [`${name}.${kind}`, `${text}`]))

      expect(projectErrors(`${folder}/`, modules)).toEqual([])
    },
  )
})

describe('the size, minified and gzipped', () => {
  it.each([
    ['the whole root entry', 67_000, "export * from 'sessionz'"],
    [
      'a manager with the memory handler',
      55_500,
      "export { createSessionManager, memoryHandler } from 'sessionz'",
    ],
  ])('of %s is at most %i bytes', async (what, limit, code) => {
    const size = await gzippedSize(code)
    console.log(`${what}: ${size} bytes`)

    expect(size).toBeLessThanOrEqual(limit)
  })
})
