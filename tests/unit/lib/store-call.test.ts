import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LockLostError, StoreError } from '../../../src/errors.js'
import { storeCall, storeFailure } from '../../../src/lib/store-call.js'

const SECRET = 'SECRET-ID'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a call to a client', () => {
  const call = storeCall('redis', 250)

  it('answers what the client answers, and leaves no timer', async () => {
    expect(await call('read', async () => 7)).toBe(7)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('fails when it is not over in time, and drops what comes later', async () => {
    let late = (_: string): void => undefined
    const answer = call('read', () => new Promise<string>((resolve) => (late = resolve)))
    const failed = expect(answer).rejects.toThrow('redis: read failed: no answer within 250 ms')
    await vi.advanceTimersByTimeAsync(250)
    late('too late')

    await failed
    expect(vi.getTimerCount()).toBe(0)
  })

  it('drops a failure that comes too late', async () => {
    let late = (_: Error): void => undefined
    const answer = call('read', () => new Promise((_, reject) => (late = reject)))
    const failed = expect(answer).rejects.toBeInstanceOf(StoreError)
    await vi.advanceTimersByTimeAsync(250)
    late(new Error(SECRET))

    await failed
  })

  it('fails with a client that throws at once', async () => {
    const answer = call('read', () => {
      throw new TypeError(SECRET)
    })

    await expect(answer).rejects.toThrow('redis: read failed: the store failed')
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('the failure of a client', () => {
  it.each([
    ['ECONNREFUSED', 'redis: write failed: the store failed (ECONNREFUSED)'],
    ['40001', 'redis: write failed: the store failed (40001)'],
    [`no code ${SECRET}`, 'redis: write failed: the store failed'],
    [undefined, 'redis: write failed: the store failed'],
  ])('is told by its code alone: %s', (code, message) => {
    const told = storeFailure('redis', 'write', { code, message: SECRET, command: [SECRET] })

    expect(told).toMatchObject({ message, code: 'ERR_SESSION_STORE', operation: 'write' })
    expect(inspect(told, { depth: 5 })).not.toContain(SECRET)
  })

  it('is its own where it is an error of this library', () => {
    const error = new LockLostError('redis')

    expect(storeFailure('redis', 'write', error)).toBe(error)
  })
})
