/** A record that forwards to another id, as PHP's own handlers and its software see it. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import {
  databaseHandler,
  laravelLayout,
  mysql,
  postgres,
  symfonyLayout,
  wpSessionManagerLayout,
  type SqlDatabase,
} from '../../src/handlers/database.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import { freshTable } from '../helpers/database-fixture.js'
import { phpRequest } from '../helpers/database-php.js'
import { temporaryFolder } from '../helpers/folders.js'
import { DATABASE } from '../helpers/mariadb-server.js'
import { memjs, startMemcached } from '../helpers/memcached-server.js'
import { nodeRedisClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith, type Service } from '../helpers/services.js'
import { useMariadb, usePostgres } from '../helpers/use-databases.js'

/** Where PHP and Node keep the same sessions. */
interface Place {
  readonly handlers: SessionHandler[]
  /** What PHP finds under an id, and says of it when it has changed it. */
  visitInPhp(serializer: string, id: string): unknown
}

/** A place of PHP's own handlers. */
interface OwnPlace {
  readonly saveHandler: string
  readonly savePath: string
}

const SERIALIZERS = ['php', 'php_binary', 'php_serialize']

/** By PHP's own handlers. */
function visitor({ saveHandler, savePath }: OwnPlace): Place['visitInPhp'] {
  return (serializer, id) => visitOwn({ saveHandler, savePath }, serializer, id)
}

function visitOwn({ saveHandler, savePath }: OwnPlace, serializer: string, id: string): unknown {
  const settings = {
    save_handler: saveHandler,
    save_path: savePath,
    serialize_handler: serializer,
    use_cookies: '0',
    use_only_cookies: '0',
    cache_limiter: '',
    gc_probability: '0',
    use_strict_mode: '1',
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => [
    '-d',
    `session.${name}=${value}`,
  ])
  const code = `session_id('${id}'); $started = session_start(); $found = $_SESSION;
    $_SESSION['php'] = 1; $closed = session_write_close();
    echo json_encode([$started, $found, session_id() === '${id}', $closed]);`
  const { stdout, stderr } = spawnSync('php', [...flags, '-r', code], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as unknown
}

async function handOver(place: Place, serializer: string): Promise<void> {
  let nowMs = Date.now()
  const { handlers } = place
  const manager = createSessionManager({
    handlers,
    serializer,
    now: () => nowMs,
    gc: { probability: 0 },
  })
  const first = await manager.start()
  first.data['user'] = 'ada'
  await first.commit()
  const session = await manager.start({ id: first.id })
  await session.regenerate({ grace: 5 })
  await session.commit()
  const until = Math.floor(nowMs / 1000) + 5

  const stub = { __sessionz: { movedTo: session.id, until } }
  expect(place.visitInPhp(serializer, first.id)).toEqual([true, stub, true, true])
  expect(place.visitInPhp(serializer, session.id)).toEqual([true, { user: 'ada' }, true, true])

  const late = await manager.start({ id: first.id }, { readOnly: true })
  expect([late.id, late.data]).toEqual([session.id, { user: 'ada', php: 1 }])
  nowMs += 6000
  const refused = await manager.start({ id: first.id })
  expect([refused.rejected, refused.data]).toEqual(['obsolete', {}])
  await refused.abort()
}

describeWith('php', 'a record that forwards', () => {
  it.each(SERIALIZERS)('is a session as others for PHP, in a file of %s', async (serializer) => {
    const savePath = temporaryFolder()
    const handlers = [filesHandler({ savePath })]

    const visitInPhp = visitor({ saveHandler: 'files', savePath })
    await handOver({ handlers, visitInPhp }, serializer)
    await handlers[0]?.dispose?.()
  })

  inServer('redis-server', 'php-redis', async () => {
    const server = await startRedis()
    const { client, end } = await nodeRedisClient(server.port)
    const visitInPhp = visitor({
      saveHandler: 'redis',
      savePath: `tcp://127.0.0.1:${server.port}`,
    })
    const stop = async () => (await end(), await server.stop())
    return { stop, place: { visitInPhp, handlers: [redisHandler({ client })] } }
  })

  inServer('memcached', 'php-memcached', async () => {
    const server = await startMemcached()
    const client = await memjs(server.port)
    const visitInPhp = visitor({
      saveHandler: 'memcached',
      savePath: `127.0.0.1:${server.port}`,
    })
    const stop = async () => (client.close(), await server.stop())
    return { stop, place: { visitInPhp, handlers: [memcachedHandler({ client })] } }
  })
})

/** Databases, as PHP's software keeps sessions there. */
interface Reached {
  readonly database: SqlDatabase
  readonly dsn: string
  readonly user?: string
}

const SOFTWARE = {
  WordPress: [wpSessionManagerLayout, 'php'],
  Symfony: [symfonyLayout, 'php'],
  Laravel: [laravelLayout, 'php_serialize'],
} as const

async function handOverIn(
  { database, ...reached }: Reached,
  software: keyof typeof SOFTWARE,
): Promise<void> {
  const [layout, serializer] = SOFTWARE[software]
  const table = freshTable()
  const handler = databaseHandler({ database, layout: layout(), table })
  await handler.migrate()
  const visitInPhp = (_: string, id: string): unknown =>
    JSON.parse(
      phpRequest(
        { ...reached, software, table, id },
        `$found = $_SESSION; $_SESSION['php'] = 1;
        echo json_encode([true, $found, session_id() === '${id}', true]);`,
      ),
    )
  await handOver({ handlers: [handler], visitInPhp }, serializer)
}

function inDatabase(
  title: string,
  software: readonly (keyof typeof SOFTWARE)[],
  reach: () => Reached,
) {
  it.each(software)(`a record that forwards is a session as others for %s on ${title}`, (each) =>
    handOverIn(reach(), each),
  )
}

describeWith('mariadbd', 'with MariaDB', () => {
  const maria = useMariadb()
  describeWith('php-pdo_mysql', 'and PHP', () =>
    inDatabase('MariaDB', ['WordPress', 'Symfony', 'Laravel'], () => ({
      database: mysql(maria.pool),
      dsn: `mysql:host=127.0.0.1;port=${maria.server.port};dbname=${DATABASE};charset=utf8mb4`,
      user: 'root',
    })),
  )
})

describeWith('postgres', 'with PostgreSQL', () => {
  const pg = usePostgres()
  describeWith('php-pdo_pgsql', 'and PHP', () =>
    inDatabase('PostgreSQL', ['Symfony', 'Laravel'], () => ({
      database: postgres(pg.pool),
      dsn: `pgsql:host=127.0.0.1;port=${pg.server.port};dbname=postgres`,
      user: 'test',
    })),
  )
})

interface Started {
  readonly place: Place
  stop(): Promise<void>
}

function inServer(server: Service, extension: Service, start: () => Promise<Started>): void {
  describeWith(server, server, () => {
    describeWith(extension, extension, () => {
      let started: Started
      beforeAll(async () => void (started = await start()))
      afterAll(() => started.stop())

      describe('too', () => {
        it.each(SERIALIZERS)('under %s', (serializer) => handOver(started.place, serializer))
      })
    })
  })
}
