import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { deadline } from '../../src/lib/deadline.js'
import { run, wait, type Flow } from '../../src/lib/flow.js'
import { sealed } from '../../src/lib/sealed.js'

describe('flow', () => {
  function* adding(a: number | Promise<number>, b: number | Promise<number>): Flow<number> {
    return (yield* wait(a)) + (yield* wait(b))
  }

  it('stays synchronous over plain values', () => {
    expect(run(adding(1, 2))).toBe(3)
  })

  it.each([
    ['first', Promise.resolve(1), 2],
    ['last', 1, Promise.resolve(2)],
    ['both', Promise.resolve(1), Promise.resolve(2)],
  ])('becomes a promise over promises (%s)', async (_, a, b) => {
    const result = run(adding(a, b))

    expect(result).toBeInstanceOf(Promise)
    expect(await result).toBe(3)
  })

  it('waits for foreign promises', async () => {
    const foreign = { then: (resolve: (value: number) => void) => resolve(5) }

    expect(await run(adding(foreign as Promise<number>, 1))).toBe(6)
  })

  it('runs finally and catch as straight-line code does', async () => {
    const notes: string[] = []
    function* failing(value: Promise<number>): Flow<string> {
      try {
        yield* wait(value)
        return 'never'
      } catch (error) {
        notes.push((error as Error).message)
        return 'caught'
      } finally {
        notes.push('finally')
      }
    }

    expect(await run(failing(Promise.reject(new Error('no'))))).toBe('caught')
    expect(notes).toEqual(['no', 'finally'])
  })

  it('throws at once what a synchronous flow throws', () => {
    // eslint-disable-next-line require-yield
    function* failing(): Flow<never> {
      throw new Error('at once')
    }

    expect(() => run(failing())).toThrow('at once')
  })
})

describe('deadline', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('leaves no timer behind', async () => {
    expect(await deadline(Promise.resolve(5), 'read', 1000)).toBe(5)
    await expect(deadline(Promise.reject(new Error('no')), 'read', 1000)).rejects.toThrow('no')

    expect(vi.getTimerCount()).toBe(0)
  })

  it('is a store error when the time is over', async () => {
    const late = expect(deadline(new Promise(() => {}), 'read', 1000)).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE',
      operation: 'read',
    })

    await vi.advanceTimersByTimeAsync(1000)

    await late
  })
})

describe('sealed', () => {
  const data = () =>
    sealed({ list: [{ n: 1 }], map: new Map([[1, 2]]), date: new Date(0) }, 'too late')

  it('can be read at any depth', () => {
    expect(data().list[0]).toEqual({ n: 1 })
    expect(data().map.get(1)).toBe(2)
    expect(data().date.getTime()).toBe(0)
    expect(JSON.stringify(data().list)).toBe('[{"n":1}]')
  })

  it('refuses every change at any depth', () => {
    const view = data()

    expect(() => (view.list = [])).toThrow('too late')
    expect(() => view.list.push({ n: 2 })).toThrow('too late')
    expect(() => (view.list[0]!.n = 2)).toThrow('too late')
    expect(() => delete (view as { list?: unknown }).list).toThrow('too late')
    expect(() => Object.defineProperty(view, 'x', { value: 1 })).toThrow('too late')
    expect(() => Object.setPrototypeOf(view, {})).toThrow('too late')
  })
})
