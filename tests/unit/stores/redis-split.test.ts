/** The lock and the record in two places: each change makes sure of both, one after the other. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Grip } from '../../../src/locks/redis-fence.js'
import { redisCalls, type RedisCalls } from '../../../src/stores/redis-calls.js'
import { plainCompare, scriptedCompare } from '../../../src/stores/redis-compare.js'
import { redisSplit } from '../../../src/stores/redis-split.js'
import type { Daemon } from '../../helpers/daemon.js'
import { redisClock } from '../../helpers/redis-clock.js'
import { ioRedisClient, type TestClient } from '../../helpers/redis-clients.js'
import { startRedis } from '../../helpers/redis-server.js'
import { describeWith } from '../../helpers/services.js'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const grip = (token = 'ours'): Grip => ({
  key: 'key',
  lockKey: 'lock',
  token,
  leaseMs: 5000,
  seen: undefined,
})
const storing = (text: string, create = false) => ({
  payload: bytes(text),
  seconds: '100',
  create,
})

describeWith('redis-server', 'a lock and a record apart', () => {
  let daemon: Daemon
  let open: TestClient
  let calls: RedisCalls

  beforeAll(async () => {
    daemon = await startRedis()
    open = await ioRedisClient(daemon.port)
    calls = redisCalls(open.client, { handler: 'redis', timeoutMs: 2000 })
  })
  afterAll(async () => {
    await open.end()
    await daemon.stop()
  })
  beforeEach(() => redisClock(open.client).wipe())

  const send = (command: string, key: string, ...words: string[]) =>
    calls.send('test', [command, key, ...words])
  const stored = async () => String(await send('GET', 'key'))
  const fenceOf = (scripts: boolean) =>
    redisSplit(calls, scripts ? scriptedCompare(calls) : plainCompare(calls))

  /** A fence, and the lock it holds of a record. */
  async function entered(scripts: boolean, strict = true) {
    const fence = fenceOf(scripts)
    const held = grip()
    return { fence, held, entry: await fence.enter(held, strict) }
  }

  const BOTH = [
    ['by scripts', true],
    ['without scripts', false],
  ] as const

  it.each(BOTH)('are taken and read, changed and given back %s', async (_, scripts) => {
    await send('SET', 'key', 'data')
    const { fence, held, entry } = await entered(scripts)

    expect(entry).toEqual({ locked: true, payload: bytes('data') })
    expect(await fence.enter(grip('theirs'), true)).toBeUndefined()
    expect(await fence.renew(held)).toBe(true)
    expect(await fence.write(held, storing('one'), true)).toBe(1)
    expect(await fence.write(held, storing('two'), true)).toBe(1)
    expect(await fence.touch(held, '200', true)).toBe(1)
    expect(await stored()).toBe('two')
    expect(await send('TTL', 'key')).toBe(200)
    expect(await fence.destroy(held, true)).toBe(1)
    expect(await fence.release(held)).toBe(true)
    expect(await send('EXISTS', 'lock')).toBe(0)
    expect(await send('EXISTS', 'key')).toBe(0)
  })

  it('take five round trips to be opened, written and closed', async () => {
    await send('SET', 'key', 'data')
    const asked: string[] = []
    const counting: RedisCalls = {
      ...calls,
      send: (operation, words) => (asked.push(words[0]), calls.send(operation, words)),
      evaluate: (operation, script, input) => (
        asked.push('EVALSHA'),
        calls.evaluate(operation, script, input)
      ),
    }
    const fence = redisSplit(counting, scriptedCompare(counting))
    const held = grip()
    await fence.enter(held, true)
    await fence.write(held, storing('new'), true)
    await fence.release(held)

    expect(asked).toEqual(['SET', 'GET', 'EVALSHA', 'EVALSHA', 'EVALSHA'])
  })

  it.each(BOTH)('refuse changes under somebody else’s lock %s', async (_, scripts) => {
    await send('SET', 'key', 'data')
    const { fence, held } = await entered(scripts)
    await send('SET', 'lock', 'theirs')

    expect(await fence.renew(held)).toBe(false)
    expect(await fence.write(held, storing('late'), false)).toBe(-1)
    expect(await fence.touch(held, '200', false)).toBe(-1)
    expect(await fence.destroy(held, false)).toBe(-1)
    expect(await fence.release(held)).toBe(false)
    expect(await stored()).toBe('data')
    expect(String(await send('GET', 'lock'))).toBe('theirs')
  })

  it.each(BOTH)('refuse to write over what was not read %s', async (_, scripts) => {
    await send('SET', 'key', 'data')
    const { fence, held } = await entered(scripts)
    await send('SET', 'key', 'newer')

    expect(await fence.write(held, storing('late'), false)).toBe(-1)
    expect(await stored()).toBe('newer')
    fence.note(held, bytes('newer'))
    expect(await fence.write(held, storing('in time'), false)).toBe(1)
    expect(await stored()).toBe('in time')
  })

  it.each(BOTH)('never bring back what is gone %s', async (_, scripts) => {
    await send('SET', 'key', 'data')
    const { fence, held } = await entered(scripts)
    await send('DEL', 'key')

    expect(await fence.write(held, storing('back'), false)).toBe(0)
    expect(await fence.touch(held, '200', false)).toBe(0)
    expect(await fence.destroy(held, false)).toBe(0)
    expect(await send('EXISTS', 'key')).toBe(0)
  })

  it.each(BOTH)('create once what is adopted %s', async (_, scripts) => {
    const { fence, held, entry } = await entered(scripts, false)

    expect(entry).toEqual({ locked: true, payload: undefined })
    expect(await fence.write(held, storing('first', true), false)).toBe(1)
    expect(await fence.write(held, storing('second', true), false)).toBe(0)
    expect(await stored()).toBe('first')
  })

  it.each(BOTH)('leave no lock on an id that nobody has %s', async (_, scripts) => {
    const { entry } = await entered(scripts)

    expect(entry).toEqual({ locked: false, payload: undefined })
    expect(await send('EXISTS', 'lock')).toBe(0)
  })

  it.each(BOTH)('give an end to a lock without one, if it is the same %s', async (_, scripts) => {
    const compare = scripts ? scriptedCompare(calls) : plainCompare(calls)
    await send('SET', 'lock', 'php')

    expect(await compare.limit('lock', 'other', 5000)).toBe(false)
    expect(await send('PTTL', 'lock')).toBe(-1)
    expect(await compare.limit('lock', 'php', 5000)).toBe(true)
    expect(Number(await send('PTTL', 'lock'))).toBeGreaterThan(4000)
    expect(await compare.limit('nothing', 'php', 5000)).toBe(false)
  })
})
