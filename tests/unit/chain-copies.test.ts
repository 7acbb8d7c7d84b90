import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'
import { cacheHandler, lruCache } from '../../src/handlers/cache.js'
import {
  databaseHandler,
  laravelLayout,
  symfonyLayout,
  wpSessionManagerLayout,
  type Layout,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { migratingHandler } from '../../src/handlers/migrating.js'
import { optionsTableHandler } from '../../src/handlers/options-table.js'

/** Never asked: a chain is refused before. */
const database = (dialect: SqlDatabase['dialect']): SqlDatabase => ({
  dialect,
  query: () => ({ rows: [], changes: 0 }),
  connect: () => ({ query: () => ({ rows: [], changes: 0 }), release: () => undefined }),
})
const tableOf = (layout?: Layout) => databaseHandler({ database: database('mysql'), layout })
const cache = () => cacheHandler({ store: lruCache() })
const others = (): SessionHandler => ({ ...memoryHandler(), name: 'options-table', shared: true })

describe('a chain', () => {
  it.each([
    ['a cache', () => [cache(), others()]],
    [
      "a cache above WP Session Manager's table",
      () => [cache(), tableOf(wpSessionManagerLayout())],
    ],
    ["a cache above Symfony's table", () => [cache(), tableOf(symfonyLayout())]],
    ["a cache above Laravel's table", () => [cache(), tableOf(laravelLayout())]],
    [
      "a cache above WordPress' options",
      () => [cache(), optionsTableHandler({ database: database('mysql') })],
    ],
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
    ['a table of its own', () => [cache(), tableOf()]],
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
