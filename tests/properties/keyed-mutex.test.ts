import fc from 'fast-check'
import { it } from 'vitest'
import { keyedMutex, type Release } from '../../src/locks/keyed-mutex.js'

const KEYS = ['a', 'b', 'c']

type Step =
  | { readonly type: 'acquire'; readonly key: string }
  | { readonly type: 'release'; readonly pick: number }
  | { readonly type: 'abort'; readonly pick: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('acquire' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ type: fc.constant('release' as const), pick: fc.nat() }),
  fc.record({ type: fc.constant('abort' as const), pick: fc.nat() }),
)

interface Request {
  readonly key: string
  readonly number: number
  readonly abortion: AbortController
  state: 'waiting' | 'holding' | 'gone'
  release?: Release
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
}

/** The mutex, and beside it what it ought to do: one list per key, the first of it holds. */
function simulation() {
  const mutex = keyedMutex({ handler: 'memory', maxWaiters: 1000 })
  const requests: Request[] = []
  const model = new Map<string, Request[]>(KEYS.map((key) => [key, []]))
  const line = (key: string) => model.get(key) as Request[]

  const leave = (request: Request) => {
    line(request.key).splice(line(request.key).indexOf(request), 1)
    request.state = 'gone'
  }

  const acquire = (key: string) => {
    const abortion = new AbortController()
    const request: Request = { key, number: requests.length, abortion, state: 'waiting' }
    requests.push(request)
    line(key).push(request)
    const granted = (release: Release) => {
      request.state = 'holding'
      request.release = release
    }
    const acquired = mutex.acquire(key, { waitMs: 60_000, signal: abortion.signal })
    if (acquired instanceof Promise) acquired.then(granted, () => undefined)
    else granted(acquired)
  }

  const run = (step: Step) => {
    if (step.type === 'acquire') return acquire(step.key)
    const wanted = step.type === 'release' ? 'holding' : 'waiting'
    const able = requests.filter(({ state }) => state === wanted)
    const request = able[step.pick % able.length]
    if (request === undefined) return
    leave(request)
    if (step.type === 'release') request.release?.()
    else request.abortion.abort()
  }

  const check = () => {
    for (const key of KEYS) {
      const [first, ...rest] = line(key)
      if (first !== undefined && first.state !== 'holding') throw new Error('the first holds')
      if (rest.some(({ state }) => state !== 'waiting')) throw new Error('all others wait')
      if (mutex.isHeld(key) !== (first !== undefined)) throw new Error('held when somebody holds')
    }
    const held = KEYS.filter((key) => line(key).length > 0).length
    if (mutex.size !== held) throw new Error('size is the number of keys held')
  }

  const finish = async () => {
    for (const key of KEYS) {
      while (line(key).length > 0) {
        const first = line(key)[0] as Request
        leave(first)
        first.release?.()
        await settle()
      }
    }
    if (mutex.size !== 0) throw new Error('nothing is left')
  }

  return { run, check, finish }
}

it('a lock has one holder, serves in order of arrival, and leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { run, check, finish } = simulation()
      for (const step of steps) {
        run(step)
        await settle()
        check()
      }
      await finish()
    }),
    { numRuns: 500 },
  )
})
