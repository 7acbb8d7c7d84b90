/** Of the processes over one store, one collects at a time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { databaseHandler, mysql, postgres, type SqlDatabase } from '../../src/handlers/database.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memoryHandler } from '../../src/handlers/memory.js'
import { optionsTableHandler } from '../../src/handlers/options-table.js'
import { sqlRunner } from '../../src/lib/sql-run.js'
import { asLeader } from '../../src/locks/sql-leader.js'
import { talkToNode } from '../helpers/children.js'
import { freshTable } from '../helpers/database-fixture.js'
import type { Daemon } from '../helpers/daemon.js'
import { temporaryFolder } from '../helpers/folders.js'
import { mariadbPool, rowsOf, startMariadb } from '../helpers/mariadb-server.js'
import { startPostgres } from '../helpers/postgres-server.js'
import { describeWith } from '../helpers/services.js'
import { eventsOf, fixture, stored } from '../helpers/sessions.js'
import { optionsTable } from '../helpers/wordpress.js'

/** Makes three sessions that are over. */
async function expired(handler: SessionHandler) {
  const made = fixture({ handlers: [handler], gc: { maxLifetime: 60, probability: 0 } })
  for (let n = 0; n < 3; n += 1) await stored(made.manager, { n })
  made.advance(120)
  return made.manager
}

/** Leads until it is let go. */
function leader(database: SqlDatabase, table: string) {
  const run = sqlRunner({ handler: 'test', dialect: database.dialect, timeoutMs: 5000 })
  let letGo = (_: number): void => undefined
  const led = new Promise<number>((resolve) => void (letGo = resolve))
  let elected = (): void => undefined
  const isElected = new Promise<void>((resolve) => void (elected = resolve))
  const done = asLeader({ database, run, table }, () => (elected(), led))
  return { isElected, end: async () => (letGo(0), await done) }
}

async function leaves(database: SqlDatabase, table: string, handler: SessionHandler) {
  const manager = await expired(handler)
  const other = leader(database, table)
  await other.isElected

  expect(await manager.gc()).toBe(0)
  expect(await manager.count()).toBe(0) // nobody is served what is over
  await other.end()
  expect(await manager.gc()).toBe(3)
  expect(await manager.gc()).toBe(0)
}

describeWith('postgres', 'gc in PostgreSQL', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  beforeAll(async () => void (server = await startPostgres()), 60_000)
  afterAll(() => server.stop())

  it('is left to the process that is at it, and needs one connection', async () => {
    const [pool, others] = [await server.pool({ max: 1 }), await server.pool({ max: 1 })]
    const table = freshTable()
    const handler = databaseHandler({ database: postgres(pool), table, timeout: 5 })
    await handler.migrate()

    await leaves(postgres(others), table, handler)
    await pool.end()
    await others.end()
  })
})

describeWith('mariadbd', 'gc in MariaDB', () => {
  let server: Daemon
  beforeAll(async () => void (server = await startMariadb()), 120_000)
  afterAll(() => server.stop())

  const pools = () =>
    Promise.all([1, 2].map(() => mariadbPool(server, { connectionLimit: 1 }))) as Promise<
      [Awaited<ReturnType<typeof mariadbPool>>, Awaited<ReturnType<typeof mariadbPool>>]
    >

  it('is left to the process that is at it, and needs one connection', async () => {
    const [pool, others] = await pools()
    const table = freshTable()
    const handler = databaseHandler({ database: mysql(pool), table, timeout: 5 })
    await handler.migrate()

    await leaves(mysql(others), table, handler)
    await pool.end()
    await others.end()
  })

  it("is left to it in WordPress' options, too", async () => {
    const [pool, others] = await pools()
    await rowsOf(pool, optionsTable())
    const handler = optionsTableHandler({ database: mysql(pool), timeout: 5 })

    await leaves(mysql(others), 'wp_options', handler)
    await pool.end()
    await others.end()
  })
})

describeWith('flock', 'gc of files', () => {
  it('is left to the process that is at it', async () => {
    const savePath = temporaryFolder()
    const manager = await expired(filesHandler({ savePath }))
    const path = join(savePath, 'sessionz-gc.lock')
    const other = spawn('flock', ['-x', path, 'sh', '-c', 'echo held; cat'])
    await once(other.stdout, 'data')

    expect(await manager.gc()).toBe(0)
    other.stdin.end()
    await once(other, 'exit')

    expect(await manager.gc()).toBe(3)
    expect(existsSync(path)).toBe(false)
    await manager.close()
  })
})

describeWith('perl', 'gc of files by eight processes (THREATS T52)', () => {
  it('removes each session once, and no live one', async () => {
    const savePath = temporaryFolder()
    const long = Date.now() / 1000 - 3600
    for (let n = 0; n < 500; n += 1) {
      const path = join(savePath, `sess_${String(n).padStart(32, '0')}`)
      writeFileSync(path, 'n|i:1;', { mode: 0o600 })
      utimesSync(path, long, long)
    }
    const live = join(savePath, `sess_${'a'.repeat(32)}`)
    writeFileSync(live, 'n|i:1;', { mode: 0o600 })
    const args = [savePath, '', '{}', 'collect']
    const collector = async () => {
      const worker = await talkToNode('tests/helpers/children/files-worker.ts', args)
      expect(await worker.line()).toBe('ready')
      return async () => {
        worker.say('go')
        return Number(await worker.line())
      }
    }
    const eight = await Promise.all(Array.from({ length: 8 }, collector))
    const counts = await Promise.all(eight.map((collect) => collect()))
    // What a machine that stands still made look used is left to the next ones that collect.
    for (let more = 0; more < 10 && readdirSync(savePath).length > 1; more += 1) {
      counts.push(await (await collector())())
    }

    expect(counts.reduce((sum, count) => sum + count)).toBe(500)
    expect(readdirSync(savePath)).toEqual([`sess_${'a'.repeat(32)}`])
  }, 60_000)
})

describe('gc when the manager is closed', () => {
  it('ends after its batch, and is waited for', async () => {
    const store = memoryHandler()
    const { manager, advance } = fixture({
      handlers: [store],
      gc: { maxLifetime: 60, probability: 0 },
    })
    for (let n = 0; n < 20_000; n += 1) await stored(manager, { n })
    advance(120)

    const events = await eventsOf('sessionz:gc', async () => {
      const collecting = manager.gc()
      await manager.close()
      expect(await collecting).toBeLessThan(20_000)
    })

    expect(events).toHaveLength(1)
  })
})
