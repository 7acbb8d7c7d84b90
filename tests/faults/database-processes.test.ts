/**
 * Several processes on one database: what is killed, stopped, or done by all of them at once; gc by
 * eight of them is THREATS T52.
 */
import { describe, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { databaseHandler } from '../../src/handlers/database.js'
import type { SqlLockKind } from '../../src/handlers/database.js'
import {
  SQLITE_DRIVER,
  databaseWorker,
  sqlitePlace,
  type DatabasePlace,
} from '../helpers/database-places.js'
import { describeWith } from '../helpers/services.js'
import { useMariadb, usePostgres } from '../helpers/use-databases.js'

const ID = 'a'.repeat(32)
const OTHER = 'b'.repeat(32)
/** Eight with `SESSIONZ_LONG=1`. */
const COLLECTORS = process.env['SESSIONZ_LONG'] === '1' ? 8 : 3
const PATIENT = { timeout: 120_000 }
const bytes = (text: string) => new Uint8Array(Buffer.from(text))

/** A place with its tables, and the chain of this process. */
async function prepared(place: DatabasePlace, lock?: SqlLockKind) {
  const { table } = place.where
  const handler = databaseHandler({ database: place.database, table, lock, timeout: 20 })
  await handler.migrate()
  const chain = composeChain([handler])
  const write = async (id: string, text: string, now = Date.now) =>
    chain.write(id, bytes(text), createContext({ isNew: true, lock: 'none', now }))
  const read = async (id: string) => {
    const payload = await chain.read(id, createContext({ lock: 'none' }))
    return payload && Buffer.from(payload).toString()
  }
  return { handler, chain, write, read, where: { ...place.where, lock } }
}

interface Kind {
  readonly place: () => DatabasePlace
  readonly lock?: SqlLockKind
}

/** What holds on every database and with every kind of lock. */
function promises({ place, lock }: Kind): void {
  it(
    'loses no increment of three processes, each with five requests at once',
    PATIENT,
    async () => {
      const { write, read, where } = await prepared(place(), lock)
      await write(ID, '0')
      const workers = await Promise.all(
        [1, 2, 3].map(() => databaseWorker(where, ID, 'count', 100)),
      )
      for (const worker of workers) expect(await worker.line()).toBe('ready')
      for (const worker of workers) worker.say('go')
      for (const worker of workers) expect(await worker.line()).toBe('done')

      expect(await read(ID)).toBe('300')
    },
  )

  it('frees the session of a process that was killed', PATIENT, async () => {
    const { write, read, chain, where } = await prepared(place(), lock)
    await write(ID, 'old')
    const holder = await databaseWorker({ ...where, leaseMs: 1000 }, ID, 'hold')
    expect(await holder.line()).toBe('old')
    holder.kill()
    await holder.ended
    const started = performance.now()
    const next = createContext({ id: ID, lockWaitMs: 10_000 })
    await chain.open(next)
    const waitedMs = performance.now() - started
    expect(await chain.write(ID, bytes('new'), next)).toBe(true)
    await chain.close(next)

    expect(waitedMs).toBeLessThan(2000)
    expect(await read(ID)).toBe('new')
  })

  it('lets a process that hung write nothing over what others wrote since', PATIENT, async () => {
    const { write, read, chain, where } = await prepared(place(), lock)
    await write(ID, 'old')
    const holder = await databaseWorker({ ...where, leaseMs: 1000 }, ID, 'hold')
    expect(await holder.line()).toBe('old')
    process.kill(holder.pid, 'SIGSTOP')
    const next = createContext({ id: ID, lockWaitMs: 10_000 })
    await chain.open(next)
    expect(await chain.write(ID, bytes('new'), next)).toBe(true)
    await chain.close(next)
    process.kill(holder.pid, 'SIGCONT')
    holder.say('late')

    expect(await holder.line()).toBe('ERR_SESSION_LOCK_LOST')
    expect(await holder.line()).toBe('closed')
    expect(await read(ID)).toBe('new')
  })

  it('keeps the lock of a process that works for longer than a lease', PATIENT, async () => {
    const { write, chain, where } = await prepared(place(), lock)
    await write(ID, 'old')
    const holder = await databaseWorker({ ...where, leaseMs: 300 }, ID, 'hold')
    expect(await holder.line()).toBe('old')
    const impatient = createContext({ id: ID, lockWaitMs: 1000 })
    await expect(Promise.resolve(chain.open(impatient))).rejects.toMatchObject({
      code: 'ERR_SESSION_LOCK_TIMEOUT',
    })
    await chain.close(impatient)
    holder.say('mine')

    expect(await holder.line()).toBe('true')
  })

  it('makes its tables once when eight processes ask for it at once', PATIENT, async () => {
    const { where } = place()
    const args = [{ ...where, lock }, ID, 'migrate'] as const
    const workers = await Promise.all(Array.from({ length: 8 }, () => databaseWorker(...args)))
    for (const worker of workers) await worker.line()
    for (const worker of workers) worker.say('go')

    for (const worker of workers) expect(await worker.line()).toBe('done')
  })

  it(
    `removes each expired session once when ${COLLECTORS} processes collect`,
    PATIENT,
    async () => {
      const { write, read, where } = await prepared(place(), lock)
      const longAgo = () => Date.now() - 3_600_000
      for (let index = 0; index < 3000; index += 1) await write(`old-${index}`, 'x', longAgo)
      await write(OTHER, 'live')
      const workers = await Promise.all(
        Array.from({ length: COLLECTORS }, () => databaseWorker(where, ID, 'collect')),
      )
      for (const worker of workers) await worker.line()
      for (const worker of workers) worker.say('go')
      const counts = await Promise.all(workers.map(async (worker) => Number(await worker.line())))

      expect(counts.reduce((sum, count) => sum + count)).toBe(3000)
      // SQLite has one writer at a time, so there is none to be elected.
      if (where.dialect !== 'sqlite') expect(counts.filter((count) => count > 0)).toEqual([3000])
      expect(await read(OTHER)).toBe('live')
    },
  )

  it('brings none of 1000 destroyed sessions back', PATIENT, async () => {
    const { write, read, chain } = await prepared(place(), lock)
    let back = 0
    for (let round = 0; round < 1000; round += 1) {
      const id = `session-${round}`
      await write(id, 'logged in')
      const late = createContext({ id, lock: 'none' })
      await chain.read(id, late)
      const [, written] = await Promise.all([
        chain.destroy(id, createContext({ id, lock: 'none' })),
        chain.write(id, bytes('late'), late),
        chain.updateTimestamp(id, bytes('late'), createContext({ id, lock: 'none' })),
      ])
      if ((await read(id)) !== undefined) back += 1
      if (written && (await chain.write(id, bytes('later'), late))) back += 1
    }

    expect(back).toBe(0)
  })
}

describe.skipIf(SQLITE_DRIVER === undefined)('processes on SQLite', () => {
  promises({ place: sqlitePlace })
})

describeWith('postgres', 'processes on PostgreSQL', () => {
  const { place } = usePostgres()

  describe('with leases', () => promises({ place }))
  describe('with locks of rows', () => promises({ place, lock: 'connection' }))
})

describeWith('mariadbd', 'processes on MariaDB', () => {
  const { place } = useMariadb()

  describe('with leases', () => promises({ place }))
  describe('with locks of rows', () => promises({ place, lock: 'connection' }))
})
