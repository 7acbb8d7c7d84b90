/**
 * Prints tables of docs/explanation/performance.md, or puts them there:
 *
 *     node tests/bench/table.mjs php-codec|requests [--write] [--turns=15] [--milliseconds=50]
 *
 * Everybody takes turns in one run of a few minutes. The source is bundled first, as it is published:
 * `<name>-table.ts`, and `<name>-server.ts` where there is one, for processes of its own.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { format } from 'prettier'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    turns: { type: 'string', default: '15' },
    milliseconds: { type: 'string', default: '50' },
  },
})

const [name = 'php-codec'] = positionals
const markers = new RegExp(`(?<=<!-- ${name}-table -->\n)[^]*(?=<!-- end of ${name}-table -->)`)
const folder = new URL('../../node_modules/.cache/sessionz/', import.meta.url)
const page = new URL('../../docs/explanation/performance.md', import.meta.url)

/** @returns URL of the bundle. */
async function bundled(stem) {
  const source = new URL(`${stem}.ts`, import.meta.url)
  const outfile = new URL(`${stem}.mjs`, folder)
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile: fileURLToPath(outfile),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The modules look for files beside their sources.
    define: { 'import.meta.url': JSON.stringify(source.href) },
  })
  return outfile
}

mkdirSync(folder, { recursive: true })
const hasServer = existsSync(new URL(`${name}-server.ts`, import.meta.url))
const server = hasServer ? fileURLToPath(await bundled(`${name}-server`)) : undefined
const table = await bundled(`${name}-table`)

const { report } = await import(pathToFileURL(fileURLToPath(table)).href)
const text = await report({ turns: +values.turns, milliseconds: +values.milliseconds, server })
const printed = await format(text, { parser: 'markdown' })
console.log(printed)
if (values.write) {
  const old = readFileSync(page, 'utf8')
  if (!markers.test(old)) throw new Error('the page has no place for the tables')
  writeFileSync(
    page,
    old.replace(markers, () => `\n${printed}\n`),
  )
}
