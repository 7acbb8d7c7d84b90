/** Loads a package of the workspace `tests/interop`, from wherever the asking test lies. */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const interop = createRequire(new URL('../interop/package.json', import.meta.url))

/** The namespace of a package in the version that `tests/interop/package.json` asks for. */
export async function peer<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(interop.resolve(name)).href)) as T
}
