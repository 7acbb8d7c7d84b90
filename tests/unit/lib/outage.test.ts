import { describe, expect, it } from 'vitest'
import { DecodeError, LockLostError, LockTimeoutError, StoreError } from '../../../src/errors.js'
import { isOutage, outageCode } from '../../../src/lib/outage.js'

const coded = (code: string) => Object.assign(new Error('with a secret'), { code })

describe('an outage', () => {
  it.each([
    ['a StoreError', new StoreError('redis', 'read', 'no answer')],
    ['one of another copy of this library', coded('ERR_SESSION_STORE')],
    ["a client's own error", coded('ECONNREFUSED')],
    ['an error without a code', new Error('connection lost')],
    ['what is no error', 'down'],
  ])('is %s', (_, error) => {
    expect(isOutage(error)).toBe(true)
  })

  it.each([
    ['a lock that was not free', new LockTimeoutError('redis', 1000)],
    ['a lock that was lost', new LockLostError('redis')],
    ['a payload that cannot be read', new DecodeError('php', 0)],
    ['a visitor who has gone', new DOMException('gone', 'AbortError')],
  ])('is not %s', (_, error) => {
    expect(isOutage(error)).toBe(false)
  })

  it('is told by a code, and by nothing of its message', () => {
    expect(outageCode(coded('ECONNREFUSED'))).toBe('ECONNREFUSED')
    expect(outageCode(coded('key sess_abc is gone'))).toBe('UNKNOWN')
    expect(outageCode(undefined)).toBe('UNKNOWN')
  })
})
