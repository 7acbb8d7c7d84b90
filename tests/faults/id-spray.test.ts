/** Visitors with ids that nobody issued, each of them another one: THREATS T86, counted in storage. */
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { filesHandler } from '../../src/handlers/files.js'
import { databaseHandler, type SqlDatabase, type SqlQuery } from '../../src/handlers/database.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionHandler } from '../../src/handler.js'
import { redisCommands } from '../../src/stores/redis.js'
import { SQLITE_DRIVER, sqlitePlace } from '../helpers/database-places.js'
import { temporaryFolder } from '../helpers/folders.js'
import { usedBytes } from '../helpers/heap.js'
import { ioRedisClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'
import { recordingHandler, stored } from '../helpers/sessions.js'

/** A hundred thousand with `SESSIONZ_LONG=1`. */
const VISITS = process.env['SESSIONZ_LONG'] === '1' ? 100_000 : 4_000
const LANES = 50
const SLOW = { timeout: 600_000 }

/** Each visit names an id, and leaves without having written anything. */
async function spray(handler: SessionHandler) {
  const calls: string[] = []
  const manager = createSessionManager({
    handlers: [recordingHandler(calls), handler],
    storeTimeout: 20,
    gc: { probability: 0 },
  })
  const mine = await stored(manager, { mine: true })
  calls.length = 0
  const counted = new Map<string, number>()
  let adopted = 0
  const visit = async () => {
    const id = randomBytes(16).toString('hex')
    const session = await manager.start({ cookieHeader: `PHPSESSID=${id}` })
    if (session.id === id || !session.isNew) adopted += 1
    await session.commit()
    for (const call of calls.splice(0)) counted.set(call, (counted.get(call) ?? 0) + 1)
  }
  const before = usedBytes()
  for (let done = 0; done < VISITS; done += LANES) {
    await Promise.all(Array.from({ length: LANES }, visit))
  }
  const grownBytes = usedBytes() - before
  const there = await manager.start({ cookieHeader: mine }, { readOnly: true })
  expect(there.data).toEqual({ mine: true })
  await manager.close()
  return { counted: Object.fromEntries(counted), adopted, grownBytes }
}

/** Looked for, and nothing else: no write, no touch, no destroy. */
function expectNothing({ counted, adopted, grownBytes }: Awaited<ReturnType<typeof spray>>): void {
  expect(adopted).toBe(0)
  expect(counted['open']).toBe(VISITS)
  expect(counted['close']).toBe(VISITS)
  expect(Object.keys(counted).filter((call) => !/^(open|read|close)$/.test(call))).toEqual([])
  expect(grownBytes).toBeLessThan(4_000_000)
}

describe(`${VISITS} made-up ids`, () => {
  it('leave nothing in memory', SLOW, async () => {
    expectNothing(await spray(memoryHandler()))
  })

  it('leave no file and ask for no lock', SLOW, async () => {
    const savePath = temporaryFolder()
    let locks = 0
    const flock = async () => void (locks += 1)
    expectNothing(await spray(filesHandler({ savePath, flock })))

    expect(readdirSync(savePath)).toHaveLength(1)
    // Of the one session that is there: made, and read.
    expect(locks).toBeLessThanOrEqual(6)
  })
})

describe.skipIf(SQLITE_DRIVER === undefined)(`${VISITS} made-up ids in SQLite`, () => {
  it('are selects, and no other statement', SLOW, async () => {
    const { database, where } = sqlitePlace()
    const statements = new Map<string, number>()
    const watching =
      (query: SqlQuery): SqlQuery =>
      (statement, parameters) => {
        const [word = ''] = statement.split(' ')
        statements.set(word, (statements.get(word) ?? 0) + 1)
        return query(statement, parameters)
      }
    const watched: SqlDatabase = { ...database, query: watching(database.query) }
    const handler = databaseHandler({ database: watched, table: where.table })
    await handler.migrate()
    const rows = () => database.query(`SELECT COUNT(*) AS n FROM ${where.table}_locks`, [])

    statements.clear()
    expectNothing(await spray(handler))

    expect((await rows()).rows[0]?.['n']).toBe(0)
    expect(Object.fromEntries(statements)).toMatchObject({ SELECT: VISITS + 1, INSERT: 1 })
  })
})

describeWith('redis-server', `${VISITS} made-up ids in Redis`, () => {
  it('are one script each, which only reads', SLOW, async () => {
    const server = await startRedis()
    const { client, end } = await ioRedisClient(server.port)
    try {
      const { send } = redisCommands(client)
      const handler = redisHandler({ client, timeout: 20 })
      await send('', ['CONFIG', 'RESETSTAT'])
      expectNothing(await spray(handler))
      const stats = String(await send('', ['INFO', 'commandstats']))
      const count = (command: string, what: string) =>
        Number(new RegExp(`cmdstat_${command}:.*\\b${what}=(\\d+)`).exec(stats)?.[1] ?? 0)
      const calls = (command: string) => count(command, 'calls') - count(command, 'failed_calls')
      const writes = ['set', 'setex', 'expire', 'pexpire', 'del', 'zadd'].map(calls)

      // The one session that is there was set once.
      expect(writes).toEqual([1, 0, 0, 0, 0, 0])
      expect(calls('evalsha') + calls('eval')).toBe(VISITS)
      expect(Number(await send('', ['DBSIZE']))).toBe(1)
    } finally {
      await end()
      await server.stop()
    }
  })
})
