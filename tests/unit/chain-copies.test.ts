import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { migratingHandler } from '../../src/handlers/migrating.js'

const cache = () => cacheHandler({ store: lruCache() })
const others = (): SessionHandler => ({ ...memoryHandler(), name: 'options-table', shared: true })

describe('a chain', () => {
  it.each([
    ['a cache', () => [cache(), others()]],
    ['a memory handler that keeps copies', () => [memoryHandler({ maxAge: 1 }), others()]],
    ['a layer of an application', () => [defineHandler({ name: 'l', copies: true }), others()]],
    ['one of several', () => [defineHandler({ name: 'l' }), cache(), cache(), others()]],
    [
      'a cache above a move from there',
      () => [cache(), migratingHandler({ from: [others()], to: [memoryHandler()], mode: 'lazy' })],
    ],
  ])('with %s above what others change is refused', (_, handlers) => {
    expect(() => composeChain(handlers())).toThrow(/answers from copies, and others change what/)
  })

  it.each([
    ['what nobody else changes', () => [cache(), memoryHandler()]],
    ['a layer without copies', () => [memoryHandler(), others()]],
    [
      'a memory handler that only tells',
      () => [defineHandler({ name: 'l', copies: false }), others()],
    ],
    ['a shared handler above', () => [others(), cache(), memoryHandler()]],
    [
      'a move between stores of its own',
      () => [
        cache(),
        migratingHandler({ from: [memoryHandler()], to: [memoryHandler()], mode: 'lazy' }),
      ],
    ],
  ])('with %s is fine', (_, handlers) => {
    expect(composeChain(handlers())).toBeDefined()
  })
})
