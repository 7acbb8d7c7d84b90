import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { InvalidIdError, LockLostError, LockTimeoutError, StoreError } from '../../../src/errors.js'
import type { Chain, SessionContext } from '../../../src/handler.js'
import { memcachedHandler, type MemcachedOptions } from '../../../src/handlers/memcached.js'
import { createSessionManager } from '../../../src/manager.js'
import type { Daemon } from '../../helpers/daemon.js'
import { memjs, startMemcached, statOf, ttlOf, type Memjs } from '../../helpers/memcached-server.js'
import { freePort } from '../../helpers/servers.js'
import { describeWith } from '../../helpers/services.js'

const PREFIX = 'memc.sess.key.'
const DAY = 86_400
const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')

describe('the options', () => {
  const client = { seq: 0, incrSeq() {}, server: () => undefined, perform() {} }

  it.each([
    [{}, 'client.perform'],
    [{ client: {} }, 'client.perform'],
    [{ client, prefix: 5 }, '"prefix" must be a string'],
    [{ client, prefix: 'a b' }, '"prefix" must be 0 to 200 visible ASCII characters'],
    [{ client, prefix: 'x'.repeat(201) }, '"prefix" must be'],
    [{ client, timeout: 0 }, '"timeout" must be a number in 0.001..86400'],
    [{ client, maxWaiters: -1 }, '"maxWaiters" must be an integer'],
    [{ client, maxItemBytes: 0 }, '"maxItemBytes" must be an integer in 1..1073741824'],
    [{ client, ttl: 5 }, 'memcached: unknown option "ttl"'],
  ])('are checked at construction: %o', (options, words) => {
    expect(() => memcachedHandler(options as unknown as MemcachedOptions)).toThrow(words)
  })

  it('may be left out, but for the client', () => {
    expect(memcachedHandler({ client, prefix: undefined }).name).toBe('memcached')
  })
})

describeWith('memcached', 'sessions in Memcached', () => {
  let daemon: Daemon
  let client: Memjs
  let ids = 0
  const newId = () => `id${(ids += 1)}-`.padEnd(32, '0')

  beforeAll(async () => {
    daemon = await startMemcached()
    client = await memjs(daemon.port)
  })
  afterAll(async () => {
    client.close()
    await daemon.stop()
  })

  const chainOf = (options: Partial<MemcachedOptions> = {}) =>
    composeChain([memcachedHandler({ client, ...options })])
  const context = (fields: Partial<SessionContext> = {}) => createContext(fields)
  const none = (fields: Partial<SessionContext> = {}) => createContext({ lock: 'none', ...fields })
  const put = (id: string, value: string) => client.set(PREFIX + id, value, { expires: 1440 })
  const stored = async (id: string) => (await client.get(PREFIX + id)).value?.toString('latin1')
  const lockOf = async (id: string) => (await client.get(`${PREFIX}lock.${id}`)).value
  const dropLock = (id: string) => client.delete(`${PREFIX}lock.${id}`)

  async function opened(chain: Chain, id: string, fields: Partial<SessionContext> = {}) {
    const activation = context({ id, ...fields })
    await chain.open(activation)
    return activation
  }

  describe('an update', () => {
    it('is not lost when the server drops the lock: the later write is refused', async () => {
      const [ours, theirs] = [chainOf(), chainOf()]
      const id = newId()
      await put(id, '1')
      const first = await opened(ours, id)
      await ours.read(id, first)
      await dropLock(id)
      const second = await opened(theirs, id)
      expect(text(await theirs.read(id, second))).toBe('1')
      expect(await theirs.write(id, bytes('2'), second)).toBe(true)
      await theirs.close(second)

      await expect(ours.write(id, bytes('late'), first)).rejects.toThrow(LockLostError)
      await expect(ours.write(id, bytes('again'), first)).rejects.toThrow(LockLostError)
      await ours.close(first)
      expect(await stored(id)).toBe('2')
    })

    it('is not overwritten by a holder that comes back after its lease: 0 of 100', async () => {
      const [ours, theirs] = [chainOf(), chainOf()]
      let overwritten = 0
      for (let round = 0; round < 100; round += 1) {
        const id = newId()
        await put(id, 'old')
        const late = await opened(ours, id)
        await ours.read(id, late)
        await dropLock(id) // the lease of a process that was stopped
        const next = await opened(theirs, id)
        await theirs.write(id, bytes('new'), next)
        await theirs.close(next)
        await expect(ours.write(id, bytes('late'), late)).rejects.toThrow(LockLostError)
        await ours.close(late)
        if ((await stored(id)) !== 'new') overwritten += 1
      }

      expect(overwritten).toBe(0)
    })

    it('is not lost when every lock is dropped all the time', async () => {
      const id = newId()
      await put(id, '0')
      const chains = [chainOf(), chainOf(), chainOf(), chainOf()]
      let done = 0
      const increment = async (chain: Chain) => {
        const activation = await opened(chain, id)
        try {
          const count = Number(text(await chain.read(id, activation)))
          await dropLock(id)
          if (await chain.write(id, bytes(`${count + 1}`), activation)) done += 1
        } catch (error) {
          expect(error).toBeInstanceOf(LockLostError)
        } finally {
          await chain.close(activation)
        }
      }
      const all = Array.from({ length: 100 }, (_, index) => increment(chains[index % 4] as Chain))
      await Promise.all(all)

      expect(Number(await stored(id))).toBe(done)
      expect(done).toBeGreaterThan(0)
    })

    it('is refused once the lease is known to be lost', async () => {
      const chain = chainOf()
      const id = newId()
      await put(id, '1')
      const activation = await opened(chain, id, { lockLeaseMs: 60 })
      await client.set(`${PREFIX}lock.${id}`, '1', { expires: 100 })
      let failure: unknown
      for (let round = 0; round < 500 && failure === undefined; round += 1) {
        failure = await Promise.resolve(chain.write(id, bytes('2'), activation)).then(
          () => undefined,
          (error: unknown) => error,
        )
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await chain.close(activation)

      expect(failure).toBeInstanceOf(LockLostError)
      expect((await lockOf(id))?.toString()).toBe('1')
    })

    it('may follow another one in the same activation', async () => {
      const chain = chainOf()
      const id = newId()
      await put(id, '1')
      const activation = await opened(chain, id)
      await chain.read(id, activation)
      for (const value of ['2', '3']) {
        expect(await chain.write(id, bytes(value), activation)).toBe(true)
      }
      await chain.close(activation)

      expect(await stored(id)).toBe('3')
    })

    it('may follow the write that created the record', async () => {
      const chain = chainOf()
      const id = newId()
      const activation = await opened(chain, id, { strict: false, isNew: true })
      expect(await lockOf(id)).not.toBeNull()
      for (const value of ['1', '2']) {
        expect(await chain.write(id, bytes(value), activation)).toBe(true)
      }
      await chain.close(activation)

      expect(await stored(id)).toBe('2')
      expect(await lockOf(id)).toBeNull()
    })

    it('does not follow a destroy', async () => {
      const chain = chainOf()
      const id = newId()
      await put(id, '1')
      const activation = await opened(chain, id)
      await chain.read(id, activation)
      expect(await chain.destroy(id, activation)).toBe(true)

      expect(await chain.write(id, bytes('back'), activation)).toBe(false)
      await chain.close(activation)
      expect(await stored(id)).toBeUndefined()
    })
  })

  it('a destroyed session stays destroyed, in 1,000 interleavings with two processes', async () => {
    const [ours, theirs] = [chainOf(), chainOf()]
    const turns = async (count: number) => {
      for (let turn = 0; turn < count; turn += 1) await new Promise((next) => setImmediate(next))
    }
    let back = 0
    const interleave = async (round: number) => {
      const id = newId()
      await put(id, 'logged in')
      const slow = async () => {
        const lock = round % 3 === 0 ? 'none' : 'exclusive'
        const activation = context({ id, lock })
        await ours.open(activation)
        try {
          const payload = await ours.read(id, activation)
          await turns(round % 7)
          if (payload === undefined) return
          if (round % 2 === 0) await ours.write(id, bytes('changed'), activation)
          else await ours.updateTimestamp(id, payload, activation)
        } finally {
          await ours.close(activation)
        }
      }
      const logout = async () => {
        await turns(round % 5)
        const activation = context({ id, lock: round % 4 === 0 ? 'exclusive' : 'none' })
        await theirs.open(activation)
        await theirs.destroy(id, activation)
        await theirs.close(activation)
      }
      await Promise.all([slow(), logout()])
      if ((await stored(id)) !== undefined) back += 1
    }
    for (let start = 0; start < 1000; start += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => interleave(start + index)))
    }

    expect(back).toBe(0)
  })

  describe('a record', () => {
    it('that is too large fails before the server is asked, and leaves the old version', async () => {
      const chain = chainOf()
      const id = newId()
      await put(id, 'old')
      const error: unknown = await Promise.resolve(
        chain.write(id, new Uint8Array(1_048_001), none()),
      ).catch((reason: unknown) => reason)

      expect(error).toBeInstanceOf(StoreError)
      expect(String(error)).toMatch(/1048001 bytes, more than "maxItemBytes" \(1048000\)/)
      expect(await stored(id)).toBe('old')
      expect(await chain.write(id, new Uint8Array(1_048_000), none())).toBe(true)
    })

    it('of the largest size fits also under the longest key', async () => {
      const chain = chainOf()
      const id = 'x'.repeat(231)

      expect(await chain.write(id, new Uint8Array(1_048_000), none({ isNew: true }))).toBe(true)
      expect((await chain.read(id, none()))?.length).toBe(1_048_000)
    })

    it('has no id that is longer than a key can be', async () => {
      const chain = chainOf()
      const id = 'x'.repeat(232)
      const writing = chain.write(id, bytes('1'), none({ isNew: true }))

      await expect(writing).rejects.toThrow(InvalidIdError)
      await expect(writing).rejects.toThrow('after this prefix an id has at most 231 characters')
      expect(await chain.read(id, none())).toBeUndefined()
      expect(await chain.destroy(id, none())).toBe(false)
      await chain.close(await opened(chain, id))
    })

    it('of no bytes is a record, as PHP reserves ids', async () => {
      const chain = chainOf()
      const id = newId()
      await client.add(PREFIX + id, '', { expires: 0 })

      expect(await chain.validateId?.(id, none())).toBe(true)
      expect(text(await chain.read(id, none()))).toBe('')
      expect(await chain.write(id, bytes('mine'), none({ isNew: true }))).toBe(false)
      expect(await chain.write(id, bytes('now'), none())).toBe(true)
      expect(await ttlOf(daemon.port, PREFIX + id)).toBeGreaterThan(1400)
    })

    it.each([
      ['write', 1440],
      ['touch', 1440],
      ['write', 40 * DAY],
      ['touch', 40 * DAY],
      ['write', 3650 * DAY],
    ])('lives from its last %s for %i seconds', async (how, maxLifetime) => {
      const chain = chainOf()
      const id = newId()
      await client.set(PREFIX + id, 'data', { expires: 100 })
      if (how === 'write') await chain.write(id, bytes('data'), none({ maxLifetime }))
      else await chain.updateTimestamp(id, bytes('data'), none({ maxLifetime }))

      const ttl = await ttlOf(daemon.port, PREFIX + id)
      expect(ttl).toBeGreaterThanOrEqual(maxLifetime - 2)
      expect(ttl).toBeLessThanOrEqual(maxLifetime + 3)
    })

    it('is absent when its time is over, and nothing has collected it', async () => {
      const chain = chainOf()
      const id = newId()
      await chain.write(id, bytes('data'), none({ isNew: true, maxLifetime: 1 }))
      expect(text(await chain.read(id, none()))).toBe('data')
      let reads = 0
      while ((await chain.read(id, none())) !== undefined && reads < 500) {
        reads += 1
        await new Promise((resolve) => setTimeout(resolve, 10))
      }

      expect(reads).toBeLessThan(500)
      expect(await chain.gc(1, none())).toBe(0)
    })
  })

  describe('the lock', () => {
    it('is waited for no longer than told, also by those in line behind another one', async () => {
      const chain = chainOf()
      const id = newId()
      await put(id, 'data')
      await client.set(`${PREFIX}lock.${id}`, '1', { expires: 100 })
      const started = performance.now()
      const waiting = Array.from({ length: 5 }, () =>
        expect(opened(chain, id, { lockWaitMs: 100 })).rejects.toThrow(LockTimeoutError),
      )
      await Promise.all(waiting)

      expect(performance.now() - started).toBeLessThan(1000)
      await dropLock(id)
      await chain.close(await opened(chain, id))
    })

    it.each([0, 1, 3, 10])(
      'that is granted after a close is given back: %i turns',
      async (turns) => {
        const chain = chainOf()
        const id = newId()
        await put(id, 'data')
        await client.set(`${PREFIX}lock.${id}`, '1', { expires: 100 })
        const activation = context({ id })
        const opening = chain.open(activation)
        for (let turn = 0; turn < turns; turn += 1) await client.get('anything')
        await chain.close(activation)
        await dropLock(id)
        await opening

        expect(await lockOf(id)).toBeNull()
        await chain.close(await opened(chain, id, { lockWaitMs: 1000 }))
      },
    )

    it('has a queue that is not endless', async () => {
      const chain = chainOf({ maxWaiters: 1 })
      const id = newId()
      await put(id, 'data')
      const holder = await opened(chain, id)
      const second = opened(chain, id)
      await client.get('anything')

      await expect(opened(chain, id)).rejects.toThrow('1 requests already wait')
      await chain.close(holder)
      await chain.close(await second)
    })

    it('of a session that nobody else knows of is not taken', async () => {
      const chain = chainOf()
      const id = newId()
      const activation = await opened(chain, id, { isNew: true })

      expect(await lockOf(id)).toBeNull()
      await chain.close(activation)
    })
  })

  it('unknown ids cost one look each: no lock, nothing written', async () => {
    const chain = chainOf()
    const before = await Promise.all(['cmd_set', 'cmd_get'].map((n) => statOf(daemon.port, n)))
    for (let round = 0; round < 100; round += 1) {
      const id = newId()
      const activation = await opened(chain, id)
      expect(await chain.validateId?.(id, activation)).toBe(false)
      expect(await chain.read(id, activation)).toBeUndefined()
      await chain.close(activation)
    }
    const after = await Promise.all(['cmd_set', 'cmd_get'].map((n) => statOf(daemon.port, n)))

    expect(after[0]).toBe(before[0])
    expect((after[1] ?? 0) - (before[1] ?? 0)).toBe(100)
  })

  it('a failure tells neither id nor payload', async () => {
    const away = await memjs(await freePort())
    const chain = chainOf({ client: away })
    const id = newId()
    const works = [
      () => chain.open(context({ id })),
      () => chain.read(id, none()),
      () => chain.write(id, bytes('secret'), none()),
      () => chain.write(id, bytes('secret'), none({ isNew: true })),
      () => chain.destroy(id, none()),
      () => chain.updateTimestamp(id, bytes('secret'), none()),
    ]
    for (const work of works) {
      const error = await (async () => await work())().then(
        () => undefined,
        (reason: unknown) => reason,
      )
      expect(error).toBeInstanceOf(StoreError)
      expect(String(error)).toContain('ECONNREFUSED')
      const shown = inspect(error, { depth: 9 })
      for (const secret of [id, 'secret', Buffer.from('secret').toString('hex')]) {
        expect(shown).not.toContain(secret)
      }
    }
    away.close()
  })

  it('serve a manager: new, changed, renewed, destroyed', async () => {
    const manager = createSessionManager({ handlers: [memcachedHandler({ client })] })
    const first = await manager.start()
    first.data['n'] = 1
    await first.commit()
    const second = await manager.start({ cookieHeader: `PHPSESSID=${first.id}` })
    second.data['n'] = 2
    await second.regenerate()
    await second.commit()

    expect(await stored(first.id)).toBeUndefined()
    expect(await stored(second.id)).toContain('2')
    const third = await manager.start({ cookieHeader: `PHPSESSID=${second.id}` })
    expect(third.data['n']).toBe(2)
    await third.destroy()
    await third.commit()
    expect(await stored(second.id)).toBeUndefined()
    for (const id of [first.id, second.id]) expect(await lockOf(id)).toBeNull()
    await manager.close()
  })
})
