import { getEventListeners } from 'node:events'
import { hostname } from 'node:os'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LockTimeoutError, StateError } from '../../../src/errors.js'
import { keepLease, lockToken, pollFor } from '../../../src/lib/lease.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Answers on the nth attempt, and remembers when it was asked. */
function answersAt(count: number) {
  const askedMs: number[] = []
  const attempt = async () => {
    askedMs.push(performance.now())
    return askedMs.length >= count ? 'mine' : undefined
  }
  return { askedMs, attempt }
}

const never = () => answersAt(Infinity)

describe('a lock that is asked for again and again', () => {
  it('is granted by the first attempt, which comes at once and sets no timer', async () => {
    const { attempt, askedMs } = answersAt(1)

    const granted = await pollFor(attempt, { waitMs: 0, handler: 'redis' })

    expect(granted).toBe('mine')
    expect(askedMs).toHaveLength(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is asked for less and less often, never more than 75 ms apart', async () => {
    const { attempt, askedMs } = answersAt(40)

    const granted = pollFor(attempt, { waitMs: 60_000, handler: 'redis' })
    await vi.advanceTimersByTimeAsync(10_000)

    expect(await granted).toBe('mine')
    const gaps = askedMs.slice(1).map((at, index) => at - (askedMs[index] ?? 0))
    expect(gaps[0]).toBeLessThanOrEqual(3)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(75)
    expect(Math.min(...gaps.slice(10))).toBeGreaterThanOrEqual(25)
    expect(new Set(gaps.slice(10)).size, 'gaps that differ').toBeGreaterThan(5)
  })

  it('is given up when the wait is over, after a last attempt at its end', async () => {
    const { attempt, askedMs } = never()

    const given = pollFor(attempt, { waitMs: 200, handler: 'redis' }).catch((error) => error)
    await vi.advanceTimersByTimeAsync(300)

    const error = await given
    expect(error).toBeInstanceOf(LockTimeoutError)
    expect(error.message).toMatch(/^redis: session still locked after 20\d ms/)
    expect(error.waitedMs).toBeGreaterThanOrEqual(200)
    expect(askedMs.at(-1)).toBe((askedMs[0] ?? 0) + Math.round(error.waitedMs))
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is asked for once where there is no time to wait', async () => {
    const { attempt, askedMs } = never()

    await expect(pollFor(attempt, { waitMs: 0, handler: 'redis' })).rejects.toThrow(
      LockTimeoutError,
    )

    expect(askedMs).toHaveLength(1)
  })

  it('is given up at once when the signal is aborted, leaving no timer and no listener', async () => {
    const { attempt, askedMs } = never()
    const controller = new AbortController()
    const { signal } = controller

    const given = pollFor(attempt, { waitMs: 10_000, signal, handler: 'redis' }).catch(
      (error) => error,
    )
    await vi.advanceTimersByTimeAsync(100)
    const asked = askedMs.length
    controller.abort()

    expect(await given).toBeInstanceOf(StateError)
    expect(askedMs).toHaveLength(asked)
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('is not waited for when the signal was aborted before', async () => {
    const { attempt, askedMs } = never()

    const given = pollFor(attempt, { waitMs: 1000, signal: AbortSignal.abort(), handler: 'redis' })

    await expect(given).rejects.toThrow(StateError)
    expect(askedMs).toHaveLength(1)
  })

  it('leaves no listener behind when it is granted', async () => {
    const { signal } = new AbortController()

    const granted = pollFor(answersAt(5).attempt, { waitMs: 1000, signal, handler: 'redis' })
    await vi.advanceTimersByTimeAsync(1000)

    expect(await granted).toBe('mine')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('reads the signal only when it has to wait', async () => {
    let reads = 0
    const limits = {
      waitMs: 1000,
      handler: 'redis',
      get signal() {
        reads += 1
        return undefined
      },
    }

    await pollFor(answersAt(1).attempt, limits)

    expect(reads).toBe(0)
  })

  it('ends with the error of an attempt', async () => {
    const failing = () => Promise.reject(new Error('away'))

    await expect(pollFor(failing, { waitMs: 1000, handler: 'redis' })).rejects.toThrow('away')
  })
})

describe('a lease that is kept', () => {
  const kept = (renew: () => Promise<boolean>) => {
    const sent: number[] = []
    const lease = keepLease({
      leaseMs: 300,
      renew: () => {
        sent.push(performance.now())
        return renew()
      },
    })
    return { lease, sent }
  }

  it('is renewed every third of it, until it is stopped', async () => {
    const { lease, sent } = kept(async () => true)

    await vi.advanceTimersByTimeAsync(1000)
    lease.stop()
    lease.stop()
    await vi.advanceTimersByTimeAsync(1000)

    expect(sent).toHaveLength(10)
    expect(lease.lost).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is lost as soon as the server says so, and is not renewed again', async () => {
    let ours = true
    const { lease, sent } = kept(async () => ours)

    await vi.advanceTimersByTimeAsync(150)
    expect(lease.lost).toBe(false)
    ours = false
    await vi.advanceTimersByTimeAsync(1000)

    expect(lease.lost).toBe(true)
    expect(sent).toHaveLength(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('outlives renewals that fail, as long as one succeeds within the lease', async () => {
    let calls = 0
    const { lease } = kept(async () => {
      calls += 1
      if (calls % 2 === 1) throw new Error('away')
      return true
    })

    await vi.advanceTimersByTimeAsync(3000)

    expect(lease.lost).toBe(false)
    lease.stop()
  })

  it('is lost when nothing succeeds for its whole length', async () => {
    const { lease } = kept(() => Promise.reject(new Error('away')))

    await vi.advanceTimersByTimeAsync(299)
    expect(lease.lost).toBe(false)
    await vi.advanceTimersByTimeAsync(1)

    expect(lease.lost).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is lost when the process slept through it, before any timer has run', () => {
    const { lease, sent } = kept(async () => true)
    const asleep = performance.now() + 300
    const clock = vi.spyOn(performance, 'now').mockReturnValue(asleep)

    expect(lease.lost).toBe(true)
    expect(sent).toHaveLength(0)
    clock.mockRestore()
    expect(lease.lost, 'it stays lost').toBe(true)
  })

  it('counts from when a renewal was sent, not from when it was answered', async () => {
    const answers: ((ours: boolean) => void)[] = []
    const { lease, sent } = kept(() => new Promise((resolve) => answers.push(resolve)))

    await vi.advanceTimersByTimeAsync(290)
    expect(sent, 'one renewal at a time').toHaveLength(1)
    answers[0]?.(true)
    await vi.advanceTimersByTimeAsync(109)
    expect(lease.lost).toBe(false)
    await vi.advanceTimersByTimeAsync(1)

    expect(lease.lost).toBe(true)
  })

  it('is not lost by an answer that comes after it was given back', async () => {
    const answers: ((ours: boolean) => void)[] = []
    const { lease } = kept(() => new Promise((resolve) => answers.push(resolve)))

    await vi.advanceTimersByTimeAsync(100)
    lease.stop()
    answers[0]?.(false)
    await vi.advanceTimersByTimeAsync(1000)

    expect(lease.lost).toBe(false)
  })

  it('can be long without being renewed all the time', async () => {
    let renewals = 0
    const lease = keepLease({
      leaseMs: 2 ** 40,
      renew: async () => {
        renewals += 1
        return true
      },
    })

    await vi.advanceTimersByTimeAsync(60_000)

    expect(renewals).toBe(0)
    lease.stop()
  })
})

describe('the token of a lock', () => {
  it('names host and process as phpredis does, and is never the same twice', () => {
    const tokens = new Set(Array.from({ length: 1000 }, lockToken))

    expect(tokens.size).toBe(1000)
    for (const token of tokens) {
      expect(token.startsWith(`${hostname()}|${process.pid}|`)).toBe(true)
    }
  })
})
