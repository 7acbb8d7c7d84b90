/** A script of PHP that answers every line with a line of JSON. */
import { spawnSync } from 'node:child_process'
import { expect } from 'vitest'

/** One process of PHP for all the lines. */
export function phpLines<T>(script: string, lines: readonly string[]): T[] {
  const path = new URL(script, import.meta.url).pathname
  const { stdout, status, stderr } = spawnSync('php', ['-n', path], {
    input: `${lines.join('\n')}\n`,
    maxBuffer: 2 ** 28,
    timeout: 60_000,
  })
  expect({ status, errors: stderr.toString() }).toEqual({ status: 0, errors: '' })
  const results = stdout.toString().split('\n').slice(0, -1)
  return results.map((line) => JSON.parse(line) as T)
}
