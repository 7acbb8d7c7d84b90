import { describe, expect, it } from 'vitest'
import { composeChain, isBase } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { defineHandler, type HandlerDefinition, type SessionHandler } from '../../src/handler.js'

const bytes = Uint8Array.of(1, 2, 3)

/** A layer that notes each read and write it sees. */
function noting(name: string, notes: string[]): SessionHandler {
  return defineHandler({
    name,
    read(id, context, next) {
      notes.push(`${name}:read`)
      return next(id, context)
    },
    write(id, payload, context, next) {
      notes.push(`${name}:write`)
      return next(id, payload, context)
    },
  })
}

function storing(extra: Partial<HandlerDefinition> = {}): SessionHandler {
  const kept = new Map<string, Uint8Array>()
  return defineHandler({
    name: 'storing',
    read: (id) => kept.get(id),
    write: (id, payload) => kept.set(id, payload).has(id),
    ...extra,
  })
}

describe('the base of an empty chain', () => {
  const chain = composeChain([])
  const context = createContext()

  it('reads absent, accepts every write, collects nothing', () => {
    expect(chain.open(context)).toBeUndefined()
    expect(chain.read('a', context)).toBeUndefined()
    expect(chain.write('a', bytes, context)).toBe(true)
    expect(chain.updateTimestamp('a', bytes, context)).toBe(true)
    expect(chain.destroy('a', context)).toBe(false)
    expect(chain.gc(1, context)).toBe(0)
    expect(chain.close(context)).toBeUndefined()
  })

  it('offers none of the optional operations', () => {
    expect(chain.validateId).toBeUndefined()
    expect(chain.createId).toBeUndefined()
    expect(chain.list).toBeUndefined()
    expect(chain.count).toBeUndefined()
  })
})

describe('order', () => {
  it('runs the first handler outermost, for reads and for writes', () => {
    const notes: string[] = []
    const chain = composeChain([noting('first', notes), noting('second', notes), storing()])

    chain.write('a', bytes, createContext())
    chain.read('a', createContext())

    expect(notes).toEqual(['first:write', 'second:write', 'first:read', 'second:read'])
  })
})

describe('sync stays sync', () => {
  it('returns plain values through ten layers', () => {
    const layers = Array.from({ length: 10 }, (_, index) => noting(`layer${index}`, []))
    const chain = composeChain([...layers, storing()])
    const context = createContext()

    expect(chain.write('a', bytes, context)).toBe(true)
    expect(chain.read('a', context)).toBe(bytes)
  })

  it('hands a promise of the innermost handler up untouched', async () => {
    const promise = Promise.resolve(bytes)
    const chain = composeChain([
      noting('layer', []),
      defineHandler({ name: 'p', read: () => promise }),
    ])

    expect(chain.read('a', createContext())).toBe(promise)
    expect(await promise).toBe(bytes)
  })
})

describe('next', () => {
  it('refuses a second call within one operation', () => {
    const twice = defineHandler({
      name: 'twice',
      read(id, context, next) {
        void next(id, context)
        return next(id, context)
      },
    })
    const chain = composeChain([twice, storing()])

    expect(() => chain.read('a', createContext())).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_STATE' }),
    )
  })

  it('refuses a second call that comes late', async () => {
    const late = defineHandler({
      name: 'late',
      async read(id, context, next) {
        await next(id, context)
        return next(id, context)
      },
    })
    const chain = composeChain([late, storing()])

    await expect(chain.read('a', createContext())).rejects.toMatchObject({
      code: 'ERR_SESSION_STATE',
    })
  })

  it('may be called once in each of many operations of one activation', () => {
    const notes: string[] = []
    const chain = composeChain([noting('layer', notes), storing()])
    const context = createContext()

    for (let round = 0; round < 3; round += 1) chain.read('a', context)

    expect(notes).toHaveLength(3)
  })

  it('tells the innermost handler that nothing is below, also through layers that pass', () => {
    const seen: boolean[] = []
    const probe = (name: string) =>
      defineHandler({
        name,
        read(id, context, next) {
          seen.push(isBase(next))
          return next(id, context)
        },
      })
    const chain = composeChain([probe('outer'), defineHandler({ name: 'pass' }), probe('inner')])

    chain.read('a', createContext())

    expect(seen).toEqual([false, true])
  })

  it('keeps `this` for handlers written as classes', () => {
    class Counting {
      readonly name = 'counting'
      reads = 0
      open(): void {}
      close(): void {}
      read(): undefined {
        this.reads += 1
      }
      write(): boolean {
        return true
      }
      destroy(): boolean {
        return false
      }
      gc(): number {
        return 0
      }
    }
    const handler = new Counting()

    composeChain([handler]).read('a', createContext())

    expect(handler.reads).toBe(1)
  })
})

describe('operations a handler leaves out', () => {
  it('asks a handler that cannot touch to write, in the middle of the chain too', () => {
    const notes: string[] = []
    const touching = defineHandler({
      name: 'touching',
      updateTimestamp(id, payload, context, next) {
        notes.push('touch')
        return next(id, payload, context)
      },
    })
    const chain = composeChain([touching, noting('transform', notes), storing()])

    expect(chain.updateTimestamp('a', bytes, createContext())).toBe(true)
    expect(notes).toEqual(['touch', 'transform:write'])
    expect(chain.read('a', createContext())).toBe(bytes)
  })

  it('touches where every handler can', () => {
    const notes: string[] = []
    const chain = composeChain([
      storing({
        updateTimestamp: () => {
          notes.push('touch')
          return true
        },
      }),
    ])

    chain.updateTimestamp('a', bytes, createContext())

    expect(notes).toEqual(['touch'])
    expect(chain.read('a', createContext())).toBeUndefined()
  })

  it('validates by reading where only an outer handler validates', async () => {
    const outer = defineHandler({
      name: 'outer',
      validateId: (id, context, next) => next(`x${id}`, context),
    })
    const chain = composeChain([outer, storing()])
    chain.write('xa', bytes, createContext())

    expect(await chain.validateId?.('a', createContext())).toBe(true)
    expect(await chain.validateId?.('b', createContext())).toBe(false)
  })

  it('refuses to make an id when nobody below does', () => {
    const asking = defineHandler({ name: 'asking', createId: (context, next) => next(context) })

    expect(() => composeChain([asking]).createId?.(createContext())).toThrow(/no handler below/)
  })

  it('refuses to list and count where the innermost handler cannot', () => {
    const asking = defineHandler({
      name: 'asking',
      list: (context, next) => next(context),
      count: (context, next) => next(context),
    })
    const chain = composeChain([asking, storing()])
    const state = expect.objectContaining({ code: 'ERR_SESSION_STATE' }) as Error

    expect(() => chain.list?.(createContext())).toThrow(state)
    expect(() => chain.count?.(createContext())).toThrow(state)
  })

  it('lists and counts nothing below a handler that asks the base', async () => {
    const asking = defineHandler({
      name: 'asking',
      list: (context, next) => next(context),
      count: (context, next) => next(context),
    })
    const chain = composeChain([asking])

    const listed = []
    for await (const info of chain.list?.(createContext()) ?? []) listed.push(info)

    expect(listed).toEqual([])
    expect(chain.count?.(createContext())).toBe(0)
  })
})

describe('misuse', () => {
  it.each<[string, readonly unknown[], RegExp]>([
    ['something that is no handler', [null], /handlers\[0\] has no "open"/],
    ['an object without operations', [{ name: 'bare' }], /defineHandler/],
  ])('refuses %s', (_, handlers, message) => {
    expect(() => composeChain(handlers as SessionHandler[])).toThrow(message)
  })

  it('refuses the same handler twice and more than 31 handlers', () => {
    const one = storing()
    const many = Array.from({ length: 32 }, () => storing())

    expect(() => composeChain([one, one])).toThrow(TypeError)
    expect(() => composeChain(many)).toThrow(RangeError)
  })

  it('refuses a definition without a name or with a value that is no function', () => {
    expect(() => defineHandler({ name: '' })).toThrow(TypeError)
    expect(() => defineHandler({ name: 'x', read: 5 as never })).toThrow(
      /"read" must be a function/,
    )
  })
})
