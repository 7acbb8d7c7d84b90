/**
 * A Node process that holds sessions in Redis open and writes them when it is told to.
 *
 * Arguments: port, URL of the package `ioredis`, how many sessions, their lease in milliseconds.
 */
import { createInterface } from 'node:readline'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { redisHandler } from '../../../src/handlers/redis.js'
import type { IoRedisClient } from '../../../src/stores/redis.js'

const [port, url, count, lockLeaseMs] = process.argv.slice(2)
const { Redis } = (await import(url as string)) as { Redis: new (port: number) => IoRedisClient }
const chain = composeChain([redisHandler({ client: new Redis(Number(port)) })])
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const contexts = Array.from({ length: Number(count) }, (_, index) =>
  createContext({ id: `held${index}-`.padEnd(32, '0'), lockLeaseMs: Number(lockLeaseMs) }),
)
await Promise.all(contexts.map(async (context) => chain.open(context)))
process.stdout.write('holding\n')
await input.next()
const outcomes = await Promise.all(
  contexts.map(async (context) => {
    try {
      return await chain.write(context.id as string, Buffer.from('late'), context)
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await chain.close(context)
    }
  }),
)
process.stdout.write(`${JSON.stringify(outcomes)}\n`)
process.exit()
