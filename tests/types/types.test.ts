import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compileErrors } from '../helpers/compile.js'

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')

it('gives users the types that api.test-d.ts describes', { timeout: 60_000 }, () => {
  expect(compileErrors(new Map([['tests/types/api.test-d.ts', read('api.test-d.ts')]]))).toEqual([])
})

it('notices a type that is not as described', { timeout: 60_000 }, () => {
  const wrong = read('api.test-d.ts').replace('// @ts-expect-error', '//')

  expect(compileErrors(new Map([['tests/types/api.test-d.ts', wrong]]))).toHaveLength(1)
})
