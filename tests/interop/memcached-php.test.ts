/** PHP's own memcached handler and ours serve the same sessions, at the same time. */
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { memcachedHandler } from '../../src/handlers/memcached.js'
import { createSessionManager } from '../../src/manager.js'
import type { SessionOptions } from '../../src/options/options.js'
import { bundled } from '../helpers/children.js'
import type { Daemon } from '../helpers/daemon.js'
import { get } from '../helpers/live.js'
import { runPhp, servePhp } from '../helpers/memcached-php.js'
import { memjs, say, startMemcached, ttlOf, type Memjs } from '../helpers/memcached-server.js'
import { startNode, type Served } from '../helpers/servers.js'
import { describeWith } from '../helpers/services.js'

const ROUNDS = 10
const PREFIX = 'memc.sess.key.'
const DAY = 86_400
const ROUTER = fileURLToPath(new URL('./live/counter.php', import.meta.url))
const MEMJS = pathToFileURL(createRequire(import.meta.url).resolve('memjs')).href

const idFrom = (headers: Headers) =>
  /PHPSESSID=([^;]+)/.exec(headers.getSetCookie().at(-1) ?? '')?.[1] ?? ''

describeWith('memcached', 'sessions in Memcached', () => {
  describeWith('php-memcached', 'of PHP and Node', () => {
    let script: string
    let daemon: Daemon
    let client: Memjs
    let php: Served
    let nodes: Served[]

    const env = (more: Record<string, string> = {}) => ({
      SERVER: `127.0.0.1:${daemon.port}`,
      MEMJS,
      ...more,
    })
    const put = (id: string, text: string) => client.set(PREFIX + id, text, { expires: 1440 })
    const stored = async (id: string) => (await client.get(PREFIX + id)).value?.toString('latin1')
    const manager = (options: SessionOptions = {}) =>
      createSessionManager({
        handlers: [memcachedHandler({ client })],
        serializer: 'php',
        ...options,
      })

    beforeAll(async () => {
      daemon = await startMemcached()
      client = await memjs(daemon.port)
      script = await bundled('tests/interop/live/memcached-counter.ts')
      nodes = [await startNode(script, env()), await startNode(script, env())]
      php = await servePhp(ROUTER, daemon.port)
    }, 60_000)

    afterAll(async () => {
      await Promise.all([php, ...nodes].map((server) => server.stop()))
      client.close()
      await daemon.stop()
    })

    it(
      `add up 200 parallel increments to 200, ${ROUNDS} times without a miss`,
      async () => {
        const origins = [php, nodes[0], php, nodes[1]].map((server) => server!.origin)
        const counts: (string | undefined)[] = []
        for (let round = 0; round < ROUNDS; round += 1) {
          const id = `round${String(round).padStart(27, '0')}`
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

    it('let requests in mode merge through beside PHP requests that take their time', async () => {
      const merging = await startNode(script, env({ CONCURRENCY: 'merge' }))
      const id = 'merging'.padEnd(32, '0')
      await put(id, 'n|i:0;')
      const visits = Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0 ? get(php.origin, '/increment', id) : get(merging.origin, '/update', id),
      )
      await Promise.all(visits)
      await merging.stop()

      expect(await stored(id)).toBe('n|i:100;')
    })

    it('hand a login from PHP to Node and back, byte for byte', async () => {
      const id = idFrom((await get(php.origin, '/login', '')).headers)
      const before = (await stored(id)) ?? ''

      await get(nodes[0]!.origin, '/increment', id)
      const after = await stored(id)
      const described = await get(php.origin, '/describe', id)

      const at = before.lastIndexOf('i:0;')
      expect(after).toBe(`${before.slice(0, at)}i:1;${before.slice(at + 4)}`)
      expect(described.body).toContain('object(Cart)')
      expect(described.body).toContain('["n"]=>\n  int(1)')
      expect((await client.get(PREFIX + id)).flags).toEqual(Buffer.alloc(4))
    })

    it('end for PHP when Node destroys them', async () => {
      const id = idFrom((await get(php.origin, '/login', '')).headers)

      await get(nodes[0]!.origin, '/logout', id)
      const after = await get(php.origin, '/', id)

      expect(after.body).toBe('none')
      expect(idFrom(after.headers)).not.toBe(id)
    })

    it('end for Node when PHP destroys them', async () => {
      const visit = await get(nodes[0]!.origin, '/visit', '')
      const id = idFrom(visit.headers)
      const code = `session_id('${id}'); session_start(); echo $_SESSION['visited']; session_destroy();`
      expect(await runPhp(code, daemon.port).output).toBe('1')

      const after = await get(nodes[1]!.origin, '/visit', id)

      expect(idFrom(after.headers)).not.toBe(id)
      expect(await stored(id)).toBeUndefined()
    })

    it('live for more than 30 days where both are told so', async () => {
      const id = 'a'.repeat(32)
      const maxLifetime = 40 * DAY
      const code = `session_id('${id}'); session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1;`
      const ini = { 'session.gc_maxlifetime': `${maxLifetime}`, 'session.use_strict_mode': '0' }
      await runPhp(code, daemon.port, ini).output
      const ofPhp = (await ttlOf(daemon.port, PREFIX + id)) ?? 0

      const session = await manager({ gc: { maxLifetime } }).start({ id })
      session.data['n'] = (session.data['n'] as number) + 1
      await session.commit()
      const ofNode = (await ttlOf(daemon.port, PREFIX + id)) ?? 0
      await runPhp(code, daemon.port, ini).output

      expect(await stored(id)).toBe('n|i:3;')
      for (const ttl of [ofPhp, ofNode]) {
        expect(ttl).toBeGreaterThan(maxLifetime - 60)
        expect(ttl).toBeLessThanOrEqual(maxLifetime + 2) // its ticks lag behind
      }
    })

    it('are there for both sides when PHP has reserved the id and written nothing', async () => {
      const code = `session_start(); echo session_id(); session_abort();`
      const id = await runPhp(code, daemon.port, { 'memcached.sess_lock_expire': '0' }).output
      expect(await stored(id)).toBe('')
      expect(await ttlOf(daemon.port, PREFIX + id)).toBe(-1)

      const session = await manager().start({ cookieHeader: `PHPSESSID=${id}` })
      session.data['n'] = 1
      await session.commit()

      expect(session.id).toBe(id)
      expect(await stored(id)).toBe('n|i:1;')
      expect(await ttlOf(daemon.port, PREFIX + id)).toBeGreaterThan(1400)
      expect(
        await runPhp(`session_id('${id}'); session_start(); echo $_SESSION['n'];`, daemon.port)
          .output,
      ).toBe('1')
    })

    it('wait for PHP as long as it holds the lock, and PHP for Node', async () => {
      const id = 'b'.repeat(32)
      await put(id, 'n|i:0;')
      const code = `session_id('${id}'); session_start(); echo 'in'; flush(); usleep(300000); $_SESSION['n'] += 1;`
      const holder = runPhp(code, daemon.port)
      await holder.printed

      const session = await manager().start({ id })
      const seen = session.data['n']
      const waiter = runPhp(code, daemon.port)
      session.data['n'] = 10
      await session.commit()
      await waiter.output

      expect(seen).toBe(1)
      expect(await stored(id)).toBe('n|i:11;')
    })

    it('go on at the end of the lease when the process that held the lock is killed', async () => {
      const id = 'c'.repeat(32)
      await put(id, 'n|i:0;')
      const victim = await startNode(script, env({ LEASE: '2' }))
      const hanging = get(victim.origin, '/hang', id).catch(() => 'killed')
      await locked(id)

      const started = performance.now()
      await victim.stop('SIGKILL')
      const after = [php, nodes[0]!].map((server) => get(server.origin, '/increment', id))
      const bodies = (await Promise.all(after)).map(({ body }) => body)

      expect(await hanging).toBe('killed')
      expect(bodies.sort()).toEqual(['1', '2'])
      expect(performance.now() - started).toBeLessThan(4500)
    })

    it('go on for Node at the end of PHP’s own lease when PHP is killed', async () => {
      const id = 'd'.repeat(32)
      await put(id, 'n|i:0;')
      const code = `session_id('${id}'); session_start(); echo 'in'; flush(); sleep(60);`
      const holder = runPhp(code, daemon.port, { 'memcached.sess_lock_expire': '2' })
      await holder.printed

      const started = performance.now()
      await holder.kill()
      const answer = await get(nodes[0]!.origin, '/increment', id)

      expect(answer.body).toBe('1')
      expect(performance.now() - started).toBeLessThan(3500)
    })

    /** Waits for the lock's item; two hundred times at the most. */
    async function locked(id: string): Promise<void> {
      for (let attempt = 0; attempt < 200; attempt += 1) {
        if ((await say(daemon.port, `mg ${PREFIX}lock.${id} v`)).startsWith('VA')) return
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error('nobody locked the session')
    }
  })
})
