/** A record that forwards to another id, as PHP's own handlers see it. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { SessionHandler } from '../../src/handler.js'
import { filesHandler } from '../../src/handlers/files.js'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import { temporaryFolder } from '../helpers/folders.js'
import { memjs, startMemcached } from '../helpers/memcached-server.js'
import { nodeRedisClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith, type Service } from '../helpers/services.js'

/** Where PHP and Node keep the same sessions. */
interface Place {
  readonly handlers: SessionHandler[]
  readonly saveHandler: string
  readonly savePath: string
}

const SERIALIZERS = ['php', 'php_binary', 'php_serialize']

/** What PHP finds under an id, and says of it when it has changed it. */
function visitInPhp({ saveHandler, savePath }: Place, serializer: string, id: string) {
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
  expect(visitInPhp(place, serializer, first.id)).toEqual([true, stub, true, true])
  expect(visitInPhp(place, serializer, session.id)).toEqual([true, { user: 'ada' }, true, true])

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

    await handOver({ handlers, saveHandler: 'files', savePath }, serializer)
    await handlers[0]?.dispose?.()
  })

  inServer('redis-server', 'php-redis', async () => {
    const server = await startRedis()
    const { client, end } = await nodeRedisClient(server.port)
    const place = { saveHandler: 'redis', savePath: `tcp://127.0.0.1:${server.port}` }
    const stop = async () => (await end(), await server.stop())
    return { stop, place: { ...place, handlers: [redisHandler({ client })] } }
  })

  inServer('memcached', 'php-memcached', async () => {
    const server = await startMemcached()
    const client = await memjs(server.port)
    const place = { saveHandler: 'memcached', savePath: `127.0.0.1:${server.port}` }
    const stop = async () => (client.close(), await server.stop())
    return { stop, place: { ...place, handlers: [memcachedHandler({ client })] } }
  })
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
