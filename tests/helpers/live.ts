/** PHP and Node serve the same sessions out of PHP's own files, at the same time. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { bundled } from './children.js'
import { servePhp, startNode, type Served } from './servers.js'
import { describeWith } from './services.js'

const ROUNDS = 20
const ROUTER = fileURLToPath(new URL('../interop/live/counter.php', import.meta.url))

export const get = async (origin: string, path: string, id: string) => {
  const response = await fetch(origin + path, { headers: { cookie: `PHPSESSID=${id}` } })
  return { status: response.status, body: await response.text(), headers: response.headers }
}

/** The cookie's id from the last `Set-Cookie`. */
const idFrom = (headers: Headers) =>
  /PHPSESSID=([^;]+)/.exec(headers.getSetCookie().at(-1) ?? '')?.[1] ?? ''

/** The tests for one format; the formats run beside each other, as most of it is waiting. */
export function liveTests(serializer: 'php' | 'php_serialize'): void {
  describeWith('php', `PHP and Node on one folder in format ${serializer}`, () => {
    let folder: string
    let script: string
    let php: Served
    let nodes: Served[]
    const env = () => ({ SAVE_PATH: folder, SERIALIZER: serializer })

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sessionz-live-'))
      script = await bundled('tests/interop/live/files-counter.ts')
      nodes = [await startNode(script, env()), await startNode(script, env())]
      php = await servePhp(ROUTER, {
        'session.save_path': folder,
        'session.serialize_handler': serializer,
        'session.use_strict_mode': '1',
      })
    }, 60_000)

    afterAll(async () => {
      await Promise.all([php, ...nodes].map((server) => server.stop()))
      await rm(folder, { recursive: true })
    })

    const file = (id: string) => join(folder, `sess_${id}`)
    const zero = serializer === 'php' ? 'n|i:0;' : 'a:1:{s:1:"n";i:0;}'
    const count = async (id: string) => {
      const text = await readFile(file(id), 'latin1')
      return Number(/i:(\d+)/.exec(text.slice(text.indexOf('n')))?.[1])
    }

    it(
      `adds up 200 parallel increments to 200, ${ROUNDS} times without a miss`,
      async () => {
        const origins = [php, nodes[0], php, nodes[1]].map((server) => server!.origin)
        const counts: number[] = []
        for (let round = 0; round < ROUNDS; round += 1) {
          const id = `round${String(round).padStart(27, '0')}`
          await writeFile(file(id), zero, { mode: 0o600 })
          const visits = Array.from({ length: 200 }, (_, index) =>
            get(origins[index % 4] as string, '/increment', id),
          )
          const statuses = (await Promise.all(visits)).map(({ status }) => status)
          expect(new Set(statuses)).toEqual(new Set([200]))
          counts.push(await count(id))
        }

        expect(counts).toEqual(Array.from({ length: ROUNDS }, () => 200))
      },
      ROUNDS * 30_000,
    )

    it('frees the lock at once when the Node process that holds it is killed', async () => {
      const id = 'killed'.padEnd(32, '0')
      await writeFile(file(id), zero, { mode: 0o600 })
      const victim = await startNode(script, env())
      const hanging = get(victim.origin, '/hang', id).catch(() => 'killed')
      await untilLocked(file(id))

      const started = performance.now()
      await victim.stop('SIGKILL')
      const [fromPhp, fromNode] = await Promise.all([
        get(php.origin, '/increment', id),
        get(nodes[0]!.origin, '/increment', id),
      ])

      expect(await hanging).toBe('killed')
      expect([fromPhp.body, fromNode.body].sort()).toEqual(['1', '2'])
      expect(performance.now() - started).toBeLessThan(5000)
    })

    it('hands a login from PHP to Node and back, byte for byte', async () => {
      const login = await get(php.origin, '/login', '')
      const id = idFrom(login.headers)
      const before = await readFile(file(id), 'latin1')

      await get(nodes[0]!.origin, '/increment', id)
      const after = await readFile(file(id), 'latin1')
      const described = await get(php.origin, '/describe', id)

      const at = before.lastIndexOf('i:0;')
      expect(after).toBe(`${before.slice(0, at)}i:1;${before.slice(at + 4)}`)
      expect(described.body).toContain('object(Cart)')
      expect(described.body).toContain('float(5)')
      expect(described.body).toContain('["total":"Cart":private]=>\n    float(12)')
      expect(described.body).toContain('["n"]=>\n  int(1)')
    })

    it('ends a session for PHP when Node destroys it', async () => {
      const id = idFrom((await get(php.origin, '/login', '')).headers)

      const logout = await get(nodes[0]!.origin, '/logout', id)
      const after = await get(php.origin, '/', id)

      expect(logout.headers.getSetCookie()[0]).toMatch(/^PHPSESSID=deleted; expires=/)
      expect(after.body).toBe('none')
      expect(idFrom(after.headers)).not.toBe(id)
    })

    it('starts a session on Node that PHP finds', async () => {
      const visit = await get(nodes[0]!.origin, '/visit', '')
      const id = idFrom(visit.headers)

      const described = await get(php.origin, '/describe', id)

      expect(described.body).toContain('["visited"]=>\n  bool(true)')
    })

    it('lets merge-mode requests through beside a PHP request that takes its time', async () => {
      const merging = await startNode(script, { ...env(), CONCURRENCY: 'merge' })
      const id = 'merging'.padEnd(32, '0')
      await writeFile(file(id), zero, { mode: 0o600 })

      const visits = Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0 ? get(php.origin, '/increment', id) : get(merging.origin, '/update', id),
      )
      await Promise.all(visits)
      await merging.stop()

      expect(await count(id)).toBe(100)
    })
  })
}

/** Asks the kernel until somebody holds a lock on the file; two hundred times at the most. */
async function untilLocked(path: string): Promise<void> {
  const { ino } = await stat(path)
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if ((await readFile('/proc/locks', 'utf8')).includes(`:${ino} `)) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error('nobody locked the file')
}
