import { afterAll, beforeAll, expect, it } from 'vitest'
import { createContext } from '../../../src/context.js'
import { LockTimeoutError, StateError, StoreError } from '../../../src/errors.js'
import type { SessionContext } from '../../../src/handler.js'
import { memcachedLocks, type MemcachedLockCommands } from '../../../src/locks/memcached.js'
import { expiresIn, memcachedCommands } from '../../../src/stores/memcached.js'
import type { Daemon } from '../../helpers/daemon.js'
import { memjs, startMemcached, ttlOf, type Memjs } from '../../helpers/memcached-server.js'
import { describeWith } from '../../helpers/services.js'

describeWith('memcached', "php-memcached's lock", () => {
  let daemon: Daemon
  let client: Memjs
  let commands: MemcachedLockCommands
  let keys = 0
  const newKey = () => `lock.${(keys += 1)}`

  beforeAll(async () => {
    daemon = await startMemcached()
    client = await memjs(daemon.port)
    commands = memcachedCommands(client, { handler: 'memcached', timeoutMs: 1000 })
  })
  afterAll(async () => {
    client.close()
    await daemon.stop()
  })

  const take = (
    key: string,
    fields: Partial<SessionContext> = {},
    own: Partial<MemcachedLockCommands> = {},
  ) => {
    const context = createContext(fields)
    const locks = memcachedLocks({
      commands: { ...commands, ...own },
      handler: 'memcached',
      expiresIn,
    })
    return locks(key, context, context.lockWaitMs)
  }
  const valueOf = async (key: string) => (await client.get(key)).value?.toString()

  /** Waits until something is so; fails after five seconds. */
  async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let attempt = 0; attempt < 500; attempt += 1) {
      if (await condition()) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error('it never came about')
  }

  it('is an item that ends by itself, and is gone when it is released', async () => {
    const key = newKey()
    const lock = await take(key, { lockLeaseMs: 30_000 })

    expect(await valueOf(key)).toMatch(/^.+\|\d+\|.+/)
    expect(await ttlOf(daemon.port, key)).toBeLessThanOrEqual(32)
    expect(await ttlOf(daemon.port, key)).toBeGreaterThanOrEqual(29)
    await lock.release()
    expect(await valueOf(key)).toBeUndefined()
    expect(lock.lost).toBe(false)
  })

  it('is waited for, in vain after a while, and leaves the lock of the other one', async () => {
    const key = newKey()
    await client.set(key, '1', { expires: 100 })

    await expect(take(key, { lockWaitMs: 40 })).rejects.toThrow(LockTimeoutError)
    expect(await valueOf(key)).toBe('1')
  })

  it('is waited for no longer when the visitor has gone', async () => {
    const key = newKey()
    await client.set(key, '1', { expires: 100 })
    const visitor = new AbortController()
    const waiting = expect(take(key, { signal: visitor.signal })).rejects.toThrow(StateError)
    setImmediate(() => visitor.abort())

    await waiting
  })

  it('of somebody else is not released: 50 of 50 stay', async () => {
    let kept = 0
    for (let round = 0; round < 50; round += 1) {
      const key = newKey()
      const late = await take(key)
      await client.delete(key) // its time was over
      const other = await take(key)
      const token = await valueOf(key)
      await late.release()
      if ((await valueOf(key)) === token) kept += 1
      await other.release()
    }

    expect(kept).toBe(50)
  })

  it('of PHP is not released either', async () => {
    const key = newKey()
    const late = await take(key)
    await client.set(key, '1', { expires: 100 })
    await late.release()

    expect(await valueOf(key)).toBe('1')
  })

  it('is renewed while it is held, and released at its newest version', async () => {
    const key = newKey()
    const lock = await take(key, { lockLeaseMs: 60 })
    const version = async () => (await commands.get(key))?.cas
    const first = await version()
    await eventually(async () => (await version()) !== first)
    const second = await version()
    await eventually(async () => (await version()) !== second)

    expect(lock.lost).toBe(false)
    await lock.release()
    expect(await valueOf(key)).toBeUndefined()
  })

  it.each([
    ['dropped by the server', (key: string) => client.delete(key)],
    ['taken by somebody else', (key: string) => client.set(key, '1', { expires: 100 })],
  ])('is lost when it was %s', async (_, lose) => {
    const key = newKey()
    const lock = await take(key, { lockLeaseMs: 60 })
    await lose(key)

    await eventually(() => lock.lost)
    await lock.release()
    expect(lock.lost).toBe(true)
  })

  it('is released also when the answer to a renewal never came', async () => {
    const key = newKey()
    let renewals = 0
    const swap: MemcachedLockCommands['swap'] = async (...words) => {
      await commands.swap(...words)
      renewals += 1
      throw new StoreError('memcached', 'set', 'no answer')
    }
    const lock = await take(key, { lockLeaseMs: 600 }, { swap })
    await eventually(() => renewals === 1)
    await lock.release()

    expect(await valueOf(key)).toBeUndefined()
  })

  it('is renewed after a renewal whose answer never came', async () => {
    const key = newKey()
    let renewals = 0
    const swap: MemcachedLockCommands['swap'] = async (...words) => {
      const stored = await commands.swap(...words)
      if (typeof stored !== 'bigint') return stored
      renewals += 1
      if (renewals === 1) throw new StoreError('memcached', 'set', 'no answer')
      return stored
    }
    const lock = await take(key, { lockLeaseMs: 300 }, { swap })
    await eventually(() => renewals >= 3)

    expect(lock.lost).toBe(false)
    await lock.release()
    expect(await valueOf(key)).toBeUndefined()
  })

  it('is given up where the answer to the first request never came', async () => {
    const key = newKey()
    const add: MemcachedLockCommands['add'] = async (...words) => {
      await commands.add(...words)
      throw new StoreError('memcached', 'add', 'no answer')
    }

    await expect(take(key, {}, { add })).rejects.toThrow(StoreError)
    await eventually(async () => (await valueOf(key)) === undefined)
  })

  it('that cannot be released ends with its lease', async () => {
    const key = newKey()
    const fail = () => Promise.reject(new StoreError('memcached', 'delete', 'down'))
    const lock = await take(key, { lockLeaseMs: 100 }, { delete: fail, get: fail })
    await lock.release()

    expect(await valueOf(key)).toBeDefined()
    const next = await take(key, { lockWaitMs: 5000 })
    expect(next.lost).toBe(false)
    await next.release()
  })
})
