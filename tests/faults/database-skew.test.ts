/** A machine whose clock is wrong, beside a database whose clock is right: THREATS T49. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { databaseHandler, mysql, postgres, type SqlDatabase } from '../../src/handlers/database.js'
import { freshTable } from '../helpers/database-fixture.js'
import { mariadbPool, startMariadb } from '../helpers/mariadb-server.js'
import { startPostgres } from '../helpers/postgres-server.js'
import { describeWith, type Service } from '../helpers/services.js'
import { eventsOf } from '../helpers/sessions.js'

interface Place {
  readonly database: SqlDatabase
  end(): Promise<void>
}

const PLACES: readonly (readonly [string, Service, () => Promise<Place>])[] = [
  [
    'PostgreSQL',
    'postgres',
    async () => {
      const server = await startPostgres()
      const pool = await server.pool({ max: 2 })
      const end = async () => (await pool.end(), await server.stop())
      return { database: postgres(pool), end }
    },
  ],
  [
    'MariaDB',
    'mariadbd',
    async () => {
      const server = await startMariadb()
      const pool = await mariadbPool(server, { connectionLimit: 2 })
      const end = async () => (await pool.end(), await server.stop())
      return { database: mysql(pool), end }
    },
  ],
]

for (const [name, service, open] of PLACES) {
  describeWith(service, `the clock of a machine beside ${name}`, () => {
    let place: Place
    beforeAll(async () => void (place = await open()), 60_000)
    afterAll(() => place.end())

    it.each([
      [120_000, 'database: the clock here is 120 seconds ahead of'],
      [-120_000, 'database: the clock here is 120 seconds behind'],
      [30_000, undefined],
    ])('that is wrong by %i ms is told of once, when gc begins', async (skewMs, told) => {
      const handler = databaseHandler({ database: place.database, table: freshTable() })
      await handler.migrate()
      const chain = composeChain([handler])
      const context = () => createContext({ lock: 'none', now: () => Date.now() + skewMs })

      const warnings = await eventsOf('sessionz:warning', async () => {
        await chain.gc(1440, context())
        await chain.gc(1440, context())
      })

      expect(warnings.map(({ code }) => code)).toEqual(told === undefined ? [] : ['CLOCK_SKEW'])
      expect(warnings[0]?.message.slice(0, told?.length)).toBe(told)
    })
  })
}
