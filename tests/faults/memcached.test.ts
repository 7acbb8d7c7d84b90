/** What happens to sessions in Memcached when servers and connections fail. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { sameBytes } from '../../src/lib/bytes.js'
import { SessionError, StoreError } from '../../src/errors.js'
import type { Chain } from '../../src/handler.js'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { cutProxy, type CutProxy } from '../helpers/cut-proxy.js'
import type { Daemon } from '../helpers/daemon.js'
import { memjs, startMemcached, type Memjs } from '../helpers/memcached-server.js'
import { describeWith } from '../helpers/services.js'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describeWith('memcached', 'sessions in Memcached', () => {
  let daemon: Daemon
  let proxy: CutProxy
  const clients: Memjs[] = []
  let ids = 0
  const newId = () => `fault${(ids += 1)}-`.padEnd(32, '0')

  beforeAll(async () => {
    daemon = await startMemcached()
    proxy = await cutProxy(daemon.port)
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    await proxy.stop()
    await daemon.stop()
  })

  async function connect(port = daemon.port): Promise<Chain> {
    const client = await memjs(port, { timeout: 0.2 })
    clients.push(client)
    return composeChain([memcachedHandler({ client, timeout: 0.3 })])
  }
  const none = (fields: object = {}) => createContext({ lock: 'none', ...fields })

  /** The outcome of the first try that ends in one; fifty at the most. */
  async function recovered<T>(work: () => T | Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work()
      } catch (error) {
        if (attempt === 50 || !(error instanceof StoreError)) throw error
      }
    }
  }
  const read = async (chain: Chain, id: string) => {
    const payload = await recovered(() => chain.read(id, none()))
    return payload === undefined ? undefined : Buffer.from(payload).toString()
  }

  /** One request that counts. @returns Whether it was told that its work is stored. */
  async function increment(chain: Chain, id: string): Promise<boolean> {
    const context = createContext({ id, lockWaitMs: 2000, lockLeaseMs: 1000 })
    try {
      await chain.open(context)
      const payload = await chain.read(id, context)
      const count = Number(Buffer.from(payload ?? []).toString())
      return await chain.write(id, bytes(`${count + 1}`), context)
    } catch (error) {
      expect(error).toBeInstanceOf(SessionError)
      return false
    } finally {
      await chain.close(context)
    }
  }

  it('are absent when the server comes back empty, and what was open then is not written', async () => {
    const chain = await connect()
    const id = newId()
    await chain.write(id, bytes('data'), none({ isNew: true }))
    const context = createContext({ id })
    await chain.open(context)
    await chain.read(id, context)
    await daemon.halt('SIGKILL')
    await daemon.start()

    expect(await recovered(() => chain.write(id, bytes('back'), context))).toBe(false)
    await chain.close(context)
    expect(await read(chain, id)).toBeUndefined()
    expect(await recovered(() => chain.write(newId(), bytes('1'), none({ isNew: true })))).toBe(
      true,
    )
  })

  it('are absent when the server has dropped them for want of room, and nothing worse', async () => {
    const small = await startMemcached('-m', '2')
    const client = await memjs(small.port)
    try {
      const chain = composeChain([memcachedHandler({ client })])
      const payload = (index: number) => new Uint8Array(10_000).fill(index % 256)
      const known = Array.from({ length: 600 }, () => newId())
      for (const [index, id] of known.entries()) {
        await chain.write(id, payload(index), none({ isNew: true }))
      }
      let dropped = 0
      for (const [index, id] of known.entries()) {
        const found = await chain.read(id, none())
        if (found !== undefined) expect(sameBytes(found, payload(index))).toBe(true)
        else expect(await chain.write(id, payload(index), none())).toBe(false)
        if (found === undefined) dropped += 1
      }

      expect(dropped).toBeGreaterThan(0)
      expect(dropped).toBeLessThan(known.length)
    } finally {
      client.close()
      await small.stop()
    }
  })

  it('keep every update that was told to be stored, while connections break', async () => {
    const [broken, whole] = [await connect(proxy.port), await connect()]
    const id = newId()
    await whole.write(id, bytes('0'), none({ isNew: true }))
    let [told, asked] = [0, 0]
    const loop = async (chain: Chain, times: number) => {
      for (let round = 0; round < times; round += 1) {
        asked += 1
        if (await increment(chain, id)) told += 1
      }
    }
    const cuts = async () => {
      for (let round = 0; round < 12; round += 1) {
        proxy.cutAfter(20 + round * 31)
        await loop(broken, 3)
      }
    }
    await Promise.all([cuts(), loop(whole, 200)])

    const count = Number(await read(whole, id))
    expect(count).toBeGreaterThanOrEqual(told)
    expect(count).toBeLessThanOrEqual(asked)
    expect(told).toBeGreaterThan(100)
  }, 60_000)

  it('fail in time while the server hangs, and go on when it does, with nothing lost', async () => {
    const chains = [await connect(), await connect()]
    const id = newId()
    await (chains[0] as Chain).write(id, bytes('0'), none({ isNew: true }))
    let [told, failed, slowestMs, stopped] = [0, 0, 0, false]
    const loop = async (chain: Chain) => {
      while (!stopped) {
        const started = performance.now()
        if (await increment(chain, id)) told += 1
        else failed += 1
        slowestMs = Math.max(slowestMs, performance.now() - started)
        await new Promise((next) => setImmediate(next))
      }
    }
    const loops = chains.map(loop)
    await until(() => told >= 20)
    const resume = daemon.pause()
    await until(() => failed >= 8)
    resume()
    const before = told
    await until(() => told >= before + 50)
    stopped = true
    await Promise.all(loops)

    expect(Number(await read(chains[0] as Chain, id))).toBeGreaterThanOrEqual(told)
    expect(slowestMs).toBeLessThan(5000)
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it never came about')
}
