import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileErrors } from '../helpers/compile.js'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

describe.each(['api.test-d.ts', 'entries.test-d.ts', 'express.test-d.ts'])('%s', (name) => {
  it('describes the types that users get', { timeout: 60_000 }, () => {
    expect(compileErrors(new Map([[`tests/types/${name}`, read(name)]]))).toEqual([])
  })

  it('notices a type that is not as described', { timeout: 60_000 }, () => {
    const wrong = read(name).replace('// @ts-expect-error', '//')

    expect(compileErrors(new Map([[`tests/types/${name}`, wrong]]))).toHaveLength(1)
  })
})
