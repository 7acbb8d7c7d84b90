/**
 * What one pass-through layer costs: a read through ten layers against the same read through none,
 * beside koa-compose and closures of async functions over the same leaf.
 */
import { createRequire } from 'node:module'
import { bench, describe } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { defineHandler, type SessionHandler } from '../../src/handler.js'

type Compose = (
  layers: ((context: object, next: () => unknown) => unknown)[],
) => (context: object) => unknown

const payload = new Uint8Array(200)
const options = { time: 500, warmupTime: 200 }
const ROUNDS = 1000

const leaf = (): SessionHandler => defineHandler({ name: 'leaf', read: () => payload })
const layer = (index: number): SessionHandler =>
  defineHandler({ name: `layer${index}`, read: (id, context, next) => next(id, context) })

function readThrough(layers: number): () => void {
  const handlers = Array.from({ length: layers }, (_, index) => layer(index))
  const chain = composeChain([...handlers, leaf()])
  const context = createContext()
  return () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      if (chain.read('id', context) !== payload) throw new Error('lost')
    }
  }
}

function asyncClosures(layers: number): () => Promise<void> {
  let read: (id: string) => Promise<Uint8Array> = async () => payload
  for (let index = 0; index < layers; index += 1) {
    const next = read
    read = async (id) => await next(id)
  }
  return async () => {
    for (let round = 0; round < ROUNDS; round += 1) await read('id')
  }
}

function koaCompose(): Compose | undefined {
  try {
    const require = createRequire(new URL('../interop/package.json', import.meta.url))
    return require('koa-compose') as Compose
  } catch {
    return undefined
  }
}

describe('1000 reads', () => {
  bench('sessionz, no layer', readThrough(0), options)
  bench('sessionz, ten layers', readThrough(10), options)
  bench('closures of async functions, ten layers', asyncClosures(10), options)
  const compose = koaCompose()
  bench.skipIf(compose === undefined)(
    'koa-compose, ten layers',
    async () => {
      const layers = Array.from({ length: 10 }, () => (_: object, next: () => unknown) => next())
      const composed = compose!([...layers, () => payload])
      for (let round = 0; round < ROUNDS; round += 1) await composed({})
    },
    options,
  )
})
