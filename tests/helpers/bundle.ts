/** Bundles a module with the library's source inside, for a child process to run. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { ENTRIES } from './compile.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Published names to source files; any other name stays outside the bundle. */
const ALIAS = Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, ROOT + path]))

/**
 * Writes one ESM file.
 *
 * @param text TypeScript; it may import `sessionz` by its published entries.
 * @param outfile Path of the `.mjs` to write.
 */
export async function bundle(text: string, outfile: string): Promise<void> {
  await build({
    stdin: { contents: text, loader: 'ts', resolveDir: ROOT },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    alias: ALIAS,
    logLevel: 'silent',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url)",
    },
  })
}
