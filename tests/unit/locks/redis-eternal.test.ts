import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { eternalLocks, type ForeignLock } from '../../../src/locks/redis-eternal.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const ETERNAL: ForeignLock = { token: 'php|1', eternal: true }

/** Locks as somebody else has them, and what was done about them. */
function watched(lock: ForeignLock | undefined = ETERNAL) {
  const looked: string[] = []
  const limited: string[] = []
  const locks = new Map<string, ForeignLock | undefined>()
  const watch = eternalLocks({
    look: async (key) => {
      looked.push(key)
      return locks.has(key) ? locks.get(key) : lock
    },
    limit: async (key, token, leaseMs) => void limited.push(`${key} ${token} ${leaseMs}`),
  })
  return { watch, looked, limited, locks }
}

describe('locks without an end', () => {
  it('are given one when they were the same for a minute, over many waits', async () => {
    const { watch, limited } = watched()
    for (let second = 0; second < 60; second += 1) {
      await watch('a', 30_000)
      vi.advanceTimersByTime(1000)
    }
    expect(limited).toEqual([])
    await watch('a', 30_000)

    expect(limited).toEqual(['a php|1 30000'])
  })

  it('are looked at once a second, however many ask', async () => {
    const { watch, looked } = watched()
    for (let attempt = 0; attempt < 100; attempt += 1) {
      await watch('a', 30_000)
      vi.advanceTimersByTime(100)
    }

    expect(looked).toHaveLength(10)
  })

  it('begin their minute anew when they change hands, have an end or are free meanwhile', async () => {
    const others = [{ token: 'php|2', eternal: true }, { ...ETERNAL, eternal: false }, undefined]
    for (const other of others) {
      const { watch, limited, locks } = watched()
      await watch('a', 30_000)
      vi.advanceTimersByTime(30_000)
      locks.set('a', other)
      await watch('a', 30_000)
      vi.advanceTimersByTime(31_000)
      locks.set('a', ETERNAL)
      await watch('a', 30_000)
      vi.advanceTimersByTime(59_000)
      await watch('a', 30_000)

      expect(limited).toEqual([])
    }
  })

  it('are forgotten, those met first, when there are more than a thousand', async () => {
    const { watch, limited } = watched()
    for (let index = 0; index < 1001; index += 1) await watch(`lock${index}`, 30_000)
    vi.advanceTimersByTime(61_000)
    await watch('lock0', 30_000)
    await watch('lock1000', 30_000)

    expect(limited).toEqual(['lock1000 php|1 30000'])
  })
})
