/**
 * A Node application that increments `n` in one session, in a table that PHP's software uses too.
 *
 * Argument: settings as JSON. It says "ready", waits for a line, and says "done".
 */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { setTimeout as work } from 'node:timers/promises'
import {
  databaseHandler,
  laravelLayout,
  mysql,
  postgres,
  symfonyLayout,
  wpSessionManagerLayout,
  type MysqlPool,
  type PostgresPool,
} from '../../../src/handlers/database.js'
import { defuseCipher, encryptionHandler } from '../../../src/handlers/encryption.js'
import { createSessionManager } from '../../../src/manager.js'

/** What the application is told. */
export interface CounterSettings {
  /** A file that lies beside the clients' packages: they are found from there. */
  readonly clients: string
  readonly dialect: 'mysql' | 'postgres'
  readonly pool: object
  readonly layout: keyof typeof LAYOUTS
  readonly table: string
  readonly id: string
  readonly times: number
  /** Of Defuse, where sessions are sealed. */
  readonly key?: string
}

const LAYOUTS = {
  WordPress: wpSessionManagerLayout,
  Symfony: symfonyLayout,
  Laravel: laravelLayout,
}

const settings = JSON.parse(process.argv[2] ?? '') as CounterSettings
const load = createRequire(settings.clients)

function database() {
  if (settings.dialect === 'mysql') {
    const { createPool } = load('mysql2/promise') as { createPool(options: object): MysqlPool }
    return mysql(createPool(settings.pool))
  }
  const { Pool } = load('pg') as { Pool: new (options: object) => PostgresPool }
  return postgres(new Pool(settings.pool))
}

const { table, key, id } = settings
const store = databaseHandler({ database: database(), layout: LAYOUTS[settings.layout](), table })
const sealed = key === undefined ? [] : [encryptionHandler({ cipher: defuseCipher(key) })]
const manager = createSessionManager({ handlers: [...sealed, store], lockWait: 60 })

async function increment(): Promise<void> {
  const session = await manager.start({ id })
  const n = session.get('n') as number
  await work(1)
  session.set('n', n + 1)
  await session.commit()
}

process.stdout.write('ready\n')
await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()
for (let done = 0; done < settings.times; done += 1) await increment()
process.stdout.write('done\n')
process.exit(0)
