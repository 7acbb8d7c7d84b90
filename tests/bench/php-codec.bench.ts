/**
 * PHP's value codec beside JSON, the engine's own format and its peers, on the values of five kinds of
 * sessions.
 *
 * The source is bundled first, as it is published: the bundler writes the codec's constants where
 * they are used, and the test runner's own modules would look each of them up.
 *
 * Ratios to JSON of one run are what counts. This is for work on one value (`-t 'read cart'`): one
 * contender runs after the other here, so a busy moment meets only one of them, and real PHP cannot
 * take part. table.mjs has everybody take turns, and makes the tables of the documentation.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, bench, describe } from 'vitest'
import { bundle } from '../helpers/bundle.js'
import { contenders, type Codec } from './php-codec-contenders.js'
import { SAMPLES } from './php-codec-values.js'

const folder = mkdtempSync(join(tmpdir(), 'sessionz-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function load(): Promise<Codec> {
  const file = join(folder, 'php.mjs')
  await bundle("export { serialize, unserialize } from 'sessionz/php'", file)
  return (await import(pathToFileURL(file).href)) as Codec
}

const sessionz = await load()
const all = await contenders(sessionz)

const options = { time: 500, warmupTime: 500 }
let consumed: unknown

for (const { name: sample, value } of SAMPLES) {
  const bytes = sessionz.serialize(value)

  describe(`write ${sample}`, () => {
    for (const { name, write } of all) {
      if (write !== undefined) bench(name, () => void (consumed = write(value)), options)
    }
  })

  describe(`read ${sample}`, () => {
    for (const { name, reader } of all) {
      const read = reader(value, bytes)
      bench(name, () => void (consumed = read()), options)
    }
  })
}

describe('read what is hard to read', () => {
  const worst: Record<string, Uint8Array> = {
    '1 MB of one string': Buffer.from(`s:1000000:"${'x'.repeat(1_000_000)}";`),
    '1 MB of nesting': Buffer.alloc(1_000_000, 'a:1:{i:0;'),
    '1 MB of references': Buffer.from(
      `a:90000:{${Array.from({ length: 90_000 }, (_, index) => `i:${index};R:1;`).join('')}}`,
    ),
  }
  for (const [name, bytes] of Object.entries(worst)) {
    bench(
      name,
      () => {
        try {
          consumed = sessionz.unserialize(bytes)
        } catch (error) {
          consumed = error
        }
      },
      options,
    )
  }
})

/** Keeps the results, so that the engine cannot leave the work out. */
export const last = (): unknown => consumed
