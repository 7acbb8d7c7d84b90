/** phpredis and our handler serve the same sessions out of one Redis, at the same time. */
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { composeChain } from '../../src/chain.js'
import { createContext } from '../../src/context.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import type { Session } from '../../src/session.js'
import { redisCommands, type RedisWord } from '../../src/stores/redis.js'
import { bundled } from '../helpers/children.js'
import type { Daemon } from '../helpers/daemon.js'
import { get } from '../helpers/live.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import {
  monitor,
  phpredis,
  runPhpredis,
  servePhpredis,
  type Monitor,
} from '../helpers/redis-php.js'
import { startRedis } from '../helpers/redis-server.js'
import { startNode, type Served } from '../helpers/servers.js'
import { describeWith } from '../helpers/services.js'

const ROUNDS = 5
const PREFIX = 'PHPREDIS_SESSION:'
const ROUTER = fileURLToPath(new URL('./live/counter.php', import.meta.url))
const interop = createRequire(import.meta.url)
const module = (name: string) => pathToFileURL(interop.resolve(name)).href

const idOf = (label: string) => label.padEnd(32, '0')
const idFrom = (headers: Headers) =>
  /PHPSESSID=([^;]+)/.exec(headers.getSetCookie().at(-1) ?? '')?.[1] ?? ''

describeWith('redis-server', 'sessions in Redis', () => {
  describeWith('php-redis', 'of PHP and Node', () => {
    let daemon: Daemon
    let open: TestClient
    let ear: Monitor
    let script: string
    let php: Served
    let nodes: Served[]

    const env = (client: string, more: Record<string, string> = {}) => ({
      PORT: String(daemon.port),
      CLIENT: module(client),
      ...more,
    })
    const send = (words: readonly [command: string, ...RedisWord[]]) =>
      redisCommands(open.client).send(String(words[1]), words)
    const put = (id: string, text: string) => send(['SET', PREFIX + id, text, 'EX', '1440'])
    const stored = async (id: string) =>
      ((await send(['GET', PREFIX + id])) as Buffer | null)?.toString('latin1')
    const manager = () =>
      createSessionManager({ handlers: [redisHandler({ client: open.client })], serializer: 'php' })

    beforeAll(async () => {
      daemon = await startRedis()
      open = await ioRedisClient(daemon.port)
      ear = await monitor(daemon.port)
      script = await bundled('tests/interop/live/redis-counter.ts')
      nodes = [await startNode(script, env('ioredis')), await startNode(script, env('redis'))]
      php = await servePhpredis(ROUTER, phpredis(daemon.port))
    }, 60_000)

    afterAll(async () => {
      await Promise.all([php, ...nodes].map((server) => server.stop()))
      ear.end()
      await open.end()
      await daemon.stop()
    })

    it(
      `add up 200 parallel increments to 200, ${ROUNDS} times without a miss`,
      async () => {
        const origins = [php, nodes[0], php, nodes[1]].map((server) => server!.origin)
        const counts: (string | undefined)[] = []
        for (let round = 0; round < ROUNDS; round += 1) {
          const id = idOf(`round${round}-`)
          await put(id, 'n|i:0;')
          const visits = Array.from({ length: 200 }, (_, index) =>
            get(origins[index % 4] as string, '/increment', id),
          )
          const statuses = (await Promise.all(visits)).map(({ status }) => status)
          expect(new Set(statuses)).toEqual(new Set([200]))
          counts.push(await stored(id))
        }

        expect(counts).toEqual(Array.from({ length: ROUNDS }, () => 'n|i:200;'))
      },
      ROUNDS * 30_000,
    )

    it('hand a login from PHP to Node and back, byte for byte', async () => {
      const id = idFrom((await get(php.origin, '/login', '')).headers)
      const before = (await stored(id)) ?? ''

      await get(nodes[0]!.origin, '/increment', id)
      const after = await stored(id)
      const described = await get(php.origin, '/describe', id)

      const at = before.lastIndexOf('i:0;')
      expect(after).toBe(`${before.slice(0, at)}i:1;${before.slice(at + 4)}`)
      expect(described.body).toContain('object(Cart)')
      expect(described.body).toContain('float(5)')
      expect(described.body).toContain('["n"]=>\n  int(1)')
    })

    it('end for PHP when Node destroys them, and for Node when PHP does', async () => {
      const first = idFrom((await get(php.origin, '/login', '')).headers)
      await get(nodes[1]!.origin, '/logout', first)
      const second = idFrom((await get(nodes[0]!.origin, '/visit', '')).headers)
      await runPhpredis(second, 'session_start(); session_destroy();', phpredis(daemon.port))

      const fromPhp = await get(php.origin, '/', first)
      const fromNode = await get(nodes[1]!.origin, '/', second)

      expect(fromPhp.body).toBe('none')
      expect(idFrom(fromPhp.headers)).not.toBe(first)
      expect(fromNode.body).toBe('none')
      expect(await stored(first)).toBeUndefined()
      expect(await stored(second)).toBeUndefined()
    })

    it('begin in Node and are found by PHP', async () => {
      const id = idFrom((await get(nodes[0]!.origin, '/visit', '')).headers)

      const described = await get(php.origin, '/describe', id)

      expect(described.body).toContain('["visited"]=>\n  bool(true)')
    })

    it('let merge-mode requests through beside PHP requests that take their time', async () => {
      const merging = await startNode(script, env('ioredis', { CONCURRENCY: 'merge' }))
      const id = idOf('merging')
      await put(id, 'n|i:0;')

      const visits = Array.from({ length: 60 }, (_, index) =>
        index % 2 === 0 ? get(php.origin, '/increment', id) : get(merging.origin, '/update', id),
      )
      await Promise.all(visits)
      await merging.stop()

      expect(await stored(id)).toBe('n|i:60;')
    })

    it('are locked for PHP while Node has them, and the other way round', async () => {
      const id = idOf('kept-')
      await put(id, 'n|i:1;')
      const impatient = { ...phpredis(daemon.port), 'redis.session.lock_retries': '2' }
      await using session = await manager().start({ id })

      // phpredis 5 starts such a session without a lock, and then does not write it.
      await runPhpredis(
        id,
        "@session_start(); $_SESSION['n'] = 99; @session_write_close();",
        impatient,
      )
      expect(await stored(id)).toBe('n|i:1;')
      session.set('n', 2)
      await session.commit()
      await runPhpredis(id, "session_start(); $_SESSION['n'] += 1;", phpredis(daemon.port))

      expect(await stored(id)).toBe('n|i:3;')
      await send(['SET', `${PREFIX}${id}_LOCK`, 'elsewhere|1', 'PX', '60000'])
      const chain = composeChain([redisHandler({ client: open.client })])
      const late = createContext({ id, lockWaitMs: 60 })
      await expect(chain.open(late)).rejects.toMatchObject({ code: 'ERR_SESSION_LOCK_TIMEOUT' })
      await chain.close(late)
      expect(String(await send(['GET', `${PREFIX}${id}_LOCK`]))).toBe('elsewhere|1')
    })

    it('go on when the PHP process that holds the lock is killed, once its lease is over', async () => {
      const id = idOf('php-killed-')
      await put(id, 'n|i:1;')
      const settings = { ...phpredis(daemon.port), 'redis.session.lock_expire': '1' }
      await runPhpredis(id, 'session_start(); posix_kill(getmypid(), 9);', settings).catch(
        (error: { signal: string }) => expect(error.signal).toBe('SIGKILL'),
      )
      expect(await send(['EXISTS', `${PREFIX}${id}_LOCK`])).toBe(1)
      const started = performance.now()

      await using session = await manager().start({ id })

      expect(session.get('n')).toBe(1)
      expect(performance.now() - started).toBeLessThan(2000)
    })

    it('are asked for in the same words by both', async () => {
      const id = idOf('words-')
      const key = `${PREFIX}${id}`
      const words = async (work: () => Promise<unknown>) => {
        await put(id, 'n|i:1;')
        await ear.heard()
        await work()
        return effects(await ear.heard())
      }
      const settings = phpredis(daemon.port)
      const inPhp = (code: string) => words(() => runPhpredis(id, code, settings))
      const inNode = (change: (session: Session) => unknown) =>
        words(async () => {
          await using session = await manager().start({ id })
          await change(session)
          await session.commit()
        })

      const [phpWrites, nodeWrites] = [
        await inPhp("session_start(); $_SESSION['n'] = 2;"),
        await inNode((session) => session.set('n', 2)),
      ]
      const [phpTouches, nodeTouches] = [
        await inPhp('session_start();'),
        await inNode(() => undefined),
      ]

      const lock = `"SET" "${key}_LOCK" "?" "NX" "PX" "30000"`
      const unlock = `"DEL" "${key}_LOCK"`
      expect(phpWrites).toEqual([lock, `"SETEX" "${key}" "1440" "n|i:2;"`, unlock])
      expect(nodeWrites).toEqual(phpWrites)
      expect(phpTouches).toEqual([lock, `"EXPIRE" "${key}" "1440"`, unlock])
      expect(nodeTouches).toEqual(phpTouches)
    })
  })
})

/** What was changed, by a command or by a script, without who it was. */
function effects(lines: readonly string[]): string[] {
  return lines
    .map((line) => line.replace(/^LUA /, '').replace(/^"\w+"/, (word) => word.toUpperCase()))
    .filter((line) => /^"(SET|SETEX|EXPIRE|DEL)"/.test(line))
    .map((line) => line.replace(/(_LOCK") "[^"]*\|[^"]*"/, '$1 "?"'))
}
