import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EMPTY, sameBytes } from '../../../src/lib/bytes.js'
import { StoreError } from '../../../src/errors.js'
import {
  memcachedCommands,
  type MemcachedClient,
  type MemcachedCommands,
} from '../../../src/stores/memcached.js'
import { cutProxy, type CutProxy } from '../../helpers/cut-proxy.js'
import type { Daemon } from '../../helpers/daemon.js'
import { memjs, startMemcached, type Memjs } from '../../helpers/memcached-server.js'
import { describeWith } from '../../helpers/services.js'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const OPTIONS = { handler: 'memcached', timeoutMs: 1000 }

/** The error of what has to fail. */
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('the client', () => {
  it.each([undefined, null, {}, { get: () => undefined, set: () => undefined }])(
    'has to be one of memjs: %o',
    (client) => {
      expect(() => memcachedCommands(client as never, OPTIONS)).toThrow(TypeError)
    },
  )
})

describeWith('memcached', 'commands over memjs', () => {
  let daemon: Daemon
  let client: Memjs
  let commands: MemcachedCommands
  let keys = 0
  const newKey = () => `key${(keys += 1)}`

  beforeAll(async () => {
    daemon = await startMemcached()
    client = await memjs(daemon.port)
    commands = memcachedCommands(client, OPTIONS)
  })
  afterAll(async () => {
    client.close()
    await daemon.stop()
  })

  it('put what is not there, and answer that something is', async () => {
    const key = newKey()

    expect(await commands.get(key)).toBeUndefined()
    expect(await commands.add(key, bytes('one'), 100)).toEqual(expect.any(BigInt))
    expect(await commands.add(key, bytes('two'), 100)).toBe('exists')
    expect((await commands.get(key))?.value).toEqual(bytes('one'))
  })

  it('replace what is there, and answer that nothing is', async () => {
    const key = newKey()

    expect(await commands.replace(key, bytes('one'), 100)).toBe('absent')
    await commands.add(key, bytes('two'), 100)
    expect(await commands.replace(key, bytes('three'), 100)).toEqual(expect.any(BigInt))
    expect((await commands.get(key))?.value).toEqual(bytes('three'))
  })

  it('swap one version for the next, and no other', async () => {
    const key = newKey()
    const first = (await commands.add(key, bytes('one'), 100)) as bigint
    const second = await commands.swap(key, bytes('two'), { expires: 100, cas: first })

    expect(second).toBe((await commands.get(key))?.cas)
    expect(await commands.swap(key, bytes('late'), { expires: 100, cas: first })).toBe('exists')
    expect((await commands.get(key))?.value).toEqual(bytes('two'))
    await commands.delete(key)
    expect(await commands.swap(key, bytes('back'), { expires: 100, cas: first })).toBe('absent')
    expect(await commands.get(key)).toBeUndefined()
  })

  it('delete one version only, where one is given', async () => {
    const key = newKey()
    const first = (await commands.add(key, bytes('one'), 100)) as bigint
    const second = (await commands.replace(key, bytes('two'), 100)) as bigint

    expect(await commands.delete(key, first)).toBe('exists')
    expect(await commands.delete(key, second)).toBe('done')
    expect(await commands.delete(key, second)).toBe('absent')
  })

  it('touch what is there, and leave its version', async () => {
    const key = newKey()
    const version = await commands.add(key, bytes('one'), 100)

    expect(await commands.touch(key, 200)).toBe(true)
    expect((await commands.get(key))?.cas).toBe(version)
    expect(await commands.touch(newKey(), 200)).toBe(false)
  })

  it('go on when the client has counted beyond 31 bits', async () => {
    const counted = await memjs(daemon.port)
    const far = memcachedCommands(counted, OPTIONS)
    Object.assign(counted, { seq: 2 ** 31 - 2 })
    const key = newKey()
    for (let round = 0; round < 4; round += 1) {
      await far.set(key, bytes(`${round}`), 100)
      expect((await far.get(key))?.value).toEqual(bytes(`${round}`))
    }

    expect(counted.seq).toBeLessThan(0)
    counted.close()
  })

  it('fail with what the server says, and without what was sent', async () => {
    const error = await failureOf(commands.set('secret', new Uint8Array(2 ** 20).fill(0x61), 100))

    expect(error).toBeInstanceOf(StoreError)
    expect(String(error)).toMatch(/set failed: the store failed \(TOO_LARGE\)/)
    expect(inspect(error, { depth: 9 })).not.toMatch(/secret|aaaa|6161/)
  })

  it('refuse a server that keeps no versions', async () => {
    const without = await startMemcached('-C')
    const other = await memjs(without.port)
    try {
      const error = await failureOf(memcachedCommands(other, OPTIONS).add('k', bytes('v'), 100))

      expect(String(error)).toMatch(/\(NO_CAS\)/)
    } finally {
      other.close()
      await without.stop()
    }
  })

  describe('over a connection that breaks', () => {
    let proxy: CutProxy
    beforeAll(async () => {
      proxy = await cutProxy(daemon.port)
    })
    afterAll(() => proxy.stop())

    it('end in time when nothing is answered', async () => {
      const hung = await memjs(proxy.port, { timeout: 60 })
      const slow = memcachedCommands(hung, { handler: 'memcached', timeoutMs: 50 })
      await slow.get('k')
      proxy.hang()

      expect(String(await failureOf(slow.get('k')))).toMatch(/no answer within 50 ms/)
      proxy.mend()
      hung.close()
    })

    it('take no half of an answer for another one, and go on with the next call', async () => {
      const key = newKey()
      const value = new Uint8Array(500_000).fill(0x78)
      await commands.set(key, value, 100)
      const broken = await memjs(proxy.port, { timeout: 0.2 })
      const cut = memcachedCommands(broken, { handler: 'memcached', timeoutMs: 1000 })
      await cut.get('k')

      for (const bytesLeft of [10, 24, 300, 100_000]) {
        proxy.cutAfter(bytesLeft)
        expect(await failureOf(cut.get(key))).toBeInstanceOf(StoreError)
        expect(sameBytes((await cut.get(key))?.value ?? EMPTY, value)).toBe(true)
      }
      broken.close()
    })
  })
})

it('names what a client lacks', () => {
  const client = { seq: 0, incrSeq: () => undefined } as unknown as MemcachedClient
  expect(() => memcachedCommands(client, OPTIONS)).toThrow('client.perform')
})
