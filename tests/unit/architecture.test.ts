import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { functionsOf, importFaults, styleFaults } from '../helpers/architecture.js'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

const sources = new Map(
  readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [relative(SRC, path).split(sep).join('/'), readFileSync(path, 'utf8')]),
)

function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const faultsOf = (files: Record<string, string>) => importFaults(new Map(Object.entries(files)))

describe('the rules themselves', () => {
  it('let an import go down, and several files make one mechanism', () => {
    const faults = faultsOf({
      'index.ts': "export { a } from './manager.js'",
      'manager.ts': "import { b } from './locks/flock.js'",
      'locks/flock.ts': "import { c } from './flock-perl.js'\nimport fs from 'node:fs'",
      'locks/flock-perl.ts': "import { d } from '../lib/bytes.js'",
      'lib/bytes.ts': "export const d = 1\ndeclare module 'http' {}",
    })

    expect(faults).toEqual([])
  })

  it.each([
    ['upward', { 'lib/a.ts': "import '../manager.js'", 'manager.ts': '' }],
    ['upward', { 'lib/a.ts': "const a = await import('../manager.js')", 'manager.ts': '' }],
    ['upward', { 'lib/a.ts': "import type { M } from '../manager.js'", 'manager.ts': '' }],
    ['upward', { 'lib/a.ts': "let a: import('../manager.js').M", 'manager.ts': '' }],
    ['siblings', { 'handlers/a.ts': "export * from './b.js'", 'handlers/b.ts': '' }],
    ['an entry', { 'cli/bin.ts': "import '../index.js'", 'index.ts': '' }],
    ['the package', { 'lib/a.ts': "import 'left-pad'" }],
    ['no such file', { 'lib/a.ts': "import './b.js'" }],
    ['stands on no floor', { 'utils.ts': '' }],
    ['cycle of files', { 'lib/a.ts': "import './b.js'", 'lib/b.ts': "import './a.js'" }],
    [
      'cycle of rooms',
      {
        'id/a.ts': "import '../locks/b.js'",
        'locks/b.ts': '',
        'locks/c.ts': "import '../id/d.js'",
        'id/d.ts': '',
      },
    ],
  ])('find what is wrong: %s', (words, files) => {
    expect(faultsOf(files as unknown as Record<string, string>)).toEqual([
      expect.stringContaining(words),
    ])
  })

  it('measure code only, nested functions included', () => {
    const text =
      'function a(x, y) {\n  // why\n\n  const b = () => 1\n  return (\n    b()\n  )\n}\n'

    expect(functionsOf('a.ts', text)).toEqual([
      { where: 'a.ts:1', lines: 4, parameters: 2 },
      { where: 'a.ts:4', lines: 1, parameters: 0 },
    ])
  })

  it.each([
    'const a: any = 1',
    'const a = b as any',
    'export default 1',
    'const a = Math.random()',
    'console.log(1)',
    'const a = Date.now()',
    '// @ts-ignore',
  ])('refuse %s', (text) => {
    expect(styleFaults('a.ts', text)).toHaveLength(1)
  })

  it('allow a clock as the default of an option', () => {
    expect(styleFaults('a.ts', 'const { now = Date.now } = options')).toEqual([])
  })
})

describe('the source', () => {
  it('imports one way, without cycles and without packages', () => {
    expect(sources.size).toBeGreaterThan(0)
    expect(importFaults(sources)).toEqual([])
  })

  it('has no any, no silenced compiler, no console, no clock and no chance of its own', () => {
    expect([...sources].flatMap(([path, text]) => styleFaults(path, text))).toEqual([])
  })

  it('keeps files small: 300 lines at most, 200 for nine in ten, 120 for half', () => {
    const lines = [...sources].map(([path, text]) => ({ path, lines: text.split('\n').length - 1 }))
    const counts = lines.map((file) => file.lines)

    expect(lines.filter((file) => file.lines > 300)).toEqual([])
    expect(quantile(counts, 0.9)).toBeLessThanOrEqual(200)
    expect(quantile(counts, 0.5)).toBeLessThanOrEqual(120)
  })

  it('keeps functions small: 50 lines at most, 25 for nine in ten, 8 for half', () => {
    const functions = [...sources].flatMap(([path, text]) => functionsOf(path, text))
    const counts = functions.map((each) => each.lines)

    expect(functions.filter((each) => each.lines > 50)).toEqual([])
    expect(functions.filter((each) => each.parameters > 4)).toEqual([])
    expect(quantile(counts, 0.9)).toBeLessThanOrEqual(25)
    expect(quantile(counts, 0.5)).toBeLessThanOrEqual(8)
  })
})
