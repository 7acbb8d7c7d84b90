/**
 * A Node process that keeps sessions in a database as an application does.
 *
 * Arguments: where the database is, as JSON; then an id, a task and its number.
 */
import { createInterface } from 'node:readline'
import { composeChain } from '../../../src/chain.js'
import { createContext } from '../../../src/context.js'
import { databaseHandler, type DatabaseHandler } from '../../../src/handlers/database.js'
import { connected, type Whereabouts } from './database-connected.js'

export type { Whereabouts }

const [json, id, task, argument] = process.argv.slice(2) as [string, string, string, string]
const where = JSON.parse(json) as Whereabouts

const { table, lock, leaseMs = 30_000, nowMs } = where
const handler: DatabaseHandler = databaseHandler({
  database: connected(where),
  table,
  lock,
  timeout: 20,
})
const chain = composeChain([handler])
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const heard = async (): Promise<string> => String((await input.next()).value)
const say = (line: string) => void process.stdout.write(`${line}\n`)
const now = nowMs === undefined ? Date.now : () => nowMs
const context = () => createContext({ id, lockWaitMs: 60_000, lockLeaseMs: leaseMs, now })
const text = (payload: Uint8Array | undefined) => Buffer.from(payload ?? 'absent').toString()

/** Increments as a request does: open, read, work, the last write, close. */
async function increment(): Promise<void> {
  const activation = context()
  await chain.open(activation)
  const value = Number(text(await chain.read(id, activation)))
  await new Promise((resolve) => setImmediate(resolve))
  activation.closing = true
  await chain.write(id, Buffer.from(String(value + 1)), activation)
  await chain.close(activation)
}

/** Increments, up to five at the same time. */
async function count(): Promise<void> {
  let left = Number(argument)
  say('ready')
  await heard()
  const lane = async () => {
    while (left > 0) {
      left -= 1
      await increment()
    }
  }
  await Promise.all(Array.from({ length: 5 }, lane))
  say('done')
}

/** Opens, says what it reads, and writes what it is told; says what came of it. */
async function hold(): Promise<void> {
  const activation = context()
  await chain.open(activation)
  say(text(await chain.read(id, activation)))
  const payload = Buffer.from(await heard())
  const written = async () => chain.write(id, payload, activation)
  say(await written().then(String, (error: { code?: string }) => String(error.code)))
  await Promise.resolve(chain.close(activation)).catch(() => undefined)
  say('closed')
}

async function migrate(): Promise<void> {
  say('ready')
  await heard()
  say(await handler.migrate().then(() => 'done', String))
}

/** Collects until nothing is left; says how many it removed. */
async function collect(): Promise<void> {
  say('ready')
  await heard()
  say(String(await chain.gc(1440, createContext({ lock: 'none' }))))
}

const TASKS: Record<string, () => Promise<void>> = { count, hold, migrate, collect }
await TASKS[task]?.()
process.exit(0)
