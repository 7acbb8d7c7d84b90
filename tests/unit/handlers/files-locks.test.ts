import { existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { composeChain } from '../../../src/chain.js'
import { createContext, type Activation } from '../../../src/context.js'
import { filesHandler, type FilesOptions, type FlockFunction } from '../../../src/handlers/files.js'
import { temporaryFolder } from '../../helpers/folders.js'
import { childrenOf, until } from '../../helpers/processes.js'
import { describeWith } from '../../helpers/services.js'

const ID = 'abc'
const bytes = (content: string) => Uint8Array.from(Buffer.from(content, 'latin1'))
const text = (payload: Uint8Array | undefined) =>
  payload === undefined ? undefined : Buffer.from(payload).toString('latin1')
const context = (fields: Partial<Activation> = {}) =>
  createContext({ id: ID, lockWaitMs: 10_000, ...fields })

function setUp(options: FilesOptions = {}, content: string | null = 'n|i:0;') {
  const folder = temporaryFolder()
  const path = join(folder, `sess_${ID}`)
  if (content !== null) writeFileSync(path, content, { mode: 0o600 })
  const handler = filesHandler({ savePath: folder, ...options })
  onTestFinished(async () => handler.dispose?.())
  return { folder, path, handler, chain: composeChain([handler]) }
}

/** A `flock` that locks nothing and notes what it is asked. */
function noting() {
  const calls: string[] = []
  const flock: FlockFunction = async (_, operation) => void calls.push(operation)
  return { calls, flock }
}

describe('an exclusive activation', () => {
  it('keeps others of this process out until it is closed, in the order of arrival', async () => {
    const { chain } = setUp({ lock: 'process' })
    const order: number[] = []

    const visit = async (number: number) => {
      const activation = context()
      await chain.open(activation)
      const value = Number(/\d+/.exec(text(await chain.read(ID, activation)) ?? '')?.[0])
      await new Promise((resolve) => setImmediate(resolve))
      order.push(number)
      await chain.write(ID, bytes(`n|i:${value + 1};`), activation)
      await chain.close(activation)
    }
    const numbers = Array.from({ length: 50 }, (_, number) => number)
    await Promise.all(numbers.map(visit))

    expect(order).toEqual(numbers)
    expect(text(await chain.read(ID, context()))).toBe('n|i:50;')
  })

  it('takes the lock of the system once for a run of them, of 32 at most', async () => {
    const { calls, flock } = noting()
    const { chain } = setUp({ flock })

    const visit = async () => {
      const activation = context()
      await chain.open(activation)
      calls.push('visit')
      await chain.close(activation)
    }
    await Promise.all(Array.from({ length: 100 }, visit))
    await until(() => calls.filter((call) => call === 'un').length >= 4, 'all is given back')

    const runs = calls.join(' ').split('ex').slice(1)
    const lengths = runs.map((run) => run.split('visit').length - 1)
    expect(lengths.reduce((sum, length) => sum + length)).toBe(100)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(32)
    expect(lengths.length).toBeLessThan(20)
    expect(calls.filter((call) => call === 'un')).toHaveLength(lengths.length)
  })

  it('gives the lock of the system back when nobody of this process waits', async () => {
    const { calls, flock } = noting()
    const { chain } = setUp({ flock })

    for (let visit = 0; visit < 3; visit += 1) {
      const activation = context()
      await chain.open(activation)
      await chain.close(activation)
      await until(() => calls.filter((call) => call === 'un').length > visit, 'it is given back')
    }

    expect(calls.filter((call) => call === 'ex')).toHaveLength(3)
  })

  it('locks nothing for an id that storage does not know', async () => {
    const { calls, flock } = noting()
    const { chain, folder } = setUp({ flock }, null)

    for (const lock of ['exclusive', 'read', 'none'] as const) {
      const activation = context({ lock })
      await chain.open(activation)
      expect(await chain.validateId?.(ID, activation)).toBe(false)
      expect(await chain.read(ID, activation)).toBeUndefined()
      await chain.close(activation)
    }

    expect(calls).toEqual([])
    expect(existsSync(join(folder, `sess_${ID}`))).toBe(false)
  })

  it('hands out nothing when the lock is not free in time', async () => {
    const { chain, path } = setUp({ lock: 'process' })
    const first = context()
    await chain.open(first)

    const second = context({ lockWaitMs: 20 })
    await expect(chain.open(second)).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT' })
    await chain.close(second)

    expect(readFileSync(path, 'latin1')).toBe('n|i:0;')
    await chain.close(first)
    await chain.open(context())
  })

  it('tells how long it has waited in all, in this process and for others', async () => {
    let grant = () => {}
    const flock: FlockFunction = (_, operation) =>
      operation === 'un' ? Promise.resolve() : new Promise((resolve) => (grant = resolve))
    const { chain } = setUp({ flock })
    const first = context({ lockWaitMs: 60 })
    const second = context({ lockWaitMs: 100 })

    const [one, two] = await Promise.allSettled([chain.open(first), chain.open(second)])
    grant()

    expect(one).toMatchObject({ reason: { code: 'ERR_SESSION_LOCK_TIMEOUT' } })
    const { reason } = two as { reason: { code: string; waitedMs: number } }
    expect(reason.code).toBe('ERR_SESSION_LOCK_TIMEOUT')
    expect(reason.waitedMs).toBeGreaterThanOrEqual(95)
  })

  it('refuses more waiters than it is told to keep', async () => {
    const { chain } = setUp({ lock: 'process', maxWaiters: 2 })
    const first = context()
    await chain.open(first)
    const waiting = [context(), context()]
    const opening = waiting.map((activation) => chain.open(activation))

    await expect(chain.open(context())).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT' })

    await chain.close(first)
    for (const [index, activation] of waiting.entries()) {
      await opening[index]
      await chain.close(activation)
    }
  })

  it('stops waiting when its visitor has gone', async () => {
    const { chain } = setUp({ lock: 'process' })
    const first = context()
    await chain.open(first)
    const visitor = new AbortController()

    const opening = chain.open(context({ signal: visitor.signal }))
    visitor.abort()

    await expect(opening).rejects.toMatchObject({ code: 'ERR_SESSION_STATE' })
    await expect(chain.open(context({ signal: visitor.signal }))).rejects.toMatchObject({
      code: 'ERR_SESSION_STATE',
    })
    await chain.close(first)
  })

  it('is still to be had by a visitor who has gone, where nobody holds the session', async () => {
    const held: FlockFunction = (_, operation) =>
      operation === 'un' ? Promise.resolve() : new Promise(() => {})
    const gone = context({ signal: AbortSignal.abort() })
    const free = setUp({ lock: 'process' })
    const busy = setUp({ flock: held })

    await free.chain.open(gone)
    expect(await free.chain.write(ID, bytes('n|i:1;'), gone)).toBe(true)
    await free.chain.close(gone)
    await expect(busy.chain.open(gone)).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT' })
  })

  it('keeps nothing when it was closed while it waited', async () => {
    const { chain } = setUp({ lock: 'process' })
    const first = context()
    await chain.open(first)
    const early = context()
    const late = context()
    const opening = [chain.open(early), chain.open(late)]

    await chain.close(early)
    await new Promise((resolve) => setImmediate(resolve))
    await chain.close(late)
    await chain.close(first)
    await Promise.all(opening)

    const third = context({ lockWaitMs: 1000 })
    await chain.open(third)
    expect(text(await chain.read(ID, third))).toBe('n|i:0;')
    await chain.close(third)
  })

  it('is closed only after the write that is under way', async () => {
    const { chain, path } = setUp({ lock: 'process' })
    const activation = context()
    const large = 'x'.repeat(3_000_000)
    await chain.open(activation)
    await chain.read(ID, activation)

    const writing = chain.write(ID, bytes(large), activation)
    await chain.close(activation)

    expect(statSync(path).size).toBe(large.length)
    expect(await writing).toBe(true)
    expect(existsSync(`${path}.journal`)).toBe(false)
  })

  it('does the operations of one activation one after the other', async () => {
    const { chain } = setUp({ lock: 'process' })
    const activation = context()
    await chain.open(activation)

    const contents = ['x'.repeat(500_000), 'y'.repeat(100_000), 'z'.repeat(300_000)]
    await Promise.all(contents.map((content) => chain.write(ID, bytes(content), activation)))
    await chain.close(activation)

    expect(text(await chain.read(ID, context()))).toBe(contents[2])
  })
})

describe('a session that is destroyed', () => {
  it('is absent for everybody who waited for it', async () => {
    const { chain, path } = setUp({ lock: 'process' })
    const first = context()
    await chain.open(first)
    const waiting = Array.from({ length: 20 }, async () => {
      const activation = context()
      await chain.open(activation)
      const payload = await chain.read(ID, activation)
      const written = await chain.write(ID, bytes('back'), activation)
      await chain.close(activation)
      return { payload, written }
    })

    expect(await chain.destroy(ID, first)).toBe(true)
    await chain.close(first)

    const absent = { payload: undefined, written: false }
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 20 }, () => absent))
    expect(existsSync(path)).toBe(false)
  })

  it('stays destroyed when the request that read it writes, whoever destroyed it', async () => {
    const { chain, path } = setUp({ lock: 'process' })
    const activation = context()
    await chain.open(activation)
    await chain.read(ID, activation)

    unlinkSync(path)

    expect(await chain.write(ID, bytes('back'), activation)).toBe(false)
    expect(await chain.updateTimestamp(ID, bytes('back'), activation)).toBe(false)
    expect(await chain.destroy(ID, activation)).toBe(false)
    expect(await chain.read(ID, activation)).toBeUndefined()
    await chain.close(activation)
    expect(existsSync(path)).toBe(false)
  })

  it('is not confused with another that took its place', async () => {
    const { chain, path } = setUp({ lock: 'process' })
    const activation = context()
    await chain.open(activation)
    await chain.read(ID, activation)
    unlinkSync(path)
    writeFileSync(path, 'other', { mode: 0o600 })

    expect(await chain.write(ID, bytes('back'), activation)).toBe(false)
    expect(await chain.destroy(ID, activation)).toBe(false)

    await chain.close(activation)
    expect(readFileSync(path, 'latin1')).toBe('other')
  })
})

describe('a read without a longer lock', () => {
  it('waits for the one that holds the session, then holds nothing', async () => {
    const { chain } = setUp({ lock: 'process' })
    const writer = context()
    await chain.open(writer)
    const reader = context({ lock: 'read', readOnly: true })

    const opening = chain.open(reader)
    await chain.write(ID, bytes('n|i:1;'), writer)
    await chain.close(writer)
    await opening

    const next = context({ lockWaitMs: 50 })
    await chain.open(next)
    expect(text(await chain.read(ID, reader))).toBe('n|i:1;')
    expect(await chain.validateId?.(ID, reader)).toBe(true)
    await chain.close(next)
    await chain.close(reader)
  })

  it('lets a touch pass a session that is in use', async () => {
    const { chain } = setUp({ lock: 'process' })
    const writer = context()
    await chain.open(writer)

    const touching = context({ lock: 'none' })
    await chain.open(touching)
    expect(await chain.updateTimestamp(ID, bytes('n|i:0;'), touching)).toBe(true)
    await chain.close(touching)

    await chain.close(writer)
  })
})

describeWith('perl', 'a lock that is lost', () => {
  async function lost() {
    const before = new Set(childrenOf())
    const fixture = setUp({ provider: 'perl' })
    const activation = context()
    await fixture.chain.open(activation)
    await fixture.chain.read(ID, activation)
    const [helper] = childrenOf().filter((pid) => !before.has(pid))
    process.kill(helper as number, 'SIGKILL')
    await until(() => !childrenOf().includes(helper as number), 'the helper is gone')
    await new Promise((resolve) => setImmediate(resolve))
    return { ...fixture, activation }
  }

  it('is told before anything is written, read or removed', async () => {
    const { chain, path, activation } = await lost()
    const refused = { code: 'ERR_SESSION_LOCK_LOST' }

    await expect(chain.write(ID, bytes('n|i:1;'), activation)).rejects.toMatchObject(refused)
    await expect(chain.read(ID, activation)).rejects.toMatchObject(refused)
    await expect(chain.destroy(ID, activation)).rejects.toMatchObject(refused)

    expect(readFileSync(path, 'latin1')).toBe('n|i:0;')
    await chain.close(activation)
  })

  it('is not handed on: the next one takes it anew', async () => {
    const { chain, activation } = await lost()
    const next = context()
    const opening = chain.open(next)

    await chain.close(activation)
    await opening

    expect(await chain.write(ID, bytes('n|i:1;'), next)).toBe(true)
    await chain.close(next)
  })

  it('is noticed by the content where somebody else has written meanwhile', async () => {
    const { chain, path } = setUp({ lock: 'process' })
    const activation = context()
    await chain.open(activation)
    await chain.read(ID, activation)

    writeFileSync(path, 'n|i:7;')

    await expect(chain.write(ID, bytes('n|i:1;'), activation)).rejects.toMatchObject({
      code: 'ERR_SESSION_LOCK_LOST',
    })
    expect(readFileSync(path, 'latin1')).toBe('n|i:7;')
    await chain.close(activation)
  })
})

describeWith('perl', 'two handlers over one folder', () => {
  it('lose no update', async () => {
    const one = setUp()
    const other = composeChain([filesHandler({ savePath: one.folder })])
    const chains = [one.chain, other]

    const visit = async (turn: number) => {
      const chain = chains[turn % 2] as typeof other
      const activation = context()
      await chain.open(activation)
      const value = Number(/\d+/.exec(text(await chain.read(ID, activation)) ?? '')?.[0])
      await chain.write(ID, bytes(`n|i:${value + 1};`), activation)
      await chain.close(activation)
    }
    await Promise.all(Array.from({ length: 200 }, (_, turn) => visit(turn)))

    expect(readFileSync(one.path, 'latin1')).toBe('n|i:200;')
  })
})
