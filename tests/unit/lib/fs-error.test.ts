import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { LockLostError } from '../../../src/errors.js'
import { errorCode, fileError } from '../../../src/lib/fs-error.js'

function thrown(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('fileError', () => {
  it('tells what is wrong without the path, which holds the id', () => {
    const error = fileError(
      'read',
      '/sessions',
      thrown(() => readFileSync('/nowhere/sess_secret')),
    ) as Error

    expect(error).toMatchObject({
      code: 'ERR_SESSION_STORE',
      handler: 'files',
      operation: 'read',
      message: 'files: read failed: the folder for the file is missing (ENOENT) in /sessions',
      cause: { code: 'ENOENT' },
    })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret')
  })

  it('has words for every code', () => {
    const error = fileError('write', '/s', Object.assign(new Error(), { code: 'EOTHER' }))

    expect(String(error)).toContain('the file system failed (EOTHER)')
  })

  it("passes its own errors, and those that are not the file system's", () => {
    const own = new LockLostError('files')
    const bug = new TypeError('bug')
    const node = Object.assign(new TypeError('bug'), { code: 'ERR_INVALID_ARG_TYPE' })

    expect(fileError('read', '/s', own)).toBe(own)
    expect(fileError('read', '/s', bug)).toBe(bug)
    expect(fileError('read', '/s', node)).toBe(node)
  })
})

describe('errorCode', () => {
  it.each([[undefined], [null], ['ENOENT'], [new Error('x')], [{ code: 5 }]])(
    'has none in %s',
    (value) => {
      expect(errorCode(value)).toBe('')
    },
  )
})
