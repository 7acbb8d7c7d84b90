import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LockTimeoutError, StateError } from '../../../src/errors.js'
import { keyedMutex, type KeyedMutex, type Release } from '../../../src/locks/keyed-mutex.js'
import { usedBytes } from '../../helpers/heap.js'

const create = (maxWaiters = 100) => keyedMutex({ handler: 'memory', maxWaiters })

/** A lock that is free. */
function take(mutex: KeyedMutex, key: string): Release {
  const release = mutex.acquire(key, { waitMs: 1000 })
  if (release instanceof Promise) throw new Error('the lock was not free')
  return release
}

/** A lock that is not free, and what has become of it. */
function queue(mutex: KeyedMutex, key: string, options: { waitMs?: number; signal?: AbortSignal }) {
  const acquired = mutex.acquire(key, { waitMs: 1000, ...options })
  if (!(acquired instanceof Promise)) throw new Error('the lock was free')
  return acquired
}

/** Lets every promise that is settled tell whoever waits for it. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
}

describe('a lock per key', () => {
  it('is granted at once, synchronously, where it is free', () => {
    const mutex = create()

    const release = mutex.acquire('a', { waitMs: 0 })

    expect(release).toBeTypeOf('function')
    expect(mutex.isHeld('a')).toBe(true)
    expect(mutex.size).toBe(1)
  })

  it('leaves nothing behind when it is given back', () => {
    const mutex = create()

    take(mutex, 'a')()

    expect(mutex.isHeld('a')).toBe(false)
    expect(mutex.size).toBe(0)
  })

  it('is no other key’s business', () => {
    const mutex = create()
    const keys = ['a', 'A', 'a ', '', '__proto__', 'constructor', 'ä', 'a\0']

    const releases = keys.map((key) => take(mutex, key))

    expect(mutex.size).toBe(keys.length)
    for (const release of releases) release()
    expect(mutex.size).toBe(0)
  })

  it('is given back once, however often its release is called', async () => {
    const mutex = create()
    const first = take(mutex, 'a')
    const second = queue(mutex, 'a', {})
    let thirdHasIt = false

    first()
    const third = queue(mutex, 'a', {}).then((release) => {
      thirdHasIt = true
      return release
    })
    first()
    first()
    await settle()

    expect(thirdHasIt).toBe(false)
    ;(await second)()
    ;(await third)()
    expect(mutex.size).toBe(0)
  })

  it('stays held between its release and the next holder’s turn', async () => {
    const mutex = create()
    const first = take(mutex, 'a')
    const second = queue(mutex, 'a', {})

    first()
    const third = queue(mutex, 'a', {})

    ;(await second)()
    ;(await third)()
    expect(mutex.size).toBe(0)
  })

  it('goes to those who wait in the order of their arrival', async () => {
    const mutex = create(1000)
    const order: number[] = []
    const first = take(mutex, 'a')
    const waiting = Array.from({ length: 500 }, async (_, index) => {
      const release = await queue(mutex, 'a', {})
      order.push(index)
      await Promise.resolve()
      release()
    })

    first()
    await Promise.all(waiting)

    expect(order).toEqual(Array.from({ length: 500 }, (_, index) => index))
    expect(mutex.size).toBe(0)
  })

  it('excludes: 100 parallel increments that read, work and write end at 100', async () => {
    const mutex = create()
    let counter = 0
    const increment = async () => {
      const release = await mutex.acquire('a', { waitMs: 10_000 })
      const read = counter
      await new Promise((resolve) => setImmediate(resolve))
      counter = read + 1
      release()
    }

    await Promise.all(Array.from({ length: 100 }, increment))

    expect(counter).toBe(100)
    expect(mutex.size).toBe(0)
  })
})

describe('waiting for a lock', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('ends with an error that says how long it was, and names no key', async () => {
    const mutex = create()
    take(mutex, 'secret-id')
    const waiting = queue(mutex, 'secret-id', { waitMs: 250 }).catch((error: unknown) => error)

    await vi.advanceTimersByTimeAsync(249)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    const error = await waiting

    expect(error).toBeInstanceOf(LockTimeoutError)
    expect(error).toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT', waitedMs: 250 })
    expect(String(error)).toContain('memory: session still locked after 250 ms')
    expect(String(error)).not.toContain('secret-id')
  })

  it('that has ended takes no turn: the lock goes to the next one', async () => {
    const mutex = create()
    const first = take(mutex, 'a')
    const impatient = queue(mutex, 'a', { waitMs: 10 }).catch((error: unknown) => error)
    const patient = queue(mutex, 'a', { waitMs: 100 })

    await vi.advanceTimersByTimeAsync(10)
    first()

    expect(await impatient).toBeInstanceOf(LockTimeoutError)
    ;(await patient)()
    expect(mutex.size).toBe(0)
  })

  it('leaves no timer behind, whether it was granted, timed out or aborted', async () => {
    const mutex = create()
    const first = take(mutex, 'a')
    const aborted = new AbortController()
    const outcomes = [
      queue(mutex, 'a', { waitMs: 10 }),
      queue(mutex, 'a', { signal: aborted.signal }),
      queue(mutex, 'a', {}),
    ].map((waiting) => waiting.then((release) => release()).catch(() => undefined))

    expect(vi.getTimerCount()).toBe(3)
    await vi.advanceTimersByTimeAsync(10)
    aborted.abort()
    first()
    await Promise.all(outcomes)

    expect(vi.getTimerCount()).toBe(0)
    expect(mutex.size).toBe(0)
  })

  it('lasts as long as asked for also beyond what one timer can', async () => {
    const mutex = create()
    const first = take(mutex, 'a')
    const waiting = queue(mutex, 'a', { waitMs: Infinity })

    await vi.advanceTimersByTimeAsync(86_400_000)
    first()

    ;(await waiting)()
    expect(mutex.size).toBe(0)
  })
})

describe('a signal', () => {
  it('ends the wait, and nobody else’s', async () => {
    const mutex = create()
    const { signal, abort } = controller()
    const first = take(mutex, 'a')
    const gone = queue(mutex, 'a', { signal }).catch((error: unknown) => error)
    const stays = queue(mutex, 'a', {})

    abort()
    first()

    expect(await gone).toBeInstanceOf(StateError)
    expect(String(await gone)).toContain('memory: gave up waiting for the lock')
    ;(await stays)()
    expect(mutex.size).toBe(0)
  })

  it('that was aborted before ends the wait at once', () => {
    const mutex = create()
    const first = take(mutex, 'a')

    expect(() => mutex.acquire('a', { waitMs: 1000, signal: AbortSignal.abort() })).toThrow(
      StateError,
    )
    first()
    expect(mutex.size).toBe(0)
  })

  it('takes nothing from who has the lock already', async () => {
    const mutex = create()
    const { signal, abort } = controller()
    const first = take(mutex, 'a')
    const second = queue(mutex, 'a', { signal })

    first()
    abort()

    const release = await second
    expect(mutex.isHeld('a')).toBe(true)
    release()
    expect(mutex.size).toBe(0)
  })

  it('is no longer listened to when the wait is over', async () => {
    const mutex = create()
    const { signal } = controller()
    const first = take(mutex, 'a')
    const waiting = Array.from({ length: 5 }, () => queue(mutex, 'a', { signal }))
    expect(getEventListeners(signal, 'abort')).toHaveLength(5)

    first()
    for (const acquired of waiting) (await acquired)()

    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('that aborts everybody leaves only the holder', async () => {
    const mutex = create(1000)
    const all = Array.from({ length: 1000 }, controller)
    const first = take(mutex, 'a')
    const waiting = all.map(({ signal }) => queue(mutex, 'a', { signal }))

    for (const { abort } of all) abort()
    const outcomes = await Promise.allSettled(waiting)

    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true)
    first()
    expect(mutex.size).toBe(0)
    take(mutex, 'a')()
  })
})

describe('the number of those who wait', () => {
  it('has a limit for each key; one more is refused at once and takes nobody’s place', async () => {
    const mutex = create(2)
    const first = take(mutex, 'a')
    const waiting = [queue(mutex, 'a', {}), queue(mutex, 'a', {})]
    const otherFirst = take(mutex, 'b')

    expect(() => mutex.acquire('a', { waitMs: 1000 })).toThrow(LockTimeoutError)
    expect(() => mutex.acquire('a', { waitMs: 1000 })).toThrow('2 requests already wait')
    const other = queue(mutex, 'b', {})

    first()
    otherFirst()
    for (const acquired of [...waiting, other]) (await acquired)()
    expect(mutex.size).toBe(0)
  })

  it('has room again when one has left', async () => {
    const mutex = create(1)
    const { signal, abort } = controller()
    const first = take(mutex, 'a')
    const gone = queue(mutex, 'a', { signal }).catch(() => undefined)

    abort()
    const next = queue(mutex, 'a', {})

    first()
    await gone
    ;(await next)()
    expect(mutex.size).toBe(0)
  })

  it('may be none at all', () => {
    const mutex = create(0)
    const first = take(mutex, 'a')

    expect(() => mutex.acquire('a', { waitMs: 1000 })).toThrow(LockTimeoutError)
    first()
    expect(mutex.size).toBe(0)
  })
})

describe('memory', () => {
  it('of a million keys, each used once, is none', () => {
    const mutex = create()

    for (let index = 0; index < 1_000_000; index += 1) take(mutex, `id${index}`)()

    expect(mutex.size).toBe(0)
  })

  it('of 10,000 who wait is below 20 MB, and none when they have gone', async () => {
    const mutex = create(10_000)
    const all = Array.from({ length: 10_000 }, controller)
    const before = usedBytes()
    take(mutex, 'a')
    const waiting = all.map(({ signal }) => queue(mutex, 'a', { signal }))

    expect(usedBytes() - before).toBeLessThan(20e6)
    for (const { abort } of all) abort()
    await Promise.allSettled(waiting)
    waiting.length = 0
    all.length = 0
    await new Promise((resolve) => setImmediate(resolve))
    expect(usedBytes() - before).toBeLessThan(2e6)
  })
})

function controller() {
  const abortion = new AbortController()
  return { signal: abortion.signal, abort: () => abortion.abort() }
}
