/**
 * Files that the user names: `-` is the standard input.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode } from '../lib/fs-error.js'
import { readAll, type Io } from './io.js'
import { Problem } from './problems.js'
import { harmless } from './units.js'

/** @throws {Problem} When it cannot be read. */
export async function readInput(file: string, { stdin, cwd }: Io): Promise<Uint8Array> {
  if (file === '-') return readAll(stdin)
  try {
    return await readFile(resolve(cwd, file))
  } catch (error) {
    throw new Problem(`cannot read ${harmless(file)} (${errorCode(error)})`)
  }
}
