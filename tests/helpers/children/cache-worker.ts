/**
 * A process with a cache above a store, both in one Redis: a store without locks between it and others
 * would do, but this one has them. It reads and touches the sessions it is told of, as often as it can,
 * and says when it is done with one.
 *
 * Arguments: port, entry of the ioredis package.
 */
import { createInterface } from 'node:readline'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { cacheHandler, redisCache } from '../../../src/handlers/cache.js'
import { redisHandler } from '../../../src/handlers/redis.js'
import type { IoRedisClient } from '../../../src/stores/redis.js'

const [port, entry] = process.argv.slice(2) as [string, string]
const { Redis } = (await import(entry)) as { Redis: new (port: number) => IoRedisClient }
const client = new Redis(Number(port))
const chain = composeChain([cacheHandler({ store: redisCache(client) }), redisHandler({ client })])

const read = (id: string) => chain.read(id, createContext({ id, lock: 'read', readOnly: true }))

/** Under the lock: brings the session into the cache, where it is still there. */
async function touch(id: string): Promise<void> {
  const context = createContext({ id })
  try {
    await chain.open(context)
    const payload = await chain.read(id, context)
    if (payload === undefined) return
    if (id.endsWith('w')) await chain.write(id, payload, context)
    else await chain.updateTimestamp(id, payload, context)
  } finally {
    await chain.close(context)
  }
}

async function race(id: string): Promise<void> {
  await Promise.all([read(id), touch(id), read(id)])
  await Promise.all([touch(id), read(id)])
}

process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [order, ...ids] = line.split(' ')
  if (order === 'race') {
    await Promise.all(ids.map(race))
    process.stdout.write('raced\n')
  } else {
    const found = await Promise.all(ids.map(read))
    process.stdout.write(`${found.filter((payload) => payload !== undefined).length}\n`)
  }
}
