import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createRandomPool, type RandomPool } from '../../../src/lib/random-pool.js'

const crypto = vi.hoisted(() => ({ fetches: [] as number[], during: (): void => undefined }))

vi.mock('node:crypto', async (original) => {
  const real = await original<typeof import('node:crypto')>()
  const randomFillSync = (bytes: Uint8Array) => {
    crypto.fetches.push(bytes.length)
    real.randomFillSync(bytes)
    crypto.during()
    return bytes
  }
  return { ...real, randomFillSync }
})

beforeEach(() => {
  crypto.fetches = []
  crypto.during = () => undefined
})

/** Reserves as an encoder does: a copy, and zeros where it was. */
function take(pool: RandomPool, count: number): Uint8Array {
  const from = pool.reserve(count)
  const taken = pool.bytes.slice(from, from + count)
  pool.bytes.fill(0, from, from + count)
  return taken
}

describe('the pool of random bytes', () => {
  it('fetches nothing before it is asked', () => {
    createRandomPool()

    expect(crypto.fetches).toEqual([])
  })

  it('starts with a kilobyte and doubles up to 16', () => {
    const pool = createRandomPool()

    for (let count = 0; count < 64 * 1024; count += 16) pool.reserve(16)

    expect(crypto.fetches).toEqual([1024, 2048, 4096, 8192, 16384, 16384, 16384, 16384])
  })

  it('uses its memory to the last byte before it fetches again', () => {
    const pool = createRandomPool()

    for (let count = 0; count < 1024; count += 16) pool.reserve(16)

    expect(crypto.fetches).toEqual([1024])
  })

  it('hands out no byte twice, and none that was wiped', () => {
    const pool = createRandomPool()
    const seen = new Set<string>()

    for (let round = 0; round < 5000; round += 1) {
      seen.add(Buffer.from(take(pool, 17)).toString('hex'))
    }

    expect(seen.size).toBe(5000)
    expect(seen.has('00'.repeat(17))).toBe(false)
  })

  it('fetches as much as is asked for at once', () => {
    const pool = createRandomPool()

    const from = pool.reserve(100_000)

    expect(from).toBe(0)
    expect(pool.bytes).toHaveLength(100_000)
  })

  it('wipes what is left of memory that it gives up', () => {
    const pool = createRandomPool()
    take(pool, 1020)
    const first = pool.bytes

    take(pool, 16)

    expect(pool.bytes).not.toBe(first)
    expect(first).toEqual(new Uint8Array(1024))
  })

  it('stays as it was when node:crypto fails, and goes on later', () => {
    const pool = createRandomPool()
    take(pool, 1020)
    crypto.during = () => {
      throw new Error('no randomness')
    }

    expect(() => pool.reserve(16)).toThrow('no randomness')
    crypto.during = () => undefined

    expect(take(pool, 16)).not.toEqual(new Uint8Array(16))
  })

  it('hands out no wiped byte when it is asked again during a fetch', () => {
    const pool = createRandomPool()
    const inner: Uint8Array[] = []
    crypto.during = () => {
      crypto.during = () => undefined
      inner.push(take(pool, 16))
    }

    const outer = [take(pool, 16), take(pool, 16)]

    const all = [...inner, ...outer].map((bytes) => Buffer.from(bytes).toString('hex'))
    expect(new Set(all).size).toBe(3)
    expect(all).not.toContain('00'.repeat(16))
  })
})
