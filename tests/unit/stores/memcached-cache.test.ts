import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/errors.js'
import { MARK_BYTES } from '../../../src/lib/cache-store.js'
import { memcachedCache } from '../../../src/stores/memcached-cache.js'
import type { Daemon } from '../../helpers/daemon.js'
import { memjs, startMemcached, ttlOf, type Memjs } from '../../helpers/memcached-server.js'
import { freePort } from '../../helpers/servers.js'
import { describeWith } from '../../helpers/services.js'

const ID = 'a'.repeat(32)
/** An entry that begins with a mark of its own. */
const entry = (mark: number, text = '') =>
  new Uint8Array(Buffer.concat([Buffer.alloc(MARK_BYTES, mark), Buffer.from(text)]))
const markOf = (mark: number) => new Uint8Array(MARK_BYTES).fill(mark)

describe('the options of memcachedCache', () => {
  const client = { seq: 0, incrSeq() {}, server: () => undefined, perform() {} }

  it.each([
    [undefined, {}, 'client.perform'],
    [client, { prefix: 'ä' }, '"prefix" must be 0 to 200 visible ASCII characters'],
    [client, { timeout: '1' }, '"timeout" must be a number'],
    [client, { maxItemBytes: 1.5 }, '"maxItemBytes" must be an integer'],
    [client, { ttl: 5 }, 'memcached-cache: unknown option "ttl"'],
  ])('are checked at construction: %o %o', (given, options, words) => {
    expect(() => memcachedCache(given as never, options as never)).toThrow(words)
  })
})

describeWith('memcached', 'a cache in Memcached', () => {
  let daemon: Daemon
  let client: Memjs
  let made = 0

  beforeAll(async () => {
    daemon = await startMemcached()
    client = await memjs(daemon.port)
  })
  afterAll(async () => {
    client.close()
    await daemon.stop()
  })

  const setUp = (options: { maxItemBytes?: number } = {}) => {
    const prefix = `cache${(made += 1)}:`
    return { prefix, cache: memcachedCache(client, { prefix, ...options }) }
  }

  it('keeps entries, and has none where there are none', async () => {
    const { cache } = setUp()

    expect(await cache.get(ID)).toBeUndefined()
    await cache.set(ID, entry(1, 'one'), 60_000)
    expect(await cache.get(ID)).toEqual(entry(1, 'one'))
    await cache.set(ID, entry(2), 60_000)
    expect(await cache.get(ID)).toEqual(entry(2))
  })

  it('puts an entry over the one with the mark, and over no other', async () => {
    const { cache } = setUp()
    await cache.set(ID, entry(1), 60_000)

    expect(await cache.replace(ID, markOf(2), entry(3), 60_000)).toBe(false)
    expect(await cache.get(ID)).toEqual(entry(1))
    expect(await cache.replace(ID, markOf(1), entry(3, 'three'), 60_000)).toBe(true)
    expect(await cache.get(ID)).toEqual(entry(3, 'three'))
  })

  it('puts an entry where none is, and only there', async () => {
    const { cache } = setUp()

    expect(await cache.replace(ID, undefined, entry(1), 60_000)).toBe(true)
    expect(await cache.replace(ID, undefined, entry(2), 60_000)).toBe(false)
    expect(await cache.replace('b'.repeat(32), markOf(1), entry(2), 60_000)).toBe(false)
    expect(await cache.get(ID)).toEqual(entry(1))
  })

  it('lets one of many replace the same entry', async () => {
    const { cache } = setUp()
    await cache.set(ID, entry(1), 60_000)
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        cache.replace(ID, markOf(1), entry(index + 2), 60_000),
      ),
    )

    expect(results.filter(Boolean)).toHaveLength(1)
    expect(await cache.get(ID)).toEqual(entry(results.indexOf(true) + 2))
  })

  it.each([
    [60_000, 60],
    [1, 0],
    [365 * 86_400_000, 29 * 86_400],
  ])('ends entries of %i ms after %i s or a little later, and none too late', async (ttlMs, s) => {
    const { cache, prefix } = setUp()
    await cache.set(ID, entry(1), ttlMs)

    const ttl = await ttlOf(daemon.port, prefix + ID)
    expect(ttl).toBeGreaterThanOrEqual(s - 1)
    expect(ttl).toBeLessThanOrEqual(s + 3)
  })

  it('keeps nothing that is too large, and not what was there before it', async () => {
    const { cache } = setUp({ maxItemBytes: 100 })
    await cache.set(ID, entry(1), 60_000)

    expect(await cache.replace(ID, markOf(1), entry(2, 'x'.repeat(100)), 60_000)).toBe(false)
    expect(await cache.get(ID)).toEqual(entry(1))
    await cache.set(ID, entry(2, 'x'.repeat(100)), 60_000)
    expect(await cache.get(ID)).toBeUndefined()
  })

  it('keeps nothing under ids that are too long for a key', async () => {
    const { cache } = setUp()
    const id = 'x'.repeat(256)
    await cache.set(id, entry(1), 60_000)

    expect(await cache.get(id)).toBeUndefined()
    expect(await cache.replace(id, undefined, entry(1), 60_000)).toBe(false)
  })

  it('fails under its own name when the server is away', async () => {
    const away = await memjs(await freePort())
    const cache = memcachedCache(away)

    await expect(cache.get(ID)).rejects.toThrow(StoreError)
    await expect(cache.set(ID, entry(1), 1000)).rejects.toMatchObject({
      handler: 'memcached-cache',
    })
    away.close()
  })
})
