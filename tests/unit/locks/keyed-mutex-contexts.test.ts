import { describe, expect, it } from 'vitest'
import { createContext } from '../../../src/context.js'
import { LockTimeoutError, StateError } from '../../../src/errors.js'
import { contextLocks } from '../../../src/locks/keyed-mutex-contexts.js'

const create = () => contextLocks({ handler: 'memory', maxWaiters: 2 })

describe('a lock held by a context', () => {
  it('is taken synchronously and given back by close', () => {
    const locks = create()
    const context = createContext()

    expect(locks.open('a', context)).toBeUndefined()
    expect(locks.isHeld('a')).toBe(true)
    locks.close(context)

    expect(locks.isHeld('a')).toBe(false)
    expect(locks.size).toBe(0)
  })

  it('passes from close to the context that waits', async () => {
    const locks = create()
    const [first, second] = [createContext(), createContext()]
    locks.open('a', first)

    const waiting = locks.open('a', second)
    locks.close(first)
    await waiting

    expect(locks.isHeld('a')).toBe(true)
    locks.close(second)
    expect(locks.size).toBe(0)
  })

  it('does not stand in its own way when it is opened twice', () => {
    const locks = create()
    const context = createContext()

    locks.open('a', context)

    expect(locks.open('a', context)).toBeUndefined()
    locks.close(context)
    expect(locks.size).toBe(0)
  })

  it('may be closed twice, or never have been opened', () => {
    const locks = create()
    const [first, second, stranger] = [createContext(), createContext(), createContext()]
    locks.open('a', first)
    locks.close(first)
    locks.open('a', second)

    locks.close(first)
    locks.close(stranger)

    expect(locks.isHeld('a')).toBe(true)
  })

  it('can be opened again after close', () => {
    const locks = create()
    const context = createContext()
    locks.open('a', context)
    locks.close(context)

    locks.open('a', context)

    expect(locks.isHeld('a')).toBe(true)
    locks.close(context)
    expect(locks.size).toBe(0)
  })

  it('goes on to the next one when its context was closed while it waited', async () => {
    const locks = create()
    const [first, gone, last] = [createContext(), createContext(), createContext()]
    locks.open('a', first)
    const waits = [locks.open('a', gone), locks.open('a', last)]

    locks.close(gone)
    locks.close(first)
    await Promise.all(waits)

    expect(locks.isHeld('a')).toBe(true)
    locks.close(last)
    expect(locks.size).toBe(0)
  })

  it('is not remembered for a context whose wait failed', async () => {
    const locks = create()
    const first = createContext()
    const late = createContext({ lockWaitMs: 1 })
    const gone = createContext({ signal: AbortSignal.abort() })
    locks.open('a', first)

    await expect(locks.open('a', late)).rejects.toThrow(LockTimeoutError)
    expect(() => locks.open('a', gone)).toThrow(StateError)
    locks.close(first)

    expect(locks.open('a', late)).toBeUndefined()
    locks.close(late)
    locks.close(gone)
    expect(locks.size).toBe(0)
  })
})
