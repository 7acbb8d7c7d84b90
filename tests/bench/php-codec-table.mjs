/**
 * Prints the tables of docs/explanation/performance.md, or puts them there:
 *
 *     node tests/bench/php-codec-table.mjs [--write] [--turns=15] [--milliseconds=50]
 *
 * Everybody takes turns in one run of a few minutes. The source is bundled first, as it is published.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { format } from 'prettier'

const MARKERS = /(?<=<!-- php-codec-table -->\n)[^]*(?=<!-- end of php-codec-table -->)/

const source = new URL('php-codec-table.ts', import.meta.url)
const folder = new URL('../../node_modules/.cache/sessionz/', import.meta.url)
const page = new URL('../../docs/explanation/performance.md', import.meta.url)

const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    turns: { type: 'string', default: '15' },
    milliseconds: { type: 'string', default: '50' },
  },
})

mkdirSync(folder, { recursive: true })
const outfile = new URL('php-codec-table.mjs', folder)
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

const { report } = await import(pathToFileURL(fileURLToPath(outfile)).href)
const text = await report({ turns: +values.turns, milliseconds: +values.milliseconds })
const printed = await format(text, { parser: 'markdown' })
console.log(printed)
if (values.write) {
  const old = readFileSync(page, 'utf8')
  if (!MARKERS.test(old)) throw new Error('the page has no place for the tables')
  writeFileSync(
    page,
    old.replace(MARKERS, () => `\n${printed}\n`),
  )
}
