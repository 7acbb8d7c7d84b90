/**
 * A Node process that serves requests of some sessions until it is told to stop, or all are gone.
 *
 * Arguments as JSON: where the sessions are, and their ids: those that others serve as well, and those
 * that get another id with every third request.
 */
import { createInterface } from 'node:readline'
import { databaseHandler } from '../../../src/handlers/database.js'
import { redisHandler } from '../../../src/handlers/redis.js'
import { createSessionManager } from '../../../src/manager.js'
import type { IoRedisClient } from '../../../src/stores/redis.js'
import { connected, type Whereabouts } from './database-connected.js'

/** A database, or the port of a Redis and the URL of the package `ioredis`. */
export type OwnerPlace = Whereabouts | { readonly port: number; readonly url: string }

export interface Visitors {
  readonly shared: readonly string[]
  readonly moving: readonly string[]
}

const [json, list] = process.argv.slice(2) as [string, string]
const place = JSON.parse(json) as OwnerPlace
const { shared, moving } = JSON.parse(list) as Visitors
const ids = [...shared, ...moving]

async function handler() {
  if (!('port' in place)) {
    return databaseHandler({ database: connected(place), table: place.table, timeout: 20 })
  }
  const { Redis } = (await import(place.url)) as { Redis: new (port: number) => IoRedisClient }
  return redisHandler({ client: new Redis(place.port), timeout: 20 })
}

const manager = createSessionManager({
  handlers: [await handler()],
  gc: { probability: 0 },
  storeTimeout: 20,
  lockWait: 60,
})
const held = new Set(ids)
let stopped = false
let requests = 0

/** Between two requests of one visitor, in milliseconds. */
const PAUSE_MS = 20
const pause = () => new Promise((resolve) => void setTimeout(resolve, PAUSE_MS))

/** Requests of one visitor, one after the other, until the session is gone. */
async function visit(first: string): Promise<void> {
  const moves = moving.includes(first)
  let id = first
  while (!stopped) {
    const session = await manager.start({ id })
    if (session.isNew) return
    session.set('requests', Number(session.get('requests') ?? 0) + 1)
    if (moves && requests % 3 === 0) await session.regenerate()
    await session.commit()
    requests += 1
    id = session.id
    held.add(id)
    if (requests === ids.length * 2) process.stdout.write('serving\n')
    await pause() // visitors read, too; and SQLite has one writer
  }
}

const visits = Promise.all(ids.map(visit))
createInterface({ input: process.stdin }).once('line', () => (stopped = true))
await visits
process.stdout.write(`${JSON.stringify([...held])}\n`, () => process.exit())
