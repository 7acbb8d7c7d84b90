/** Redis killed in the middle of requests, again and again, with its data on disk: THREATS T45. */
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startSession } from '../../src/adapters/node.js'
import { redisHandler } from '../../src/handlers/redis.js'
import { createSessionManager } from '../../src/manager.js'
import type { Daemon } from '../helpers/daemon.js'
import { until } from '../helpers/processes.js'
import { ioRedisClient, type TestClient } from '../helpers/redis-clients.js'
import { startRedis } from '../helpers/redis-server.js'
import { describeWith } from '../helpers/services.js'

/** A hundred times with `SESSIONZ_LONG=1`. */
const KILLS = process.env['SESSIONZ_LONG'] === '1' ? 100 : 8
const LANES = 10

interface Visitor {
  cookie: string
  /** Requests that were told to be counted. */
  counted: number
  /** Requests that were told of a failure: they may have been counted. */
  failed: number
}

describeWith('redis-server', 'Redis killed in the middle of requests', () => {
  let daemon: Daemon
  let connection: TestClient
  let server: Server
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)

  beforeAll(async () => {
    process.on('unhandledRejection', note)
    // Each write is on disk before it is confirmed, so what is lost would be lost by us.
    daemon = await startRedis('--appendonly', 'yes', '--appendfsync', 'always')
    connection = await ioRedisClient(daemon.port, { autoResendUnfulfilledCommands: false })
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })
  afterAll(async () => {
    process.off('unhandledRejection', note)
    await connection.end()
    await daemon.stop()
  })

  it(`${KILLS} times: no cookie is sent, and nothing that was confirmed is lost`, async () => {
    const manager = createSessionManager({
      handlers: [redisHandler({ client: connection.client })],
      breaker: { failures: 5, retryAfter: 0.02 },
      lockLease: 1,
      gc: { probability: 0 },
    })
    server = createServer((request, response) => {
      void (async () => {
        try {
          const session = await startSession(manager, request, response, {
            onCommitError: (_, __, failed) => void failed.writeHead(503).end('failed'),
          })
          session.set('n', ((session.get('n') as number | undefined) ?? 0) + 1)
          response.end('counted')
        } catch (error) {
          response.writeHead(503).end(String((error as { code?: unknown }).code))
        }
      })()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const visitors = await Promise.all(
      Array.from({ length: LANES }, async (): Promise<Visitor> => {
        const { cookies } = await ask(port, '')
        return { cookie: cookies[0]?.split(';')[0] ?? '', counted: 1, failed: 0 }
      }),
    )
    const bodies = new Map<string, number>()
    const cookies: string[] = []
    const visit = async (visitor: Visitor) => {
      const answer = await ask(port, visitor.cookie)
      bodies.set(answer.body, (bodies.get(answer.body) ?? 0) + 1)
      cookies.push(...answer.cookies)
      visitor[answer.body === 'counted' ? 'counted' : 'failed'] += 1
      return answer.body === 'counted'
    }

    for (let kill = 0; kill < KILLS; kill += 1) {
      let running = true
      const lanes = visitors.map(async (visitor) => {
        while (running) await visit(visitor)
      })
      const before = visitors.map(({ counted }) => counted)
      await until(
        () => visitors.every(({ counted }, at) => counted > (before[at] ?? 0)),
        'everybody is on the way',
      )
      const failures = () => visitors.reduce((sum, { failed }) => sum + failed, 0)
      const failed = failures()
      await daemon.halt('SIGKILL')
      await until(() => failures() > failed, 'somebody meets it')
      running = false
      await Promise.all(lanes)
      await daemon.start()
      for (const visitor of visitors) await back(() => visit(visitor))
    }
    console.log(`${KILLS} kills: ${JSON.stringify(Object.fromEntries(bodies))}`)

    expect(cookies).toEqual([])
    expect([...bodies.keys()].filter((body) => !KNOWN.test(body))).toEqual([])
    for (const { cookie, counted, failed } of visitors) {
      const session = await manager.start({ cookieHeader: cookie }, { readOnly: true })
      expect(session.get('n')).toBeGreaterThanOrEqual(counted)
      expect(session.get('n')).toBeLessThanOrEqual(counted + failed)
    }
    await manager.close()
    expect(unhandled).toEqual([])
  }, 600_000)
})

/** A lock that the killed server keeps on disk is somebody's for its lease: that is an answer, too. */
const KNOWN = /^(counted|failed|ERR_SESSION_STORE|ERR_SESSION_LOCK_TIMEOUT)$/

interface Answer {
  readonly body: string
  readonly cookies: readonly string[]
}

function ask(port: number, cookie: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, headers: { cookie } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ body, cookies: response.headers['set-cookie'] ?? [] }))
    })
    asking.on('error', reject).end()
  })
}

/** Asks until it is counted again; a thousand times at the most. */
async function back(visit: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    if (await visit()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('Redis does not come back')
}
